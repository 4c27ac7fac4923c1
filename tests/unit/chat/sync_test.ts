import { assert, assertEquals } from "@std/assert";
import { MAX_PUSHED, Sync } from "../../../src/chat/sync.ts";
import type { ReadMark } from "../../../src/chat/receiver.ts";
import { Failure, RelayUnavailable } from "../../../src/errors.ts";
import { RelayConnection } from "../../../src/chat/retry.ts";
import {
  type Envelope,
  type Heading,
  type Listener,
  MAX_BATCH,
  MAX_TOKEN_CHARS,
  type Relay,
} from "../../../src/relay/relay.ts";
import { pageOf } from "../../../src/relay/envelope.ts";
import { FakeClock } from "../../support/clock.ts";
import { seededRandom } from "../../support/random.ts";

const SILENT = new Failure("relay-timeout", { seconds: 9 });

/** A synchronization over a relay that holds what the test puts into it. */
function setUp(consume: (envelopes: Envelope[], read?: ReadMark) => Promise<void | number>) {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const stored = new Map<string, Envelope>();
  const calls = { reads: 0, selective: 0, watches: 0, removals: [] as number[] };
  let listener: Listener | undefined;
  let carries = (_bytes: number) => true;
  /** Reads wait for it. */
  let held: Promise<void> | undefined;
  const hold = (until: Promise<void>) => void (held = until);
  const limit = (can: (bytes: number) => boolean) => void (carries = can);
  const relay = {
    kind: "sqlite",
    watch: (_seat, given) => {
      calls.watches++;
      listener = given;
    },
    read: async (_seat, options = {}) => {
      calls.reads++;
      if (options.wanted) calls.selective++;
      await held;
      if (!carries(options.bytes!)) throw new RelayUnavailable(SILENT);
      const { page, upTo } = pageOf([...stored.values()], options);
      return { envelopes: page, upTo, malformed: 0 };
    },
    remove: (_seat, ids) => {
      calls.removals.push(ids.length);
      for (const id of ids) stored.delete(id);
      return Promise.resolve();
    },
  } as Partial<Relay> as Relay;
  const end = new AbortController();
  const failures: unknown[] = [];
  const sync = new Sync({
    connection: new RelayConnection({ relay, clock, random, emit: () => {} }),
    seat: { room: "room", epoch: "epoch", role: "guest", token: "token" },
    clock,
    random,
    onEnvelopes: async (envelopes, read) => await consume(envelopes, read) ?? 0,
    wanted: () => WANTED,
    onFailure: (error) => failures.push(error),
  }, end.signal);
  const put = (...ids: string[]) => ids.forEach((id) => stored.set(id, envelope(id)));
  const push = (...ids: string[]) => listener!.push(ids.map(envelope));
  const pushLong = (id: string) => listener!.push([{ ...envelope(id), token: LONG }]);
  const stop = () => end.abort();
  return { clock, sync, stored, calls, failures, put, push, pushLong, limit, hold, stop };
}

/** The longest token. */
/** Of a flood, only what is genuine. */
const WANTED = {
  ...{ from: 0, to: Infinity },
  accepts: ({ id }: Heading) => !id.startsWith("garbage"),
};

const LONG = "x".repeat(MAX_TOKEN_CHARS);
/** Longer than any pause. */
const MAX_WAIT_MS = 1_000;

function envelope(id: string): Envelope {
  return { id, from: "host", seq: 1, attempt: 0, head: new Uint8Array(0), token: "" };
}

Deno.test("Sync: makes one call at a time, even when it asks for a read at once", async () => {
  let busy = 0;
  let most = 0;
  const { clock, sync, calls, push, stop } = setUp(async (_, read) => {
    most = Math.max(most, ++busy);
    // As an inbox does that is pushed what it has seen before.
    if (!read) sync.requestRead();
    await Promise.resolve();
    busy--;
  });
  sync.start();
  await clock.settle();
  push("a");
  push("b");
  await clock.settle();
  assertEquals([most, calls.reads], [1, 2]);
  stop();
});

Deno.test("Sync: reads less often while the watch is known to live, and never less than each minute", async () => {
  const { clock, sync, calls, push, stop } = setUp(() => Promise.resolve());
  sync.start();
  await clock.settle();
  for (let second = 0; second < 40; second++) {
    push(`${second}`);
    await clock.advance(1_000);
  }
  assertEquals(calls.reads, 1, "what is pushed needs no read");
  for (let second = 40; second < 70; second++) {
    push(`${second}`);
    await clock.advance(1_000);
  }
  assertEquals(calls.reads, 2, "a minute is over");
  await clock.advance(15_000);
  assertEquals(calls.reads, 3, "the watch has fallen silent");
  stop();
});

Deno.test("Sync.flush: with nothing to remove does not block the next", async () => {
  const { clock, sync, calls, put, stored, stop } = setUp(() => Promise.resolve());
  put("a");
  await sync.flush();
  sync.remove("a");
  await sync.flush();
  assertEquals([calls.removals, stored.size], [[1], 0]);
  await clock.settle();
  stop();
});

Deno.test("Sync: reads the next page once the last is removed", async () => {
  for (const count of [MAX_BATCH - 1, MAX_BATCH, MAX_BATCH + 1, 3 * MAX_BATCH]) {
    const { clock, sync, calls, put, stored, stop } = setUp((envelopes) => {
      for (const { id } of envelopes) sync.remove(id);
      return Promise.resolve();
    });
    put(...Array.from({ length: count }, (_, i) => `${i}`));
    sync.start();
    await clock.advance(1_000);
    assertEquals(stored.size, 0, `${count}`);
    assertEquals(calls.reads, Math.ceil(count / MAX_BATCH), `${count}`);
    stop();
  }
});

Deno.test("Sync: does not read a page again of which nothing is removed", async () => {
  const { clock, sync, calls, put, stop } = setUp(() => Promise.resolve());
  put(...Array.from({ length: 2 * MAX_BATCH }, (_, i) => `${i}`));
  sync.start();
  await clock.advance(1_000);
  assertEquals(calls.reads, 1);
  stop();
});

Deno.test("Sync: does nothing after its signal", async () => {
  let consumed = 0;
  const { clock, sync, calls, push, put, stop } = setUp(() => Promise.resolve(void consumed++));
  put("a");
  sync.start();
  await clock.settle();
  const before = [consumed, calls.reads];
  stop();
  push("b");
  sync.remove("a");
  sync.requestRead();
  await clock.advance(60_000);
  assertEquals([consumed, calls.reads], before);
  assertEquals([calls.removals, clock.pending], [[], 0]);
});

Deno.test("Sync: makes a page that does not get through smaller, and larger again", async () => {
  const asked: number[] = [];
  const { clock, sync, put, stop, limit } = setUp(() => Promise.resolve());
  put(...Array.from({ length: 50 }, (_, i) => `e${i}`));
  limit((bytes) => {
    asked.push(bytes);
    return bytes <= 10_000;
  });
  sync.requestRead();
  await clock.until(() => asked.length === 2);
  limit((bytes) => asked.push(bytes) > 0);
  sync.requestRead();
  await clock.until(() => asked.length === 3);
  assertEquals(asked, [49_152, 6_144, 12_288]);
  stop();
});

Deno.test("Sync.remove: waits for a pause of the conversation, for at most two seconds", async () => {
  const { clock, sync, calls, stop } = setUp(() => Promise.resolve());
  sync.remove("alone");
  await clock.advance(249);
  assertEquals(calls.removals, []);
  await clock.advance(1);
  assertEquals(calls.removals, [1]);
  for (let i = 0; i < 20; i++) {
    assertEquals(calls.removals, [1]);
    sync.remove(`read ${i}`);
    await clock.advance(100);
  }
  assertEquals(calls.removals, [1, 20]);
  sync.remove("before the last word");
  await clock.advance(200);
  sync.onPosted();
  await clock.advance(249);
  assertEquals(calls.removals, [1, 20]);
  await clock.advance(1);
  assertEquals(calls.removals, [1, 20, 1]);
  stop();
});

Deno.test("Sync.onPosted: removes what is nearly due", async () => {
  const { clock, sync, calls, stop } = setUp(() => Promise.resolve());
  for (let i = 0; i < 15; i++) {
    sync.remove(`read ${i}`);
    sync.onPosted();
    assertEquals(calls.removals, []);
    await clock.advance(100);
  }
  sync.onPosted();
  assertEquals(calls.removals, [15]);
  stop();
});

Deno.test("Sync: does not read a page without end that a relay does not remove", async () => {
  const { clock, sync, calls, put, stored, stop } = setUp((envelopes) => {
    for (const { id } of envelopes) sync.remove(id);
    return Promise.resolve();
  });
  const ids = Array.from({ length: MAX_BATCH + 1 }, (_, i) => `${i}`);
  put(...ids);
  stored.delete = () => false;
  sync.start();
  await clock.advance(1_000);
  assertEquals(calls.reads, 2);
  stop();
});

Deno.test("Sync: drops what is pushed beyond what may wait, and reads it, in the same watch", async () => {
  const blocked = Promise.withResolvers<void>();
  const { clock, sync, calls, push, put, stop } = setUp(() => blocked.promise);
  sync.start();
  await clock.settle();
  assertEquals([calls.watches, calls.reads], [1, 1]);
  for (let i = 0; i < MAX_PUSHED; i++) push(`${i}`);
  assertEquals([calls.watches, sync.size], [1, MAX_PUSHED]);
  push("one more");
  // A new watch would push all of it again, and never let anything else run.
  assertEquals([calls.watches, sync.size], [1, 0]);
  put("one more");
  blocked.resolve();
  await clock.settle();
  assertEquals(calls.reads, 2);
  stop();
});

Deno.test("Sync: restarts the watch from now after pushes of which everything was rejected", async () => {
  const { clock, sync, calls, push, stop } = setUp((envelopes) =>
    Promise.resolve(envelopes.length)
  );
  sync.start();
  await clock.settle();
  const flood = (name: string) => Array.from({ length: MAX_BATCH }, (_, i) => `${name}${i}`);
  for (const name of ["a", "b", "c"]) {
    push(...flood(name));
    await clock.settle();
  }
  assertEquals([calls.watches, calls.reads], [1, 2]);
  await clock.advance(2_000);
  assertEquals(calls.watches, 2);
  stop();
});

Deno.test("Sync: takes rejected pages at a pace that is bounded, and the next message at once", async () => {
  let rejected = 0;
  const { clock, sync, calls, put, stored, stop } = setUp((envelopes) => {
    const garbage = envelopes.filter(({ id }) => id.startsWith("garbage"));
    for (const { id } of envelopes) sync.remove(id);
    rejected += garbage.length;
    return Promise.resolve(garbage.length);
  });
  const flood = (count: number) =>
    put(...Array.from({ length: count }, (_, i) => `garbage ${rejected + i}`));
  flood(40_000);
  sync.start();
  await clock.advance(20_000);
  assert(rejected < 20_000, `${rejected} in 20 s`);
  // A message among them changes nothing.
  const before = rejected;
  flood(40_000);
  for (let i = 0; i < 20; i++) {
    const garbage = [...stored];
    stored.clear();
    put(`genuine ${i}`);
    for (const [id, one] of garbage) stored.set(id, one);
    await clock.advance(1_000);
  }
  assert(rejected - before < 15_000, `${rejected - before} in 20 s, with messages`);
  stored.clear();
  await clock.advance(MAX_WAIT_MS);
  const { reads } = calls;
  put("genuine");
  sync.requestRead();
  await clock.settle();
  assertEquals([calls.reads, stored.size], [reads + 1, 1]);
  stop();
});

Deno.test("Sync: asks in a flood for what is wanted with every other read, behind any number", async () => {
  const taken: string[] = [];
  const { clock, sync, calls, put, stop } = setUp((envelopes) => {
    const garbage = envelopes.filter(({ id }) => id.startsWith("garbage"));
    for (const { id } of envelopes) sync.remove(id);
    taken.push(...envelopes.filter((one) => !garbage.includes(one)).map(({ id }) => id));
    return Promise.resolve(garbage.length);
  });
  put(...Array.from({ length: 10_000 }, (_, i) => `garbage ${i}`), "genuine");
  sync.start();
  await clock.until(() => calls.selective === 1);
  await clock.advance(1);
  assertEquals([taken, calls.reads], [["genuine"], 2]);
  await clock.advance(60_000);
  assert(calls.reads - 2 * calls.selective < 10, `${calls.selective} of ${calls.reads}`);
  stop();
});

Deno.test("Sync.remove: leaves where it is what does not fit in the queue", async () => {
  const { clock, sync, calls, stop } = setUp(() => Promise.resolve());
  for (let i = 0; i < 5_000; i++) sync.remove(`${i}`);
  assertEquals([sync.size, sync.isBehind], [4_096, true]);
  await clock.settle();
  assertEquals([sync.size, sync.isBehind, Math.max(...calls.removals)], [0, false, 1_024]);
  stop();
});

Deno.test("Sync: holds no more characters than it may, however long the tokens are", async () => {
  const blocked = Promise.withResolvers<void>();
  const { clock, sync, calls, pushLong, stop } = setUp(() => blocked.promise);
  sync.start();
  await clock.settle();
  for (let i = 0; i < 32; i++) pushLong(`${i}`);
  assertEquals([calls.watches, sync.size], [1, 32]);
  pushLong("one more");
  assertEquals([calls.watches, sync.size], [1, 0]);
  blocked.resolve();
  stop();
});

Deno.test("Sync: asks for more bytes as long as they come fast", async () => {
  const asked: number[] = [];
  const { clock, sync, stored, limit, stop } = setUp((envelopes) => {
    for (const { id } of envelopes) sync.remove(id);
    return Promise.resolve();
  });
  limit((bytes) => asked.push(bytes) > 0);
  for (let i = 0; i < 600; i++) stored.set(`${i}`, { ...envelope(`${i}`), token: LONG });
  sync.start();
  await clock.advance(1_000);
  assertEquals(asked.slice(0, 6), [48, 96, 192, 384, 768, 1_024].map((kB) => kB * 1_024));
  stop();
});

Deno.test("Sync: takes what is pushed while a read is under way", async () => {
  const taken: string[] = [];
  const { clock, sync, put, push, hold, stop } = setUp((envelopes) => {
    taken.push(...envelopes.map(({ id }) => id));
    return Promise.resolve();
  });
  const answer = Promise.withResolvers<void>();
  hold(answer.promise);
  put("read");
  sync.start();
  await clock.settle();
  push("pushed");
  await clock.settle();
  assertEquals(taken, ["pushed"]);
  answer.resolve();
  await clock.settle();
  assertEquals(taken, ["pushed", "read"]);
  stop();
});
