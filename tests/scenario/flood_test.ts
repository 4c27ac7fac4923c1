/**
 * Garbage by the thousand, from another user of the database: it hides no message, fills no memory,
 * and costs one short HMAC for each document. Operations are counted, for times say nothing here.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url } from "../../src/base64url.ts";
import { RatchetSession } from "../../src/crypto/ratchet_session.ts";
import type { Envelope } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness, type Person, QUIET_MS } from "./harness.ts";
import { type Document, intercept, type Interceptor, otherId, withTokenChar } from "./hostile.ts";

const FLOOD = 5_000;

/** What looks like a message from the outside. */
function garbage(harness: Harness, seq: number): Document {
  const id = encodeBase64Url(harness.random(16));
  const token = encodeBase64Url(harness.random(123));
  return { id, from: "host", seq, attempt: 0, head: harness.random(61), token };
}

/** Puts a document into the only room, of which no one is told. */
function lay(harness: Harness, envelope: Document): void {
  const { room, epoch } = harness.room;
  const document = { room, epoch, expiresAt: 1e9, envelope };
  harness.relay.documents.envelopes.set(String(envelope.id), document);
}

/** Two who have met; after `arm`, the next envelope of the host is given to `store` in place of the relay. */
async function pairWithTrap(harness: Harness, store: (envelope: Envelope) => void) {
  let isArmed = false;
  const trap: Interceptor = (name, args, proceed) => {
    if (name !== "post" || !isArmed) return proceed();
    isArmed = false;
    store((args[1] as [Envelope])[0]);
    return Promise.resolve();
  };
  const pair = await harness.pair({ host: { through: (relay) => intercept(trap, relay) } });
  return { ...pair, arm: () => void (isArmed = true) };
}

/** How many documents the alarms of `person` stand for, by kind. */
function counts(person: Person): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { kind, count } of person.all("alarm")) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}

/** Counts the messages of both sides that reach the ratchet, until it is stopped. */
function countOpenings(): { stop(): number } {
  const { openAll } = RatchetSession.prototype;
  let count = 0;
  RatchetSession.prototype.openAll = function (messages) {
    count += messages.length;
    return openAll.call(this, messages);
  };
  return {
    stop() {
      RatchetSession.prototype.openAll = openAll;
      return count;
    },
  };
}

Deno.test("flood: delivers every message without extra decryptions among garbage under every number", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  await harness.advance(1_000);
  const before: Record<string, number> = { ...bob.chat.overview().operations };
  const openings = countOpenings();
  for (let i = 0; i < FLOOD; i++) harness.plant(garbage(harness, 1 + i % 400));
  await harness.settle();
  assertEquals(openings.stop(), 0, "a document without a true head reached the ratchet");
  alice.say("can you hear me?");
  await harness.until(() => bob.heard.length === 1);
  await harness.advance(QUIET_MS);
  assertEquals(counts(bob), { forged: FLOOD });
  assert(bob.all("alarm").length <= 3, "the alarms were not gathered");
  assertCalm(alice);
  const { remove = 0, read = 0 } = bob.chat.overview().operations;
  assert(remove - (before.remove ?? 0) <= FLOOD / 256 + 5, `${remove} removals`);
  assert(read - (before.read ?? 0) <= FLOOD / 256 + 5, `${read} reads`);
  assertEquals(harness.relay.documents.envelopes.size, 0);
  assertAllHeard(alice, bob);
  await harness.end();
});

Deno.test("flood: removes garbage page by page when it is found by reading alone", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  await harness.advance(1_000);
  const { documents } = harness.relay;
  // It lies there before what is true.
  for (let i = 0; i < FLOOD; i++) lay(harness, garbage(harness, 1));
  alice.say("behind all this");
  await harness.until(() => bob.heard.length === 1);
  await harness.advance(QUIET_MS);
  assertEquals(counts(bob), { forged: FLOOD });
  assertEquals(documents.envelopes.size, 0);
  await harness.end();
});

Deno.test("flood: finds a message within seconds among forgeries of exactly its number", async () => {
  const harness = new Harness();
  const { alice, bob, arm } = await pairWithTrap(harness, (envelope) => {
    for (let i = 0; i < 10_000; i++) lay(harness, garbage(harness, envelope.seq));
    lay(harness, envelope);
  });
  await harness.advance(1_000);
  arm();
  alice.say("the one");
  await harness.until(() => Object.hasOwn(counts(bob), "forged"));
  await harness.advance(3_000);
  assertEquals(bob.heard, ["the one"]);
  assertAllHeard(alice, bob);
  await harness.end();
});

Deno.test("flood: delivers the true token among a thousand copies of its header", async () => {
  for (const place of ["before", "after", "around"] as const) {
    const harness = new Harness();
    const copies = (e: Envelope, from: number) =>
      Array.from({ length: 500 }, (_, i) => ({
        ...withTokenChar(e, 30 + i % 100),
        token: e.token.slice(0, 40) + String(from + i).padStart(4, "x") + e.token.slice(44),
        id: encodeBase64Url(harness.random(16)),
      }));
    const { alice, bob, arm } = await pairWithTrap(harness, (envelope) => {
      if (place !== "after") copies(envelope, 0).forEach((copy) => harness.plant(copy));
      harness.plant({ ...envelope });
      if (place !== "before") copies(envelope, 500).forEach((copy) => harness.plant(copy));
    });
    arm();
    alice.say("the one");
    await harness.advance(1_000);
    alice.say("and another");
    await harness.until(() => bob.heard.length === 2);
    await harness.advance(QUIET_MS);
    assertAllHeard(alice, bob);
    const { gap, ...others } = counts(bob);
    assertEquals(gap, undefined);
    assertEquals(
      Object.values(others).reduce((a, b) => a + b, 0),
      place === "around" ? 1_000 : 500,
    );
    assert(Object.keys(others).every((kind) => kind === "altered" || kind === "replayed"));
    await harness.end();
  }
});

Deno.test("flood: delivers a message ahead of a gap among copies of it", async () => {
  const harness = new Harness();
  let armed = 0;
  const { alice, bob } = await harness.pair({
    host: {
      through: (relay) =>
        intercept((name, args, proceed) => {
          if (name !== "post" || armed === 0) return proceed();
          const [envelope] = args[1] as [Envelope];
          // The first is withheld; the second comes behind twenty false ones.
          if (armed-- === 1) {
            for (let i = 0; i < 20; i++) {
              const id = encodeBase64Url(harness.random(16));
              harness.plant({ ...withTokenChar(envelope, 40 + i), id });
            }
            harness.plant({ ...envelope });
          }
          return Promise.resolve();
        }, relay),
    },
  });
  armed = 2;
  alice.say("withheld");
  await harness.settle();
  alice.say("true");
  await harness.advance(QUIET_MS);
  assertEquals(bob.heard, ["true"]);
  assertEquals(counts(bob), { altered: 20, gap: 1 });
  await harness.end();
});

Deno.test("flood: reports thousands of replays together", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  alice.say("once");
  await harness.advance(1_000);
  const envelope = harness.relay.seen.map(({ envelope }) => envelope as Envelope)
    .findLast(({ from, seq }) => from === "host" && seq > 0)!;
  for (let i = 0; i < FLOOD; i++) {
    harness.plant({
      ...envelope,
      id: i % 2 ? otherId(envelope) : encodeBase64Url(harness.random(16)),
    });
    if (i % 500 === 0) await harness.settle();
  }
  await harness.advance(QUIET_MS);
  alice.say("twice");
  await harness.until(() => bob.heard.length === 2);
  assertAllHeard(alice, bob);
  assertEquals(Object.keys(bob.alarms), ["replayed"]);
  assertCalm(alice);
  await harness.end();
});
