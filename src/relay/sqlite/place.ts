/**
 * Where the local relay lies: a path, and a directory that only its owner can enter.
 *
 * @module
 */
import { Failure } from "../../errors.ts";
import type { FactsOf } from "../../failure_reasons.ts";

/** Reads one variable of the environment. */
export type Env = (name: string) => string | undefined;

/**
 * The file that all local chats of one user share: in the runtime directory, which is a RAM disk on
 * Linux and emptied at logout, else in a directory of the user's own among the temporary files.
 */
export function defaultDatabasePath(env: Env): string {
  const runtime = env("XDG_RUNTIME_DIR");
  if (runtime) return `${trimmed(runtime)}/whisper/chat.db`;
  const temporary = env("TMPDIR") || env("TEMP") || env("TMP") || "/tmp";
  const user = env("USER") || env("LOGNAME") || env("USERNAME") || "user";
  return `${trimmed(temporary)}/whisper-${user.replaceAll(/[^\w.-]/g, "_")}/chat.db`;
}

/** The directory of a file's path, whichever way its slashes lean. */
export function directoryOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end < 0 ? "." : path.slice(0, end) || "/";
}

function trimmed(directory: string): string {
  return directory.replace(/[/\\]+$/, "");
}

/**
 * Makes the directory if it is missing, and makes sure that no other user can reach into it.
 *
 * All users share the temporary directory: another one could have put a directory or a link there
 * under our name, to read what is stored or to remove the file.
 *
 * @throws {Failure} when it is a link, not a directory, another user's, or open to others.
 */
export function ensurePrivateDirectory(directory: string): void {
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const { isDirectory, isSymlink, mode, uid } = Deno.lstatSync(directory);
  if (isSymlink || !isDirectory) throw unsafe(directory, "not-a-directory");
  // Windows reports neither: there the temporary directory is the user's own.
  if (mode === null || uid === null) return;
  if ((mode & 0o077) !== 0) throw unsafe(directory, "open-to-others");
  if (uid !== Deno.uid()) throw unsafe(directory, "foreign-owner");
}

function unsafe(
  directory: string,
  problem: FactsOf<"directory-unsafe">["problem"],
): Failure<"directory-unsafe"> {
  return new Failure("directory-unsafe", { directory, problem });
}
