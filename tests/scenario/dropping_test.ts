/**
 * A relay that drops, delays and reorders: what is missing is told, with its numbers, and what is only
 * late alarms nobody.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import type { Envelope, Relay } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness, type Person, QUIET_MS } from "./harness.ts";
import { intercept, type Interceptor } from "./hostile.ts";

/** Alice and Bob, with `interceptor` on what Alice posts once both have met. */
async function meet(
  interceptor: Interceptor,
): Promise<{ harness: Harness; alice: Person; bob: Person }> {
  const harness = new Harness();
  let met = false;
  const { alice, bob } = await harness.pair({
    host: {
      through: (relay) =>
        intercept((name, args, go) => met ? interceptor(name, args, go) : go(), relay),
    },
  });
  met = true;
  return { harness, alice, bob };
}

/** An interceptor that drops envelopes of posts. */
function dropping(which: (envelope: Envelope) => boolean): Interceptor {
  return (name, args, proceed) => {
    if (name !== "post") return proceed();
    const held = (args[1] as Envelope[]).filter((envelope) => !which(envelope));
    args[1] = held;
    return proceed();
  };
}

Deno.test("gap: reports two missing messages once, with their numbers", async () => {
  let drop = true;
  const { harness, alice, bob } = await meet(dropping(() => drop));
  alice.say("one", "two");
  await harness.settle();
  drop = false;
  alice.say("three");
  await harness.advance(QUIET_MS);
  assertEquals(bob.heard, ["three"]);
  assertEquals(bob.all("alarm"), [{
    event: "alarm",
    kind: "gap",
    count: 2,
    first: 1,
    last: 2,
  }]);
  assertEquals(alice.all("delivered").map(({ seq }) => seq), [3]);
  assertCalm(alice);
  await harness.end();
});

Deno.test("gap: reports each gap separately", async () => {
  const { harness, alice, bob } = await meet(dropping(({ seq }) => seq === 3 || seq === 6));
  for (let i = 1; i <= 8; i++) {
    alice.say(`${i}`);
    await harness.advance(3_000);
  }
  // Alice's profile was number 1.
  assertEquals(bob.heard, ["1", "3", "4", "6", "7", "8"]);
  const gaps = bob.all("alarm").map(({ kind, first, last }) => [kind, first, last]);
  assertEquals(gaps, [["gap", 2, 2], ["gap", 5, 5]]);
  await harness.end();
});

Deno.test("gap: reports a lost receipt without losing a message", async () => {
  let drop = false;
  const { harness, alice, bob } = await meet(dropping(() => drop));
  drop = true;
  bob.say("are you there?");
  await harness.until(() => alice.heard.length === 1);
  await harness.advance(1_000);
  drop = false;
  alice.say("I am");
  await harness.advance(QUIET_MS);
  assertEquals(bob.heard, ["I am"]);
  const [gap] = bob.all("alarm");
  assertEquals(gap, {
    event: "alarm",
    kind: "gap",
    count: 1,
  });
  assertEquals(bob.all("delivered").length, 1);
  await harness.end();
});

Deno.test("gap: asks again for a name that was dropped", async () => {
  for (const role of ["host", "guest"] as const) {
    const harness = new Harness();
    const drop = dropping(({ seq }) => seq === 1);
    const through = { through: (relay: Relay) => intercept(drop, relay) };
    const alice = await harness.host(role === "host" ? through : {});
    const bob = harness.join(alice.code!, role === "guest" ? through : {});
    const [silent, other] = role === "host" ? [alice, bob] : [bob, alice];
    await harness.until(() => silent.isReady);
    assertEquals(other.isReady, false);
    silent.say("did you get my name?");
    other.say("now I did");
    await harness.until(() => other.isReady && silent.heard.length === 1);
    await harness.advance(QUIET_MS);
    assertAllHeard(alice, bob);
    assertEquals([silent.alarms, other.alarms], [{}, { gap: 1 }]);
    // One name each, and one more each: asked for, and told.
    assertEquals(harness.relay.seen.filter(({ envelope }) => envelope.seq === 2).length, 2);
    await harness.end();
  }
});

Deno.test("gap: reports the last message before a silence when its sender asks after it", async () => {
  let drop = true;
  const { harness, alice, bob } = await meet(dropping(() => drop));
  alice.say("do you hear me?");
  await harness.settle();
  drop = false;
  await harness.advance(30_000);
  assertEquals(bob.all("alarm").map(({ kind, first }) => [kind, first]), [["gap", 1]]);
  assertEquals(alice.all("delivered"), []);
  await harness.end();
});

Deno.test("gap: reports what was dropped before a goodbye", async () => {
  let drop = true;
  const { harness, alice, bob } = await meet(dropping(() => drop));
  alice.say("lost", "lost too");
  await harness.settle();
  drop = false;
  void alice.chat.leave();
  await harness.until(() => bob.presence?.peer === "left");
  assertEquals(bob.presence, { event: "presence", peer: "left", unseen: 0, missing: 2 });
  assertEquals(bob.all("alarm").map(({ kind, count }) => [kind, count]), [["gap", 2]]);
  await harness.end();
});

Deno.test("gap: reports a peer as vanished, not left, when the goodbye was dropped", async () => {
  const { harness, alice, bob } = await meet(dropping(() => true));
  void alice.chat.leave();
  await harness.until(() => bob.presence !== undefined);
  assertEquals(bob.presence?.peer, "vanished");
  await harness.end();
});

Deno.test("gap: ends the chat when more is missing than can be skipped", async () => {
  let drop = true;
  const { harness, alice, bob } = await meet(dropping(() => drop));
  alice.say(...Array.from({ length: 400 }, (_, i) => `${i}`));
  await harness.settle();
  drop = false;
  alice.say("and now?");
  await harness.until(() => bob.status !== undefined);
  assertEquals([bob.status, bob.failure?.code, bob.heard], [9, "protocol", []]);
  await harness.end();
});

Deno.test("gap: skips exactly as many messages as allowed", async () => {
  for (const [missing, isTooMany] of [[255, false], [256, false], [257, true]] as const) {
    let left = missing;
    const { harness, alice, bob } = await meet(dropping(() => left > 0 && left-- > 0));
    alice.say(...Array.from({ length: missing }, (_, i) => `${i}`));
    alice.say("and now?");
    await harness.advance(QUIET_MS);
    assertEquals(bob.heard, isTooMany ? [] : ["and now?"], `${missing}`);
    assertEquals(bob.status, isTooMany ? 9 : undefined, `${missing}`);
    assertEquals(bob.all("alarm").map(({ count }) => count), isTooMany ? [] : [missing]);
    await harness.end();
  }
});

Deno.test("gap: shows a message as late when it arrives after it was reported missing", async () => {
  let held: Envelope[] | undefined;
  const { harness, alice, bob } = await meet((name, args, proceed) => {
    if (name !== "post" || held) return proceed();
    held = args[1] as Envelope[];
    return Promise.resolve();
  });
  alice.say("first", "second");
  await harness.settle();
  alice.say("third");
  await harness.advance(QUIET_MS);
  assertEquals(bob.heard, ["third"]);
  for (const envelope of held!) harness.plant({ ...envelope });
  await harness.advance(QUIET_MS);
  assertEquals(bob.all("message").map(({ seq, late }) => [seq, late]), [
    [3, undefined],
    [1, true],
    [2, true],
  ]);
  // Alice said it, and now all of it was shown.
  bob.say("got it");
  await harness.advance(QUIET_MS);
  assertEquals(alice.all("delivered").length, 3);
  assertEquals(bob.alarms, { gap: 1 });
  await harness.end();
});

Deno.test("gap: ignores a late timer proposal when a newer one was agreed", async () => {
  let held: Envelope[] | undefined;
  const { harness, alice, bob } = await meet((name, args, proceed) => {
    if (name !== "post" || held) return proceed();
    held = args[1] as Envelope[];
    return Promise.resolve();
  });
  alice.chat.setTimer(5);
  await harness.settle();
  alice.chat.setTimer(60);
  await harness.advance(QUIET_MS);
  const seconds = () => [alice, bob].map(({ chat }) => chat.overview().timerSeconds);
  assertEquals(seconds(), [60, 60]);
  for (const envelope of held!) harness.plant({ ...envelope });
  await harness.advance(QUIET_MS);
  assertEquals(seconds(), [60, 60]);
  assertEquals(bob.alarms, { gap: 1 });
  await harness.end();
});

Deno.test("delay: raises no alarm when messages are late or out of order", async () => {
  const held: Envelope[] = [];
  let isHolding = true;
  const { harness, alice, bob } = await meet((name, args, proceed) => {
    if (name !== "post" || !isHolding) return proceed();
    held.push(...args[1] as Envelope[]);
    return Promise.resolve();
  });
  for (let round = 0; round < 10; round++) {
    isHolding = true;
    alice.say(`a${round}`, `b${round}`, `c${round}`);
    await harness.settle();
    isHolding = false;
    // Backwards, and each twice: its sender had no answer.
    for (const envelope of held.splice(0).reverse()) {
      harness.plant({ ...envelope });
      await harness.advance(100);
      harness.plant({ ...envelope, attempt: 1 });
    }
    await harness.advance(1_000);
  }
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("delay: raises no alarm when a post lands after its own repetition was read", async () => {
  // The first try hangs in a dead connection, its sender repeats it, and then both arrive.
  let proceedLate: (() => unknown) | undefined;
  const { harness, alice, bob } = await meet((name, _, proceed) => {
    if (name !== "post" || proceedLate) return proceed();
    proceedLate = proceed;
    throw new RelayUnavailable(new Failure("relay-timeout", { seconds: 9 }));
  });
  alice.say("once");
  await harness.until(() => bob.heard.length === 1);
  await harness.advance(2_000);
  await proceedLate!();
  await harness.advance(QUIET_MS);
  assertEquals(bob.heard, ["once"]);
  assertCalm(alice, bob);
  await harness.end();
});
