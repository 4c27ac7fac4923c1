/**
 * DNS: `mongodb+srv://` as the hosts that it names now (MongoDB's "Initial DNS Seedlist Discovery"
 * specification), for networks where a chat can ask no name server; and why it gave no answer, where
 * Deno's `node:dns` says the same of several causes.
 *
 * @module
 */
// Not "node:dns/promises": some versions of Deno warn of that on standard error.
import { resolveNs, resolveSrv, resolveTxt, type SrvRecord } from "node:dns";
import { promisify } from "node:util";
import { Failure } from "../../errors.ts";
import { diagnose } from "./errors.ts";
import { withOptions } from "./uri.ts";

/** Options that a TXT record may set. */
const TXT_OPTIONS = ["authSource", "replicaSet", "loadBalanced"];

/** What is asked of DNS. */
export interface Resolver {
  readonly srv: (name: string) => Promise<readonly Pick<SrvRecord, "name" | "port">[]>;
  /** The strings of each record. */
  readonly txt: (name: string) => Promise<readonly (readonly string[])[]>;
}

const SYSTEM: Resolver = {
  srv: promisify(resolveSrv),
  txt: promisify(resolveTxt),
};

/**
 * The connection string with its hosts in place of their common name; a `mongodb://` one as it is.
 *
 * @param uri a complete connection string.
 * @throws {Failure} `dns-…`.
 */
export async function seedList(uri: string, resolver: Resolver = SYSTEM): Promise<string> {
  const found = /^mongodb\+srv:\/\/(?:([^@]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri);
  if (!found) return uri;
  const [, credentials, name = "", database = "", options = ""] = found;
  const service = new URLSearchParams(options).get("srvServiceName") ?? "mongodb";
  const domain = name.slice(name.indexOf("."));
  const records = await looked(name, () => resolver.srv(`_${service}._tcp.${name}`));
  const hosts = records.map(({ name, port }) => `${name.replace(/\.$/, "")}:${port}`);
  // A name server that lies could otherwise name hosts of its own.
  const isForeign = hosts.some((host) => !host.replace(/:\d+$/, "").endsWith(domain));
  if (hosts.length === 0 || isForeign) throw new Failure("dns-unknown-cluster");
  // Most clusters of one's own have no TXT record.
  const texts = await resolver.txt(name).catch(() => []);
  const told = new URLSearchParams(texts[0]?.join("") ?? "");
  const defaults = [
    ...TXT_OPTIONS.flatMap((option) => told.has(option) ? [[option, told.get(option)!]] : []),
    ["tls", "true"],
  ] as [string, string][];
  const rest = `mongodb://${credentials === undefined ? "" : `${credentials}@`}${hosts.join(",")}`;
  return withOptions(`${rest}/${database}${options === "" ? "" : `?${options}`}`, {
    defaults,
    without: ["srvServiceName", "srvMaxHosts"],
  });
}

async function looked<T>(host: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    const failure = diagnose(error)?.failure;
    throw failure ? await lookCloserAtDns(failure, host) : error;
  }
}

/**
 * Looks closer at a failure of DNS; returns any other as it is.
 *
 * @param host one that was looked up.
 */
export async function lookCloserAtDns(failure: Failure, host: string): Promise<Failure> {
  const domain = host.slice(host.lastIndexOf(".") + 1);
  const isReally = failure.reason === "dns-unknown-cluster"
    // A DNS server that fails or refuses is told like one that knows no such name.
    ? await isWorking(domain)
    // A DNS server that cannot be reached is told like one that may not be asked.
    : failure.reason !== "dns-denied" || await isDenied(domain);
  return isReally ? failure : new Failure("dns-failed", {}, { cause: failure.cause });
}

/** True if the domain can be looked up: `net` for `cluster0.abcde.mongodb.net`. */
function isWorking(domain: string): Promise<boolean> {
  return new Promise((resolve) => resolveNs(domain, (error) => resolve(error === null)));
}

async function isDenied(domain: string): Promise<boolean> {
  try {
    await Deno.resolveDns(domain, "NS");
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}
