/**
 * The model of the room in the gate. Under `SOAK=1` with the larger worlds.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { BROKEN, DEEP_WORLDS, missingTools, Verifier, WORLDS } from "./room_model.ts";

const missing = await missingTools();
if (missing.length > 0 && Deno.env.get("CI") === "true") {
  throw new Error(`The model of the room needs ${missing.join(" and ")}`);
}
const ignore = missing.length > 0;
const skipped = ignore ? ` (skipped: ${missing.join(" and ")} not installed)` : "";
const worlds = Deno.env.get("SOAK") === "1" ? [...WORLDS, ...DEEP_WORLDS] : WORLDS;

Deno.test({
  name: `room.pml: holds in every state, and fails when broken${skipped}`,
  ignore,
  async fn(t) {
    await using verifier = await Verifier.compile();
    for (const world of worlds) {
      await t.step(`room.pml: holds in a world of ${world.name}`, async () => {
        assertEquals((await verifier.check(world)).violation, undefined);
      });
    }
    for (const world of BROKEN) {
      await t.step(`room.pml: fails when broken by ${world.name}`, async () => {
        assert((await verifier.check(world)).violation !== undefined);
      });
    }
  },
});
