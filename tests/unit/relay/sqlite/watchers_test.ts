import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { systemRandom } from "../../../../src/clock.ts";
import { type Envelope, MAX_BATCH, type Seat } from "../../../../src/relay/relay.ts";
import { openSqliteRelay } from "../../../../src/relay/sqlite/sqlite_relay.ts";
import type { EnvelopeRow } from "../../../../src/relay/sqlite/rows.ts";
import { Watchers } from "../../../../src/relay/sqlite/watchers.ts";
import { envelope, Recorder } from "../../../contract/harness.ts";
import { FakeClock } from "../../../support/clock.ts";
import { host, inDirectory } from "./support.ts";

const SEAT: Seat = { room: "room", epoch: "epoch", role: "host", token: "token" };

/** Watches over a source in the hands of the test; where there is no file there is only the poll. */
function watched(): {
  clock: FakeClock;
  stored: Envelope[];
  trouble: { error?: unknown };
  watchers: Watchers;
} {
  const clock = new FakeClock();
  const stored: Envelope[] = [];
  const trouble: { error?: unknown } = {};
  const source = {
    version() {
      if (trouble.error) throw trouble.error;
      return stored.length;
    },
    after: (_seat: Seat, n: number): EnvelopeRow[] =>
      stored.map((one, i) => ({ ...one, n: i + 1 })).slice(n, n + MAX_BATCH),
  };
  return {
    clock,
    stored,
    trouble,
    watchers: new Watchers(source, { path: "/none/chat.db", clock }),
  };
}

/** What SQLite would throw. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error("SQLite says"), { errcode });
}

Deno.test("watch: pushes each envelope once, in order", async () => {
  const { clock, stored, watchers } = watched();
  stored.push(...Array.from({ length: 2 * MAX_BATCH }, (_, i) => envelope("guest", i + 1)));
  const recorder = new Recorder();
  watchers.add(SEAT, recorder, new AbortController().signal);
  await clock.settle();
  assertEquals(recorder.pushed, stored);
  stored.push(envelope("guest", 1_000));
  await clock.advance(1_000);
  assertEquals(recorder.pushed, stored);
  watchers.close();
  assertEquals(clock.pending, 0);
});

Deno.test("watch: reports an outage once, continues, and reports its end", async () => {
  const { clock, stored, trouble, watchers } = watched();
  const recorder = new Recorder();
  watchers.add(SEAT, recorder, new AbortController().signal);
  await clock.advance(100);
  trouble.error = sqliteError(5);
  await clock.advance(200);
  delete trouble.error;
  await clock.advance(1_000);
  assertEquals(recorder.states.map(({ state }) => state), ["up", "reconnecting", "up"]);
  stored.push(envelope("guest", 1));
  await clock.advance(1_000);
  assertEquals(recorder.pushed, stored);
  watchers.close();
});

Deno.test("watch: ends without further calls when the file is damaged", async () => {
  const { clock, stored, trouble, watchers } = watched();
  const recorder = new Recorder();
  watchers.add(SEAT, recorder, new AbortController().signal);
  await clock.settle();
  trouble.error = sqliteError(11);
  await clock.advance(1_000);
  delete trouble.error;
  stored.push(envelope("guest", 1));
  await clock.advance(10_000);
  assertEquals(recorder.states.map(({ state }) => state), ["up", "down"]);
  assertEquals(recorder.pushed, []);
  assertEquals(clock.pending, 0);
});

Deno.test("watch: reports a mistake of the program to its listener", async () => {
  const { clock, trouble, watchers } = watched();
  const recorder = new Recorder();
  watchers.add(SEAT, recorder, new AbortController().signal);
  await clock.settle();
  const mistake = trouble.error = new TypeError("a mistake");
  await clock.advance(1_000);
  const last = recorder.states.at(-1)!;
  assert(last.state === "down");
  assertEquals([last.cause.code, last.cause.cause], ["bug", mistake]);
  assertEquals(clock.pending, 0);
});

Deno.test("watch: lets a listener end its watch, or all, in the middle of a push", async () => {
  const { clock, stored, watchers } = watched();
  stored.push(...Array.from({ length: 2 * MAX_BATCH }, (_, i) => envelope("guest", i + 1)));
  let pushed = 0;
  watchers.add(SEAT, {
    push(envelopes) {
      pushed += envelopes.length;
      watchers.close();
    },
    wake() {},
    state() {},
  }, new AbortController().signal);
  await clock.settle();
  assertEquals(pushed, MAX_BATCH);
  assertEquals(clock.pending, 0);
});

Deno.test("watch: finds a commit without a notification within a second", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chat.db`;
    const clock = new FakeClock();
    const relay = await openSqliteRelay({ path, clock, random: systemRandom });
    const seat = await host(relay);
    const recorder = new Recorder();
    relay.watch(seat, recorder, new AbortController().signal);
    await recorder.up();
    const { id, head, token } = envelope("guest", 1);
    const db = new DatabaseSync(path);
    db.prepare(
      `INSERT INTO envelopes (room, epoch, id, sender, seq, attempt, expires, head, token)
       VALUES (?, ?, ?, 'guest', 1, 0, 1e15, ?, ?)`,
    ).run(seat.room, seat.epoch, id, head, token);
    db.close();
    await clock.settle();
    assertEquals(recorder.pushed, []);
    await clock.advance(1_000);
    assertEquals(recorder.pushed.map((envelope) => envelope.id), [id]);
    await relay.leave(seat);
    await relay.close();
    assertEquals(clock.pending, 0);
  }));
