/**
 * A directory that only its owner can enter.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { Random } from "../../clock.ts";
import { type Failure, untranslated } from "../../errors.ts";

/**
 * Makes the directory if it is missing, and makes sure that nobody else can reach into it.
 *
 * The temporary directory is everybody's: whoever is there first could lay a directory or a link
 * under our name and read along, or remove the file under us.
 *
 * @throws {Failure} when it is a link, not a directory, somebody else's, or open to others.
 */
export function ensurePrivateDirectory(directory: string, random: Random): void {
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const { isDirectory, isSymlink, mode, uid } = Deno.lstatSync(directory);
  if (isSymlink || !isDirectory) throw unsafe(directory, "it is not a directory");
  // Windows reports neither: there the temporary directory is the user's own.
  if (mode === null || uid === null) return;
  if ((mode & 0o077) !== 0) throw unsafe(directory, "others may enter it");
  if (uid !== ownUser(directory, random)) throw unsafe(directory, "it belongs to somebody else");
}

/** Who we are, as the owner of a file we make: asking the system takes a permission more. */
function ownUser(directory: string, random: Random): number | null {
  const probe = `${directory}/${encodeHex(random(8))}.probe`;
  const file = Deno.openSync(probe, { createNew: true, write: true, mode: 0o600 });
  try {
    return file.statSync().uid;
  } finally {
    file.close();
    Deno.removeSync(probe);
  }
}

function unsafe(directory: string, why: string): Failure {
  return untranslated(
    "relay-storage",
    `Cannot keep the local relay in ${directory}: ${why}.`,
    "Remove that directory, or set XDG_RUNTIME_DIR to a directory of your own.",
  );
}
