/**
 * A wire with a meter: counts the bytes between clients and the primary of a replica set.
 *
 * @module
 */
import type { TestServer } from "../support/mongod.ts";

/** A metered way to a server. */
export interface Meter {
  /** The connection string that leads through it. */
  readonly uri: string;
  /** Bytes so far, both ways of all connections. */
  bytes(): number;
  stop(): void;
}

/** Opens a way to the present primary of `server`. */
export async function meterTo(server: TestServer): Promise<Meter> {
  const { host } = await server.primary();
  const [hostname, port] = host.split(":") as [string, string];
  const listener = Deno.listen({ hostname, port: 0 });
  const open = new Set<Deno.Conn>();
  let bytes = 0;
  const pass = async (from: Deno.Conn, to: Deno.Conn) => {
    try {
      for await (const chunk of from.readable) {
        bytes += chunk.length;
        for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await to.write(rest));
      }
    } catch {
      // One of the two ends has closed.
    }
    for (const end of [from, to]) if (open.delete(end)) close(end);
  };
  const accept = async () => {
    for await (const client of listener) {
      const target = await Deno.connect({ hostname, port: Number(port) });
      for (const end of [client, target]) {
        end.setNoDelay();
        open.add(end);
      }
      void pass(client, target);
      void pass(target, client);
    }
  };
  void accept();
  return {
    uri: server.uri
      .replace(/@[^/]*/, `@${hostname}:${(listener.addr as Deno.NetAddr).port}`)
      .replace(/replicaSet=[^&]*/, "directConnection=true"),
    bytes: () => bytes,
    stop() {
      listener.close();
      for (const end of open) close(end);
    },
  };
}

function close(end: Deno.Conn): void {
  try {
    end.close();
  } catch {
    // Its reader has closed it already.
  }
}
