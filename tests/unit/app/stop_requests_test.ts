import { assert, assertEquals } from "@std/assert";
import { StopRequests } from "../../../src/app/stop_requests.ts";
import { Failure } from "../../../src/errors.ts";

/** Stop requests with a clock that a test moves, in milliseconds. */
function harness() {
  const clock = { now: 1_000 };
  return { clock, stop: new StopRequests(() => clock.now) };
}

function reasonOf(stop: StopRequests): string {
  const { reason } = stop.signal;
  assert(reason instanceof Failure);
  return reason.reason;
}

Deno.test("StopRequests: does not end at once when a closing terminal repeats itself", () => {
  for (const name of ["SIGHUP", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGALRM"] as const) {
    const { clock, stop } = harness();
    for (let times = 0; times < 4; times++) {
      assertEquals(stop.onSignal(name), false, name);
      clock.now += 1_000;
    }
    assert(stop.signal.aborted);
    assertEquals(reasonOf(stop), "terminated");
  }
});

Deno.test("StopRequests: ends at once when a person interrupts a second time", () => {
  const { clock, stop } = harness();
  assertEquals(stop.onSignal("SIGINT"), false);
  assertEquals(reasonOf(stop), "interrupted");
  clock.now += 1_000;
  assertEquals(stop.onSignal("SIGINT"), true);
});

Deno.test("StopRequests: takes two interrupts of one key press for one", () => {
  const { clock, stop } = harness();
  stop.onSignal("SIGINT");
  clock.now += 5;
  assertEquals(stop.onSignal("SIGINT"), false);
  clock.now += 1_000;
  assertEquals(stop.onSignal("SIGINT"), true);
});

Deno.test("StopRequests: does not end at the first interrupt when the terminal closed before", () => {
  const { clock, stop } = harness();
  stop.onSignal("SIGHUP");
  clock.now += 1_000;
  assertEquals(stop.onSignal("SIGINT"), false);
  assertEquals(reasonOf(stop), "terminated");
});
