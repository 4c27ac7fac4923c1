/**
 * A fresh code after the guest is gone: the old code, the old keys and the old documents open nothing.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Failure } from "../../src/errors.ts";
import type { Envelope } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness, type Person, QUIET_MS } from "./harness.ts";
import { intercept } from "./hostile.ts";

/** Alice is left by a Bob whose machine went to sleep in the middle of a talk. */
async function forsake(): Promise<
  { harness: Harness; alice: Person; bob: Person; wake: () => void }
> {
  const harness = new Harness();
  let asleep = false;
  const waiting: (() => void)[] = [];
  const { alice, bob } = await harness.pair({
    guest: {
      through: (relay) =>
        intercept(async (_, __, proceed) => {
          if (asleep) await new Promise<void>((resolve) => waiting.push(resolve));
          return await proceed();
        }, relay),
    },
  });
  alice.say("one");
  bob.say("two");
  await harness.until(() => alice.heard.length + bob.heard.length === 2);
  await harness.advance(1_000);
  asleep = true;
  await harness.until(() => alice.presence?.peer === "vanished");
  return {
    harness,
    alice,
    bob,
    wake: () => {
      asleep = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

Deno.test("epochs: refuses a new code while the peer is here or away", async () => {
  const harness = new Harness();
  const { alice } = await harness.pair();
  await assertRejects(() => alice.chat.invite(), Failure, "peer-present");
  await harness.end();
});

Deno.test("epochs: admits a new guest by a new code, under new keys", async () => {
  const { harness, alice, bob, wake } = await forsake();
  const oldCode = alice.code!;
  await alice.chat.invite();
  assert(alice.code !== oldCode);
  const again = harness.join(alice.code!);
  await harness.until(() => again.isReady && alice.all("ready").length === 2);
  const [before, after] = alice.all("ready");
  assert(String(before!.verify) !== String(after!.verify));
  again.say("back again");
  alice.say("welcome back");
  await harness.until(() => again.heard.length === 1);
  await harness.advance(QUIET_MS);
  assertEquals(alice.heard, ["two", "back again"]);
  assertEquals(again.heard, ["welcome back"]);
  assertCalm(alice, again);
  // The one who slept finds the seat gone, and hears nothing of what was said meanwhile.
  wake();
  await harness.until(() => bob.status !== undefined);
  assertEquals([bob.status, bob.failure?.code, bob.heard], [7, "evicted", ["one"]]);
  assertCalm(alice);
  await harness.end();
});

Deno.test("epochs: refuses the old code in the new epoch and counts it as a guess", async () => {
  const { harness, alice, wake } = await forsake();
  const oldCode = alice.code!;
  await alice.chat.invite();
  const carol = harness.join(oldCode, { name: "Carol" });
  await harness.until(() => carol.status !== undefined);
  assertEquals(carol.status, 5);
  assertEquals(alice.alarms, { guess: 1 });
  wake();
  await harness.advance(QUIET_MS);
  await harness.end();
});

Deno.test("epochs: discards old documents in the new epoch as forgeries", async () => {
  const { harness, alice, wake } = await forsake();
  const old = harness.relay.seen.map(({ envelope }) => envelope as Envelope);
  wake();
  await alice.chat.invite();
  const again = harness.join(alice.code!);
  await harness.until(() => again.isReady && alice.all("ready").length === 2);
  await harness.advance(1_000);
  const messages = old.filter(({ seq }) => seq > 0);
  for (const [reader, from] of [[alice, "guest"], [again, "host"]] as const) {
    const alarms = await reader.alarmsDuring(async () => {
      for (const envelope of messages) if (envelope.from === from) harness.plant({ ...envelope });
      await harness.advance(QUIET_MS);
    });
    assert(alarms.length > 0 && alarms.every(({ kind }) => kind === "forged"));
  }
  const heard = alice.heard.length;
  again.say("still me");
  alice.say("still here");
  await harness.until(() => again.heard.length === 1 && alice.heard.length === heard + 1);
  await harness.end();
});

Deno.test("epochs: admits no one by an old handshake in the new epoch", async () => {
  const { harness, alice, wake } = await forsake();
  wake();
  const old = harness.relay.seen.map(({ envelope }) => envelope as Envelope)
    .filter(({ seq, from }) => seq === 0 && from === "guest");
  assertEquals(old.length, 2);
  await alice.chat.invite();
  for (const envelope of old) harness.plant({ ...envelope });
  await harness.advance(QUIET_MS);
  assertEquals(alice.all("ready").length, 1);
  // Without a seat they may be of an honest guest who is gone, and get no answer.
  assertEquals(alice.alarms, {});
  const again = harness.join(alice.code!);
  await harness.until(() => again.isReady && alice.all("ready").length === 2);
  await harness.end();
});

Deno.test("epochs: starts a new conversation by a new code after a goodbye", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  void bob.chat.leave();
  await harness.until(() => alice.presence?.peer === "left");
  await alice.chat.invite();
  const carol = harness.join(alice.code!, { name: "Carol" });
  alice.say("hello");
  carol.say("hello yourself");
  await harness.until(() => carol.heard.length === 1 && alice.heard.length === 1);
  await harness.advance(QUIET_MS);
  assertAllHeard(alice, carol);
  assertCalm(alice, carol);
  await harness.end();
});

Deno.test("epochs: replaces an unused code, which is then refused", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  const oldCode = alice.code!;
  await alice.chat.invite();
  const carol = harness.join(oldCode, { name: "Carol" });
  await harness.until(() => carol.status !== undefined);
  assertEquals([carol.status, alice.alarms], [5, { guess: 1 }]);
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  await harness.end();
});
