/**
 * Others at the door while two shake hands, and afterwards: nobody is let in or kept out by them, and
 * what they leave is told once.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url } from "../../src/crypto/bytes.ts";
import type { Envelope } from "../../src/store/mailbox.ts";
import { assertAllHeard, assertCalm, Bench, QUIET_MS } from "./bench.ts";
import { foreignShare, otherId } from "./hostile.ts";

Deno.test("strangers: what is thrown away is told once, however often it is read", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  const junk = { from: "guest", seq: 0, attempt: 0, head: new Uint8Array(9), token: "" };
  bench.plant({ ...junk, id: "J".repeat(22) });
  bench.plant({ ...junk, id: "K".repeat(22), from: "stranger" });
  await bench.settle();
  // A replay makes Alice read before anything was removed.
  const old = bench.relay.seen.map(({ envelope }) => envelope as Envelope)
    .find(({ from, seq }) => from === "guest" && seq > 0)!;
  bench.plant({ ...old, id: otherId(old) });
  await bench.advance(QUIET_MS);
  const forged = alice.all("alarm").filter(({ kind }) => kind === "forged");
  assertEquals(forged.reduce((sum, { count }) => sum + count, 0), 2);
  assertEquals(bob.alarms, { forged: 1 });
  await bench.end();
});

Deno.test("strangers: shares of others by the thousand do not keep the guest out", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  const flood = 2_000;
  for (let i = 0; i < flood; i++) bench.plant(foreignShare(bench, bench.random(16)));
  const bob = bench.join(alice.code!);
  bob.say("through the crowd");
  await bench.until(() => alice.heard.length === 1);
  await bench.advance(QUIET_MS);
  assertAllHeard(alice, bob);
  assertEquals(Object.keys(alice.alarms), ["third-party"]);
  const counted = alice.all("alarm").reduce((sum, { count }) => sum + count, 0);
  assertEquals(counted, flood - 3);
  const { renew = 0, read = 0, post = 0 } = alice.chat.overview().operations;
  // A page of 256 costs a read and a question who is seated, not each document one.
  assert(renew < 30 && read < 30 && post < 10, `${renew} renewals, ${read} reads, ${post} posts`);
  await bench.end();
});

Deno.test("strangers: somebody who comes and goes unanswered alarms nobody", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  bench.plant(foreignShare(bench, bench.random(16)));
  bench.plant(foreignShare(bench, bench.random(16)));
  bench.plant(foreignShare(bench, bench.random(16)));
  const bob = bench.join(alice.code!);
  await bench.until(() => alice.isReady && bob.isReady);
  await bench.advance(QUIET_MS);
  assertCalm(alice, bob);
  await bench.end();
});

Deno.test("strangers: after it, another guest's share is a third person at the door", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  bench.plant(foreignShare(bench, bench.random(16)));
  await bench.advance(QUIET_MS);
  assertEquals(alice.alarms, { "third-party": 1 });
  assertCalm(bob);
  alice.say("go on");
  await bench.until(() => bob.heard.length === 1);
  await bench.end();
});

Deno.test("strangers: what lies in the room before the guest comes is not read as its own", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  for (let seq = 1; seq <= 300; seq++) {
    bench.plant({
      id: encodeBase64Url(bench.random(16)),
      from: "guest",
      seq,
      attempt: 0,
      head: bench.random(61),
      token: encodeBase64Url(bench.random(123)),
    });
  }
  const bob = bench.join(alice.code!);
  bob.say("one", "two");
  await bench.until(() => alice.heard.length === 2);
  await bench.advance(QUIET_MS);
  assertAllHeard(alice, bob);
  assertEquals(Object.keys(alice.alarms), ["forged"]);
  assertEquals(alice.all("alarm").reduce((sum, { count }) => sum + count, 0), 300);
  await bench.end();
});
