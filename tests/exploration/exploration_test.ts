/**
 * Real relays explored in full; deeper under `SOAK=1`.
 *
 * @module
 */
import { mongoFixture, sqliteFixture } from "../contract/fixtures.ts";
import { mongodAvailable, startReplicaSet } from "../support/mongod.ts";
import type { RelayFixture } from "../contract/harness.ts";
import { explore } from "./explore.ts";

const isSoaking = Deno.env.get("SOAK") === "1";
/** Operations from nothing, and from a room that both are in. */
const SQLITE = isSoaking ? { alone: 4, paired: 3 } : { alone: 3, paired: 2 };
const MONGODB = isSoaking ? { alone: 4, paired: 3 } : { alone: 3, paired: 2 };

async function exploreBoth(
  fixture: RelayFixture,
  { alone, paired }: { alone: number; paired: number },
): Promise<void> {
  try {
    const runs = await explore(fixture, { depth: alone, isPaired: false }) +
      await explore(fixture, { depth: paired, isPaired: true });
    console.log(`${runs} schedules`);
  } finally {
    await fixture.close();
  }
}

Deno.test(
  "sqlite: every short schedule of two clients answers as the reference does",
  async () => await exploreBoth(await sqliteFixture(), SQLITE),
);

const available = await mongodAvailable();
Deno.test({
  name: "mongodb: every short schedule of two clients answers as the reference does" +
    (available.ok ? "" : ` (skipped: ${available.why})`),
  ignore: !available.ok,
  async fn() {
    const server = await startReplicaSet({ count: 1 });
    try {
      await exploreBoth(await mongoFixture(server), MONGODB);
    } finally {
      await server.stop();
    }
  },
});
