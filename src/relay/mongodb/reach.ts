/**
 * The way to a server, step by step as the driver goes it: name, address, connection, TLS. Beside
 * the driver, which tells only of the last step.
 *
 * @module
 */
// Not "node:dns/promises": some versions of Deno warn of that on standard error.
import { lookup, type LookupAddress, resolveSrv, type SrvRecord } from "node:dns";
import type { Clock } from "../../clock.ts";
import type { Address } from "./uri.ts";
import { withDeadline } from "../../deadline.ts";

/** A step of the way takes no longer; the driver has the same patience. */
const PATIENCE_MS = 8_000;

/** Where one server listens. */
export interface Host {
  readonly hostname: string;
  readonly port: number;
}

/** What every step needs. */
export interface ReachDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The servers that the DNS names for a `mongodb+srv://` cluster. */
export async function srvHosts(name: string, deps: ReachDeps): Promise<Host[]> {
  const records = await bounded(deps, () => recordsOf(`_mongodb._tcp.${name}`));
  return records.map(({ name, port }) => ({ hostname: name.replace(/\.$/, ""), port }));
}

/** The servers that a connection string names itself; sockets of the file system are none. */
export function writtenHosts(address: Address): Host[] {
  return address.hosts.flatMap((host) => {
    const [, hostname, port] = /^(.*):(\d+)$/.exec(host) ?? [];
    if (hostname === undefined) return [];
    return [{ hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) }];
  });
}

/**
 * Looks up the addresses of a host.
 *
 * @returns undefined where only a connection may look it up: Deno allows hosts together with ports,
 * and a look-up alone has none.
 */
export async function addressesOf(
  { hostname }: Host,
  deps: ReachDeps,
): Promise<string[] | undefined> {
  if (isAddress(hostname)) return [hostname];
  try {
    const found = await bounded(deps, () => lookUp(hostname));
    return found.map(({ address }) => address);
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (code === "EPERM" || name === "NotCapable") return undefined;
    throw error;
  }
}

/** True for this computer itself, by any of its names. */
export function isLoopback({ hostname }: Host): boolean {
  return /^(?:localhost|127\.[\d.]+|::1)$/i.test(hostname);
}

/** Connects, and lets go again. */
export async function touch({ hostname, port }: Host, deps: ReachDeps): Promise<void> {
  await bounded(deps, () => closing(Deno.connect({ hostname, port })));
}

/** Connects with TLS, sees who answers, and lets go again. */
export async function shakeHands(
  { hostname, port }: Host,
  caCerts: string[],
  deps: ReachDeps,
): Promise<void> {
  await bounded(
    deps,
    () =>
      closing(
        Deno.connectTls({ hostname, port, caCerts }).then(async (connection) => {
          try {
            await connection.handshake();
            return connection;
          } catch (error) {
            connection.close();
            throw error;
          }
        }),
      ),
  );
}

function recordsOf(name: string): Promise<SrvRecord[]> {
  return new Promise((resolve, reject) =>
    resolveSrv(name, (error, records) => error ? reject(error) : resolve(records))
  );
}

function lookUp(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) =>
    lookup(hostname, { all: true }, (error, found) => error ? reject(error) : resolve(found))
  );
}

/** However late a connection comes, it is closed. */
async function closing(opening: Promise<Deno.Conn>): Promise<void> {
  (await opening).close();
}

function bounded<T>({ clock, signal }: ReachDeps, action: () => Promise<T>): Promise<T> {
  return withDeadline(clock, { ms: PATIENCE_MS, signals: [signal] }, action);
}

function isAddress(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.includes(":");
}
