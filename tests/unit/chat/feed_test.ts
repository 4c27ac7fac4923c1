import { assertEquals } from "@std/assert";
import { Feed } from "../../../src/chat/feed.ts";
import type { ReadMark } from "../../../src/chat/gap.ts";
import { RelayUnavailable, untranslated } from "../../../src/errors.ts";
import { RelayConnection } from "../../../src/chat/retry.ts";
import { type Envelope, type Listener, MAX_BATCH, type Relay } from "../../../src/relay/relay.ts";
import { FakeClock } from "../../support/clock.ts";
import { seededRandom } from "../../support/random.ts";

const SILENT = untranslated("relay-unreachable", "The relay does not answer.", "Wait.");

/** A feed over a relay that holds what the test puts into it. */
function setUp(consume: (envelopes: Envelope[], read?: ReadMark) => Promise<void>) {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const stored = new Map<string, Envelope>();
  const calls = { reads: 0, removals: [] as number[] };
  let listener: Listener | undefined;
  let carries = (_most: number) => true;
  const limit = (can: (most: number) => boolean) => void (carries = can);
  const relay = {
    kind: "memory",
    watch: (_seat, given) => void (listener = given),
    read: (_seat, { most = MAX_BATCH } = {}) => {
      calls.reads++;
      if (!carries(most)) return Promise.reject(new RelayUnavailable(SILENT));
      return Promise.resolve({ envelopes: [...stored.values()].slice(0, most), malformed: 0 });
    },
    remove: (_seat, ids) => {
      calls.removals.push(ids.length);
      for (const id of ids) stored.delete(id);
      return Promise.resolve();
    },
  } as Partial<Relay> as Relay;
  const end = new AbortController();
  const failures: unknown[] = [];
  const feed = new Feed({
    connection: new RelayConnection({ relay, clock, random, emit: () => {} }),
    seat: { room: "room", epoch: "epoch", role: "guest", token: "token" },
    clock,
    random,
    consume,
    readBegins: () => {},
    removed: () => {},
    failed: (error) => failures.push(error),
  }, end.signal);
  const put = (...ids: string[]) => ids.forEach((id) => stored.set(id, envelope(id)));
  const push = (...ids: string[]) => listener!.push(ids.map(envelope));
  return { clock, feed, stored, calls, failures, put, push, limit, stop: () => end.abort() };
}

function envelope(id: string): Envelope {
  return { id, from: "host", seq: 1, attempt: 0, head: new Uint8Array(0), token: "" };
}

Deno.test("feed: what is consumed is consumed alone, even when it asks for a read at once", async () => {
  let busy = 0;
  let most = 0;
  const { clock, feed, calls, push, stop } = setUp(async (_, read) => {
    most = Math.max(most, ++busy);
    // As an inbox does that is pushed what it has seen before.
    if (!read) feed.requestRead();
    await Promise.resolve();
    busy--;
  });
  feed.start();
  await clock.settle();
  push("a");
  push("b");
  await clock.settle();
  assertEquals([most, calls.reads], [1, 2]);
  stop();
});

Deno.test("feed: a removal of nothing does not stand in the way of the next", async () => {
  const { clock, feed, calls, put, stored, stop } = setUp(() => Promise.resolve());
  put("a");
  await feed.flush();
  feed.remove("a");
  await feed.flush();
  assertEquals([calls.removals, stored.size], [[1], 0]);
  await clock.settle();
  stop();
});

Deno.test("feed: a page of which anything is removed is followed by the next", async () => {
  for (const count of [MAX_BATCH - 1, MAX_BATCH, MAX_BATCH + 1, 3 * MAX_BATCH]) {
    const { clock, feed, calls, put, stored, stop } = setUp((envelopes) => {
      for (const { id } of envelopes) feed.remove(id);
      return Promise.resolve();
    });
    put(...Array.from({ length: count }, (_, i) => `${i}`));
    feed.start();
    await clock.advance(1_000);
    assertEquals(stored.size, 0, `${count}`);
    assertEquals(calls.reads, Math.floor(count / MAX_BATCH) + 1, `${count}`);
    stop();
  }
});

Deno.test("feed: a page of which nothing is removed is not read for ever", async () => {
  const { clock, feed, calls, put, stop } = setUp(() => Promise.resolve());
  put(...Array.from({ length: 2 * MAX_BATCH }, (_, i) => `${i}`));
  feed.start();
  await clock.advance(1_000);
  assertEquals(calls.reads, 1);
  stop();
});

Deno.test("feed: after its end nothing is consumed, removed or waited for", async () => {
  let consumed = 0;
  const { clock, feed, calls, push, put, stop } = setUp(() => Promise.resolve(void consumed++));
  put("a");
  feed.start();
  await clock.settle();
  const before = [consumed, calls.reads];
  stop();
  push("b");
  feed.remove("a");
  feed.requestRead();
  await clock.advance(60_000);
  assertEquals([consumed, calls.reads], before);
  assertEquals([calls.removals, clock.pending], [[], 0]);
});

Deno.test("feed: what does not get through at once is read in ever smaller parts, and then in larger", async () => {
  const asked: number[] = [];
  const { clock, feed, put, stop, limit } = setUp(() => Promise.resolve());
  put(...Array.from({ length: 50 }, (_, i) => `e${i}`));
  limit((most) => {
    asked.push(most);
    return most <= 64;
  });
  feed.requestRead();
  await clock.until(() => asked.length === 3);
  limit((most) => asked.push(most) > 0);
  feed.requestRead();
  await clock.until(() => asked.length === 4);
  assertEquals(asked, [256, 128, 64, 128]);
  stop();
});

Deno.test("feed: removals wait for a pause of the conversation, and no longer than two seconds", async () => {
  const { clock, feed, calls, stop } = setUp(() => Promise.resolve());
  feed.remove("alone");
  await clock.advance(249);
  assertEquals(calls.removals, []);
  await clock.advance(1);
  assertEquals(calls.removals, [1]);
  for (let i = 0; i < 20; i++) {
    assertEquals(calls.removals, [1]);
    feed.remove(`read ${i}`);
    await clock.advance(100);
  }
  assertEquals(calls.removals, [1, 20]);
  feed.remove("before the last word");
  await clock.advance(200);
  feed.posted();
  await clock.advance(249);
  assertEquals(calls.removals, [1, 20]);
  await clock.advance(1);
  assertEquals(calls.removals, [1, 20, 1]);
  stop();
});

Deno.test("feed: removals that are nearly due go right behind a post", async () => {
  const { clock, feed, calls, stop } = setUp(() => Promise.resolve());
  for (let i = 0; i < 15; i++) {
    feed.remove(`read ${i}`);
    feed.posted();
    assertEquals(calls.removals, []);
    await clock.advance(100);
  }
  feed.posted();
  assertEquals(calls.removals, [15]);
  stop();
});
