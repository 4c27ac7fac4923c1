/**
 * The same attacker at a real MongoDB: a second client with the same password, which copies, alters,
 * repeats and invents documents while two people talk.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Binary, type Collection, MongoClient } from "mongodb";
import type { AlarmKind } from "../../src/chat/events.ts";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { encodeBase64Url } from "../../src/base64url.ts";
import type { Envelope } from "../../src/relay/relay.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import { inspectUri } from "../../src/relay/mongodb/uri.ts";
import { allRead, meet, type Pair, type Person } from "../faults/harness.ts";
import { mongodAvailable, startReplicaSet, type TestServer } from "../support/mongod.ts";
import { type Document, intercept, otherId, withHeadByte, withTokenChar } from "./hostile.ts";

const available = await mongodAvailable();
const skip = available.ok ? "" : ` (skipped: ${available.why})`;
const ignore = !available.ok;
const TITLE = "a second client at MongoDB";

/** What becomes of the envelopes of one post: what is stored in their place. */
type Tampering = (envelopes: readonly Envelope[]) => readonly Document[];

/** One talk over the server, with the second client at work. */
interface Fixture extends Pair {
  readonly attacker: Attacker;
  /** All that Alice (the host) has posted. */
  readonly posted: Envelope[];
  /** Spoils Alice's next post. */
  spoil(how: Tampering): void;
}

/** An attacker with the same connection string. */
class Attacker {
  readonly #client: MongoClient;
  readonly messages: Collection<{ _id: string }>;
  readonly rooms: Collection<{ _id: string }>;

  constructor(client: MongoClient, uri: string) {
    this.#client = client;
    this.messages = client.db(inspectUri(uri).database).collection("messages");
    this.rooms = client.db(inspectUri(uri).database).collection("rooms");
  }

  /** Stores documents in the present epoch of a room, whatever they are. */
  async plant(room: string, envelopes: readonly Document[]): Promise<void> {
    const { epoch } = await this.rooms.findOne({ _id: room }) as unknown as { epoch: string };
    const expiresAt = new Date(Date.now() + 600_000);
    await this.messages.insertMany(envelopes.map(({ id, head, ...rest }) => ({
      _id: `${room}.${epoch}.${id}`,
      room,
      epoch,
      ...rest,
      head: head instanceof Uint8Array ? new Binary(head) : head,
      expiresAt,
    })));
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

let server: Promise<TestServer> | undefined;
const start = () => server ??= startReplicaSet({ count: 1 });
const outliving = { ignore, sanitizeOps: false, sanitizeResources: false };

function test(name: string, play: (fixture: Fixture) => Promise<void>): void {
  Deno.test({ name: `${TITLE}: ${name}${skip}`, ignore, fn: () => run(play) });
}

async function run(play: (fixture: Fixture) => Promise<void>): Promise<void> {
  const { uri } = await start();
  const attacker = new Attacker(await MongoClient.connect(uri), uri);
  const open = () => openMongoRelay({ uri }, { clock: systemClock, random: systemRandom });
  const posted: Envelope[] = [];
  let spoil: Tampering | undefined;
  let room = "";
  const hers = await open();
  const pair = await meet({
    relay: intercept(async (name, args, proceed) => {
      if (name !== "post") return await proceed();
      const envelopes = args[1] as Envelope[];
      posted.push(...envelopes);
      const how = spoil;
      spoil = undefined;
      return how ? await attacker.plant(room, how(envelopes)) : await proceed();
    }, hers),
  }, { relay: open() });
  room = pair.room;
  try {
    await play({ ...pair, attacker, posted, spoil: (how) => spoil = how });
    assertEquals([await pair.guest.leave(), await pair.host.leave()], [0, 0]);
    assertEquals(await attacker.messages.countDocuments({ room }), 0);
    assertEquals(await attacker.rooms.countDocuments({ _id: room }), 0);
  } finally {
    await Promise.all([pair.guest.leave(), pair.host.leave()]);
    await attacker.close();
  }
}

/** Waits until alarms of `kinds` were raised, and asserts that there were no others. */
async function assertAlarmed(person: Person, ...kinds: AlarmKind[]): Promise<void> {
  const raised = () => [...new Set(person.told("alarm").map(({ kind }) => kind))].sort();
  await person.until(`alarms: ${kinds}`, () => raised().length >= kinds.length);
  assertEquals(raised(), kinds.toSorted());
}

function garbage(): Document {
  const token = encodeBase64Url(systemRandom(123));
  const id = encodeBase64Url(systemRandom(16));
  return { id, from: "host", seq: 3, attempt: 0, head: systemRandom(61), token };
}

Deno.test({
  name: `${TITLE}: the server starts${skip}`,
  ...outliving,
  fn: async () => void await start(),
});

test("discards an altered token in place of the true one", async ({ host, guest, spoil }) => {
  spoil((envelopes) => envelopes.map((one) => withTokenChar(one, 50)));
  host.say();
  await assertAlarmed(guest, "altered");
  host.say();
  await assertAlarmed(guest, "altered", "gap");
  assertEquals(guest.shown, ["Alice says 2"]);
});

test("discards an altered header in place of the true one", async ({ host, guest, spoil }) => {
  spoil((envelopes) => envelopes.map((one) => withHeadByte(one, 3)));
  host.say();
  await assertAlarmed(guest, "forged");
  host.say();
  await assertAlarmed(guest, "forged", "gap");
  assertEquals(guest.shown, ["Alice says 2"]);
});

test("reports two messages that were deleted", async ({ host, guest, spoil }) => {
  spoil(([first]) => [{ ...garbage(), from: "stranger", seq: 0, head: first!.head }]);
  host.say(2);
  await assertAlarmed(guest, "forged");
  host.say();
  await assertAlarmed(guest, "forged", "gap");
  const { first, last } = guest.told("alarm").find(({ kind }) => kind === "gap")!;
  assertEquals([first, last, guest.shown], [1, 2, ["Alice says 3"]]);
});

test(
  "shows no message twice when it is stored again",
  async ({ host, guest, attacker, posted, room }) => {
    host.say();
    await host.until("a receipt", () => host.isRead);
    await attacker.plant(room, [posted.at(-1)!].map((one) => ({ ...one, id: otherId(one) })));
    await assertAlarmed(guest, "replayed");
    host.say();
    await guest.until("the second text", () => guest.shown.length === 2);
  },
);

test("discards one's own messages stored as the peer's", async (fixture) => {
  const { host, guest, attacker, posted, room } = fixture;
  host.say();
  await host.until("a receipt", () => host.isRead);
  // A post may have been repeated.
  const own = new Map(posted.filter(({ seq }) => seq > 0).map((one) => [one.id, one]));
  const reflected = [...own.values()]
    .map((one) => ({ ...one, from: "guest", id: otherId(one) }));
  await attacker.plant(room, reflected);
  await assertAlarmed(host, "forged");
  guest.say();
  await host.until("the answer", () => host.shown.length === 1);
  await allRead(fixture);
});

test("discards documents of another shape", async ({ host, guest, attacker, room }) => {
  const shapes = [
    { seq: "3" },
    { seq: 3.5 },
    { attempt: -1 },
    { head: "text" },
    { token: 7 },
    { token: "A".repeat(200_000) },
    { head: new Uint8Array(600) },
  ];
  await attacker.plant(room, shapes.map((shape) => ({ ...garbage(), ...shape })));
  host.say();
  await guest.until("the text", () => guest.shown.length === 1);
  await assertAlarmed(guest, "forged");
});

test("delivers messages among two thousand documents of garbage", async (fixture) => {
  const { host, guest, attacker, room } = fixture;
  const before = { ...guest.chat.overview().operations };
  await attacker.plant(room, Array.from({ length: 2_000 }, garbage));
  host.say(3);
  guest.say(3);
  await allRead(fixture);
  assertEquals([guest.shown.length, host.shown.length], [3, 3]);
  await assertAlarmed(guest, "forged");
  const { delete: removals = 0 } = guest.chat.overview().operations;
  assert(removals - (before.delete ?? 0) < 100, `${removals} removals`);
});

test("reports a room that was unsealed", async ({ host, guest, attacker, room }) => {
  await attacker.rooms.updateOne({ _id: room }, { $set: { sealed: false } });
  await Promise.all([assertAlarmed(host, "rollback"), assertAlarmed(guest, "rollback")]);
});

test("reports a knock", async ({ host, guest, attacker, room }) => {
  const knock = { ...garbage(), from: "stranger", seq: 0, head: new Uint8Array(0), token: "" };
  await attacker.plant(room, [knock]);
  await Promise.all([assertAlarmed(host, "third-party"), assertAlarmed(guest, "third-party")]);
});

Deno.test({
  name: `${TITLE}: the server stops${skip}`,
  ...outliving,
  fn: async () => await (await server)?.stop(),
});
