/**
 * Every field of both collections with a value of every BSON type, written by another client with
 * the same rights, at a real server: a relay refuses nothing that is true, tells nothing as a bug, and
 * leaves nothing behind. The whole matrix runs with SOAK=1, a part of it otherwise.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { MongoClient } from "mongodb";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import type { Envelope, Relay, RoomId, Seat } from "../../src/relay/relay.ts";
import { HOSTILE_VALUES } from "../support/hostile_values.ts";
import { DATABASE, ownServersOrSkip, startReplicaSet, type TestServer } from "../support/mongod.ts";
import { int64, Raw, type RawValue, RawWriter } from "../support/raw_writer.ts";
import { allRead, meet } from "../faults/harness.ts";
import { envelope, randomName, Recorder } from "./relay_contract.ts";

const { ignore, skip } = await ownServersOrSkip();
const SOAK = Deno.env.get("SOAK") === "1";
const deps = { clock: systemClock, random: systemRandom };

const MESSAGE_FIELDS = [
  ...["_id", "room", "epoch", "from", "seq", "attempt", "head", "token", "expiresAt", "extra"],
];
const ROOM_FIELDS = [
  ...["epoch", "past", "rev", "sealed", "burnt", "lingerMs", "host", "guest", "left", "last"],
  ...["expiresAt", "host.token", "host.lease", "guest.token", "guest.lease", "left.host", "extra"],
];

let server: Promise<TestServer> | undefined;
const start = () => server ??= startReplicaSet({ count: 1, auth: false });
/** The server outlives the tests between the first and the last; nothing else may. */
const outliving = { ignore, sanitizeOps: false, sanitizeResources: false };

Deno.test({
  name: `hostile documents: the server starts${skip}`,
  ...outliving,
  fn: async () => void await start(),
});

/** The hostile writer, and two relays that share a room. */
class Fixture {
  readonly writer: RawWriter;
  readonly admin: MongoClient;
  readonly host: Relay;
  readonly guest: Relay;

  constructor(parts: { writer: RawWriter; admin: MongoClient; host: Relay; guest: Relay }) {
    this.writer = parts.writer;
    this.admin = parts.admin;
    this.host = parts.host;
    this.guest = parts.guest;
  }

  async pair(room = randomName(16)): Promise<{ hostSeat: Seat; guestSeat: Seat; room: RoomId }> {
    const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 60_000 };
    const made = await this.host.create(room, wish);
    assert("seat" in made, "the room is free");
    const claim = await this.guest.claim(room, randomName(16));
    assert("seat" in claim, "the seat is free");
    return { hostSeat: made.seat, guestSeat: claim.seat, room };
  }

  get db() {
    return this.admin.db(DATABASE);
  }
}

async function withFixture(
  poll: boolean,
  work: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const { uri } = await start();
  const writer = await RawWriter.connect(uri);
  const admin = await MongoClient.connect(uri, { enableUtf8Validation: false });
  const open = () => openMongoRelay({ uri, poll }, deps);
  const [host, guest] = [await open(), await open()];
  try {
    await work(new Fixture({ writer, admin, host, guest }));
  } finally {
    await Promise.all([host.close(), guest.close(), admin.close()]);
    writer.close();
  }
}

/** A document like that of an envelope, with one field of another kind. */
function hostileMessage(
  seat: Seat,
  field: string,
  value: RawValue,
): { readonly [name: string]: RawValue } {
  const { room, epoch } = seat;
  const id = randomName(16);
  const document: Record<string, RawValue> = {
    _id: `${room}.${epoch}.${id}`,
    ...{ room, epoch, from: seat.role === "host" ? "guest" : "host", seq: 1, attempt: 0 },
    head: new Uint8Array(61),
    token: "gAAAAA",
    expiresAt: new Date(Date.now() + 60_000),
  };
  document[field] = value;
  return document;
}

/** Each field with one value in `step`, others for each field; with all of them under SOAK=1. */
function selected(fields: readonly string[], step: number): [field: string, value: string][] {
  const all = fields.flatMap((field) =>
    Object.keys(HOSTILE_VALUES).map((value): [string, string] => [field, value])
  );
  return all.filter((_, i) => SOAK || i % step === 0);
}

for (const poll of [false, true]) {
  Deno.test({
    name: `MongoRelay: hides nothing behind documents of every type, ${
      poll ? "polling" : "by stream"
    }${skip}`,
    ignore,
    fn: () =>
      withFixture(poll, async (fixture) => {
        const { host, guest, writer, db } = fixture;
        const { hostSeat, guestSeat, room } = await fixture.pair();
        const recorder = new Recorder();
        const end = new AbortController();
        host.watch(hostSeat, recorder, end.signal);
        await recorder.up();
        const sent: Envelope[] = [];
        let planted = 0;
        for (const [field, name] of selected(MESSAGE_FIELDS, 5)) {
          for (const seat of [hostSeat, guestSeat]) {
            const document = hostileMessage(seat, field, HOSTILE_VALUES[name]!);
            try {
              await writer.insert(DATABASE, "messages", [document]);
            } catch (error) {
              // A server stores not every type as an identity, and each one once.
              if (field !== "_id") throw error;
            }
          }
          if (++planted % 8 > 0) continue;
          const one = envelope("guest", sent.length + 1);
          sent.push(one);
          await guest.post(guestSeat, [one]);
          assert(await host.renew(hostSeat) && await guest.renew(guestSeat));
        }
        const isTrue = ({ id }: Envelope) => sent.some((one) => one.id === id);
        const { envelopes, malformed } = await host.read(hostSeat);
        assert(malformed > 40, `${malformed} were counted`);
        assertEquals(envelopes.filter(isTrue), sent);
        assertEquals((await host.read(hostSeat)).malformed, 0, "counted once");
        assert((await guest.read(guestSeat)).malformed > 40);
        assertEquals((await guest.read(guestSeat)).malformed, 0, "counted once");
        if (!poll) {
          await recorder.until(() =>
            sent.every(({ id }) => recorder.pushed.some((one) => one.id === id))
          );
        }
        assertEquals(recorder.states.filter(({ state }) => state !== "up"), []);
        end.abort();
        assertEquals((await guest.leave(guestSeat)).last, false);
        assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
        assertEquals(await db.collection("messages").countDocuments({ room }), 0);
        assertEquals(await db.collection("rooms").countDocuments({ _id: room as never }), 0);
      }),
  });
}

Deno.test({
  name: `MongoRelay.inspect: shows what there is beside documents of every type${skip}`,
  ignore,
  fn: () =>
    withFixture(false, async (fixture) => {
      const { host, guest, writer } = fixture;
      const { hostSeat, guestSeat } = await fixture.pair();
      const own = envelope("guest", 1);
      await guest.post(guestSeat, [own]);
      // Every value, in fields that place no document elsewhere.
      for (const field of ["from", "token", "extra"]) {
        for (const [name, value] of Object.entries(HOSTILE_VALUES)) {
          const document = hostileMessage(hostSeat, field, value);
          await writer.insert(DATABASE, "messages", [document]);
          const { documents } = await host.inspect(hostSeat);
          assert(documents.length >= 2, `${field}, ${name}`);
          const shown = documents.some(({ from }) => from === "guest");
          assert(shown, `${field}, ${name}: hides the others`);
          // What is not an envelope is discarded by reading, and the others here by name.
          const { envelopes } = await host.read(hostSeat);
          await host.remove(hostSeat, envelopes.map(({ id }) => id).filter((id) => id !== own.id));
          await guest.read(guestSeat);
        }
      }
    }),
});

/** What an operation came to: its own trouble, or none; anything else fails the test. */
async function outcome(what: string, operation: () => Promise<unknown>): Promise<void> {
  try {
    await operation();
  } catch (error) {
    const isTold = error instanceof RelayUnavailable ||
      error instanceof Failure && error.code !== "bug";
    assert(isTold, `${what}: ${Deno.inspect(error)}`);
  }
}

Deno.test({
  name: `MongoRelay: leaves nothing, whatever is written into a room${skip}`,
  ignore,
  fn: () =>
    withFixture(true, async (fixture) => {
      const { host, guest, writer, db } = fixture;
      for (const [field, name] of selected(ROOM_FIELDS, 11)) {
        const what = `${field}: ${name}`;
        const { hostSeat, guestSeat, room } = await fixture.pair();
        try {
          await writer.set(DATABASE, "rooms", room, { [field]: HOSTILE_VALUES[name]! });
        } catch {
          // Not every value can be stored under every name.
        }
        const operations: [string, () => Promise<unknown>][] = [
          ["renew", () => host.renew(hostSeat)],
          ["post", () => guest.post(guestSeat, [envelope("guest", 1)])],
          ["read", () => host.read(hostSeat)],
          ["claim", () => guest.claim(room, randomName(16))],
          ["seal", () => host.seal(hostSeat)],
          ["renew and keep", () => guest.renew(guestSeat, { keep: true })],
          ["guest leaves", () => guest.leave(guestSeat)],
          ["host leaves", () => host.leave(hostSeat)],
        ];
        for (const [operation, run] of operations) {
          await outcome(`${what}: ${operation}`, run);
        }
        const left = await db.collection("rooms").findOne(
          { _id: room as never },
          { projection: { expiresAt: 1 } },
        );
        // A seat that was overwritten cannot be given up; its room expires by itself.
        const isOverwritten = /^(epoch|host|guest)/.test(field);
        if (!isOverwritten) {
          assertEquals(left, null, what);
          assertEquals(await db.collection("messages").countDocuments({ room }), 0, what);
        } else if (left) {
          const { expiresAt } = left as unknown as { expiresAt: Date };
          assert(expiresAt.getTime() <= Date.now() + 61_000, what);
        }
      }
    }),
});

Deno.test({
  name: `MongoRelay: replaces a room that was written to stay for good${skip}`,
  ignore,
  fn: () =>
    withFixture(true, async (fixture) => {
      const far: readonly RawValue[] = [
        ...["MaxKey", "date out of range", "long", "string", "object", "regular expression"],
      ].map((name) => HOSTILE_VALUES[name]!);
      for (const [i, expiresAt] of far.entries()) {
        const room = randomName(16);
        await fixture.writer.insert(DATABASE, "rooms", [{
          ...{ _id: room, epoch: "e", past: [HOSTILE_VALUES["invalid UTF-8"]!], rev: 1 },
          ...{ sealed: true, burnt: false, lingerMs: 8e15, guest: null, last: null, expiresAt },
          host: { token: "t", lease: expiresAt },
        }]);
        const { hostSeat, guestSeat } = await fixture.pair(room);
        await fixture.guest.leave(guestSeat);
        assertEquals(await fixture.host.leave(hostSeat), { last: true, remaining: 0 }, `${i}`);
      }
    }),
});

/** Everything of a room that a co-tenant can make stay, or make a reader stumble over. */
const SPOILT_ROOMS: readonly (readonly [what: string, fields: Record<string, RawValue>])[] = [
  ["past with invalid UTF-8", { past: [HOSTILE_VALUES["invalid UTF-8"]!] }],
  ["a large past", { past: HOSTILE_VALUES["large array"]! }],
  ["a last one out who never was", { last: "x" }],
  ["a list of those who left that is none", { left: "x" }],
  ["a linger without end", { lingerMs: 8e15, expiresAt: new Date(8e15) }],
  ["a revision that is none", { rev: HOSTILE_VALUES["decimal NaN"]! }],
  ["a megabyte more", { extra: "x".repeat(2 ** 20) }],
];

for (const poll of [false, true]) {
  Deno.test({
    name: `chat: goes on among hostile documents, ${poll ? "polling" : "by stream"}${skip}`,
    ignore,
    fn: () =>
      withFixture(poll, async ({ host: hostRelay, guest: guestRelay, writer, db }) => {
        const pair = await meet({ relay: hostRelay }, { relay: guestRelay });
        const { host, guest, room } = pair;
        const stored = await db.collection("rooms").findOne({ _id: room as never });
        const { epoch } = stored as unknown as { epoch: string };
        const seats = (["host", "guest"] as const).map((role) => ({
          room,
          epoch,
          role,
          token: "",
        }));
        for (const [i, [field, name]] of selected(MESSAGE_FIELDS, 7).entries()) {
          for (const seat of seats) {
            const document = hostileMessage(seat, field, HOSTILE_VALUES[name]!);
            await writer.insert(DATABASE, "messages", [document]).catch(() => {});
          }
          if (i % 10 > 0) continue;
          host.say();
          guest.say();
        }
        for (const [what, fields] of SPOILT_ROOMS) {
          await writer.set(DATABASE, "rooms", room, fields);
          host.say();
          guest.say();
          await allRead(pair);
          assertEquals([...host.told("error"), ...guest.told("error")], [], what);
        }
        await allRead(pair);
        for (const [one, other] of [[host, guest], [guest, host]] as const) {
          assertEquals(other.shown, [...one.said.values()], `what ${other.name} was shown`);
        }
        await writer.set(DATABASE, "rooms", room, { last: "x", left: "x", past: "x" });
        assertEquals([await guest.leave(), await host.leave()], [0, 0]);
        assertEquals(await db.collection("messages").countDocuments({ room }), 0);
        assertEquals(await db.collection("rooms").countDocuments({ _id: room as never }), 0);
      }),
  });
}

Deno.test({
  name: `MongoRelay.renew: corrects an expiry and a linger that reach too far${skip}`,
  ignore,
  fn: () =>
    withFixture(true, async (fixture) => {
      const { host, writer, db } = fixture;
      for (const name of ["MaxKey", "date out of range", "long", "string", "regular expression"]) {
        const { hostSeat, room } = await fixture.pair();
        const expiresAt = HOSTILE_VALUES[name]!;
        const lingerMs = new Raw(0x12, int64(8_000_000_000_000_000n));
        await writer.set(DATABASE, "rooms", room, { expiresAt, lingerMs });
        assert(await host.renew(hostSeat), name);
        const stored = await db.collection("rooms").findOne({ _id: room as never });
        const { expiresAt: corrected } = stored as unknown as { expiresAt: Date };
        // The longest linger there is.
        assert(corrected.getTime() <= Date.now() + 86_401_000, name);
      }
    }),
});

Deno.test({
  name: `hostile documents: the server stops${skip}`,
  ...outliving,
  fn: async () => await (await server)?.stop(),
});
