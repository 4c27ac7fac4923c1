import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { RelayUnavailable } from "../../src/errors.ts";
import { withDeadline } from "../../src/deadline.ts";
import { FakeClock } from "../support/clock.ts";

const never = () => new Promise<never>(() => {});

Deno.test("withDeadline: an outcome in time is the outcome, and leaves no timer", async () => {
  const clock = new FakeClock();
  const signal = new AbortController().signal;
  assertEquals(
    await withDeadline(clock, { ms: 10, signals: [signal] }, () => Promise.resolve(1)),
    1,
  );
  const bug = new TypeError("no");
  const failing = withDeadline(clock, { ms: 10 }, () => Promise.reject(bug));
  assertStrictEquals(await failing.catch((error) => error), bug);
  assertEquals(clock.pending, 0);
});

Deno.test("withDeadline: what takes longer is unavailable at the deadline and not before", async () => {
  const clock = new FakeClock();
  let thrown: unknown;
  const waiting = withDeadline(clock, { ms: 9_000 }, never).catch((error) => thrown = error);
  await clock.advance(8_999);
  assertEquals(thrown, undefined);
  await clock.advance(1);
  await waiting;
  assertEquals(thrown instanceof RelayUnavailable, true);
  const { failure } = thrown as RelayUnavailable;
  assertEquals([failure.reason, failure.facts], ["relay-timeout", { seconds: 9 }]);
});

Deno.test("withDeadline: an aborted signal ends it at once with its reason", async () => {
  const clock = new FakeClock();
  const [one, two] = [new AbortController(), new AbortController()];
  const signals = [one.signal, undefined, two.signal];
  const waiting = withDeadline(clock, { ms: 9_000, signals }, never);
  const reason = new Error("enough");
  two.abort(reason);
  assertStrictEquals(await waiting.catch((error) => error), reason);
  assertEquals(clock.pending, 0);
});

Deno.test("withDeadline: what goes on is told when nobody waits for it any more", async () => {
  const clock = new FakeClock();
  const end = new AbortController();
  let isOver = () => true;
  const begin = (signal: AbortSignal) => {
    isOver = () => signal.aborted;
    return new Promise<never>(() => {});
  };
  const late = withDeadline(clock, { ms: 10 }, begin).catch(() => {});
  await clock.advance(9);
  assertEquals(isOver(), false);
  await clock.advance(1);
  await late;
  assertEquals(isOver(), true);
  const given = withDeadline(clock, { ms: 10, signals: [end.signal] }, begin).catch(() => {});
  assertEquals(isOver(), false);
  end.abort();
  await given;
  assertEquals(isOver(), true);
});

Deno.test("withDeadline: nothing begins under a signal that is aborted already", async () => {
  let begun = false;
  const begin = () => {
    begun = true;
    return Promise.resolve();
  };
  const signals = [AbortSignal.abort(new RangeError("over"))];
  await assertRejects(() => withDeadline(new FakeClock(), { ms: 1, signals }, begin), RangeError);
  assertEquals(begun, false);
});

Deno.test("withDeadline: what fails after the deadline disturbs nobody", async () => {
  const clock = new FakeClock();
  let fail = (_: Error) => {};
  const late = () => new Promise<never>((_, reject) => fail = reject);
  const waiting = assertRejects(() => withDeadline(clock, { ms: 1 }, late), RelayUnavailable);
  await clock.advance(1);
  await waiting;
  fail(new Error("late"));
  await clock.settle();
});
