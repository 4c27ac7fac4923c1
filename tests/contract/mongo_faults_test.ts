/**
 * What the relay in MongoDB alone can do or suffer: elections, lost replies, indexes, sockets, the
 * TTL monitor, servers without change streams, and strangers at the door. Real servers, all of them.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import type { Db, Document } from "mongodb";
import { RelayConnection } from "../../src/chat/retry.ts";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { Failure, type FailureCode, RelayUnavailable } from "../../src/errors.ts";
import { MAX_READ_BYTES, type Relay, type Seat } from "../../src/relay/relay.ts";
import { malformedFilter, unreadPipeline } from "../../src/relay/mongodb/envelope_document.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import {
  leaveFilter,
  leaveUpdate,
  type RoomDocument,
  roomFilter,
} from "../../src/relay/mongodb/room_document.ts";
import {
  DATABASE,
  ownServersOrSkip,
  startReplicaSet,
  startStandalone,
  type TestServer,
} from "../support/mongod.ts";
import { envelope, randomName, Recorder } from "./relay_contract.ts";

const { ignore, skip } = await ownServersOrSkip();
const deps = { clock: systemClock, random: systemRandom };
/** No single operation of a client may need more of the sockets that a cluster has for all. */
const MAX_SOCKETS = 6;

/** Two clients in a room, and an administrator. */
interface Fixture {
  readonly server: TestServer;
  readonly db: Db;
  readonly host: Relay;
  readonly guest: Relay;
  readonly hostSeat: Seat;
  readonly guestSeat: Seat;
  readonly room: string;
  /** A client; over a network of its own when that has another `uri`. */
  open(options?: { poll?: boolean; uri?: string }): Promise<Relay>;
  watch(relay: Relay, seat: Seat): Promise<Recorder>;
  /** Makes commands of clients fail on the present primary, as many `times`. */
  fail(times: number, data: Document): Promise<void>;
}

let server: Promise<TestServer> | undefined;
const start = () =>
  server ??= startReplicaSet({ count: 3, ttlMonitorSleepSecs: 1, failPoints: true });
const outliving = { ignore, sanitizeOps: false, sanitizeResources: false };

Deno.test({
  name: `mongodb faults: the servers start${skip}`,
  ...outliving,
  fn: async () => void await start(),
});

function test(name: string, run: (fixture: Fixture) => Promise<void>): void {
  Deno.test({
    name: `mongodb faults: ${name}${skip}`,
    ignore,
    async fn() {
      const server = await start();
      const admin = await server.admin();
      const clients: Relay[] = [];
      const end = new AbortController();
      const open = async (options: { poll?: boolean; uri?: string } = {}) => {
        const client = await openMongoRelay({ uri: server.uri, ...options }, deps);
        clients.push(client);
        return client;
      };
      try {
        const [host, guest] = [await open(), await open()];
        const room = randomName(16);
        const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 600_000 };
        const made = await host.create(room, wish);
        const claim = await guest.claim(room, randomName(16));
        assert("seat" in made && "seat" in claim);
        const watch = async (relay: Relay, seat: Seat) => {
          const recorder = new Recorder();
          relay.watch(seat, recorder, end.signal);
          await recorder.up();
          return recorder;
        };
        const fail = async (times: number, data: Document) => {
          const mode = { times };
          const point = { mode, data: { appName: "whisper", ...data } };
          await admin.db("admin").command({ configureFailPoint: "failCommand", ...point });
        };
        const seats = { hostSeat: made.seat, guestSeat: claim.seat };
        const db = admin.db(DATABASE);
        await run({ server, db, host, guest, ...seats, room, open, watch, fail });
      } finally {
        end.abort();
        for (const client of clients) await client.close();
        await admin.db("admin").command({ configureFailPoint: "failCommand", mode: "off" });
        await admin.close();
      }
    },
  });
}

/** Repeats what a relay could not do now, as the conversation above the store does. */
async function patiently<T>(operation: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof RelayUnavailable)) throw error;
    }
  }
}

async function kinds(relay: Relay, operation: () => Promise<unknown>): Promise<Document> {
  const before = relay.operations();
  await operation();
  const more = Object.entries(relay.operations()).map((
    [kind, count],
  ) => [kind, count - (before[kind] ?? 0)]);
  return Object.fromEntries(more.filter(([, count]) => count !== 0));
}

test("watch: opens a stream where streams exist, and polls where asked to", async (s) => {
  const stream = await s.watch(s.host, s.hostSeat);
  const poll = await s.watch(await s.open({ poll: true }), s.hostSeat);
  assertEquals(stream.states, [{ state: "up", watch: "stream" }]);
  assertEquals(poll.states, [{ state: "up", watch: "poll" }]);
});

for (const errorCode of [40573, 115]) {
  test(`watch: polls when a stream is refused with ${errorCode}`, async (s) => {
    await s.fail(1, { failCommands: ["aggregate"], errorCode });
    const watch = await s.watch(s.host, s.hostSeat);
    assertEquals(watch.states, [{ state: "up", watch: "poll" }]);
    const sent = envelope("guest", 1);
    await s.guest.post(s.guestSeat, [sent]);
    await watch.until(async () => (await s.host.read(s.hostSeat)).envelopes.length === 1);
  });
}

for (
  const [what, data] of [
    ["that loses its place (286)", { errorCode: 286 }],
    ["that is told not to resume (280)", { errorCode: 280 }],
    ["whose connection breaks", { closeConnection: true }],
    ["whose cursor is gone (43)", { errorCode: 43 }],
  ] as const
) {
  test(`watch: reopens a stream ${what}, and reads what came meanwhile`, async (s) => {
    const watch = await s.watch(s.host, s.hostSeat);
    const wakes = watch.wakes;
    await s.fail(1, { failCommands: ["getMore"], ...data });
    const sent = envelope("guest", 1);
    // Its arrival ends the waiting `getMore`, and the next one fails.
    await s.guest.post(s.guestSeat, [sent]);
    await watch.until(() => watch.wakes > wakes);
    assertEquals(watch.states.map(({ state }) => state), ["up", "reconnecting", "up"]);
    assertEquals((await s.host.read(s.hostSeat)).envelopes, [sent]);
    const next = envelope("guest", 2);
    await s.guest.post(s.guestSeat, [next]);
    await watch.until(() => watch.pushed.some(({ id }) => id === next.id));
  });
}

test(
  "post: is unavailable when its connection breaks, and stored once when repeated",
  async (s) => {
    const sent = [envelope("guest", 1), envelope("guest", 2)];
    await s.fail(1, { failCommands: ["insert"], closeConnection: true });
    await assertRejects(() => s.guest.post(s.guestSeat, sent), RelayUnavailable);
    assertEquals((await s.host.read(s.hostSeat)).envelopes, []);
    await s.guest.post(s.guestSeat, sent);
    await s.guest.post(s.guestSeat, sent);
    assertEquals((await s.host.read(s.hostSeat)).envelopes, sent);
  },
);

test("client: hides one broken connection from the chat", async (s) => {
  const events: unknown[] = [];
  const emit = (event: unknown) => events.push(event);
  const connection = new RelayConnection({ ...deps, relay: s.guest, emit });
  const sent = envelope("guest", 1);
  const never = new AbortController().signal;
  await s.fail(1, { failCommands: ["insert"], closeConnection: true });
  await connection.post(s.guestSeat, [sent], never);
  assertEquals((await s.host.read(s.hostSeat)).envelopes, [{ ...sent, attempt: 1 }]);
  await s.fail(1, { failCommands: ["findAndModify"], closeConnection: true });
  assert(await s.guest.renew(s.guestSeat));
  assertEquals(events, []);
});

test(
  "client: ends its watch when replaced, with what was under way unknown",
  async (s) => {
    const watch = await s.watch(s.host, s.hostSeat);
    const before = s.host.operations()["findAndModify"];
    await s.fail(1, { failCommands: ["find"], blockConnection: true, blockTimeMS: 2_000 });
    const waiting = s.host.leave({ ...s.hostSeat, epoch: randomName(8) });
    waiting.catch(() => {});
    await s.host.reconnect!();
    await assertRejects(() => waiting, RelayUnavailable);
    assert(await s.host.renew(s.hostSeat), "the seat is held by its token, whichever client asks");
    await watch.until(() => watch.states.length === 2);
    const sent = envelope("guest", 1);
    await s.guest.post(s.guestSeat, [sent]);
    await watch.until(() => watch.pushed.some(({ id }) => id === sent.id));
    assertEquals(watch.pushed.length, 1, "one watch, not two");
    assert(
      (s.host.operations()["findAndModify"] ?? 0) > before!,
      "what the first sent still counts",
    );
  },
);

test(
  "client: recognizes its own update when the driver repeats it after a lost answer",
  async (s) => {
    // The update is done, and the driver is told to retry.
    const losing = async <T>(operation: () => Promise<T>): Promise<T> => {
      await s.fail(1, {
        failCommands: ["findAndModify"],
        writeConcernError: { code: 91, errmsg: "The server is going down" },
        errorLabels: ["RetryableWriteError"],
      });
      return await operation();
    };
    const view = await losing(() => s.host.renew(s.hostSeat));
    assertEquals(view?.peer?.token, s.guestSeat.token);
    const [room, token] = [randomName(16), randomName(16)];
    const wish = { token, epoch: randomName(8), lingerMs: 600_000 };
    const made = await losing(() => s.host.create(room, wish));
    assert("seat" in made && made.seat.epoch === wish.epoch);
    const claim = await losing(() => s.guest.claim(room, randomName(16)));
    assert("seat" in claim && claim.hostToken === token);
    assertEquals((await losing(() => s.guest.leave(claim.seat))).last, false);
    const next = { token: randomName(16), epoch: randomName(8) };
    const reopened = await losing(() => s.host.reopen(made.seat, next));
    assertEquals([reopened?.token, reopened?.epoch], [next.token, next.epoch]);
    assertEquals(await losing(() => s.host.leave(reopened!)), { last: true, remaining: 0 });
  },
);

test("leave: finishes when repeated after a lost answer", async (s) => {
  await s.guest.leave(s.guestSeat);
  await s.guest.post(s.guestSeat, [envelope("guest", 1)]);
  // The server did this, and the answer never came.
  const rooms = s.db.collection<RoomDocument>("rooms");
  await rooms.updateOne(leaveFilter(s.hostSeat), [
    ...leaveUpdate(s.hostSeat),
    // The room has expired, and this server looks each second: gone, it could not tell who was last.
    { $set: { expiresAt: new Date(Date.now() + 60_000) } },
  ]);
  assertEquals(await s.host.renew(s.hostSeat), undefined);
  assertEquals(await s.host.leave(s.hostSeat), { last: true, remaining: 0 });
  assertEquals(await s.host.leave(s.hostSeat), { last: true, remaining: 0 });
  assertEquals(await s.guest.leave(s.guestSeat), { last: false, remaining: 0 });
});

test("leave: finishes when repeated after breaking off in a deletion", async (s) => {
  await s.guest.leave(s.guestSeat);
  await s.guest.post(s.guestSeat, [envelope("guest", 1)]);
  // The driver repeats by itself the deletion of the room, which goes on beside.
  const namespace = `${s.db.databaseName}.messages`;
  await s.fail(1, { failCommands: ["delete"], namespace, closeConnection: true });
  await assertRejects(() => s.host.leave(s.hostSeat), RelayUnavailable);
  assertEquals(await s.host.leave(s.hostSeat), { last: true, remaining: 0 });
});

test("post: is swept by its sender when everyone has left", async (s) => {
  await s.guest.leave(s.guestSeat);
  await s.host.leave(s.hostSeat);
  await s.guest.post(s.guestSeat, [envelope("guest", 1)]);
  assertEquals(await s.db.collection("messages").countDocuments({ room: s.room }), 1);
  assertEquals(await s.guest.leave(s.guestSeat), { last: false, remaining: 0 });
});

test("post: stores a batch once when two post it at once", async (s) => {
  const sent = Array.from({ length: 40 }, (_, i) => envelope("guest", i + 1));
  const other = await s.open();
  await Promise.all([s.guest.post(s.guestSeat, sent), other.post(s.guestSeat, sent)]);
  assertEquals((await s.host.read(s.hostSeat)).envelopes, sent);
});

test("read: counts and removes a document of megabytes without transferring it", async (s) => {
  const { room, epoch } = s.guestSeat;
  const expiresAt = new Date(Date.now() + 600_000);
  const giant = { room, epoch, from: "guest", seq: 1, token: "x".repeat(2 ** 21), expiresAt };
  const watch = await s.watch(s.host, s.hostSeat);
  const wakes = watch.wakes;
  await s.db.collection("messages").insertOne(giant);
  const sent = envelope("guest", 1);
  await s.guest.post(s.guestSeat, [sent]);
  await watch.until(() => watch.pushed.length > 0);
  assertEquals([watch.pushed, watch.wakes], [[sent], wakes]);
  assertEquals(await s.host.read(s.hostSeat), { envelopes: [sent], malformed: 1, upTo: Infinity });
  assertEquals(await s.host.read(s.hostSeat), { envelopes: [sent], malformed: 0, upTo: Infinity });
});

test("operations: match the server's own count", async (s) => {
  const sent = envelope("guest", 1);
  const { host, hostSeat, guest, guestSeat, room } = s;
  assertEquals(await kinds(guest, () => guest.post(guestSeat, [sent])), { insert: 1 });
  assertEquals(await kinds(host, () => host.read(hostSeat)), { aggregate: 1 });
  assertEquals(await kinds(host, () => host.remove(hostSeat, [sent.id])), { delete: 1 });
  assertEquals(await kinds(host, () => host.renew(hostSeat)), { findAndModify: 1 });
  assertEquals(await kinds(host, () => host.seal(hostSeat)), { update: 1 });
  const stranger = await s.open();
  // What looks for the indexes runs beside it, and may be counted already.
  const { listIndexes: _, ...refused } = await kinds(
    stranger,
    () => stranger.claim(room, randomName(16)),
  );
  // The last one looks whether the room is still there, so that no knock outlives it.
  assertEquals(refused, { findAndModify: 1, insert: 1, find: 1 });
});

test("client: opens at most six sockets on three nodes", async (s) => {
  for (const client of [s.guest]) await client.close();
  await s.watch(s.host, s.hostSeat);
  const post = (seq: number) => s.host.post(s.hostSeat, [envelope("host", seq)]);
  await Promise.all(Array.from({ length: 20 }, (_, i) => post(i + 1)));
  let sockets = 0;
  for (const node of s.server.nodes) {
    const admin = await s.server.admin(node);
    const open = await admin.db("admin").aggregate([
      { $currentOp: { allUsers: true, idleConnections: true } },
      { $match: { appName: "whisper" } },
      { $group: { _id: "$connectionId" } },
    ]).toArray();
    sockets += open.length;
    await admin.close();
  }
  assert(sockets >= 4, `${sockets} sockets: the monitors were not counted`);
  assertLessOrEqual(sockets, MAX_SOCKETS);
});

test("read: uses the index, whatever else the collection holds", async (s) => {
  const { room, epoch } = s.guestSeat;
  const expiresAt = new Date(Date.now() + 600_000);
  const foreign = Array.from(
    { length: 2_000 },
    (_, seq) => ({ room: seq % 2 ? room : randomName(16), epoch: randomName(8), seq, expiresAt }),
  );
  await s.db.collection("messages").insertMany(foreign);
  await s.guest.post(s.guestSeat, [1, 2, 3].map((seq) => envelope("guest", seq)));
  const plan = await s.db.collection("messages").aggregate(
    unreadPipeline(s.hostSeat, MAX_READ_BYTES),
  ).explain(
    "executionStats",
  );
  const text = JSON.stringify(plan);
  assert(text.includes('"indexName":"reading"'), text);
  const examined = [...text.matchAll(/"totalDocsExamined":(\d+)/g)].map((found) =>
    Number(found[1])
  );
  assertEquals(examined.length > 0 && Math.max(...examined), 3, text);
  assertEquals(text.includes('"stage":"SORT"'), false);
  await s.db.collection("messages").deleteMany({ room: { $in: foreign.map(({ room }) => room) } });
  assertEquals(epoch, s.hostSeat.epoch);
});

test("read: looks at no more than it takes in one turn, however much lies there", async (s) => {
  const place = { room: s.room, epoch: s.guestSeat.epoch };
  const expiresAt = new Date(Date.now() + 60_000);
  const flood = Array.from({ length: 3_000 }, () => {
    const { id, ...fields } = envelope("guest", 1);
    return { _id: `${place.room}.${place.epoch}.${id}`, ...place, ...fields, expiresAt };
  });
  await s.db.collection("messages").insertMany(flood as Document[]);
  const plan = await s.db.collection("messages").aggregate(
    unreadPipeline(s.hostSeat, MAX_READ_BYTES),
  ).explain(
    "executionStats",
  );
  const examined = [...JSON.stringify(plan).matchAll(/"totalDocsExamined":(\d+)/g)];
  assertLessOrEqual(Math.max(...examined.map(([, count]) => Number(count))), 1_024);
  const { envelopes, malformed } = await s.host.read(s.hostSeat);
  assertEquals([envelopes.length, malformed], [256, 0]);
});

/** What a server answers to a command that takes longer than it was given. */
const TIME_EXCEEDED = 50;

test("leave: leaves to the server what takes long to delete, and counts it", async (s) => {
  await s.guest.post(s.guestSeat, [1, 2, 3].map((seq) => envelope("guest", seq)));
  await s.guest.leave(s.guestSeat);
  // Not the room, which is deleted at the same time.
  const namespace = `${s.db.databaseName}.messages`;
  await s.fail(1, { failCommands: ["delete"], namespace, errorCode: TIME_EXCEEDED });
  const { last, remaining } = await s.host.leave(s.hostSeat);
  assert(last && remaining !== null && remaining <= 3, `${remaining}`);
  const { db, room } = s;
  assertEquals(await db.collection("rooms").countDocuments({ _id: room as never }), 0);
  while (await db.collection("messages").countDocuments({ room }) > 0);
});

test("leave: gives up the seat where there is too much to count", async (s) => {
  await s.guest.post(s.guestSeat, [envelope("guest", 1)]);
  await s.fail(2, { failCommands: ["aggregate"], errorCode: TIME_EXCEEDED });
  assertEquals(await s.guest.leave(s.guestSeat), { last: false, remaining: null });
  assertEquals((await s.host.renew(s.hostSeat))?.peer, undefined);
});

test("renew: holds the seat where there is too much to keep", async (s) => {
  await s.guest.post(s.guestSeat, [envelope("guest", 1)]);
  await s.fail(1, { failCommands: ["update"], errorCode: TIME_EXCEEDED });
  assert(await s.guest.renew(s.guestSeat, { keep: true }));
});

test("read: removes what is malformed in turns that each end in time", async (s) => {
  const { room, epoch } = s.guestSeat;
  await s.db.collection("messages").insertOne({ room, epoch, from: "guest", seq: -1 });
  await s.fail(1, { failCommands: ["delete"], errorCode: TIME_EXCEEDED });
  assertEquals((await s.host.read(s.hostSeat)).malformed, 1);
  assertEquals((await s.host.read(s.hostSeat)).malformed, 1);
  assertEquals((await s.host.read(s.hostSeat)).malformed, 0);
});

test("remove, leave, sweep: use an index, whatever else the collection holds", async (s) => {
  const { room, epoch } = s.guestSeat;
  const id = `${room}.${epoch}.${randomName(16)}`;
  const filters: Document[] = [
    { _id: { $in: [id, `${id}x`] } },
    { room, epoch },
    { room },
    { room, epoch: { $in: [epoch, randomName(8)] } },
    { room, epoch, _id: { $in: [id] } },
    malformedFilter(s.hostSeat),
  ];
  for (const filter of filters) {
    const plan = await s.db.collection("messages").find(filter).explain("queryPlanner");
    const { winningPlan } = plan["queryPlanner"];
    const text = JSON.stringify(winningPlan);
    assert(/IXSCAN|IDHACK/.test(text) && !text.includes("COLLSCAN"), text);
  }
  const rooms = await s.db.collection<RoomDocument>("rooms").find(roomFilter(s.hostSeat))
    .explain("queryPlanner");
  assert(!JSON.stringify(rooms["queryPlanner"].winningPlan).includes("COLLSCAN"));
});

test("expiry: the server deletes expired rooms and envelopes", async (s) => {
  const gone = new Set<string>();
  const expired = randomName(16);
  const changes = s.db.watch([{ $match: { operationType: "delete" } }]);
  await changes.tryNext();
  const client = await s.open();
  await client.create(expired, { token: randomName(16), epoch: randomName(8), lingerMs: 60_000 });
  await s.db.collection("rooms").updateOne({ _id: expired as never }, [
    { $set: { expiresAt: "$$NOW" } },
  ]);
  await s.guest.post(s.guestSeat, [envelope("guest", 1)]);
  const { modifiedCount } = await s.db.collection("messages").updateMany({ room: s.room }, [
    { $set: { expiresAt: "$$NOW" } },
  ]);
  assertEquals(modifiedCount, 1);
  for await (const change of changes) {
    if (change.operationType === "delete") gone.add(String(change.documentKey._id));
    const envelopes = [...gone].some((id) => id.startsWith(`${s.room}.`));
    if (gone.has(expired) && envelopes) break;
  }
  await changes.close();
  assert(await s.host.renew(s.hostSeat), "what has not expired stays");
});

test("documents: contain no clear text", async (s) => {
  await s.guest.post(s.guestSeat, [envelope("guest", 1)]);
  const room = await s.db.collection("rooms").findOne({ _id: s.room as never });
  const message = await s.db.collection("messages").findOne({ room: s.room });
  const fields = ["_id", "epoch", "past", "rev", "sealed", "burnt", "lingerMs", "host", "guest"];
  assertEquals(Object.keys(room!).sort(), [...fields, "left", "last", "expiresAt"].sort());
  const own = ["_id", "room", "epoch", "from", "seq", "attempt", "head", "token", "expiresAt"];
  assertEquals(Object.keys(message!).sort(), own.sort());
});

test("post: loses and duplicates nothing when the primary steps down", async (s) => {
  const watch = await s.watch(s.host, s.hostSeat);
  const admin = await s.server.admin();
  const sent = Array.from({ length: 120 }, (_, i) => envelope("guest", i + 1));
  let stepping: Promise<unknown> | undefined;
  for (const [i, one] of sent.entries()) {
    if (i === 30) {
      const command = { replSetStepDown: 5, secondaryCatchUpPeriodSecs: 5, force: true };
      stepping = admin.db("admin").command(command).catch(() => {});
    }
    await patiently(() => s.guest.post(s.guestSeat, [one]));
  }
  await stepping;
  await admin.close();
  const read = (await patiently(() => s.host.read(s.hostSeat))).envelopes;
  assertEquals(read.map((envelope) => ({ ...envelope, attempt: 0 })), sent);
  await watch.until(() => watch.states.at(-1)?.state === "up");
  const last = envelope("guest", 121);
  const before = watch.wakes;
  await patiently(() => s.guest.post(s.guestSeat, [last]));
  await watch.until(() => watch.wakes > before || watch.pushed.some(({ id }) => id === last.id));
});

test("post: loses nothing accepted when the primary is killed", async (s) => {
  const watch = await s.watch(s.host, s.hostSeat);
  const sent = Array.from({ length: 60 }, (_, i) => envelope("guest", i + 1));
  const primary = await s.server.primary();
  for (const [i, one] of sent.entries()) {
    if (i === 20) s.server.signal(primary, "SIGKILL");
    await patiently(() => s.guest.post(s.guestSeat, [one]));
  }
  const read = (await patiently(() => s.host.read(s.hostSeat))).envelopes;
  assertEquals(read.map((envelope) => ({ ...envelope, attempt: 0 })), sent);
  await watch.until(() => watch.states.at(-1)?.state === "up" && watch.states.length >= 3);
  assertEquals(await patiently(() => s.guest.leave(s.guestSeat)).then(({ last }) => last), false);
  assertEquals(await patiently(() => s.host.leave(s.hostSeat)), { last: true, remaining: 0 });
});

/** Doors that do not open, with what the person is told. `HOST` is a node of the real set. */
const CLOSED: readonly [what: string, uri: string, code: FailureCode][] = [
  ["a wrong password", "mongodb://chat:wrong@HOST/?authSource=admin", "relay-auth"],
  ["an unknown user", "mongodb://nobody:wrong@HOST/?authSource=admin", "relay-auth"],
  ["a host that is not known", "mongodb://a:b@no-such-host.invalid/", "relay-unreachable"],
  ["a cluster that is not known", "mongodb+srv://a:b@cluster0.gone.invalid/", "relay-unreachable"],
  ["a port that refuses", "mongodb://a:b@127.0.0.1:1,127.0.0.1:2/", "relay-unreachable"],
  ["TLS where there is none", "mongodb://a:b@HOST/?tls=true", "relay-unreachable"],
  ["an unknown mechanism", "mongodb://a:b@HOST/?authMechanism=PLAIN", "relay-auth"],
  ["an unknown option", "mongodb://a:b@HOST/?flavor=blue", "relay-uri"],
];

for (const [what, uri, code] of CLOSED) {
  Deno.test({
    name: `mongodb faults: opening with ${what} fails at once as ${code}${skip}`,
    ignore,
    async fn() {
      const [node] = (await start()).nodes;
      const settings = { uri: uri.replace("HOST", node!.host) };
      const failure = await assertRejects(() => openMongoRelay(settings, deps), Failure);
      assertEquals([failure.code, failure.status], [code, 3], failure.message);
      assertEquals(Deno.inspect(failure).includes("wrong:"), false);
      assertEquals(Deno.inspect(failure).includes(":wrong"), false);
    },
  });
}

test("client: reports missing rights at the first operation", async (s) => {
  const uri = s.server.uri.replace(`/${DATABASE}?`, "/other?");
  const client = await openMongoRelay({ uri }, deps);
  const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 60_000 };
  const failure = await assertRejects(() => client.create(randomName(16), wish), Failure);
  assertEquals(failure.code, "relay-denied");
  await client.close();
});

Deno.test({
  name: `mongodb faults: the servers stop${skip}`,
  ...outliving,
  fn: async () => await (await server)?.stop(),
});

Deno.test({
  name: `mongodb faults: a standalone server is polled${skip}`,
  ...outliving,
  async fn() {
    const server = await startStandalone();
    const client = await openMongoRelay({ uri: server.uri }, deps);
    const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 60_000 };
    const made = await client.create(randomName(16), wish);
    assert("seat" in made);
    const recorder = new Recorder();
    const end = new AbortController();
    client.watch(made.seat, recorder, end.signal);
    await recorder.up();
    assertEquals(recorder.states, [{ state: "up", watch: "poll" }]);
    end.abort();
    await client.close();
    await server.stop();
  },
});
