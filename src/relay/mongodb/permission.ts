/**
 * Whether this program may reach the hosts of a connection string: on a terminal, Deno asks the
 * person for each by its name.
 *
 * @module
 */
import { Failure } from "../../errors.ts";
import { inspectUri } from "./uri.ts";

/**
 * Asks where Deno would ask, at a moment when nothing else is on the screen. The hosts of
 * `mongodb+srv://` are not known yet.
 *
 * @throws {Failure} when it is refused. Some versions of Deno make the driver believe that the server
 * refuses the connection.
 */
export async function askToReach(uri: string): Promise<void> {
  const { srv, hosts } = inspectUri(uri);
  if (srv) return;
  for (const host of hosts) {
    if (!/:\d+$/.test(host)) continue;
    const { state } = await Deno.permissions.request({ name: "net", host });
    if (state === "granted") continue;
    throw new Failure("net-denied");
  }
}
