import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../../src/files/pace.ts";

/** Sends chunk after chunk; each is answered after the delay that the window makes. */
function run(
  pace: Pace,
  chunks: number,
  delayOf: (window: number) => number,
  isTalking = false,
): void {
  let now = 0;
  for (let n = 1; n <= chunks; n++) {
    pace.onSent(n, now);
    now += delayOf(pace.window);
    pace.onAccept(n + 1, now, { isTalking });
  }
}

Deno.test("Pace: grows to the whole window while answers come as fast as ever", () => {
  const pace = new Pace();
  run(pace, 200, () => 50);
  assertEquals([pace.window, pace.batch], [90, 8]);
});

Deno.test("Pace: stays where a queue begins", () => {
  const pace = new Pace();
  // Twenty chunks fit the connection; each further one waits.
  run(pace, 2_000, (window) => 50 + 10 * Math.max(0, window - 20));
  assert(pace.window >= 8 && pace.window <= 30, `${pace.window}`);
});

Deno.test("Pace: never falls below one chunk being sent and one being read", () => {
  const pace = new Pace();
  let delay = 10;
  run(pace, 30, () => delay = Math.min(delay * 2, 500));
  assertEquals([pace.window, pace.batch], [2, 1]);
});

Deno.test("Pace: remembers nothing of what was answered", () => {
  const pace = new Pace();
  for (let n = 1; n <= 90; n++) pace.onSent(n, 0);
  pace.onAccept(91, 10);
  const { window } = pace;
  pace.onAccept(50, 1_000);
  assertEquals(pace.window, window);
});

Deno.test("Pace: makes way while messages are written, and grows again afterwards", () => {
  const pace = new Pace();
  // A fast connection: a few milliseconds for each chunk under way.
  const delayOf = (window: number) => 4 + 2 * window;
  // The first chunk finds nothing before it.
  run(pace, 1, () => delayOf(1));
  run(pace, 100, delayOf);
  const alone = pace.window;
  run(pace, 100, delayOf, true);
  const talking = pace.window;
  run(pace, 100, delayOf);
  assert(alone >= 12 && talking <= 3 && pace.window >= 12, `${alone} ${talking} ${pace.window}`);
});
