/**
 * Replies, messages that are taken back, and a verification in which both take part.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Failure } from "../../src/errors.ts";
import { assertAllHeard, assertCalm, Harness } from "./harness.ts";

Deno.test("reply: names a message that both have, from either side", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("are you coming?", "tomorrow?");
  bob.say("wait");
  await harness.until(() => bob.heard.length === 2 && alice.heard.length === 1);
  bob.chat.send("yes", "r1", { from: "peer", seq: 1 });
  bob.chat.send("done", "r2", { from: "you", seq: 1 });
  await harness.until(() => alice.heard.length === 3);
  const [, ...replies] = alice.all("message");
  assertEquals(replies.map(({ text, reply }) => [text, reply]), [
    ["yes", { from: "you", seq: 1 }],
    ["done", { from: "peer", seq: 1 }],
  ]);
  assertEquals("reply" in alice.all("message")[0]!, false);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("reply: refuses a message that this session does not have, and sends nothing", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("one");
  await harness.until(() => alice.all("delivered").length === 1);
  for (
    const ref of [
      { from: "you", seq: 2 },
      { from: "peer", seq: 1 },
      { from: "peer", seq: 2 ** 40 },
    ] as const
  ) {
    assertThrows(() => alice.chat.send("text", "r", ref), Failure, "no-such-message");
  }
  void bob.chat.leave();
  await harness.until(() => bob.status !== undefined);
  await alice.chat.invite();
  // The numbers of the earlier session mean nothing in the next.
  assertThrows(
    () => alice.chat.send("text", "r", { from: "you", seq: 1 }),
    Failure,
    "no-such-message",
  );
  const carol = harness.join(alice.code!, { name: "Carol" });
  await harness.until(() => alice.isReady && carol.isReady);
  await harness.settle();
  assertEquals(carol.heard, []);
  await harness.end();
});

Deno.test("Chat.takeBack: takes the newest message that is still queued, and it is never sent", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  alice.say("one", "two", "three");
  assertEquals(alice.chat.takeBack(), { id: "3", text: "three" });
  assertEquals(alice.chat.takeBack("1"), { id: "1", text: "one" });
  assertEquals(alice.chat.takeBack("1"), undefined);
  assertEquals(alice.all("taken-back").map(({ id }) => id), ["3", "1"]);
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.all("delivered").length === 1);
  assertEquals(bob.heard, ["two"]);
  assertEquals(alice.chat.takeBack(), undefined, "what was sent stays sent");
  await harness.end();
  assertEquals(alice.all("closed")[0]!.undelivered, 0);
});

Deno.test("Chat.takeBack: sends everything exactly once or gives it back, at every moment", async () => {
  for (let turns = 0; turns < 40; turns++) {
    const harness = new Harness();
    const { alice, bob } = await harness.pair();
    alice.say("first", "second");
    for (let i = 0; i < turns; i++) await Promise.resolve();
    const taken = alice.chat.takeBack();
    await harness.until(() => alice.all("delivered").length === (taken ? 1 : 2));
    await harness.advance(15_000);
    assertEquals(bob.heard, taken ? ["first"] : ["first", "second"], `after ${turns} turns`);
    await harness.end();
  }
});

Deno.test("verify: is true on both sides only when both have confirmed", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.chat.verify(true);
  await harness.until(() => bob.all("verified").length === 1);
  assertEquals(alice.all("verified"), [
    { event: "verified", by: "you", same: true, both: false },
  ]);
  assertEquals(bob.all("verified"), [
    { event: "verified", by: "peer", same: true, both: false },
  ]);
  // Nothing that comes from the peer stands for what one's own person has heard.
  for (let i = 0; i < 3; i++) alice.chat.verify(true);
  await harness.until(() => bob.all("verified").length === 4);
  assert(bob.all("verified").every(({ both }) => !both));
  bob.chat.verify(true);
  await harness.until(() => alice.all("verified").at(-1)!.by === "peer");
  assertEquals([alice, bob].map((one) => one.all("verified").at(-1)!.both), [true, true]);
  bob.chat.verify(false);
  await harness.until(() => alice.all("verified").at(-1)!.same === false);
  assertEquals([alice, bob].map((one) => one.all("verified").at(-1)!.both), [false, false]);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("verify: gives each a half to read aloud, which is the half that the other listens for", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const [hers, his] = [alice.chat.overview().wordHalves!, bob.chat.overview().wordHalves!];
  assertEquals([hers.read, hers.listen], [his.listen, his.read]);
  assertEquals([...hers.read, ...his.read], alice.all("ready")[0]!.verify);
  await harness.end();
});

Deno.test("verify: starts over with the next peer, and needs one", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.chat.verify(true);
  bob.chat.verify(true);
  await harness.until(() => alice.all("verified").length === 2);
  void bob.chat.leave();
  await harness.until(() => alice.presence?.peer === "left");
  assertThrows(() => alice.chat.verify(true), Failure, "peer-left");
  await alice.chat.invite();
  assertThrows(() => alice.chat.verify(true), Failure, "no-words-yet");
  assertEquals(alice.chat.overview().verification, { you: undefined, peer: undefined });
  assertAllHeard(alice, bob);
  await harness.end();
});

Deno.test("Chat.documents: shows what both sides have on the relay, and no key", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  bob.isLooking = false;
  alice.say("a secret");
  await harness.until(() => alice.all("sent").length === 1);
  const { documents } = await alice.chat.documents();
  assertEquals(documents[0]!.kind, "room");
  assert(documents.slice(1).every(({ by }) => by === "you" || by === "peer"));
  assert(!JSON.stringify(documents).includes("a secret"));
  bob.chat.displayed(1);
  await harness.end();
  await assertRejects(() => alice.chat.documents(), Failure, "no-room-yet");
});
