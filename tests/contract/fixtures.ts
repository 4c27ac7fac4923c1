/**
 * Relays under test, with access to what they store.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import { inspectUri } from "../../src/relay/mongodb/uri.ts";
import { openSqliteRelay } from "../../src/relay/sqlite/sqlite_relay.ts";
import type { TestServer } from "../support/mongod.ts";
import { envelope, type RelayFixture } from "./harness.ts";

/** A relay in a new SQLite file. */
export async function sqliteFixture(): Promise<RelayFixture> {
  const directory = await Deno.makeTempDir({ prefix: "whisper-test-" });
  const path = `${directory}/chat.db`;

  /** Works on the file behind the backs of its clients. */
  function behind<T>(work: (db: DatabaseSync) => T): Promise<T> {
    const db = new DatabaseSync(path);
    try {
      db.exec("PRAGMA busy_timeout = 1000");
      return Promise.resolve(work(db));
    } finally {
      db.close();
    }
  }

  const relay: RelayFixture = {
    open: () => openSqliteRelay({ path, clock: systemClock, random: systemRandom }),
    age: (room, ms) =>
      behind((db) => {
        db.prepare(
          `UPDATE rooms SET expires = expires - ?, host_lease = host_lease - ?,
             guest_lease = guest_lease - ? WHERE room = ?`,
        ).run(ms, ms, ms, room);
        db.prepare("UPDATE envelopes SET expires = expires - ? WHERE room = ?").run(ms, room);
      }),
    plantMisshapen: (room, epoch) =>
      behind((db) => {
        const { id, head, token } = envelope("guest", 1);
        db.prepare(
          `INSERT INTO envelopes (room, epoch, id, sender, seq, attempt, expires, head, token)
           VALUES (?, ?, ?, 'guest', 9223372036854775807, 0, 1e15, ?, ?)`,
        ).run(room, epoch, id, head, token);
      }),
    count: (room) =>
      behind((db) => {
        const rows = db.prepare(
          `SELECT 1 FROM rooms WHERE room = ? UNION ALL SELECT 1 FROM envelopes WHERE room = ?`,
        ).all(room, room);
        return rows.length;
      }),
    fields: () =>
      behind((db) => {
        const columns = (table: string) =>
          db.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => String(name));
        return { room: columns("rooms"), message: columns("envelopes") };
      }),
    close: () => Deno.remove(directory, { recursive: true }),
  };
  return relay;
}

/** A relay on a running MongoDB server. */
export async function mongoFixture(server: TestServer): Promise<RelayFixture> {
  const admin = await server.admin();
  const db = admin.db(inspectUri(server.uri).database);
  const rooms = db.collection<{ _id: string }>("rooms");
  const messages = db.collection<{ _id: string }>("messages");
  return {
    open: () => openMongoRelay({ uri: server.uri }, { clock: systemClock, random: systemRandom }),
    async age(room, ms) {
      const older = (path: string) => ({ $subtract: [path, ms] });
      const seat = (role: string) => ({
        $cond: [{ $eq: [`$${role}`, null] }, null, {
          token: `$${role}.token`,
          lease: older(`$${role}.lease`),
        }],
      });
      const expiresAt = older("$expiresAt");
      await rooms.updateOne({ _id: room }, [
        { $set: { expiresAt, host: seat("host"), guest: seat("guest") } },
      ]);
      await messages.updateMany({ room }, [{ $set: { expiresAt } }]);
    },
    async plantMisshapen(room, epoch) {
      const { id, from, seq, attempt, token } = envelope("guest", 1);
      const expiresAt = new Date(Date.now() + 600_000);
      const misshapen = { room, epoch, from, seq, attempt, token, head: "not bytes", expiresAt };
      await messages.insertOne({ _id: `${room}.${epoch}.${id}`, ...misshapen });
    },
    count: async (room) =>
      await rooms.countDocuments({ _id: room }) + await messages.countDocuments({ room }),
    async fields(room) {
      const names = (document: object | null) =>
        Object.entries(document ?? {}).flatMap(([name, value]) =>
          value?.constructor === Object ? Object.keys(value).map((one) => `${name}.${one}`) : [name]
        );
      return {
        room: names(await rooms.findOne({ _id: room })),
        message: names(await messages.findOne({ room })),
      };
    },
    close: () => admin.close(),
  };
}
