import { assertEquals } from "@std/assert";
import { ServerTime } from "../../../../src/relay/mongodb/storing.ts";

/** Two clocks of one computer, each of which a test moves as it likes. */
function clocks() {
  const state = { wall: 5_000, steady: 100 };
  const clock = {
    now: () => state.wall,
    monotonic: () => state.steady,
    after: () => ({ cancel: () => {} }),
  };
  return { state, time: new ServerTime(clock) };
}

Deno.test("ServerTime.now: is undefined before the first answer", () => {
  assertEquals(clocks().time.now(), undefined);
});

Deno.test("ServerTime.now: continues from the last answer, whatever the local clock shows", () => {
  const { state, time } = clocks();
  time.learn(1_000_000);
  assertEquals(time.now(), 1_000_000);
  state.wall += 250;
  state.steady += 250;
  assertEquals(time.now(), 1_000_250);
  time.learn(900_000);
  assertEquals(time.now(), 900_000);
});

Deno.test("ServerTime.now: is undefined when the local clocks disagree, after a sleep or a change", () => {
  for (const [by, known] of [[1_000, true], [1_001, false], [-1_000, true], [-1_001, false]]) {
    const { state, time } = clocks();
    time.learn(1_000_000);
    state.wall += 50 + (by as number);
    state.steady += 50;
    assertEquals(time.now(), known ? 1_000_050 : undefined, `${by} ms`);
    time.learn(2_000_000);
    assertEquals(time.now(), 2_000_000);
  }
});
