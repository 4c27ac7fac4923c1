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
import { Failure } from "../errors.ts";
import type { FernetCommand } from "./command.ts";
import { fileProblem } from "../file_problem.ts";
import { decodeText } from "./text_file.ts";

/** What the command reads, writes and needs. */
export interface FernetParts {
  readonly stdin: ReadableStream<Uint8Array>;
  /** Writes all of it. */
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
  readonly readFile: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
  readonly clock: Clock;
  readonly random: Random;
}

/** A key is 44 characters; a file that is far larger is some other file. */
const MAX_KEY_FILE_BYTES = 1_024;

/**
 * Runs the command. A token is followed by a line break; decrypted bytes are written as they are.
 *
 * @throws {Failure} `fernet` (status 10) for an invalid key or token, `usage` for a key file that
 * cannot be read.
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
  let plain: Uint8Array<ArrayBuffer>;
  try {
    // A paste brings white space around the token.
    const token = decodeText(input).trim();
    if (token === "") throw new Failure("fernet-no-token");
    plain = await decrypt(key, token, ttl === undefined ? undefined : { ttl, now });
  } catch (cause) {
    throw cause instanceof Failure ? cause : new Failure("fernet-token", {}, { cause });
  }
  await write(plain);
}

async function readKey(path: string, { readFile }: FernetParts): Promise<FernetKey> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new Failure("fernet-key-file", { problem: fileProblem(cause) }, { cause });
  }
  try {
    const text = bytes.length > MAX_KEY_FILE_BYTES ? "" : decodeText(bytes).trim();
    return await importFernetKey(text);
  } catch (cause) {
    throw new Failure("fernet-key", {}, { cause });
  }
}

function line(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\n`);
}
