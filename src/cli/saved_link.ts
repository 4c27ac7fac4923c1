/**
 * The saved relay link: the one place where a password may be, because the person asked for it.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import { belongsToAnotherUser, isMissing, writeForOwner } from "./config_file.ts";
import { fileProblem, removeIfThere } from "../file_problem.ts";
import { decodeText } from "./text_file.ts";

/** Longer than any relay link; a larger file is some other file. */
const MAX_BYTES = 32_768;

/** Where it is: beside the configuration file. */
export function savedLinkPath(configPath: string | undefined): string | undefined {
  return configPath?.replace(/[^/\\]*$/, "relay-link");
}

/**
 * The saved link; undefined where there is none, or one of another user.
 *
 * @throws {Failure} `relay-link-exposed` for a file that others may read or change, and
 * `config-unreadable`.
 */
export function loadSavedLink(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    const { mode, uid, isFile, size } = Deno.statSync(path);
    if (belongsToAnotherUser(uid)) return undefined;
    if (!isFile || size > MAX_BYTES) throw new Failure("relay-link-damaged");
    if (mode !== null && (mode & 0o077) !== 0) throw new Failure("relay-link-exposed", { path });
    return decodeText(Deno.readFileSync(path)).trim();
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    if (isMissing(cause) || cause instanceof Deno.errors.PermissionDenied) return undefined;
    throw new Failure("config-unreadable", { path, problem: fileProblem(cause) }, { cause });
  }
}

/** Whether a link is saved. */
export function hasSavedLink(path: string | undefined): boolean {
  if (path === undefined) return false;
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * Saves it for its owner alone, whole or not at all.
 *
 * @throws {Failure} `no-config-folder`, or `config-unwritable`.
 */
export function saveLink(path: string | undefined, link: string): void {
  writeForOwner(path, `${link}\n`);
}

/**
 * Deletes it.
 *
 * @returns whether there was one.
 * @throws {Failure} `config-unwritable`.
 */
export function forgetLink(path: string | undefined): boolean {
  if (path === undefined) return false;
  try {
    return removeIfThere(path);
  } catch (cause) {
    throw new Failure("config-unwritable", { path, problem: fileProblem(cause) }, { cause });
  }
}
