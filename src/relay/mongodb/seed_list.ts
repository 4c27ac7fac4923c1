/**
 * `mongodb+srv://` as the hosts that DNS names for it now (MongoDB's "Initial DNS Seedlist Discovery"
 * specification), for networks where a chat can ask no name server.
 *
 * @module
 */
// Not "node:dns/promises": some versions of Deno warn of that on standard error.
import { resolveSrv, resolveTxt, type SrvRecord } from "node:dns";
import { promisify } from "node:util";
import { Failure } from "../../errors.ts";
import { lookCloserAtDns } from "./dns_failures.ts";
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
