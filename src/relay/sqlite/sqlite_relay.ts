/**
 * The local relay: a SQLite file that the two terminals of one user share.
 *
 * SQLite is synchronous, so every operation is one short transaction that is done when the method
 * returns its promise; what has to be decided together (is the seat free? take it) is inside one
 * `BEGIN IMMEDIATE`, which one process at a time gets. Never run a statement after `close`: older
 * Deno ends the process for it.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Clock, Random } from "../../clock.ts";
import { RelayUnavailable } from "../../errors.ts";
import { asEnvelope, assertBatch, knock, pageOf } from "../envelope.ts";
import {
  type Claim,
  type Departure,
  type Envelope,
  LEASE_MS,
  type Listener,
  MAX_BATCH,
  type Operations,
  type OpOptions,
  otherSeat,
  type Page,
  type ReadOptions,
  type Relay,
  type RoomId,
  type RoomView,
  type Seat,
  type StoredDocuments,
  type Wanted,
} from "../relay.ts";
import { MAX_INSPECTED, MAX_STORED_BYTES, storedMessage, storedRoom } from "../stored.ts";
import { ChangeNotifier } from "./change_notifier.ts";
import { fileAt, NOW, openDatabase, purge, retireDatabase, scrub } from "./database.ts";
import { relayError } from "./errors.ts";
import { FileLock } from "./file_lock.ts";
import { defaultDatabasePath, directoryOf, ensurePrivateDirectory, type Env } from "./place.ts";
import {
  type EnvelopeRow,
  isHeldBy,
  refusal,
  ROOM_COLUMNS,
  type RoomRow,
  SELECT_OTHERS,
} from "./rows.ts";
import { Watchers } from "./watchers.ts";

/** How to open the local relay. */
export interface SqliteOptions {
  /** Another file than the user's own, in a directory that exists. */
  readonly path?: string | undefined;
  /** The environment that says where the user's own file is. Default: this process's. */
  readonly env?: Env;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the local relay and removes what crashed chats have left in it.
 *
 * @throws {Failure} when the file or its directory cannot be used, in a sentence for the person.
 */
export async function openSqliteRelay(options: SqliteOptions): Promise<Relay> {
  const { clock, signal } = options;
  const path = options.path ?? defaultDatabasePath(options.env ?? ((name) => Deno.env.get(name)));
  const owned = options.path === undefined;
  try {
    signal?.throwIfAborted();
    if (owned) ensurePrivateDirectory(directoryOf(path));
    const lock = await FileLock.acquire(lockPath(path), { clock, signal });
    try {
      const db = openDatabase(path, { owned });
      try {
        const file = fileAt(path);
        return new SqliteRelay(db, { path, file, clock, notifier: new ChangeNotifier(path) });
      } catch (error) {
        db.close();
        throw error;
      }
    } finally {
      lock.release();
    }
  } catch (error) {
    const translated = relayError(error, path);
    // Before the chat has begun, what may pass is for the person to see, not for us to wait out.
    throw translated instanceof RelayUnavailable ? translated.failure : translated;
  }
}

function lockPath(path: string): string {
  return `${path}.lock`;
}

class SqliteRelay implements Relay {
  readonly kind = "sqlite";
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #notifier: ChangeNotifier;
  readonly #statements = new Map<string, StatementSync>();
  readonly #operations: Record<string, number> = {};
  readonly #watchers: Watchers;
  /** True when the transaction in hand has stored an envelope. */
  #stored = false;
  #closing: Promise<void> | undefined;

  constructor(
    db: DatabaseSync,
    options: { path: string; file: string; clock: Clock; notifier: ChangeNotifier },
  ) {
    this.#db = db;
    this.#path = options.path;
    this.#file = options.file;
    this.#clock = options.clock;
    this.#notifier = options.notifier;
    this.#watchers = new Watchers({
      version: () => {
        const row = this.#prepare("PRAGMA data_version").get() as { data_version: number };
        return row.data_version;
      },
      after: (seat, n) =>
        this.#prepare(`${SELECT_OTHERS} AND n > ? ORDER BY n LIMIT ${MAX_BATCH}`)
          .all(seat.room, seat.epoch, seat.role, n) as unknown as EnvelopeRow[],
    }, options);
  }

  create(
    room: RoomId,
    seat: { token: string; epoch: string; lingerMs: number },
    options?: OpOptions,
  ): Promise<{ seat: Seat } | { refused: "taken" }> {
    const { token, epoch, lingerMs } = seat;
    return this.#write("create", options, () => {
      purge(this.#db);
      const found = this.#living(room);
      if (found && found.host !== token) return { refused: "taken" };
      if (!found) {
        // What was posted after the last renewal outlives its room by a little.
        this.#run("DELETE FROM envelopes WHERE room = ?", room);
        this.#run(
          `INSERT INTO rooms (room, epoch, linger, expires, host, host_lease)
           VALUES (?, ?, ?, ${NOW} + ?, ?, ${NOW} + ${LEASE_MS})`,
          ...[room, epoch, lingerMs, lingerMs, token],
        );
      }
      return { seat: { room, epoch: found?.epoch ?? epoch, role: "host", token } };
    });
  }

  claim(room: RoomId, token: string, options?: OpOptions): Promise<Claim> {
    return this.#write("claim", options, (): Claim => {
      const found = this.#living(room);
      if (!found) return { refused: "absent" };
      if (found.guest === token && found.host === null) {
        // An earlier attempt took the seat, its answer was lost, and the host has left since.
        this.#removeRoom(room);
        return { refused: "absent" };
      }
      const refused = refusal(found, token);
      if (refused) {
        if (refused !== "absent") this.#store(room, found, knock(token));
        return { refused };
      }
      this.#run(
        `UPDATE rooms SET revision = revision + (guest IS NOT ?), guest = ?,
           guest_lease = ${NOW} + ${LEASE_MS} WHERE room = ?`,
        ...[token, token, room],
      );
      const seat: Seat = { room, epoch: found.epoch, role: "guest", token };
      return { seat, hostToken: found.host ?? "" };
    });
  }

  renew(seat: Seat, options?: OpOptions & { keep?: boolean }): Promise<RoomView | undefined> {
    return this.#write("renew", options, () => {
      this.#revive(seat);
      purge(this.#db);
      const held = this.#held(seat);
      if (!held) return undefined;
      this.#run(
        `UPDATE rooms SET ${seat.role}_lease = ${NOW} + ${LEASE_MS}, expires = ${NOW} + linger
         WHERE room = ?`,
        seat.room,
      );
      if (options?.keep) {
        const expires = held.now + held.linger;
        this.#run("UPDATE envelopes SET expires = ? WHERE room = ?", expires, seat.room);
      }
      const peer = otherSeat(seat.role);
      const [token, lease] = [held[peer], held[`${peer}_lease`]];
      return {
        sealed: held.sealed === 1,
        ...token !== null && { peer: { token, leaseLeftMs: (lease ?? 0) - held.now } },
        revision: held.revision,
      };
    });
  }

  seal(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#write("seal", options, () => this.#shut(seat, "sealed"));
  }

  burn(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#write("burn", options, () => this.#shut(seat, "burnt"));
  }

  vacate(seat: Seat, guestToken: string, options?: OpOptions): Promise<void> {
    return this.#write("vacate", options, () => {
      if (!this.#held(seat)) return;
      this.#run(
        `UPDATE rooms SET guest = NULL, guest_lease = NULL, revision = revision + 1
         WHERE room = ? AND guest = ? AND sealed = 0`,
        ...[seat.room, guestToken],
      );
    });
  }

  reopen(
    seat: Seat,
    next: { token: string; epoch: string },
    options?: OpOptions,
  ): Promise<Seat | undefined> {
    const { token, epoch } = next;
    const { room } = seat;
    return this.#write("reopen", options, (): Seat | undefined => {
      const opened: Seat = { room, epoch, role: "host", token };
      if (this.#held(opened)) return opened;
      if (!this.#held(seat)) return undefined;
      this.#run(
        `UPDATE rooms SET epoch = ?, host = ?, host_lease = ${NOW} + ${LEASE_MS},
           guest = NULL, guest_lease = NULL, sealed = 0, burnt = 0,
           expires = ${NOW} + linger, revision = revision + 1 WHERE room = ?`,
        ...[epoch, token, room],
      );
      this.#run("DELETE FROM envelopes WHERE room = ? AND epoch <> ?", room, epoch);
      return opened;
    });
  }

  post(seat: Seat, envelopes: readonly Envelope[], options?: OpOptions): Promise<void> {
    return this.#write("post", options, () => {
      assertBatch(envelopes);
      this.#revive(seat);
      const found = this.#living(seat.room);
      // An epoch that is over has no readers: there is nothing to store.
      if (found?.epoch !== seat.epoch) return;
      for (const envelope of envelopes) this.#store(seat.room, found, envelope);
    });
  }

  read(seat: Seat, options: OpOptions & ReadOptions = {}): Promise<Page> {
    return this.#operation("read", options, () => {
      let malformed = 0;
      while (true) {
        const rows = this.#unread(seat, options.wanted);
        const strange = rows.filter((row) => asEnvelope(row) === undefined);
        if (strange.length === 0) {
          const envelopes = rows.map(asEnvelope).filter((one) => one !== undefined);
          const { page, upTo } = pageOf(envelopes, options);
          return { envelopes: page, upTo, malformed };
        }
        // Removed, so that they are counted once and do not fill the page.
        this.#transaction(() => {
          for (const { n } of strange) this.#run("DELETE FROM envelopes WHERE n = ?", n);
        });
        malformed += strange.length;
      }
    });
  }

  remove(seat: Seat, ids: readonly string[], options?: OpOptions): Promise<void> {
    return this.#write("remove", options, () => {
      for (const id of ids) {
        const where = [seat.room, seat.epoch, id];
        this.#run("DELETE FROM envelopes WHERE room = ? AND epoch = ? AND id = ?", ...where);
      }
    });
  }

  withdraw({ room, epoch, role }: Seat, options?: OpOptions): Promise<void> {
    return this.#write("withdraw", options, () => {
      const where = "room = ? AND epoch = ? AND sender = ?";
      this.#run(`DELETE FROM envelopes WHERE ${where}`, room, epoch, role);
    });
  }

  leave(seat: Seat, options?: OpOptions): Promise<Departure> {
    const { room, epoch, role } = seat;
    return this.#operation("leave", options, () => {
      const departure = this.#transaction((): Departure => {
        purge(this.#db);
        const held = this.#held(seat);
        const last = held !== undefined && !isHeldBy(held, otherSeat(role));
        if (last) {
          this.#removeRoom(room);
        } else if (held) {
          this.#run(
            `UPDATE rooms SET ${role} = NULL, ${role}_lease = NULL, revision = revision + 1
             WHERE room = ?`,
            room,
          );
        }
        const { remaining } = this.#prepare(
          `SELECT (SELECT count(*) FROM rooms WHERE room = ? AND epoch = ?) +
             (SELECT count(*) FROM envelopes WHERE room = ? AND epoch = ?) AS remaining`,
        ).get(room, epoch, room, epoch) as { remaining: number };
        return { last, remaining };
      });
      if (departure.last) scrub(this.#db);
      return departure;
    });
  }

  watch(seat: Seat, listener: Listener, signal: AbortSignal): void {
    this.#watchers.add(seat, listener, signal);
  }

  inspect({ room, epoch }: Seat, options?: OpOptions): Promise<StoredDocuments> {
    return this.#operation("inspect", options, () => {
      const rows = (sql: string, ...values: string[]) => {
        const statement = this.#prepare(sql);
        // Anyone can have written an integer that no number represents.
        statement.setReadBigInts(true);
        return statement.all(...values) as Record<string, unknown>[];
      };
      const rooms = rows("SELECT * FROM rooms WHERE room = ?", room);
      const messages = rows(
        `SELECT * FROM envelopes WHERE room = ? AND epoch = ?
           AND length(id) + length(sender) + length(head) + length(token) <= ${MAX_STORED_BYTES}
         ORDER BY seq, n
         LIMIT ${MAX_INSPECTED}`,
        ...[room, epoch],
      );
      const [{ count } = { count: 0 }] = rows(
        "SELECT count(*) AS count FROM envelopes WHERE room = ? AND epoch = ?",
        ...[room, epoch],
      );
      return {
        documents: [
          ...rooms.map(storedRoom),
          ...messages.map((row) => storedMessage(row, row["sender"])),
        ],
        more: Number(count) - messages.length,
      };
    });
  }

  operations(): Operations {
    return { ...this.#operations };
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#watchers.close();
    this.#notifier.close();
    this.#statements.clear();
    let lock: FileLock;
    try {
      lock = await FileLock.acquire(lockPath(this.#path), { clock: this.#clock });
    } catch {
      // The directory is gone, or another process is stuck: the next start cleans up, as after a crash.
      this.#db.close();
      return;
    }
    let remove = false;
    try {
      remove = retireDatabase(this.#db, this.#path, { file: this.#file });
    } catch {
      // As above, for a disk that is full or failing: who closes has nothing left to decide.
    } finally {
      lock.release({ remove });
    }
  }

  #write<T>(name: string, options: OpOptions | undefined, action: () => T): Promise<T> {
    return this.#operation(name, options, () => this.#transaction(action));
  }

  /** Runs `action` so that no other process can come between, and tells of what it has stored. */
  #transaction<T>(action: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      this.#stored = false;
      const result = action();
      this.#db.exec("COMMIT");
      if (this.#stored) {
        this.#notifier.notify();
        this.#watchers.changedHere();
      }
      return result;
    } catch (error) {
      try {
        this.#db.exec("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself, as it does on a full disk.
      }
      throw error;
    }
  }

  // deno-lint-ignore require-await -- so that what is thrown becomes a rejection
  async #operation<T>(name: string, options: OpOptions | undefined, action: () => T): Promise<T> {
    options?.signal?.throwIfAborted();
    if (this.#closing) throw new Error("Cannot use the local relay: it was closed");
    this.#operations[name] = (this.#operations[name] ?? 0) + 1;
    try {
      return action();
    } catch (error) {
      throw relayError(error, this.#path);
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#prepare(sql).run(...values);
  }

  #living(room: RoomId): RoomRow | undefined {
    return this.#prepare(
      `SELECT ${ROOM_COLUMNS} FROM rooms WHERE room = ? AND expires > ${NOW}`,
    ).get(room) as RoomRow | undefined;
  }

  #held(seat: Seat): RoomRow | undefined {
    const found = this.#living(seat.room);
    return found?.epoch === seat.epoch && found[seat.role] === seat.token ? found : undefined;
  }

  /**
   * Brings the room of `seat` back when it has expired and is still there: both people of a local chat
   * sleep together with their computer, and nobody else has had a chance to take their room.
   */
  #revive({ room, epoch, role, token }: Seat): void {
    const { changes } = this.#prepare(
      `UPDATE rooms SET expires = ${NOW} + linger
       WHERE room = ? AND epoch = ? AND ${role} = ? AND expires <= ${NOW}`,
    ).run(room, epoch, token);
    if (changes === 0) return;
    this.#run(
      `UPDATE envelopes SET expires = (SELECT expires FROM rooms WHERE rooms.room = envelopes.room)
       WHERE room = ? AND epoch = ?`,
      ...[room, epoch],
    );
  }

  /** One row more than a page holds, or all that may be wanted. */
  #unread(seat: Seat, wanted: Wanted | undefined): EnvelopeRow[] {
    const [from, to, limit] = wanted ? [wanted.from, wanted.to, -1] : [-1, -1, MAX_BATCH + 1];
    const sql =
      `${SELECT_OTHERS} AND (?4 = -1 OR envelopes.seq BETWEEN ?4 AND ?5) ORDER BY envelopes.seq, n LIMIT ?6`;
    return this.#prepare(sql)
      .all(seat.room, seat.epoch, seat.role, from, to, limit) as unknown as EnvelopeRow[];
  }

  #removeRoom(room: RoomId): void {
    this.#run("DELETE FROM envelopes WHERE room = ?", room);
    this.#run("DELETE FROM rooms WHERE room = ?", room);
  }

  #shut(seat: Seat, how: "sealed" | "burnt"): boolean {
    if (!this.#held(seat)) return false;
    this.#run(
      `UPDATE rooms SET ${how} = 1, revision = revision + 1 WHERE room = ? AND ${how} = 0`,
      seat.room,
    );
    return true;
  }

  #store(room: RoomId, { epoch, linger, now }: RoomRow, envelope: Envelope): void {
    const { id, from, seq, attempt, head, token } = envelope;
    this.#stored = true;
    this.#run(
      `INSERT INTO envelopes (room, epoch, id, sender, seq, attempt, expires, head, token)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room, epoch, id) DO NOTHING`,
      ...[room, epoch, id, from, seq, attempt, now + linger, head, token],
    );
  }
}
