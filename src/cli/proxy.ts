/**
 * The address of a proxy, as a person writes it.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import type { FactsOf, ProxyKind } from "../failure_reasons.ts";
import { bytesOf } from "../limits.ts";

/** A proxy. */
export interface ProxyAddress {
  readonly kind: ProxyKind;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
}

/** RFC 1929 has one byte for each length. */
const MAX_CREDENTIAL_BYTES = 255;
/** Longer than any address; a bound for what is searched. */
const MAX_CHARS = 2_048;

/**
 * Reads the address of a proxy. `socks5h` means the same as `socks5`: the proxy looks up all names.
 *
 * @param source where the value comes from, as the failure names it.
 * @throws {Failure} `invalid-proxy`, which repeats nothing of it.
 * @example parseProxy("socks5://127.0.0.1:9050", "--proxy")
 */
export function parseProxy(text: string, source: string): ProxyAddress {
  const invalid = (why: FactsOf<"invalid-proxy">["why"]) =>
    new Failure("invalid-proxy", { source, why });
  const found = text.length > MAX_CHARS
    ? null
    : /^([a-z][a-z0-9+.-]*):\/\/(?:(.*)@)?([^@]+)$/i.exec(text.trim());
  if (!found) throw invalid("format");
  const [, scheme = "", credentials, place = ""] = found;
  const kind = KINDS[scheme.toLowerCase()];
  if (kind === undefined) throw invalid("kind");
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[\p{L}\p{N}_.-]+)(?::(\d{1,5}))?\/?$/iu.exec(place) ??
    [];
  if (host === undefined) throw invalid("format");
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) throw invalid("port");
  const address = { kind, host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  if (credentials === undefined || credentials === "") return address;
  const colon = credentials.indexOf(":");
  const user = decoded(colon < 0 ? credentials : credentials.slice(0, colon));
  const password = decoded(colon < 0 ? "" : credentials.slice(colon + 1));
  if (user === "") throw invalid("format");
  const isLong = [user, password].some((part) => bytesOf(part) > MAX_CREDENTIAL_BYTES);
  if (isLong) throw invalid("too-long");
  return { ...address, user, password };
}

const KINDS: Readonly<Record<string, ProxyKind>> = {
  "socks5": "socks5",
  "socks5h": "socks5",
  "http": "http",
};

/** Whether the address of a proxy has a password. */
export function hasPassword(text: string): boolean {
  return /:\/\/[^@]*:[^@]*@/.test(text);
}

/** The proxy as Deno names a host in its permissions. */
export function hostOf({ host, port }: ProxyAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A stray % is meant as it stands.
    return part;
  }
}
