/**
 * Whether this program may reach the hosts of a connection string.
 *
 * @module
 */
import { Failure } from "../../errors.ts";
import { inspectUri } from "./uri.ts";

/**
 * Asks Deno beforehand: some versions of it make the driver believe that the server refuses the
 * connection. The hosts of `mongodb+srv://` are not known yet.
 *
 * @throws {Failure} `net-denied`.
 */
export function assertReachable(uri: string): void {
  const { srv, hosts } = inspectUri(uri);
  if (srv) return;
  for (const host of hosts) {
    if (!/:\d+$/.test(host)) continue;
    if (Deno.permissions.querySync({ name: "net", host }).state !== "granted") {
      throw new Failure("net-denied");
    }
  }
}
