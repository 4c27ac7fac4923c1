/**
 * The database file from its first opening to its removal. Everything here runs under the
 * {@link FileLock}, so no other process opens, creates or removes the file meanwhile.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../errors.ts";
import { removeIfThere } from "../../file_problem.ts";
import { notifierPath } from "./change_notifier.ts";
import { isBusy, isDamage } from "./errors.ts";

/** "Whsp": marks a database as ours, in the file's header. */
const APPLICATION_ID = 0x57687370;

/** Rises with every change of {@link SCHEMA}. */
export const SCHEMA_VERSION = 1;

/**
 * How long a statement waits for another process's lock, in milliseconds. SQLite waits in place, and
 * the screen with it; a transaction here takes well under one, so this long means one that is stuck.
 */
const BUSY_MS = 250;

/**
 * Milliseconds since 1970 by SQLite's clock, the same for every process of the machine. Times are
 * stored as integers of it.
 */
export const NOW = "cast(unixepoch('subsec') * 1000 as integer)";

/** `expires` stands before the large columns, so that looking for the expired reads none of them. */
const SCHEMA = `
  CREATE TABLE rooms (
    room TEXT PRIMARY KEY,
    epoch TEXT NOT NULL,
    linger INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    sealed INTEGER NOT NULL DEFAULT 0,
    burnt INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1,
    host TEXT,
    host_lease INTEGER,
    guest TEXT,
    guest_lease INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE envelopes (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL,
    epoch TEXT NOT NULL,
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    seq INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    head BLOB NOT NULL,
    token TEXT NOT NULL,
    UNIQUE (room, epoch, id)
  ) STRICT;
  CREATE INDEX in_order ON envelopes (room, epoch, seq, n);
`;

/**
 * Opens the database, making it if it is missing, and removes what has expired.
 *
 * @param options.owned the file lies in a directory that only we use, so that whatever it holds is
 * ours to remove when it is damaged.
 * @throws {Failure} for a file of another program or of a newer version, which is left as it is.
 */
export function openDatabase(path: string, options: { owned: boolean }): DatabaseSync {
  reserve(path);
  const db = new DatabaseSync(path);
  try {
    const state = examine(db);
    switch (state) {
      case "foreign":
        throw foreign(path);
      case "newer":
        throw new Failure("file-newer", { path });
      case "damaged":
      case "older":
        if (state === "damaged" && !options.owned && !hasOurMark(path)) throw foreign(path);
        if (!isAlone(db)) throw new Failure("file-in-use", { path });
        db.close();
        removeFiles(path);
        return openDatabase(path, options);
      case "empty":
      case "ready":
        prepare(db, state);
        return db;
      default:
        return state satisfies never;
    }
  } catch (error) {
    closeQuietly(db);
    throw error;
  }
}

/**
 * Tells the file at a path from any other that may lie there later; the same for all on a file system
 * without identities.
 */
export function fileAt(path: string): string {
  try {
    const { dev, ino } = Deno.lstatSync(path);
    return `${dev} ${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "none";
    throw error;
  }
}

/**
 * Removes what has expired and what SQLite has put aside, closes the database, and removes its files
 * if no other process has it open and no room is left.
 *
 * @param options.file what {@link fileAt} told when it was opened: what others have put in its place is
 * theirs, and so are the logs of that name.
 * @returns true when the files were removed.
 */
export function retireDatabase(
  db: DatabaseSync,
  path: string,
  { file }: { file: string },
): boolean {
  try {
    purge(db);
    const rooms = number(db, "SELECT count(*) FROM rooms");
    scrub(db);
    if (rooms > 0 || fileAt(path) !== file || !isAlone(db)) return false;
  } finally {
    closeQuietly(db);
  }
  removeFiles(path);
  return true;
}

/**
 * Removes what has expired, as MongoDB's TTL monitor does there.
 *
 * @returns true when there was anything.
 */
export function purge(db: DatabaseSync): boolean {
  const before = number(db, "SELECT total_changes()");
  db.exec(`
    DELETE FROM rooms WHERE expires <= ${NOW};
    DELETE FROM envelopes WHERE expires <= ${NOW};
  `);
  return number(db, "SELECT total_changes()") > before;
}

/**
 * Overwrites what was deleted: `secure_delete` works in the write-ahead log, and the old pages stay
 * in the file until the log is copied back.
 */
export function scrub(db: DatabaseSync): void {
  try {
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Another process reads, or the disk fails: the next one to leave does it. What is deleted stays deleted.
  }
}

/**
 * Whether a host waits, without opening a relay, in a room that a guest can still join. A file that is missing or cannot be read
 * has none: opening the relay says what is wrong with it.
 */
export function hasWaitingRoom(path: string): boolean {
  try {
    const { isFile } = Deno.statSync(path);
    if (!isFile) return false;
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const waiting = `SELECT count(*) FROM rooms
        WHERE expires > ${NOW} AND sealed = 0 AND burnt = 0 AND host IS NOT NULL
          AND host_lease > ${NOW} AND (guest IS NULL OR guest_lease <= ${NOW})`;
      return number(db, waiting) > 0;
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}

/** Makes the file with the right mode; SQLite gives the same to `-wal` and `-shm`. */
function reserve(path: string): void {
  try {
    // Never opens one that exists: closing it again would drop this process's locks on it.
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (!Deno.lstatSync(path).isFile) throw foreign(path);
    return;
  }
  removeLogs(path);
}

type State = "empty" | "ready" | "newer" | "older" | "foreign" | "damaged";

function examine(db: DatabaseSync): State {
  try {
    // First of all: without it (the default of some versions) a busy moment is an error at once.
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // By exec, whose errors tell their cause on every Deno.
    db.exec("SELECT * FROM sqlite_schema");
    const mark = number(db, "PRAGMA application_id");
    const version = number(db, "PRAGMA user_version");
    const tables = number(db, "SELECT count(*) FROM sqlite_schema");
    if (mark === 0 && version === 0 && tables === 0) return "empty";
    if (mark !== APPLICATION_ID) return "foreign";
    if (version !== SCHEMA_VERSION) return version > SCHEMA_VERSION ? "newer" : "older";
    const check = Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    return check === "ok" ? "ready" : "damaged";
  } catch (error) {
    if (isDamage(error)) return "damaged";
    throw error;
  }
}

function prepare(db: DatabaseSync, state: "empty" | "ready"): void {
  // OFF: nobody waits for the disk. A loss of power may damage the file, and with it ends every chat
  // that uses it; the next start removes a damaged one.
  // Copied back every half a megabyte, for on a small disk the log itself would take all the room.
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    PRAGMA wal_autocheckpoint = 128;
    PRAGMA secure_delete = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
  `);
  if (state === "empty") {
    db.exec(`
      BEGIN IMMEDIATE;
      ${SCHEMA}
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${SCHEMA_VERSION};
      COMMIT;
    `);
  }
  // Where another room keeps the file, a chat that crashed would otherwise stay in its old pages.
  if (purge(db)) scrub(db);
}

/**
 * True when no other connection, of any process, has the database open: only then SQLite lets go of
 * the write-ahead log (https://sqlite.org/pragma.html#pragma_journal_mode). In a damaged file, whose
 * holders can do nothing with it either, what is not a lock does not count.
 */
function isAlone(db: DatabaseSync): boolean {
  try {
    db.exec("PRAGMA busy_timeout = 0");
    db.exec("PRAGMA journal_mode = DELETE");
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    if (isDamage(error)) return true;
    throw error;
  }
}

/** Looks for our mark where a database file has it, https://sqlite.org/fileformat2.html#the_database_header. */
function hasOurMark(path: string): boolean {
  const header = new Uint8Array(100);
  const file = Deno.openSync(path, { read: true });
  try {
    file.readSync(header);
  } finally {
    file.close();
  }
  return new DataView(header.buffer).getUint32(68) === APPLICATION_ID;
}

function number(db: DatabaseSync, sql: string): number {
  return Number(Object.values(db.prepare(sql).get() ?? {})[0]);
}

function removeFiles(path: string): void {
  for (const file of [path, notifierPath(path)]) removeIfThere(file);
  removeLogs(path);
}

function removeLogs(path: string): void {
  for (const suffix of ["-wal", "-shm", "-journal"]) removeIfThere(path + suffix);
}

/** Closing twice is an error of no consequence. */
function closeQuietly(db: DatabaseSync): void {
  try {
    db.close();
  } catch {
    // It was not open: that is what was wanted.
  }
}

function foreign(path: string): Failure {
  return new Failure("file-foreign", { path });
}
