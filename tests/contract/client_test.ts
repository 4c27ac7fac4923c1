/**
 * What the client relies on in the driver, where no public option reaches.
 *
 * @module
 */
import { assert, assertStrictEquals } from "@std/assert";
import type { MongoClient } from "mongodb";
import { systemClock } from "../../src/clock.ts";
import { closeClient, openClient } from "../../src/relay/mongodb/client.ts";
import { ownServersOrSkip, startStandalone } from "../support/mongod.ts";

const { ignore, skip } = await ownServersOrSkip();

/** The driver's pools, which it does not show. */
function poolsOf(client: MongoClient): { minPoolSizeTimer: unknown }[] {
  const { topology } = client as unknown as {
    topology: { s: { servers: Map<string, { pool: { minPoolSizeTimer: unknown } }> } };
  };
  return [...topology.s.servers.values()].map(({ pool }) => pool);
}

Deno.test({
  name: `openClient: lets the driver look at its pool seldom${skip}`,
  ignore,
  async fn() {
    const server = await startStandalone();
    const client = await openClient(server.uri, { clock: systemClock });
    try {
      const timers = poolsOf(client).map(({ minPoolSizeTimer }) => minPoolSizeTimer);
      assert(timers.length === 1 && timers[0] !== undefined, "the driver has another timer");
      // Four times what the driver would wait by itself: it sets a new timer each time.
      await new Promise((resolve) => setTimeout(resolve, 400));
      assertStrictEquals(poolsOf(client)[0]!.minPoolSizeTimer, timers[0]);
    } finally {
      await closeClient(client, systemClock);
      await server.stop();
    }
  },
});
