/**
 * A link that stands still in the middle of a large write. The driver then waits for ever to write on
 * through a socket that it has closed, and that connection never comes back to its pool: unless the
 * command has a signal.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { MongoClient } from "mongodb";
import { type Clock, systemClock } from "../../src/clock.ts";
import { closeClient, Connection, isCrippled, openClient } from "../../src/relay/mongodb/client.ts";
import { storeEnvelopes } from "../../src/relay/mongodb/storing.ts";
import { DATABASE, ownServersOrSkip, startReplicaSet, type TestServer } from "../support/mongod.ts";
import { Network } from "../support/proxy.ts";
import { envelope } from "./harness.ts";
import { randomName } from "./relay_contract.ts";

const { ignore, skip } = await ownServersOrSkip();

/** Connections that are closed and still count as in use. */
function lost(client: MongoClient): number {
  const { topology } = client as unknown as {
    topology: { s: { servers: Map<string, { pool: { checkedOut: Set<{ closed: boolean }> } }> } };
  };
  const pools = [...topology.s.servers.values()].map(({ pool }) => pool);
  return pools.flatMap(({ checkedOut }) => [...checkedOut]).filter(({ closed }) => closed).length;
}

/** Runs `write` on a slow link, which stands still until the driver has given the connection up. */
async function standstill(
  server: TestServer,
  { clock, write }: { clock: Clock; write: (client: MongoClient, end: AbortSignal) => unknown },
): Promise<{ client: MongoClient; network: Network }> {
  const network = await Network.open(server);
  const client = await openClient(network.uri, { clock });
  const end = new AbortController();
  const closed = new Promise<void>((resolve) =>
    client.on("connectionPoolCleared", () => resolve())
  );
  network.all((proxy) => proxy.conditions = { bytesPerSecond: 32_000 });
  void write(client, end.signal);
  await new Promise((resolve) => setTimeout(resolve, 500));
  network.all((proxy) => proxy.blackhole());
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 100));
  end.abort();
  network.all((proxy) => proxy.heal());
  await client.db(DATABASE).command({ ping: 1 });
  return { client, network };
}

const place = { room: randomName(16), epoch: randomName(8) };
/** 16 MB, more than the sockets on the way take in. */
const large = Array.from(
  { length: 256 },
  (_, i) => ({ ...envelope("host", i + 1), token: "x".repeat(62_500) }),
);

Deno.test({
  name: `storeEnvelopes: loses no connection when the link stands still in a large write${skip}`,
  ignore,
  async fn() {
    const server = await startReplicaSet({ count: 1 });
    const { client, network } = await standstill(server, {
      clock: systemClock,
      write: (client, signal) => {
        const options = { now: Date.now(), lingerMs: 60_000, signal };
        return storeEnvelopes(new Connection(client, DATABASE), place, large, options)
          .catch(() => {});
      },
    });
    try {
      assertEquals(lost(client), 0);
    } finally {
      await closeClient(client, systemClock);
      await network.close();
      await server.stop();
    }
  },
});

Deno.test({
  name: `isCrippled: notices a connection that never came back to its pool${skip}`,
  ignore,
  async fn() {
    const server = await startReplicaSet({ count: 1 });
    let aheadMs = 0;
    const clock: Clock = {
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic() + aheadMs,
      after: (ms, action) => systemClock.after(ms, action),
    };
    const documents = large.map(({ token }) => ({ token }));
    const { client, network } = await standstill(server, {
      clock,
      // Without a signal.
      write: (client) => client.db(DATABASE).command({ insert: "lost", documents }).catch(() => {}),
    });
    try {
      assertEquals(lost(client), 1, "the driver no longer loses it: the signal may go");
      assert(!isCrippled(client, clock), "it may still come back");
      aheadMs = 60_000;
      assert(isCrippled(client, clock));
    } finally {
      await closeClient(client, systemClock);
      await network.close();
      await server.stop();
    }
  },
});
