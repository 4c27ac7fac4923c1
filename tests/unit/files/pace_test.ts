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
  assertEquals([pace.window, pace.batch], [90, 16]);
});

Deno.test("Pace: grows by what arrived, however many answers told so", () => {
  const [one, many] = [new Pace(), new Pace()];
  for (let n = 1; n <= 8; n++) for (const pace of [one, many]) pace.onSent(n, 0);
  one.onAccept(9, 10);
  for (let n = 1; n <= 8; n++) many.onAccept(n + 1, 10);
  assertEquals([one.window, many.window], [13, 13]);
});

Deno.test("Pace: stays where a queue begins", () => {
  const pace = new Pace();
  // Twenty chunks fit the connection; each further one waits.
  run(pace, 2_000, (window) => 50 + 10 * Math.max(0, window - 20));
  // Until an answer comes 150 ms later than the fastest.
  assert(pace.window >= 20 && pace.window <= 36, `${pace.window}`);
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

Deno.test("Pace: has one batch under way while messages are written, and rests after it", () => {
  const pace = new Pace();
  run(pace, 40, () => 10);
  assertEquals([pace.window, pace.batch], [29, 14]);
  pace.onSent(41, 1_000);
  assertEquals(pace.onAccept(42, 1_010, { isTalking: true }), 15);
  assertEquals([pace.window, pace.batch], [14, 14]);
  pace.onSent(42, 2_000);
  assertEquals(pace.onAccept(43, 2_010), 0, "nobody writes any more");
  assertEquals(pace.window, 29);
});

Deno.test("Pace: has small batches under way while messages are written on a slow connection", () => {
  const pace = new Pace();
  run(pace, 40, () => 2_000, true);
  assertEquals([pace.window, pace.batch], [1, 1]);
  pace.onSent(41, 0);
  assertEquals(pace.onAccept(42, 10_000, { isTalking: true }), 3_000, "no longer");
});
