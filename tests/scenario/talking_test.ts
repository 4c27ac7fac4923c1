/**
 * The main path: two people find each other, talk and leave, over one relay.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../src/errors.ts";
import { assertAllHeard, assertCalm, Harness } from "./harness.ts";

Deno.test("chat: delivers messages both ways, once, in order, with receipts", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("one", "two", "three");
  bob.say("four");
  await harness.until(() => bob.heard.length === 3 && alice.heard.length === 1);
  bob.say("five", "six");
  await harness.until(() =>
    alice.all("delivered").length === 3 && bob.all("delivered").length === 3
  );
  assertAllHeard(alice, bob);
  assertEquals(alice.all("delivered").map(({ id, seq }) => [id, seq]), [["1", 1], ["2", 2], [
    "3",
    3,
  ]]);
  assertEquals(alice.all("sent").map(({ id }) => id), ["1", "2", "3"]);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("chat: exchanges names and shows both sides the same twelve words", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const [seenByAlice, seenByBob] = [alice.all("ready")[0]!, bob.all("ready")[0]!];
  assertEquals([seenByAlice.peer, seenByBob.peer], ["Bob", "Alice"]);
  assertEquals(seenByAlice.verify, seenByBob.verify);
  assertEquals(seenByAlice.verify.length, 12);
  await harness.end();
});

Deno.test("chat: removes what was read, and the last to leave leaves nothing", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("hello");
  await harness.until(() => alice.all("delivered").length === 1);
  await harness.advance(1_000);
  assertEquals(harness.relay.documents.envelopes.size, 0);
  void bob.chat.leave();
  await harness.until(() => bob.status !== undefined);
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  assertEquals([alice.status, bob.status], [0, 0]);
  assertEquals(alice.all("closed"), [{
    event: "closed",
    remaining: 0,
    reason: "exit",
    undelivered: 0,
  }]);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("chat: stores no name, code word or text", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair({
    host: { name: "Alice Liddell" },
    guest: { name: "Bob Cratchit" },
  });
  alice.say("the secret of the river");
  bob.say("the answer of the ocean");
  await harness.until(() => alice.all("delivered").length + bob.all("delivered").length === 2);
  const stored = harness.relay.seen.map(({ room, epoch, envelope }) => {
    const { head, token, ...rest } = envelope;
    // Text in the bytes of the head, and behind the base64url of the token, would show as well.
    const inside = [head as Uint8Array, Uint8Array.from(atob(urlToPlain(String(token))), byteOf)];
    return [room, epoch, JSON.stringify(rest), ...inside.map((b) => new TextDecoder().decode(b))];
  }).flat().concat(JSON.stringify([...harness.relay.documents.rooms])).join("\n");
  const [nameplate, ...words] = alice.code!.split("-");
  for (const secret of ["Alice", "Bob", "secret", "answer", ...words, `"${nameplate}"`]) {
    assert(!stored.includes(secret), `${secret} is stored in clear`);
  }
  await harness.end();
});

Deno.test("chat: makes a receipt, a short text and a goodbye look alike on the relay", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const before = harness.relay.seen.length;
  alice.say("hi");
  await harness.until(() => alice.all("delivered").length === 1);
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  const kinds = harness.relay.seen.slice(before);
  assert(kinds.length >= 3);
  const sizes = kinds.map(({ envelope }) => [
    (envelope.head as Uint8Array).length,
    String(envelope.token).length,
  ]);
  assertEquals(new Set(sizes.map(String)).size, 1);
  assertEquals(bob.presence?.peer, "left");
  await harness.end();
});

Deno.test("chat: sends messages typed before the peer joined", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  alice.say("are you there", "I wait");
  assertEquals(alice.all("queued").map(({ id }) => id), ["1", "2"]);
  const bob = harness.join(alice.code!);
  bob.say("I come");
  await harness.until(() =>
    alice.all("delivered").length === 2 && bob.all("delivered").length === 1
  );
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("chat: delivers messages whose sender has left", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say(...Array.from({ length: 300 }, (_, i) => `line ${i}`));
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  await harness.until(() => bob.presence?.peer === "left");
  assertEquals(bob.heard, alice.said);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("chat: counts undelivered messages in a goodbye, on both sides", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("seen");
  await harness.until(() => alice.all("delivered").length === 1);
  void bob.chat.leave();
  await harness.until(() => alice.presence?.peer === "left");
  assertEquals(alice.presence, { event: "presence", peer: "left", unseen: 0, missing: 0 });
  assertThrows(() => alice.say("too late"), Failure, "peer-left");
  await harness.end();
});

Deno.test("chat: delivers thousands of messages at once, in order", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say(...Array.from({ length: 2_000 }, (_, i) => `${i}`));
  bob.say(...Array.from({ length: 2_000 }, (_, i) => `${i}`));
  await harness.until(() => alice.heard.length === 2_000 && bob.heard.length === 2_000);
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("chat: keeps seat and messages through ten minutes of silence", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair({ host: { lingerMs: 60_000 } });
  await harness.advance(600_000);
  alice.say("still there?");
  bob.say("still here");
  await harness.until(() => alice.heard.length === 1 && bob.heard.length === 1);
  assertCalm(alice, bob);
  assertEquals([...alice.all("presence"), ...bob.all("presence")], []);
  await harness.end();
});

function urlToPlain(text: string): string {
  return text.replaceAll("-", "+").replaceAll("_", "/");
}

function byteOf(char: string): number {
  return char.charCodeAt(0);
}
