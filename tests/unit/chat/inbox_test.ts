import { assert, assertEquals, assertRejects } from "@std/assert";
import { Inbox, MAX_HELD_AHEAD, MAX_HELD_PER_SEQ } from "../../../src/chat/inbox.ts";
import { encodeBase64Url } from "../../../src/crypto/bytes.ts";
import { Failure } from "../../../src/errors.ts";
import type { Conversation } from "../../../src/protocol/conversation.ts";
import type { Envelope } from "../../../src/relay/relay.ts";
import { FakeClock } from "../../support/clock.ts";
import { seededRandom } from "../../support/random.ts";
import { talkAtOnce } from "../protocol/support.ts";

/** The guest's inbox, a host who writes to it, and everything that it does. */
function setUp() {
  const { host, guest } = talkAtOnce(1);
  const clock = new FakeClock();
  const random = seededRandom(2);
  const shown: number[] = [];
  const late: number[] = [];
  const gaps: (readonly [readonly [number, number] | undefined, number])[] = [];
  const alarms: Record<string, number> = {};
  const removed: string[] = [];
  const calls = { reads: 0 };
  const inbox = new Inbox({
    conversation: guest,
    clock,
    deliver: ({ payload }, isLate) => (isLate ? late : shown).push(payload.texts),
    alarm: (kind, count) => alarms[kind] = (alarms[kind] ?? 0) + count,
    gap: (texts, count) => gaps.push([texts, count]),
    remove: (id) => removed.push(id),
    requestRead: () => calls.reads++,
  });
  let number = 0;
  /** What is on the relay, read as a whole; the removal of what was done with is confirmed. */
  const read = async (envelopes: readonly Envelope[], upTo = Infinity) => {
    inbox.readBegins(++number);
    await inbox.take(envelopes, { number, upTo });
    inbox.removed(removed, number);
  };
  const close = () => {
    inbox.close();
    host.close();
    guest.close();
  };
  return { host, inbox, clock, random, shown, late, gaps, alarms, removed, calls, read, close };
}

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

Deno.test("inbox: in whatever order they come, messages are shown in their own", async () => {
  const { host, inbox, shown, alarms, close } = setUp();
  const [a, b, c, d] = await write(host, 4);
  await inbox.take([d!]);
  await inbox.take([b!, b!]);
  await inbox.take([a!, d!]);
  await inbox.take([c!, a!]);
  assertEquals([shown, alarms], [[1, 2, 3, 4], {}]);
  close();
});

Deno.test("inbox: a push that repeats what was read asks for a read, and accuses nobody", async () => {
  const { host, inbox, shown, alarms, calls, read, close } = setUp();
  const [a] = await write(host, 1);
  await inbox.take([a!]);
  await inbox.take([a!]);
  assertEquals([shown, alarms, calls.reads], [[1], {}, 0]);
  // Once its removal is confirmed and a later read has come, it can only have come again.
  await read([]);
  await read([]);
  await inbox.take([a!]);
  assertEquals([alarms, calls.reads], [{}, 1]);
  await read([a!]);
  assertEquals([shown, alarms], [[1], { replayed: 1 }]);
  close();
});

Deno.test("inbox: a read that began before a removal was confirmed accuses nobody", async () => {
  const { host, inbox, alarms, removed, close } = setUp();
  const [a] = await write(host, 1);
  await inbox.take([a!]);
  inbox.removed(removed, 5);
  await inbox.take([a!], { number: 5, upTo: Infinity });
  assertEquals(alarms, {});
  await inbox.take([a!], { number: 6, upTo: Infinity });
  assertEquals(alarms, { replayed: 1 });
  close();
});

Deno.test("inbox: an honest repetition is known by its attempts, on either of the two", async () => {
  for (const [first, second] of [[0, 1], [1, 0], [1, 2]] as const) {
    const { host, alarms, shown, read, close } = setUp();
    const [a] = await write(host, 1);
    await read([{ ...a!, attempt: first }]);
    await read([]);
    await read([]);
    await read([{ ...a!, attempt: second }]);
    assertEquals([shown, alarms], [[1], {}]);
    close();
  }
});

Deno.test("inbox: a repetition that is pushed is removed at once, before it is forgotten", async () => {
  const { host, inbox, alarms, shown, removed, calls, read, close } = setUp();
  const [a] = await write(host, 1);
  await read([a!]);
  await read([]);
  await read([]);
  await inbox.take([{ ...a!, attempt: 1 }]);
  assertEquals([shown, alarms, calls.reads], [[1], {}, 0]);
  assertEquals(removed, [a!.id, a!.id]);
  close();
});

Deno.test("inbox: what came more than once is remembered for longer than what came once", async () => {
  for (const [first, second] of [[1, undefined], [0, 1]] as const) {
    const { host, alarms, shown, read, close } = setUp();
    const [a, ...others] = await write(host, 1_030);
    await read([{ ...a!, attempt: first }]);
    await read([]);
    await read([]);
    if (second !== undefined) await read([{ ...a!, attempt: second }]);
    for (const other of others) await read([other]);
    await read([]);
    // The one that was held back: it says nothing of there being another.
    await read([a!]);
    assertEquals([shown.length, alarms], [1_030, {}]);
    await read([others[0]!]);
    assertEquals(alarms, { replayed: 1 });
    close();
  }
});

Deno.test("inbox: a gap is told when a read begun after the grace does not show it", async () => {
  const { host, inbox, clock, shown, gaps, calls, read, close } = setUp();
  const [, , c] = await write(host, 3);
  await read([c!]);
  await clock.advance(1_499);
  await read([c!]);
  assertEquals([shown, gaps, calls.reads], [[], [], 0]);
  await clock.advance(1);
  assertEquals(calls.reads, 1);
  // What is pushed decides nothing.
  await inbox.take([c!]);
  assertEquals(gaps, []);
  // Nor does a page that ends before the gap.
  await read([c!], 0);
  assertEquals(gaps, []);
  await read([c!]);
  assertEquals([shown, gaps], [[3], [[[1, 2], 2]]]);
  close();
});

Deno.test("inbox: each gap has a grace of its own", async () => {
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

Deno.test("inbox: what was given up and comes is shown as late, once", async () => {
  const { host, clock, shown, late, alarms, read, close } = setUp();
  const [a, b, c] = await write(host, 3);
  await read([c!]);
  await clock.advance(1_500);
  await read([c!]);
  await read([b!]);
  await read([a!]);
  assertEquals([shown, late, alarms], [[3], [2, 1], {}]);
  await read([]);
  await read([]);
  await read([a!]);
  assertEquals([late, alarms], [[2, 1], { replayed: 1 }]);
  close();
});

Deno.test("inbox: copies of a true head hide the true one at no number of them", async () => {
  const numbers = [MAX_HELD_PER_SEQ - 1, MAX_HELD_PER_SEQ, MAX_HELD_PER_SEQ + 1, 1_000];
  for (const number of numbers) {
    const { host, inbox, shown, alarms, close } = setUp();
    const [a] = await write(host, 1);
    await inbox.take([...copies(a!, number), a!]);
    assertEquals([shown, alarms], [[1], { altered: number }]);
    close();
  }
});

Deno.test("inbox: behind a gap, few copies are held, and the rest is read when their turn comes", async () => {
  const { host, inbox, shown, alarms, calls, read, close } = setUp();
  const [a, b] = await write(host, 2);
  const crowd = [...copies(b!, 500), b!];
  await inbox.take(crowd);
  assertEquals([inbox.held, alarms], [MAX_HELD_PER_SEQ, {}]);
  await inbox.take([a!]);
  assertEquals([shown, alarms, calls.reads], [[1], { altered: MAX_HELD_PER_SEQ }, 1]);
  await read(crowd);
  assertEquals([shown, alarms], [[1, 2], { altered: 500 }]);
  close();
});

Deno.test("inbox: how far ahead is held has an end, and what is beyond is not lost", async () => {
  const { host, inbox, shown, calls, read, close } = setUp();
  const all = await write(host, MAX_HELD_AHEAD + 3);
  // Number 1 is expected: 257 is as far ahead as may be held.
  for (const seq of [MAX_HELD_AHEAD, MAX_HELD_AHEAD + 1, MAX_HELD_AHEAD + 2]) {
    await inbox.take([all[seq - 1]!]);
  }
  assertEquals([inbox.held, shown, calls.reads], [2, [], 0]);
  await inbox.take([all[0]!]);
  assertEquals([shown, calls.reads], [[1], 1]);
  await read(all);
  assertEquals(shown.length, MAX_HELD_AHEAD + 3);
  close();
});

Deno.test("inbox: a gap too wide to skip ends the conversation in so many words", async () => {
  const { host, clock, read, close } = setUp();
  const all = await write(host, MAX_HELD_AHEAD + 2);
  const last = [all.at(-1)!];
  await read(last);
  await clock.advance(1_500);
  const failure = await assertRejects(() => read(last), Failure, "too many messages are missing");
  assertEquals(failure.code, "protocol");
  close();
});

Deno.test("inbox: garbage by the ten thousand is thrown away, and remembered in a bounded place", async () => {
  const { host, inbox, random, shown, alarms, removed, close } = setUp();
  const garbage = Array.from({ length: 10_000 }, (_, i): Envelope => ({
    id: encodeBase64Url(random(16)),
    from: "host",
    seq: 1 + i % 300,
    attempt: 0,
    head: random(61),
    token: "AAAA",
  }));
  const [a] = await write(host, 1);
  await inbox.take([...garbage, a!]);
  assertEquals([shown, alarms, removed.length], [[1], { forged: 10_000 }, 10_001]);
  assert(inbox.held <= 4_096 + 2, `${inbox.held} are remembered`);
  close();
});

Deno.test("inbox: what was given up is remembered in a bounded place", async () => {
  const { host, inbox, clock, read, close } = setUp();
  for (let i = 0; i < 10; i++) {
    const all = await write(host, 200);
    await read([all.at(-1)!]);
    await clock.advance(1_500);
    await read([all.at(-1)!]);
  }
  // 1,990 never came; the keys of 512 are kept, and no more numbers.
  assert(inbox.held <= 512 + 10 + 10, `${inbox.held} are remembered`);
  close();
});

Deno.test("inbox: a place that several claim costs one decryption for each, and not those behind it", async () => {
  const { host, inbox, shown, alarms, close } = setUp();
  const all = await write(host, 100);
  await inbox.take(all.slice(1));
  await inbox.take([...copies(all[0]!, 3), all[0]!]);
  assertEquals([shown.length, alarms], [100, { altered: 3 }]);
  close();
});

Deno.test("inbox: what the peer should not have sent ends the conversation, behind what came before it", async () => {
  const { host, inbox, shown, close } = setUp();
  const bodies = ["good", "", "never read"].map((text) => ({ kind: "text", text }) as const);
  const sealed = await host.seal(bodies);
  const failure = await assertRejects(
    () => inbox.take(sealed.map(({ envelope }) => envelope)),
    Failure,
    "does not understand",
  );
  assertEquals([shown, failure.code], [[1], "protocol"]);
  close();
});

Deno.test("inbox: after its end nothing runs any more", async () => {
  const { host, inbox, clock, close } = setUp();
  const [, b] = await write(host, 2);
  await inbox.take([b!]);
  assertEquals(clock.pending, 1);
  close();
  assertEquals(clock.pending, 0);
});
