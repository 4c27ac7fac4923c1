/**
 * A relay that says again what was said: to the same reader, to its sender, in another room, in
 * another epoch, or all at once by going back to an earlier state.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Envelope } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness, type Person, QUIET_MS } from "./harness.ts";
import { intercept, type Interceptor, otherId } from "./hostile.ts";

/** Two who have talked a little, and every message that was stored of each. */
async function talk(): Promise<
  { harness: Harness; alice: Person; bob: Person; host: Envelope[]; guest: Envelope[] }
> {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  for (const text of ["one", "two", "three"]) {
    alice.say(text);
    bob.say(text.toUpperCase());
    await harness.advance(1_000);
  }
  await harness.advance(QUIET_MS);
  assertEquals(harness.relay.documents.envelopes.size, 0);
  const messages = harness.relay.seen.map(({ envelope }) => envelope as Envelope)
    .filter(({ seq }) => seq > 0);
  const of = (role: string) => messages.filter(({ from }) => from === role);
  return { harness, alice, bob, host: of("host"), guest: of("guest") };
}

/** The conversation still works, and what it has shown so far is what was said. */
async function assertGoesOn(harness: Harness, alice: Person, bob: Person): Promise<void> {
  alice.say(`still ${alice.said.length}`);
  bob.say(`here ${bob.said.length}`);
  await harness.advance(QUIET_MS);
  assertAllHeard(alice, bob);
}

Deno.test("replay: drops each message that was read before", async () => {
  const { harness, alice, bob, host } = await talk();
  for (const [i, envelope] of host.entries()) {
    const alarms = await bob.alarmsDuring(async () => {
      harness.plant({ ...envelope });
      await harness.advance(QUIET_MS);
    });
    // A retransmission that a network held back looks the same, and harms nobody.
    assertEquals(alarms, [], `message ${i}`);
    assertEquals(harness.relay.documents.envelopes.size, 0, `message ${i}`);
  }
  assertCalm(alice);
  await assertGoesOn(harness, alice, bob);
  await harness.end();
});

Deno.test("replay: drops a copy under another id, before and after the read", async () => {
  const { harness, alice, bob, host } = await talk();
  const after = await bob.alarmsDuring(async () => {
    harness.plant({ ...host.at(-1)!, id: otherId(host.at(-1)!), attempt: 1 });
    await harness.advance(QUIET_MS);
  });
  assertEquals(after.map(({ kind, count }) => [kind, count]), [["replayed", 1]]);
  const together = await bob.alarmsDuring(async () => {
    harness.relay.plant = function (key, document) {
      // Both lie there before anybody is told of either.
      const { envelope } = document;
      const copy = { ...envelope, id: otherId(envelope as Envelope) };
      harness.relay.documents.envelopes.set(key + "copy", { ...document, envelope: copy });
      delete (harness.relay as Partial<typeof harness.relay>).plant;
      harness.relay.plant(key, document);
    };
    alice.say("one and only");
    await harness.advance(QUIET_MS);
  });
  assertEquals(together.map(({ kind, count }) => [kind, count]), [["replayed", 1]]);
  await assertGoesOn(harness, alice, bob);
  await harness.end();
});

Deno.test("replay: drops a copy that comes with a new message in one push", async () => {
  const harness = new Harness();
  const posted: Envelope[] = [];
  const interceptor: Interceptor = (name, args, proceed) => {
    if (name !== "post") return proceed();
    const [envelope] = args[1] as [Envelope];
    // What is pushed first makes the reader read again, while the second is being opened.
    if (posted.length > 0) harness.plant({ ...posted.at(-1)!, id: otherId(posted.at(-1)!) });
    if (envelope.seq > 0) posted.push(envelope);
    return proceed();
  };
  const { alice, bob } = await harness.pair({
    host: { through: (relay) => intercept(interceptor, relay) },
  });
  for (let i = 0; i < 10; i++) {
    alice.say(`${i}`);
    await harness.advance(QUIET_MS);
  }
  assertAllHeard(alice, bob);
  assertEquals(Object.keys(bob.alarms), ["replayed"]);
  await harness.end();
});

Deno.test("replay: drops an old message under a number still to come", async () => {
  const { harness, alice, bob, host } = await talk();
  const next = host.at(-1)!.seq + 1;
  for (const seq of [next, next + 10]) {
    const alarms = await bob.alarmsDuring(async () => {
      harness.plant({ ...host.at(-1)!, seq, id: `${seq}`.padStart(22, "R") });
      await harness.advance(QUIET_MS);
    });
    assertEquals(alarms.map(({ kind }) => kind), ["altered"], `seq ${seq}`);
  }
  await assertGoesOn(harness, alice, bob);
  await harness.end();
});

Deno.test("replay: discards one's own messages sent back as the peer's", async () => {
  const { harness, alice, bob, host, guest } = await talk();
  for (const [reader, envelopes, from] of [[alice, host, "guest"], [bob, guest, "host"]] as const) {
    const alarms = await reader.alarmsDuring(async () => {
      for (const envelope of envelopes) harness.plant({ ...envelope, from, id: otherId(envelope) });
      await harness.advance(QUIET_MS);
    });
    assert(alarms.every(({ kind }) => kind === "forged"));
    assertEquals(alarms.reduce((sum, { count }) => sum + count, 0), envelopes.length);
  }
  await assertGoesOn(harness, alice, bob);
  await harness.end();
});

Deno.test("replay: discards messages of another room", async () => {
  const { host, guest } = await talk();
  const { harness, alice, bob } = await talk();
  const alarms = await bob.alarmsDuring(async () => {
    for (const envelope of host) harness.plant({ ...envelope });
    await harness.advance(QUIET_MS);
  });
  assertEquals(alarms.reduce((sum, { count }) => sum + count, 0), host.length);
  assert(alarms.every(({ kind }) => kind === "forged"));
  for (const envelope of guest) harness.plant({ ...envelope });
  await assertGoesOn(harness, alice, bob);
  assertEquals(Object.keys(alice.alarms), ["forged"]);
  await harness.end();
});

Deno.test("replay: ignores a repeated handshake without an alarm", async () => {
  const { harness, alice, bob } = await talk();
  const handshake = harness.relay.seen.map(({ envelope }) => envelope as Envelope)
    .filter(({ seq }) => seq === 0);
  assertEquals(handshake.map(({ head }) => head[1]), [1, 2, 3, 4]);
  for (const envelope of handshake) harness.plant({ ...envelope });
  await harness.advance(QUIET_MS);
  // A post whose answer was lost looks like this, and nobody is harmed by it.
  assertCalm(alice, bob);
  await assertGoesOn(harness, alice, bob);
  await harness.end();
});

Deno.test("replay: shows nothing twice when the relay goes back to an earlier state", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("before");
  // Stored, and not yet read: what a snapshot of that moment holds.
  await Promise.resolve();
  await harness.until(() => harness.relay.documents.envelopes.size > 0);
  const snapshot = structuredClone(harness.relay.documents);
  await harness.advance(QUIET_MS);
  alice.say("after");
  await harness.advance(QUIET_MS);
  restore(harness, snapshot);
  await harness.advance(QUIET_MS);
  assertEquals(bob.heard, ["before", "after"]);
  assertEquals(bob.alarms, {});
  await assertGoesOn(harness, alice, bob);
  await harness.end();
});

Deno.test("rollback: reports a forgotten seal on both sides", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  let snapshot = structuredClone(harness.relay.documents);
  const interceptor: Interceptor = async (name, _, proceed) => {
    const answer = await proceed();
    if (name === "claim") snapshot = structuredClone(harness.relay.documents);
    return answer;
  };
  const bob = harness.join(alice.code!, { through: (relay) => intercept(interceptor, relay) });
  await harness.until(() => alice.isReady && bob.isReady);
  // Long enough for both to have looked at the room as it was sealed.
  await harness.advance(QUIET_MS);
  restore(harness, snapshot);
  alice.say("did you feel that?");
  await harness.advance(QUIET_MS);
  assertEquals([alice.alarms, bob.alarms], [{ rollback: 1 }, { rollback: 1 }]);
  assertEquals(bob.heard, alice.said);
  await harness.advance(QUIET_MS * 3);
  assertEquals([alice.alarms, bob.alarms], [{ rollback: 1 }, { rollback: 1 }]);
  await harness.end();
});

Deno.test("rollback: tells the guest that its seat is gone when the relay forgot the claim", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  const snapshot = structuredClone(harness.relay.documents);
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  await harness.advance(QUIET_MS);
  restore(harness, snapshot);
  await harness.advance(QUIET_MS);
  assertEquals([bob.status, bob.failure?.code], [7, "evicted"]);
  assertEquals(alice.alarms, { rollback: 1 });
  assertEquals(alice.presence?.peer, "vanished");
  await harness.end();
});

/** What a relay does that is set up again from a copy: every document as it was. */
function restore(harness: Harness, { rooms, envelopes }: Harness["relay"]["documents"]): void {
  const { documents } = harness.relay;
  documents.rooms.clear();
  documents.envelopes.clear();
  const now = harness.relay.now();
  for (const [key, room] of structuredClone(rooms)) {
    // Its clock went on.
    for (const seat of [room.host, room.guest]) if (seat) seat.leaseUntil = now + 30_000;
    documents.rooms.set(key, { ...room, expiresAt: now + 600_000 });
  }
  for (const [key, document] of structuredClone(envelopes)) {
    documents.envelopes.set(key, { ...document, expiresAt: now + 600_000 });
  }
}
