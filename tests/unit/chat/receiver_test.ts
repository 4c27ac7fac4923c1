import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  MAX_HELD_AHEAD,
  MAX_HELD_PER_SEQ,
  MAX_REJECTED,
  Receiver,
  SeenIds,
} from "../../../src/chat/receiver.ts";
import { encodeBase64Url } from "../../../src/base64url.ts";
import { Failure } from "../../../src/errors.ts";
import type { Conversation } from "../../../src/protocol/conversation.ts";
import type { Envelope } from "../../../src/relay/relay.ts";
import { FakeClock } from "../../support/clock.ts";
import { seededRandom } from "../../support/random.ts";
import { talkAtOnce } from "../protocol/support.ts";

/** The guest's receiver, a host who writes to it, and everything that it does. */
function setUp() {
  const { host, guest } = talkAtOnce(1);
  const clock = new FakeClock();
  const random = seededRandom(2);
  const shown: number[] = [];
  const late: number[] = [];
  const gaps: (readonly [readonly [number, number] | undefined, number])[] = [];
  const alarms: Record<string, number> = {};
  const removed: string[] = [];
  const calls = { reads: 0, isBehind: false };
  let number = 0;
  const receiver = new Receiver({
    conversation: guest,
    clock,
    onPayload: ({ payload }, isLate) => (isLate ? late : shown).push(payload.texts),
    onDefect: (kind, count) => alarms[kind] = (alarms[kind] ?? 0) + count,
    onGap: (texts, count) => gaps.push([texts, count]),
    remove: (id) => removed.push(id),
    isBehind: () => calls.isBehind,
    readsBegun: () => number,
    requestRead: () => calls.reads++,
  });
  /** What is on the relay, read as a whole. */
  const read = async (envelopes: readonly Envelope[], upTo = Infinity) => {
    await receiver.take(envelopes, { number: ++number, upTo });
  };
  const close = () => {
    receiver.close();
    host.close();
    guest.close();
  };
  return { host, receiver, clock, random, shown, late, gaps, alarms, removed, calls, read, close };
}

Deno.test("Receiver.wanted: tells by the heading what may be genuine, and removes the rest", async () => {
  const { host, receiver, alarms, removed, read, random, calls, close } = setUp();
  const [first, second, third] = await write(host, 3) as [Envelope, Envelope, Envelope];
  await read([first]);
  removed.length = 0;
  const { from, to, accepts } = receiver.wanted();
  assertEquals([from, to], [2, 2 + MAX_HELD_AHEAD]);
  assertEquals([second, third].map(accepts), [true, true]);
  const forged = copies(second, 2).map((copy) => ({ ...copy, head: random(second.head.length) }));
  const moved = { ...third, id: forged[1]!.id.toLowerCase(), seq: 2 };
  assertEquals([accepts(forged[0]!), accepts(moved), accepts(forged[0]!)], [false, false, false]);
  assertEquals(alarms, { forged: 1, altered: 1 });
  assertEquals(removed, [forged[0]!.id, moved.id, forged[0]!.id]);
  calls.isBehind = true;
  assertEquals([accepts(forged[1]!), accepts(forged[0]!)], [false, false]);
  assertEquals([alarms, removed.length], [{ forged: 1, altered: 1 }, 3]);
  close();
});

Deno.test("Receiver.wanted: begins with what was given up and may still come", async () => {
  const { host, receiver, clock, read, shown, late, close } = setUp();
  const [first, second, third] = await write(host, 3) as [Envelope, Envelope, Envelope];
  await read([first, third]);
  await clock.advance(1_500);
  await read([third]);
  assertEquals(shown, [1, 3]);
  assertEquals(receiver.wanted().from, 2);
  await read([second]);
  assertEquals([late, receiver.wanted().from], [[2], 4]);
  close();
});

async function write(host: Conversation, count: number): Promise<Envelope[]> {
  const sealed = await host.seal(
    Array.from({ length: count }, () => ({ kind: "text", text: "x" })),
  );
  return sealed.map(({ envelope }) => envelope);
}

/** Copies of an envelope that differ in their token. */
function copies(envelope: Envelope, count: number, random = seededRandom(3)): Envelope[] {
  return Array.from({ length: count }, () => ({
    ...envelope,
    id: encodeBase64Url(random(16)),
    token: encodeBase64Url(random(123)),
  }));
}

Deno.test("Receiver.take: delivers in order whatever comes first", async () => {
  const { host, receiver, shown, alarms, close } = setUp();
  const [a, b, c, d] = await write(host, 4);
  await receiver.take([d!]);
  await receiver.take([b!, b!]);
  await receiver.take([a!, d!]);
  await receiver.take([c!, a!]);
  assertEquals([shown, alarms], [[1, 2, 3, 4], {}]);
  close();
});

Deno.test("Receiver.take: drops a retransmission in silence, whenever and however often it comes", async () => {
  const { host, receiver, shown, alarms, removed, calls, read, close } = setUp();
  const [a, ...others] = await write(host, 1_030);
  await receiver.take([a!]);
  await receiver.take([{ ...a!, attempt: 1 }]);
  await read([a!]);
  for (const other of others) await receiver.take([other]);
  // Longer ago than any id is remembered.
  await read([a!]);
  assertEquals([shown.length, alarms, calls.reads], [1_030, {}, 0]);
  assertEquals(removed.filter((id) => id === a!.id).length, 4);
  close();
});

Deno.test("Receiver.take: reports a copy under another id as replayed, once", async () => {
  const { host, receiver, shown, alarms, read, close } = setUp();
  const [a] = await write(host, 1);
  await read([a!]);
  const copy = { ...a!, id: "A".repeat(22) };
  assertEquals(await receiver.take([copy]), 1);
  await read([copy]);
  await read([copy]);
  assertEquals([shown, alarms], [[1], { replayed: 1 }]);
  close();
});

Deno.test("Receiver.take: reports a gap when a read begun after the grace does not show it", async () => {
  const { host, receiver, clock, shown, gaps, calls, read, close } = setUp();
  const [, , c] = await write(host, 3);
  await read([c!]);
  await clock.advance(1_499);
  await read([c!]);
  assertEquals([shown, gaps, calls.reads], [[], [], 0]);
  await clock.advance(1);
  assertEquals(calls.reads, 1);
  // What is pushed decides nothing.
  await receiver.take([c!]);
  assertEquals(gaps, []);
  // Nor does a page that ends before the gap.
  await read([c!], 0);
  assertEquals(gaps, []);
  await read([c!]);
  assertEquals([shown, gaps], [[3], [[[1, 2], 2]]]);
  close();
});

Deno.test("Receiver.take: gives each gap a grace of its own", async () => {
  const { host, clock, shown, gaps, read, close } = setUp();
  const [a, b, , d] = await write(host, 4);
  await read([b!]);
  await clock.advance(1_400);
  await read([a!, b!, d!]);
  assertEquals(shown, [1, 2]);
  await clock.advance(1_400);
  await read([d!]);
  assertEquals(gaps, []);
  await clock.advance(100);
  await read([d!]);
  assertEquals([shown, gaps], [[1, 2, 4], [[[3, 3], 1]]]);
  close();
});

Deno.test("Receiver.take: delivers what was given up as late, once", async () => {
  const { host, clock, shown, late, alarms, read, close } = setUp();
  const [a, b, c] = await write(host, 3);
  await read([c!]);
  await clock.advance(1_500);
  await read([c!]);
  await read([b!]);
  await read([a!]);
  assertEquals([shown, late, alarms], [[3], [2, 1], {}]);
  await read([a!]);
  assertEquals([late, alarms], [[2, 1], {}]);
  close();
});

Deno.test("Receiver.take: opens the genuine one among any number of copies of its header", async () => {
  const numbers = [MAX_HELD_PER_SEQ - 1, MAX_HELD_PER_SEQ, MAX_HELD_PER_SEQ + 1, 1_000];
  for (const number of numbers) {
    const { host, receiver, shown, alarms, close } = setUp();
    const [a] = await write(host, 1);
    await receiver.take([...copies(a!, number), a!]);
    assertEquals([shown, alarms], [[1], { altered: number }]);
    close();
  }
});

Deno.test("Receiver.take: holds few copies behind a gap, and reads the rest when their turn comes", async () => {
  const { host, receiver, shown, alarms, calls, read, close } = setUp();
  const [a, b] = await write(host, 2);
  const crowd = [...copies(b!, 500), b!];
  await receiver.take(crowd);
  assertEquals([receiver.size, alarms], [MAX_HELD_PER_SEQ, {}]);
  await receiver.take([a!]);
  assertEquals([shown, alarms, calls.reads], [[1], { altered: MAX_HELD_PER_SEQ }, 1]);
  await read(crowd);
  assertEquals([shown, alarms], [[1, 2], { altered: 500 }]);
  close();
});

Deno.test("Receiver.take: holds a bounded distance ahead, and loses nothing beyond", async () => {
  const { host, receiver, shown, calls, read, close } = setUp();
  const all = await write(host, MAX_HELD_AHEAD + 3);
  // Number 1 is expected: 257 is as far ahead as may be held.
  for (const seq of [MAX_HELD_AHEAD, MAX_HELD_AHEAD + 1, MAX_HELD_AHEAD + 2]) {
    await receiver.take([all[seq - 1]!]);
  }
  assertEquals([receiver.size, shown, calls.reads], [2, [], 0]);
  await receiver.take([all[0]!]);
  assertEquals([shown, calls.reads], [[1], 1]);
  await read(all);
  assertEquals(shown.length, MAX_HELD_AHEAD + 3);
  close();
});

Deno.test("Receiver.take: throws when a gap is too wide to skip", async () => {
  const { host, clock, read, close } = setUp();
  const all = await write(host, MAX_HELD_AHEAD + 2);
  const last = [all.at(-1)!];
  await read(last);
  await clock.advance(1_500);
  const failure = await assertRejects(() => read(last), Failure);
  assertEquals([failure.reason, failure.code], ["gap-too-wide", "protocol"]);
  close();
});

Deno.test("Receiver.take: rejects garbage by the ten thousand, in bounded memory", async () => {
  const { host, receiver, random, shown, alarms, removed, close } = setUp();
  const garbage = Array.from({ length: 10_000 }, (_, i): Envelope => ({
    id: encodeBase64Url(random(16)),
    from: "host",
    seq: 1 + i % 300,
    attempt: 0,
    head: random(61),
    token: "AAAA",
  }));
  const [a] = await write(host, 1);
  await receiver.take([...garbage, a!]);
  assertEquals([shown, alarms, removed.length], [[1], { forged: 10_000 }, 10_001]);
  assert(receiver.size <= 4_096 + 2, `${receiver.size} are remembered`);
  close();
});

Deno.test("Receiver.take: remembers what was given up in bounded memory", async () => {
  const { host, receiver, clock, read, close } = setUp();
  for (let i = 0; i < 10; i++) {
    const all = await write(host, 200);
    await read([all.at(-1)!]);
    await clock.advance(1_500);
    await read([all.at(-1)!]);
  }
  // 1,990 never came; the keys of 512 are stored, and no more numbers.
  assert(receiver.size <= 512 + 10 + 10, `${receiver.size} are remembered`);
  close();
});

Deno.test("Receiver.take: decrypts a number that several claim alone", async () => {
  const { host, receiver, shown, alarms, close } = setUp();
  const all = await write(host, 100);
  await receiver.take(all.slice(1));
  await receiver.take([...copies(all[0]!, 3), all[0]!]);
  assertEquals([shown.length, alarms], [100, { altered: 3 }]);
  close();
});

Deno.test("Receiver.take: throws for a payload that breaks the protocol, behind what came before it", async () => {
  const { host, receiver, shown, close } = setUp();
  const bodies = ["good", "", "never read"].map((text) => ({ kind: "text", text }) as const);
  const sealed = await host.seal(bodies);
  const failure = await assertRejects(
    () => receiver.take(sealed.map(({ envelope }) => envelope)),
    Failure,
  );
  assertEquals([shown, failure.reason, failure.code], [[1], "peer-malformed", "protocol"]);
  close();
});

Deno.test("Receiver.close: stops every timer", async () => {
  const { host, receiver, clock, close } = setUp();
  const [, b] = await write(host, 2);
  await receiver.take([b!]);
  assertEquals(clock.pending, 1);
  close();
  assertEquals(clock.pending, 0);
});

Deno.test("SeenIds: forgets the oldest of too many: n-1, n, n+1", () => {
  const seen = new SeenIds(MAX_REJECTED);
  for (let i = 1; i <= MAX_REJECTED; i++) seen.add(`${i}`);
  assert(seen.has("1"));
  seen.add("one more");
  assertEquals(seen.size, MAX_REJECTED);
  assert(!seen.has("1") && seen.has("2") && seen.has("one more"));
});
