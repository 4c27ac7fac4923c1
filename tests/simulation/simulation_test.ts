/**
 * Some simulated hours in the gate, a thousand under `SOAK=1`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { emptySummary, simulateHours } from "./simulate.ts";
import { simulate, simulateStandstill } from "./simulation.ts";

const HOURS = Deno.env.get("SOAK") === "1" ? 1_000 : 10;
const STANDSTILLS = Deno.env.get("SOAK") === "1" ? 100 : 3;

Deno.test(`simulate: the invariants of a chat hold for ${HOURS} hours`, async () => {
  await simulateHours(HOURS, { seed: 1, summary: emptySummary() });
});

Deno.test("simulate: a seed replays the same events at the same times", async () => {
  // Within one moment the two sides go on in any order.
  const replay = async () => (await simulate(3)).log.toSorted();
  assertEquals(await replay(), await replay());
});

Deno.test("simulateStandstill: large messages arrive when the relay stood still", async () => {
  for (let seed = 1; seed <= STANDSTILLS; seed++) await simulateStandstill(seed);
});

Deno.test("simulate: raises no alarm when someone is away longer than the room lingers", async () => {
  // An acknowledgement expired meanwhile, and the messages after it did not.
  await simulate(20_103);
});
