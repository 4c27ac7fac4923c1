import { assertEquals } from "@std/assert";
import { ServerTime } from "../../../../src/relay/mongodb/server_time.ts";

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

Deno.test("the server's time is not known before it was told", () => {
  assertEquals(clocks().time.now(), undefined);
});

Deno.test("the server's time goes on from where it was told, whatever the clock here shows", () => {
  const { state, time } = clocks();
  time.learn(1_000_000);
  assertEquals(time.now(), 1_000_000);
  state.wall += 250;
  state.steady += 250;
  assertEquals(time.now(), 1_000_250);
  time.learn(900_000);
  assertEquals(time.now(), 900_000);
});

Deno.test("no time is told once the two clocks disagree: after a sleep, or when one was set", () => {
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
