/**
 * The soak of `deno task soak`, short enough for every run: two real programs, a real set, and some of
 * what can go wrong.
 *
 * @module
 */
import { assert } from "@std/assert";
import { seededRandom } from "../support/random.ts";
import { Chance, FAULTS } from "../soak/fault_injector.ts";
import { isFlawless, soak } from "../soak/run.ts";
import { ignore, skip } from "./mongo_harness.ts";

/** Faults that last too long for a test that everybody waits for; the soak at length has them. */
const LONG = /1[02] s|half open/;
/** Of the others, so many are drawn. */
const COUNT = 4;
/** Always the same outside of SOAK=1: a change must not fail by another's bad luck. */
const SEED = Number(
  Deno.env.get("SOAK_SEED") ??
    (Deno.env.get("SOAK") === "1" ? crypto.getRandomValues(new Uint32Array(1))[0] : 1),
);

Deno.test({
  name: `soak: two programs lose, double and leave nothing, whatever goes wrong${skip}`,
  ignore,
  // Servers that were killed are started again, and end with the set.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const short = FAULTS.filter(({ name }) => !LONG.test(name));
    const chance = new Chance(seededRandom(SEED));
    const faults = Array.from({ length: COUNT }, () => {
      return short.splice(chance.between(0, short.length - 1), 1)[0]!;
    });
    const happened: string[] = [];
    const report = await soak({
      messages: 300,
      rate: 40,
      seed: SEED,
      crowd: 0,
      poll: false,
      faults,
      log: (line) => happened.push(line),
    });
    const { recoveries: _, latencies: __, ...numbers } = report;
    const told = `SOAK_SEED=${SEED}\n${Deno.inspect(numbers)}\n${happened.join("\n")}`;
    assert(isFlawless(report), told);
    assert(happened.length >= faults.length, told);
  },
});
