/**
 * Others at the door while two shake hands, and afterwards: nobody is admitted or locked out by them, and
 * what they leave is told once.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url } from "../../src/base64url.ts";
import { decodeHandshake } from "../../src/protocol/wire.ts";
import type { Envelope } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness, QUIET_MS } from "./harness.ts";
import { foreignShare, otherId } from "./hostile.ts";

Deno.test("strangers: reports a discarded document once, however often it is read", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const junk = { from: "guest", seq: 0, attempt: 0, head: new Uint8Array(9), token: "" };
  harness.plant({ ...junk, id: "J".repeat(22) });
  harness.plant({ ...junk, id: "K".repeat(22), from: "stranger" });
  await harness.settle();
  // A replay makes Alice read before anything was removed.
  const old = harness.relay.seen.map(({ envelope }) => envelope as Envelope)
    .find(({ from, seq }) => from === "guest" && seq > 0)!;
  harness.plant({ ...old, id: otherId(old) });
  await harness.advance(QUIET_MS);
  const forged = alice.all("alarm").filter(({ kind }) => kind === "forged");
  assertEquals(forged.reduce((sum, { count }) => sum + count, 0), 2);
  assertEquals(bob.alarms, { forged: 1 });
  await harness.end();
});

Deno.test("strangers: admits the guest among thousands of shares", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  const flood = 2_000;
  for (let i = 0; i < flood; i++) harness.plant(foreignShare(harness, harness.random(16)));
  const bob = harness.join(alice.code!);
  bob.say("through the crowd");
  await harness.until(() => alice.heard.length === 1);
  await harness.advance(QUIET_MS);
  assertAllHeard(alice, bob);
  assertEquals(Object.keys(alice.alarms), ["third-party"]);
  const counted = alice.all("alarm").reduce((sum, { count }) => sum + count, 0);
  assertEquals(counted, flood - 3);
  const { renew = 0, read = 0, post = 0 } = alice.chat.overview().operations;
  // A page of 256 costs a read and a question who is seated, not each document one.
  assert(renew < 30 && read < 30 && post < 10, `${renew} renewals, ${read} reads, ${post} posts`);
  await harness.end();
});

Deno.test("strangers: admits the guest after a hundred others took the seat, and says that it is crowded", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  for (let i = 0; i < 100; i++) {
    const nonce = harness.random(16);
    const lease = harness.relay.now() + 30_000;
    harness.room.guest = { token: encodeBase64Url(nonce), leaseUntil: lease };
    harness.plant(foreignShare(harness, nonce));
    await harness.advance(300);
  }
  harness.room.guest = undefined;
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  await harness.advance(QUIET_MS);
  assertEquals(bob.alarms, {});
  assertEquals(Object.keys(alice.alarms), ["crowded"]);
  await harness.end();
});

Deno.test("strangers: raises no alarm for a guest that comes and goes unanswered", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  harness.plant(foreignShare(harness, harness.random(16)));
  harness.plant(foreignShare(harness, harness.random(16)));
  harness.plant(foreignShare(harness, harness.random(16)));
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  await harness.advance(QUIET_MS);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("strangers: reports another guest's share after the handshake as a third person", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  harness.plant(foreignShare(harness, harness.random(16)));
  await harness.advance(QUIET_MS);
  assertEquals(alice.alarms, { "third-party": 1 });
  assertCalm(bob);
  alice.say("go on");
  await harness.until(() => bob.heard.length === 1);
  await harness.end();
});

Deno.test("strangers: ignores what lay in the room before the guest came", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  for (let seq = 1; seq <= 300; seq++) {
    harness.plant({
      id: encodeBase64Url(harness.random(16)),
      from: "guest",
      seq,
      attempt: 0,
      head: harness.random(61),
      token: encodeBase64Url(harness.random(123)),
    });
  }
  const bob = harness.join(alice.code!);
  bob.say("one", "two");
  await harness.until(() => alice.heard.length === 2);
  await harness.advance(QUIET_MS);
  assertAllHeard(alice, bob);
  assertEquals(Object.keys(alice.alarms), ["forged"]);
  assertEquals(alice.all("alarm").reduce((sum, { count }) => sum + count, 0), 300);
  await harness.end();
});

Deno.test("strangers: takes back the answer to a share whose sender turns out to have no seat", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  harness.plant(foreignShare(harness, harness.random(16)));
  await harness.advance(1_000);
  const isAnswer = (envelope: Envelope) => decodeHandshake(envelope.head)?.type === "host-share";
  const answers = () =>
    harness.relay.seen.map(({ envelope }) => envelope as Envelope).filter(isAnswer);
  assertEquals(answers().length, 1);
  assertEquals(harness.relay.documents.envelopes.size, 0);
  assertEquals(alice.all("waiting").map(({ for: what }) => what), ["guest"]);
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  assertEquals(answers().length, 2);
  assertCalm(alice, bob);
  await harness.end();
});
