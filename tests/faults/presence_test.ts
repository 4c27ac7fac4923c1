/**
 * What each is told of the other, whatever their clocks say and whatever becomes of the relay between
 * them.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Chat } from "../../src/chat/chat.ts";
import type { Presence } from "../../src/chat/events.ts";
import type { Clock } from "../../src/clock.ts";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { Harness, type JoinOptions, Person } from "../scenario/harness.ts";
import { intercept, type Interceptor } from "../scenario/hostile.ts";

/** The peer is told of a crash within this time: it is promised. */
const TOLD_MS = 45_000;
const DAY_MS = 86_400_000;

function presences(person: Person): Presence[] {
  return person.all("presence").map(({ peer }) => peer);
}

/** Puts `interceptor` between one client and the relay. */
function through(interceptor: Interceptor): JoinOptions {
  return { through: (relay) => intercept(interceptor, relay) };
}

/** A relay that nobody can reach while `isOut`. */
function outage(): { isOut: boolean; readonly joining: JoinOptions } {
  const failure = new Failure("relay-timeout", { seconds: 9 });
  const state = { isOut: false };
  const interceptor: Interceptor = (operation, _, proceed) =>
    state.isOut && operation !== "watch"
      ? Promise.reject(new RelayUnavailable(failure))
      : proceed();
  return Object.assign(state, { joining: through(interceptor) });
}

/** A life that can end: nothing that its owner does reaches the relay from then on. */
function life(): { isOver: boolean; readonly joining: JoinOptions } {
  const state = { isOver: false };
  const interceptor: Interceptor = (_, __, proceed) =>
    state.isOver ? new Promise(() => {}) : proceed();
  return Object.assign(state, { joining: through(interceptor) });
}

Deno.test("presence: reports a killed peer as away and then vanished within 45 s, once each", async () => {
  const harness = new Harness();
  const bobs = life();
  const { alice } = await harness.pair({ guest: bobs.joining });
  bobs.isOver = true;
  const killedAt = harness.clock.monotonic();
  await harness.until(() => alice.presence?.peer === "vanished");
  assertLessOrEqual(harness.clock.monotonic() - killedAt, TOLD_MS);
  await harness.advance(300_000);
  assertEquals(presences(alice), ["away", "vanished"]);
  // The one who stayed can leave alone, and nothing is left.
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  assertEquals(alice.status, 0);
  assertEquals(harness.remaining, 0);
  assertEquals(alice.all("closed").at(-1)?.remaining, 0);
});

Deno.test("presence: lets a peer back in by a new code after a crash", async () => {
  const harness = new Harness();
  const bobs = life();
  const { alice } = await harness.pair({ guest: bobs.joining });
  bobs.isOver = true;
  await harness.until(() => alice.presence?.peer === "vanished");
  await alice.chat.invite();
  const bob = harness.join(alice.code!, { name: "Bob" });
  await harness.until(() => bob.isReady && alice.all("ready").length === 2);
  bob.say("I am back");
  await harness.until(() => alice.heard.length === 1);
  for (const person of [bob, alice]) {
    void person.chat.leave();
    await harness.until(() => person.status !== undefined);
    assertEquals(person.status, 0);
  }
  assertEquals(harness.remaining, 0);
});

Deno.test("presence: reports a peer without network as away and then here, once each", async () => {
  for (const lostMs of [5_000, 27_000, 120_000]) {
    const harness = new Harness();
    const relay = outage();
    const { alice, bob } = await harness.pair({ guest: relay.joining });
    relay.isOut = true;
    bob.say("one", "two");
    await harness.advance(lostMs);
    relay.isOut = false;
    await harness.advance(60_000);
    const expected: Record<number, Presence[]> = {
      5_000: [],
      27_000: ["away", "here"],
      120_000: ["away", "vanished", "here"],
    };
    assertEquals(presences(alice), expected[lostMs], `away for ${lostMs} ms`);
    assertEquals(presences(bob), [], `who was away for ${lostMs} ms saw nothing change`);
    assertEquals(alice.heard, ["one", "two"]);
    await harness.end();
  }
});

Deno.test("presence: reports no absence when the relay is unreachable for both", async () => {
  for (const lostMs of [10_000, 25_000, 60_000, 590_000]) {
    const harness = new Harness();
    const relay = outage();
    const { alice, bob } = await harness.pair({ host: relay.joining, guest: relay.joining });
    relay.isOut = true;
    alice.say("one");
    bob.say("two");
    await harness.advance(lostMs);
    relay.isOut = false;
    await harness.advance(60_000);
    assertEquals([presences(alice), presences(bob)], [[], []], `gone for ${lostMs} ms`);
    assertEquals([alice.heard, bob.heard], [["two"], ["one"]]);
    assertEquals([alice.alarms, bob.alarms], [{}, {}]);
    await harness.end();
  }
});

Deno.test("presence: reports a crash during an outage after the outage", async () => {
  const harness = new Harness();
  const relay = outage();
  const bobs = life();
  const { alice } = await harness.pair({ host: relay.joining, guest: bobs.joining });
  relay.isOut = true;
  bobs.isOver = true;
  await harness.advance(60_000);
  relay.isOut = false;
  const healedAt = harness.clock.monotonic();
  await harness.until(() => alice.presence?.peer === "vanished");
  assertLessOrEqual(harness.clock.monotonic() - healedAt, TOLD_MS);
  assertEquals(presences(alice), ["vanished"]);
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  assertEquals(harness.remaining, 0);
});

Deno.test("presence: does not depend on the clients' clocks", async () => {
  for (const offsets of [[-40 * DAY_MS, 40 * DAY_MS], [3 * DAY_MS, -3 * DAY_MS]] as const) {
    const harness = new Harness();
    /** The same time, told wrongly. */
    const skewed = (offset: number): Clock => ({
      now: () => harness.clock.now() + offset,
      monotonic: () => harness.clock.monotonic(),
      after: (ms, action) => harness.clock.after(ms, action),
    });
    const enter = (name: string, clock: Clock, code?: string) => {
      const person = new Person((emit) =>
        new Chat({
          relay: Promise.resolve(harness.relay.client()),
          entry: code === undefined ? { mode: "new" } : { mode: "join", code: parseCode(code) },
          ...{ name, clock, emit, random: harness.random, lingerMs: 60_000 },
        })
      );
      harness.people.push(person);
      return person;
    };
    const alice = enter("Alice", skewed(offsets[0]));
    await harness.until(() => alice.code !== undefined);
    const bob = enter("Bob", skewed(offsets[1]), alice.code!);
    await harness.until(() => alice.isReady && bob.isReady);
    alice.say("one");
    bob.say("two");
    await harness.advance(300_000);
    assertEquals([alice.heard, bob.heard], [["two"], ["one"]]);
    assertEquals([presences(alice), presences(bob)], [[], []]);
    assertEquals([alice.alarms, bob.alarms], [{}, {}]);
    const apart = Date.parse(bob.all("message")[0]!.at) - Date.parse(alice.all("message")[0]!.at);
    assert(Math.abs(apart) > 5 * DAY_MS, "the clocks really differ");
    void bob.chat.leave();
    await harness.until(() => alice.presence?.peer === "left");
    await harness.advance(120_000);
    assertEquals(presences(alice), ["left"]);
    await harness.end();
  }
});
