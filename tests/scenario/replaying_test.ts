/**
 * A relay that says again what was said: to the same reader, to its sender, in another room, in
 * another epoch, or all at once by going back to an earlier state.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Envelope } from "../../src/store/mailbox.ts";
import { assertAllHeard, assertCalm, Bench, type Person, QUIET_MS } from "./bench.ts";
import { type Hand, inTheHandsOf, otherId } from "./hostile.ts";

/** Two who have talked a little, and every message that was stored of each. */
async function talk(): Promise<
  { bench: Bench; alice: Person; bob: Person; host: Envelope[]; guest: Envelope[] }
> {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  for (const text of ["one", "two", "three"]) {
    alice.say(text);
    bob.say(text.toUpperCase());
    await bench.advance(1_000);
  }
  await bench.advance(QUIET_MS);
  assertEquals(bench.relay.documents.envelopes.size, 0);
  const messages = bench.relay.seen.map(({ envelope }) => envelope as Envelope)
    .filter(({ seq }) => seq > 0);
  const of = (role: string) => messages.filter(({ from }) => from === role);
  return { bench, alice, bob, host: of("host"), guest: of("guest") };
}

/** The conversation still works, and what it has shown so far is what was said. */
async function assertGoesOn(bench: Bench, alice: Person, bob: Person): Promise<void> {
  alice.say(`still ${alice.said.length}`);
  bob.say(`here ${bob.said.length}`);
  await bench.advance(QUIET_MS);
  assertAllHeard(alice, bob);
}

Deno.test("replaying: each message that was read is known when it comes again", async () => {
  const { bench, alice, bob, host } = await talk();
  for (const [i, envelope] of host.entries()) {
    const alarms = await bob.alarmsDuring(async () => {
      bench.plant({ ...envelope });
      await bench.advance(QUIET_MS);
    });
    assertEquals(alarms.map(({ kind, count }) => [kind, count]), [["replayed", 1]], `message ${i}`);
  }
  assertCalm(alice);
  await assertGoesOn(bench, alice, bob);
  await bench.end();
});

Deno.test("replaying: a copy under another identity, before and after the reading", async () => {
  const { bench, alice, bob, host } = await talk();
  const after = await bob.alarmsDuring(async () => {
    bench.plant({ ...host.at(-1)!, id: otherId(host.at(-1)!), attempt: 1 });
    await bench.advance(QUIET_MS);
  });
  assertEquals(after.map(({ kind, count }) => [kind, count]), [["replayed", 1]]);
  const together = await bob.alarmsDuring(async () => {
    bench.relay.plant = function (key, document) {
      // Both lie there before anybody is told of either.
      const { envelope } = document;
      const copy = { ...envelope, id: otherId(envelope as Envelope) };
      bench.relay.documents.envelopes.set(key + "copy", { ...document, envelope: copy });
      delete (bench.relay as Partial<typeof bench.relay>).plant;
      bench.relay.plant(key, document);
    };
    alice.say("one and only");
    await bench.advance(QUIET_MS);
  });
  assertEquals(together.map(({ kind, count }) => [kind, count]), [["replayed", 1]]);
  await assertGoesOn(bench, alice, bob);
  await bench.end();
});

Deno.test("replaying: beside a new message, in one and the same push", async () => {
  const bench = new Bench();
  const posted: Envelope[] = [];
  const hand: Hand = (name, args, proceed) => {
    if (name !== "post") return proceed();
    const [envelope] = args[1] as [Envelope];
    // What is pushed first makes the reader read again, while the second is being opened.
    if (posted.length > 0) bench.plant({ ...posted.at(-1)!, id: otherId(posted.at(-1)!) });
    if (envelope.seq > 0) posted.push(envelope);
    return proceed();
  };
  const { alice, bob } = await bench.pair({
    host: { through: (mailbox) => inTheHandsOf(hand, mailbox) },
  });
  for (let i = 0; i < 10; i++) {
    alice.say(`${i}`);
    await bench.advance(QUIET_MS);
  }
  assertAllHeard(alice, bob);
  assertEquals(Object.keys(bob.alarms), ["replayed"]);
  await bench.end();
});

Deno.test("replaying: under a number that is still to come, an old message is no new one", async () => {
  const { bench, alice, bob, host } = await talk();
  const next = host.at(-1)!.seq + 1;
  for (const seq of [next, next + 10]) {
    const alarms = await bob.alarmsDuring(async () => {
      bench.plant({ ...host.at(-1)!, seq, id: otherId(host.at(-1)!) });
      await bench.advance(QUIET_MS);
    });
    assertEquals(alarms.map(({ kind }) => kind), ["altered"], `seq ${seq}`);
  }
  await assertGoesOn(bench, alice, bob);
  await bench.end();
});

Deno.test("replaying: what one has written does not come back as the other's", async () => {
  const { bench, alice, bob, host, guest } = await talk();
  for (const [reader, envelopes, from] of [[alice, host, "guest"], [bob, guest, "host"]] as const) {
    const alarms = await reader.alarmsDuring(async () => {
      for (const envelope of envelopes) bench.plant({ ...envelope, from, id: otherId(envelope) });
      await bench.advance(QUIET_MS);
    });
    assert(alarms.every(({ kind }) => kind === "forged"));
    assertEquals(alarms.reduce((sum, { count }) => sum + count, 0), envelopes.length);
  }
  await assertGoesOn(bench, alice, bob);
  await bench.end();
});

Deno.test("replaying: messages of another room are forgeries in this one", async () => {
  const { host, guest } = await talk();
  const { bench, alice, bob } = await talk();
  const alarms = await bob.alarmsDuring(async () => {
    for (const envelope of host) bench.plant({ ...envelope });
    await bench.advance(QUIET_MS);
  });
  assertEquals(alarms.reduce((sum, { count }) => sum + count, 0), host.length);
  assert(alarms.every(({ kind }) => kind === "forged"));
  for (const envelope of guest) bench.plant({ ...envelope });
  await assertGoesOn(bench, alice, bob);
  assertEquals(Object.keys(alice.alarms), ["forged"]);
  await bench.end();
});

Deno.test("replaying: the handshake, again, changes nothing and alarms nobody", async () => {
  const { bench, alice, bob } = await talk();
  const handshake = bench.relay.seen.map(({ envelope }) => envelope as Envelope)
    .filter(({ seq }) => seq === 0);
  assertEquals(handshake.map(({ head }) => head[1]), [1, 2, 3, 4]);
  for (const envelope of handshake) bench.plant({ ...envelope });
  await bench.advance(QUIET_MS);
  // A post whose answer was lost looks like this, and nobody is harmed by it.
  assertCalm(alice, bob);
  await assertGoesOn(bench, alice, bob);
  await bench.end();
});

Deno.test("replaying: a relay that goes back to an earlier moment of the talk shows nothing twice", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  alice.say("before");
  // Stored, and not yet read: what a snapshot of that moment holds.
  await Promise.resolve();
  await bench.until(() => bench.relay.documents.envelopes.size > 0);
  const snapshot = structuredClone(bench.relay.documents);
  await bench.advance(QUIET_MS);
  alice.say("after");
  await bench.advance(QUIET_MS);
  restore(bench, snapshot);
  await bench.advance(QUIET_MS);
  assertEquals(bob.heard, ["before", "after"]);
  assertEquals(bob.alarms, { replayed: 1 });
  await assertGoesOn(bench, alice, bob);
  await bench.end();
});

Deno.test("rollback: a relay that forgets that the room was sealed is found out, on both sides", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  let snapshot = structuredClone(bench.relay.documents);
  const hand: Hand = async (name, _, proceed) => {
    const answer = await proceed();
    if (name === "claim") snapshot = structuredClone(bench.relay.documents);
    return answer;
  };
  const bob = bench.join(alice.code!, { through: (mailbox) => inTheHandsOf(hand, mailbox) });
  await bench.until(() => alice.isReady && bob.isReady);
  // Long enough for both to have looked at the room as it was sealed.
  await bench.advance(QUIET_MS);
  restore(bench, snapshot);
  alice.say("did you feel that?");
  await bench.advance(QUIET_MS);
  assertEquals([alice.alarms, bob.alarms], [{ rollback: 1 }, { rollback: 1 }]);
  assertEquals(bob.heard, alice.said);
  await bench.advance(QUIET_MS * 3);
  assertEquals([alice.alarms, bob.alarms], [{ rollback: 1 }, { rollback: 1 }]);
  await bench.end();
});

Deno.test("rollback: to before the guest came, the guest is told that its seat is gone", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  const snapshot = structuredClone(bench.relay.documents);
  const bob = bench.join(alice.code!);
  await bench.until(() => alice.isReady && bob.isReady);
  await bench.advance(QUIET_MS);
  restore(bench, snapshot);
  await bench.advance(QUIET_MS);
  assertEquals([bob.status, bob.failure?.code], [7, "evicted"]);
  assertEquals(alice.alarms, { rollback: 1 });
  assertEquals(alice.presence?.peer, "vanished");
  await bench.end();
});

/** What a relay does that is set up again from a copy: every document as it was. */
function restore(bench: Bench, { rooms, envelopes }: Bench["relay"]["documents"]): void {
  const { documents } = bench.relay;
  documents.rooms.clear();
  documents.envelopes.clear();
  const now = bench.relay.now();
  for (const [key, room] of structuredClone(rooms)) {
    // Its clock went on.
    for (const seat of [room.host, room.guest]) if (seat) seat.leaseUntil = now + 30_000;
    documents.rooms.set(key, { ...room, expiresAt: now + 600_000 });
  }
  for (const [key, document] of structuredClone(envelopes)) {
    documents.envelopes.set(key, { ...document, expiresAt: now + 600_000 });
  }
}
