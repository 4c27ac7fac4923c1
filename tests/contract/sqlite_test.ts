import { DatabaseSync } from "node:sqlite";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { openSqliteRelay } from "../../src/relay/sqlite/sqlite_relay.ts";
import { envelope, relayContract, type RelayFixture } from "./relay_contract.ts";

relayContract("sqlite", async () => {
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
           VALUES (?, ?, ?, 'guest', -1, 0, 1e15, ?, ?)`,
        ).run(room, epoch, id, head, token);
      }),
    count: (room) =>
      behind((db) => {
        const rows = db.prepare(
          `SELECT 1 FROM rooms WHERE room = ? UNION ALL SELECT 1 FROM envelopes WHERE room = ?`,
        ).all(room, room);
        return rows.length;
      }),
    close: () => Deno.remove(directory, { recursive: true }),
  };
  return relay;
});
