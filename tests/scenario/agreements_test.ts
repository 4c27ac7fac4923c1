/**
 * What two people agree on while they talk: how long texts stay, and to forget everything.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../src/errors.ts";
import { assertCalm, Harness } from "./harness.ts";

Deno.test("timer: expires messages on both sides when the peer's program agreed", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  bob.chat.setTimer(30);
  await harness.until(() => alice.all("timer").length === 1 && bob.all("timer").length === 1);
  assertEquals(alice.all("timer"), [{ event: "timer", seconds: 30, by: "peer" }]);
  assertEquals(bob.all("timer"), [{ event: "timer", seconds: 30, by: "you" }]);
  alice.say("gone in a moment");
  await harness.until(() => alice.all("delivered").length === 1);
  await harness.advance(29_000);
  assertEquals([...alice.all("expired"), ...bob.all("expired")], []);
  await harness.advance(1_001);
  assertEquals(alice.all("expired"), [{ event: "expired", from: "you", seq: 1 }]);
  assertEquals(bob.all("expired"), [{ event: "expired", from: "peer", seq: 1 }]);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("timer: applies the host's proposal when two cross", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.chat.setTimer(60);
  bob.chat.setTimer(5);
  await harness.advance(1_000);
  assertEquals(alice.chat.overview().timerSeconds, 60);
  assertEquals(bob.chat.overview().timerSeconds, 60);
  await harness.end();
});

Deno.test("timer: turns off as it turns on", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.chat.setTimer(30);
  await harness.advance(1_000);
  bob.chat.setTimer(0);
  await harness.advance(1_000);
  assertEquals([alice, bob].map(({ chat }) => chat.overview().timerSeconds), [0, 0]);
  alice.say("this stays");
  await harness.advance(60_000);
  assertEquals([...alice.all("expired"), ...bob.all("expired")], []);
  await harness.end();
});

Deno.test("timer: refuses a proposal when no peer is connected", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  assertThrows(() => alice.chat.setTimer(30), Failure, "no-peer-for-timer");
  assertThrows(() => alice.chat.setTimer(1.5), Failure, "invalid-timer");
  await harness.end();
});

Deno.test("burn: ends the chat on both sides and leaves nothing on the relay", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("forget this");
  await harness.until(() => bob.heard.length === 1);
  void alice.chat.burn();
  await harness.until(() => alice.status !== undefined && bob.status !== undefined);
  assertEquals(alice.all("burnt"), [{ event: "burnt", by: "you" }]);
  assertEquals(bob.all("burnt"), [{ event: "burnt", by: "peer" }]);
  assertEquals([alice, bob].map((p) => p.all("closed")[0]!.reason), ["burnt", "burnt"]);
  assertEquals(harness.remaining, 0);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("burn: shows nothing that arrives afterwards", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  bob.say("on its way to Alice");
  void alice.chat.burn();
  await harness.until(() => alice.status !== undefined && bob.status !== undefined);
  assertEquals([alice, bob].map(({ heard }) => heard), [[], []]);
  assertEquals(bob.all("session-ended")[0]!.undelivered.length, 1);
  assertEquals(harness.remaining, 0);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("Chat.displayed: delivered and the timer wait until a message was displayed", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  bob.chat.setTimer(5);
  await harness.advance(1_000);
  bob.isLooking = false;
  alice.say("one", "two");
  await harness.advance(60_000);
  assertEquals(bob.heard, ["one", "two"]);
  assertEquals([...alice.all("delivered"), ...alice.all("expired"), ...bob.all("expired")], []);
  bob.chat.displayed(1);
  bob.chat.displayed(1);
  await harness.advance(6_000);
  assertEquals(alice.all("delivered").map(({ seq }) => seq), [1]);
  assertEquals(bob.all("expired").map(({ seq }) => seq), [1]);
  bob.chat.displayed(2);
  await harness.advance(6_000);
  assertEquals(alice.all("expired").map(({ seq }) => seq), [1, 2]);
  assertEquals(bob.all("expired").map(({ seq }) => seq), [1, 2]);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("Chat.displayed: what was passed over does not keep later messages from being delivered", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  bob.isLooking = false;
  alice.say("one", "two", "three");
  await harness.advance(1_000);
  bob.chat.displayed(3);
  await harness.advance(6_000);
  assertEquals(alice.all("delivered").map(({ seq }) => seq), [3]);
  bob.chat.displayed(1);
  bob.chat.displayed(2);
  await harness.advance(6_000);
  assertEquals(alice.all("delivered").map(({ seq }) => seq), [3, 1, 2]);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("Chat: says which messages a session did not deliver, and which never left", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  bob.isLooking = false;
  alice.say("one");
  await harness.until(() => alice.all("sent").length === 1);
  void bob.chat.leave("interrupted");
  await harness.until(() => alice.presence?.peer === "left");
  assertEquals(alice.presence?.unseen, 1);
  await alice.chat.invite();
  alice.say("two");
  assertEquals(alice.all("session-ended"), [
    { event: "session-ended", peer: "Bob", undelivered: ["1"] },
  ]);
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  assertEquals(alice.all("queue-dropped"), [{ event: "queue-dropped", ids: ["2"] }]);
  assertEquals(alice.all("closed").map(({ undelivered }) => undelivered), [2]);
  await harness.end();
});
