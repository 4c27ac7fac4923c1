import { assert, assertEquals } from "@std/assert";
import { BSON, type Db, type Document } from "mongodb";
import type { Seat } from "../../../../src/relay/relay.ts";
import { Pace } from "../../../../src/relay/mongodb/pace.ts";
import { watchRoom } from "../../../../src/relay/mongodb/watch.ts";
import { envelope, Recorder } from "../../../contract/relay_contract.ts";
import { FakeClock } from "../../../support/clock.ts";
import { seededRandom } from "../../../support/random.ts";

const SEAT: Seat = { room: "room", epoch: "epoch", role: "host", token: "token" };

function refusal(code: number, message = "no"): Error {
  return Object.assign(new Error(message), { name: "MongoServerError", code });
}

function broken(): Error {
  return Object.assign(new Error("connection closed"), { name: "MongoNetworkError" });
}

/** The one method of a database that a watch uses, answered by `answer`. */
function database(answer: (command: Document) => Promise<Document>): Db {
  const session = { endSession: () => Promise.resolve() };
  const db = { command: answer, client: { startSession: () => session } };
  return db as unknown as Db;
}

interface Scene {
  readonly clock: FakeClock;
  readonly recorder: Recorder;
  readonly end: AbortController;
  /** Settles when the watch is over. */
  readonly over: Promise<void>;
  nudge(): void;
}

function watching(
  answer: (command: Document) => Promise<Document>,
  options: { poll?: boolean } = {},
): Scene {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const recorder = new Recorder();
  const end = new AbortController();
  let nudge = new AbortController();
  const deps = {
    db: database(answer),
    ...{ clock, random, pace: new Pace({ clock, random }), poll: options.poll ?? false },
    wakeSignal: () => nudge.signal,
  };
  const over = watchRoom(deps, SEAT, { listener: recorder, signal: end.signal });
  return {
    ...{ clock, recorder, end, over },
    nudge() {
      nudge.abort();
      nudge = new AbortController();
    },
  };
}

/** Documents as the driver hands them over when it is not to decode them. */
function answer(documents: readonly Document[]): Document {
  const nextBatch = documents.map((document) => BSON.serialize(document));
  return { cursor: { id: 7, nextBatch } };
}

const opened = { cursor: { id: 7, firstBatch: [] } };
const quiet = () => new Promise<Document>(() => {});

Deno.test("watchRoom: is up and wakes once, then pushes what it decodes", async () => {
  const sent = envelope("guest", 1);
  const { id, ...fields } = sent;
  const good = { fullDocument: { _id: `room.epoch.${id}`, ...fields } };
  const strange = [{ fullDocument: {} }, {}, { fullDocument: { ...good.fullDocument, _id: id } }];
  const batches = [[good], [good, ...strange]];
  const { recorder, end, over, clock } = watching((command) => {
    if ("aggregate" in command) return Promise.resolve(opened);
    const nextBatch = batches.shift();
    return nextBatch ? Promise.resolve(answer(nextBatch)) : quiet();
  });
  await clock.until(() => recorder.pushed.length === 2);
  await clock.advance(1);
  assertEquals(recorder.pushed, [sent, sent]);
  assertEquals(recorder.wakes, 2, "one when it opened, one for what is not an envelope");
  assertEquals(recorder.states, [{ state: "up", watch: "stream" }]);
  end.abort();
  await clock.advance(1_000);
  await over;
  assertEquals(clock.pending, 0);
});

Deno.test("watchRoom: skips the backlog of a flood, and has the room read", async () => {
  const { id, ...fields } = envelope("guest", 1);
  const event = { fullDocument: { _id: `room.epoch.${id}`, ...fields } };
  const flood = answer(Array.from({ length: 64 }, () => event));
  let opens = 0;
  let batches = 0;
  const { recorder, end, over, clock } = watching((command) => {
    if ("aggregate" in command) return Promise.resolve((opens++, opened));
    if ("killCursors" in command) return Promise.resolve({});
    return opens === 1 ? Promise.resolve((batches++, flood)) : quiet();
  });
  await clock.until(() => opens === 2);
  assertEquals([batches, recorder.wakes], [32, 2]);
  assertEquals(recorder.states, [{ state: "up", watch: "stream" }], "nothing was out of order");
  end.abort();
  await clock.advance(1_000);
  await over;
});

Deno.test("watchRoom: reopens a broken stream with growing backoff, and wakes", async () => {
  let works = false;
  const { recorder, end, over, clock } = watching((command) => {
    if (!works) return Promise.reject(broken());
    return "aggregate" in command ? Promise.resolve(opened) : quiet();
  });
  await clock.until(() => recorder.states.length === 11);
  assertWaits(recorder);
  assertEquals(recorder.wakes, 0);
  works = true;
  await clock.until(() => recorder.wakes === 1);
  assertEquals(recorder.states.at(-1), { state: "up", watch: "stream" });
  end.abort();
  await clock.advance(1_000);
  await over;
  assertEquals(clock.pending, 0);
});

Deno.test("watchRoom: backs off too when streams open but never answer", async () => {
  let answers = 0;
  const { recorder, end, over, clock } = watching((command) => {
    if ("aggregate" in command) return Promise.resolve(opened);
    if (answers-- > 0) return Promise.resolve({ cursor: { id: 7, nextBatch: [] } });
    return Promise.reject(broken());
  });
  await clock.until(() => recorder.states.length === 20);
  assertWaits(recorder);
  answers = 1;
  await clock.until(() => recorder.states.length === 22);
  const last = recorder.states.at(-1);
  assert(last?.state === "reconnecting" && last.retryInMs <= 250);
  end.abort();
  await clock.advance(1_000);
  await over;
});

/** The waits double from at most 250 ms to at most 5 s. */
function assertWaits(recorder: Recorder): void {
  const waits = recorder.states.flatMap((state) =>
    state.state === "reconnecting" ? [state.retryInMs] : []
  );
  assert(waits.length >= 10);
  for (const [attempt, ms] of waits.entries()) {
    const ceiling = Math.min(5_000, 250 * 2 ** attempt);
    assert(ms >= ceiling / 2 && ms <= ceiling, `attempt ${attempt} waits ${ms} ms`);
  }
}

Deno.test("watchRoom: reconnects when a server never answers", async () => {
  const { recorder, end, over, clock } = watching((command) =>
    "aggregate" in command ? Promise.resolve(opened) : quiet()
  );
  await recorder.up();
  await clock.advance(11_999);
  assertEquals(recorder.states.length, 1);
  await clock.advance(1);
  assertEquals(recorder.states[1]?.state, "reconnecting");
  end.abort();
  await clock.advance(1_000);
  await over;
});

Deno.test("watchRoom: ends at a permanent failure, and tells its reason", async () => {
  const { recorder, over, clock } = watching(() => Promise.reject(refusal(18)));
  await over;
  const [state] = recorder.states;
  assertEquals(state?.state === "down" && state.cause.code, "relay-auth");
  await clock.advance(60_000);
  assertEquals(recorder.calls, 1);
});

Deno.test("watchRoom: polls where there are no streams, and at once after a nudge", async () => {
  const text = "The $changeStream stage is only supported on replica sets";
  const { recorder, end, over, clock, nudge } = watching(() =>
    Promise.reject(refusal(40573, text))
  );
  await recorder.up();
  await clock.settle();
  assertEquals(recorder.states, [{ state: "up", watch: "poll" }]);
  assertEquals(recorder.wakes, 1);
  await clock.advance(10_000);
  assert(recorder.wakes > 30 && recorder.wakes < 55, `${recorder.wakes} looks in ten seconds`);
  const before = recorder.wakes;
  nudge();
  await clock.settle();
  assertEquals(recorder.wakes, before + 1);
  end.abort();
  await over;
  assertEquals(clock.pending, 0);
});

Deno.test("watchRoom: polls after three unknown answers in a row", async () => {
  const answers = [refusal(8000), refusal(8000), broken(), refusal(8000), refusal(8000)];
  const { recorder, end, over, clock } = watching(() =>
    Promise.reject(answers.shift() ?? refusal(8000))
  );
  await clock.until(() => recorder.states.at(-1)?.state === "up");
  assertEquals(recorder.states.map(({ state }) => state), [
    ...["reconnecting", "reconnecting", "reconnecting", "reconnecting", "reconnecting"],
    "up",
  ]);
  assertEquals(recorder.states.at(-1), { state: "up", watch: "poll" });
  end.abort();
  await over;
  assertEquals(clock.pending, 0);
});

Deno.test("watchRoom: opens no stream when asked to poll", async () => {
  const commands: Document[] = [];
  const { recorder, end, over } = watching((command) => {
    commands.push(command);
    return quiet();
  }, { poll: true });
  await recorder.up();
  end.abort();
  await over;
  assertEquals(commands, []);
});
