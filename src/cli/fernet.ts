/**
 * `whisper fernet keygen|encrypt|decrypt`: standard input to standard output, interchangeable with
 * every other Fernet (github.com/fernet/spec).
 *
 * @module
 */
import type { Clock, Random } from "../clock.ts";
import {
  decrypt,
  encrypt,
  type FernetKey,
  generateKey,
  importFernetKey,
} from "../crypto/fernet.ts";
import { untranslated } from "../errors.ts";
import type { FernetCommand } from "./command.ts";

/** What the command reads, writes and needs. */
export interface FernetParts {
  readonly stdin: ReadableStream<Uint8Array>;
  /** Writes all of it. */
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
  readonly readFile: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
  readonly clock: Clock;
  readonly random: Random;
}

/** A key file holds 44 characters; one that is far larger is some other file. */
const MAX_KEY_FILE_BYTES = 1_024;

/**
 * Runs the command. A token is followed by a line break; what was decrypted is not, for it may be
 * anything.
 *
 * @throws {Failure} `fernet` (status 10) for a key or a token that is none, `usage` for a key file
 * that cannot be read.
 */
export async function runFernet(command: FernetCommand, parts: FernetParts): Promise<void> {
  const { stdin, write, clock, random } = parts;
  if (command.action === "keygen") return await write(line(generateKey(random)));
  const key = await readKey(command.keyFile, parts);
  const input = new Uint8Array(
    await new Response(stdin as ReadableStream<Uint8Array<ArrayBuffer>>)
      .arrayBuffer(),
  );
  const now = Math.floor(clock.now() / 1_000);
  if (command.action === "encrypt") {
    return await write(line(await encrypt(key, input, { now, random })));
  }
  const { ttl } = command;
  // What is not ASCII becomes a character that no token has; around it, a paste brings white space.
  const token = new TextDecoder().decode(input).trim();
  let plain: Uint8Array<ArrayBuffer>;
  try {
    plain = await decrypt(key, token, ttl === undefined ? undefined : { ttl, now });
  } catch (cause) {
    throw untranslated(
      "fernet",
      "Cannot open token: it is damaged, too old, or was made with another key.",
      "Check that the whole token arrived, and that the key file is the right one.",
      { cause },
    );
  }
  await write(plain);
}

async function readKey(path: string, { readFile }: FernetParts): Promise<FernetKey> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : "it is not readable";
    throw untranslated(
      "usage",
      `Cannot read the key file: ${why}.`,
      "Make one with: whisper fernet keygen > FILE.",
      { cause },
    );
  }
  const text = bytes.length > MAX_KEY_FILE_BYTES ? "" : new TextDecoder().decode(bytes).trim();
  try {
    return await importFernetKey(text);
  } catch (cause) {
    throw untranslated(
      "fernet",
      "Cannot use the key file: a Fernet key is 44 characters of base64url.",
      "Make one with: whisper fernet keygen > FILE.",
      { cause },
    );
  }
}

function line(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\n`);
}
