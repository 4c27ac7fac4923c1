/**
 * Errors of SQLite and of the file system, as reasons.
 *
 * Deno gives SQLite's result code only on some paths (none when a statement is prepared), so the code
 * decides where there is one and SQLite's fixed English text where there is none.
 *
 * @module
 */
import { Failure, RelayUnavailable } from "../../errors.ts";
import { isGuarded } from "../../file_problem.ts";

/** SQLite's primary result codes, https://sqlite.org/rescode.html. */
const BY_CODE: Record<number, Trouble> = {
  3: "denied",
  5: "busy",
  6: "busy",
  8: "denied",
  10: "io",
  11: "damaged",
  13: "full",
  14: "denied",
  // A constraint of ours refuses what only values that we did not write lead to.
  19: "damaged",
  26: "damaged",
};

const BY_TEXT: readonly (readonly [string, Trouble])[] = [
  ["is locked", "busy"],
  ["disk is full", "full"],
  ["disk I/O error", "io"],
  ["malformed", "damaged"],
  ["not a database", "damaged"],
  ["no such table", "damaged"],
  ["no such column", "damaged"],
  ["unable to open database", "denied"],
  ["readonly database", "denied"],
  // All that older Deno says, whatever the cause; the statements themselves are known to be right.
  ["failed to prepare statement", "io"],
];

/** The names Deno and libuv give to system errors. */
const BY_ERRNO: Record<string, Trouble> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EIO: "io",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  ENOENT: "denied",
  ENOTDIR: "denied",
  EISDIR: "denied",
};

const REASONS = {
  busy: "file-busy",
  full: "file-disk-full",
  io: "file-disk-error",
  damaged: "file-damaged",
  denied: "file-denied",
  guarded: "file-guarded",
} as const;

type Trouble = keyof typeof REASONS;

/** Which trouble an error is about; undefined for a bug of this program. */
function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof Error)) return undefined;
  // Translated before; its facts may contain the words that are looked for below.
  if (error instanceof Failure || error instanceof RelayUnavailable) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // The low byte is the primary code: 261 (SQLITE_BUSY_RECOVERY) is a 5.
  // Most errors in a statement have the code 1; only their text tells them apart.
  if (typeof errcode === "number" && errcode !== 1) return BY_CODE[errcode & 0xff];
  // An integer beyond what any of ours can be.
  if (code === "ERR_OUT_OF_RANGE") return "damaged";
  if (typeof code === "string" && BY_ERRNO[code]) return BY_ERRNO[code];
  if (isGuarded(error)) return "guarded";
  if (
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.IsADirectory
  ) {
    return "denied";
  }
  return BY_TEXT.find(([text]) => error.message.includes(text))?.[1];
}

/** True when the file is not, or no longer, a database. */
export function isDamage(error: unknown): boolean {
  return troubleOf(error) === "damaged";
}

/** True when another connection holds a lock. */
export function isBusy(error: unknown): boolean {
  return troubleOf(error) === "busy";
}

/**
 * The error to throw instead of `error`: {@link RelayUnavailable} where it is worth a retry (a
 * lock, a full disk), a {@link Failure} where it is not, anything else unchanged.
 */
export function relayError(error: unknown, path: string): unknown {
  const trouble = troubleOf(error);
  if (trouble === undefined) return error;
  const options = { cause: error };
  const failure = new Failure(REASONS[trouble], { path }, options);
  const mayPass = trouble === "busy" || trouble === "full" || trouble === "io";
  return mayPass ? new RelayUnavailable(failure, options) : failure;
}
