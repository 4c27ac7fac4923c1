import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { RelayUnavailable } from "../../../../src/errors.ts";
import { within } from "../../../../src/relay/mongodb/deadline.ts";
import { FakeClock } from "../../../support/clock.ts";

const never = () => new Promise<never>(() => {});

Deno.test("within: an outcome in time is the outcome, and leaves no timer", async () => {
  const clock = new FakeClock();
  const signal = new AbortController().signal;
  assertEquals(await within(clock, { ms: 10, signals: [signal] }, () => Promise.resolve(1)), 1);
  const bug = new TypeError("no");
  const failing = within(clock, { ms: 10 }, () => Promise.reject(bug));
  assertStrictEquals(await failing.catch((error) => error), bug);
  assertEquals(clock.pending, 0);
});

Deno.test("within: what takes longer is unavailable at the deadline and not before", async () => {
  const clock = new FakeClock();
  let thrown: unknown;
  const waiting = within(clock, { ms: 9_000 }, never).catch((error) => thrown = error);
  await clock.advance(8_999);
  assertEquals(thrown, undefined);
  await clock.advance(1);
  await waiting;
  assertEquals(thrown instanceof RelayUnavailable, true);
  assertEquals((thrown as Error).message, "The relay did not answer within 9 seconds.");
});

Deno.test("within: an aborted signal ends it at once with its reason", async () => {
  const clock = new FakeClock();
  const [one, two] = [new AbortController(), new AbortController()];
  const signals = [one.signal, undefined, two.signal];
  const waiting = within(clock, { ms: 9_000, signals }, never);
  const reason = new Error("enough");
  two.abort(reason);
  assertStrictEquals(await waiting.catch((error) => error), reason);
  assertEquals(clock.pending, 0);
});

Deno.test("within: what goes on is told when nobody waits for it any more", async () => {
  const clock = new FakeClock();
  const end = new AbortController();
  let isOver = () => true;
  const begin = (over: () => boolean) => {
    isOver = over;
    return new Promise<never>(() => {});
  };
  const late = within(clock, { ms: 10 }, begin).catch(() => {});
  await clock.advance(9);
  assertEquals(isOver(), false);
  await clock.advance(1);
  await late;
  assertEquals(isOver(), true);
  const given = within(clock, { ms: 10, signals: [end.signal] }, begin).catch(() => {});
  assertEquals(isOver(), false);
  end.abort();
  await given;
  assertEquals(isOver(), true);
});

Deno.test("within: nothing begins under a signal that is aborted already", async () => {
  let begun = false;
  const begin = () => {
    begun = true;
    return Promise.resolve();
  };
  const signals = [AbortSignal.abort(new RangeError("over"))];
  await assertRejects(() => within(new FakeClock(), { ms: 1, signals }, begin), RangeError);
  assertEquals(begun, false);
});

Deno.test("within: what fails after the deadline disturbs nobody", async () => {
  const clock = new FakeClock();
  let fail = (_: Error) => {};
  const late = () => new Promise<never>((_, reject) => fail = reject);
  const waiting = assertRejects(() => within(clock, { ms: 1 }, late), RelayUnavailable);
  await clock.advance(1);
  await waiting;
  fail(new Error("late"));
  await clock.settle();
});
