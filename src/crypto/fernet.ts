/**
 * Fernet (github.com/fernet/spec): AES-128-CBC and HMAC-SHA-256 under one 32-byte key, in a token that
 * carries its time. Complete and standard; the conversation uses it with keys that serve once.
 *
 * @module
 */
import type { Random } from "../clock.ts";
import {
  type Bytes,
  concat,
  constantTimeEqual,
  decodeBase64Url,
  encodeBase64Url,
} from "./bytes.ts";
import { FERNET_KEY_BYTES, FernetKey } from "./fernet_key.ts";

export { FernetKey } from "./fernet_key.ts";

const VERSION = 0x80;
const BLOCK_BYTES = 16;
const TAG_BYTES = 32;
/** Version, time and IV. */
const HEAD_BYTES = 1 + 8 + BLOCK_BYTES;
/** How far the sender's clock may be ahead of ours, in seconds: what the specification's vectors want. */
const MAX_CLOCK_SKEW = 60;
/** Larger times have no exact number; the year is 285 million. */
const MAX_TIME = Number.MAX_SAFE_INTEGER;

/**
 * A token that does not open. There is one error for every cause: whoever sent the token learns
 * nothing from it, and no caller is tempted to treat one cause as harmless.
 */
export class InvalidToken extends Error {
  override readonly name = "InvalidToken";

  constructor() {
    super("Cannot open token: it is damaged, has expired, or was made with another key");
  }
}

/** Makes a key in its usual written form: 44 characters of base64url. */
export function generateKey(random: Random): string {
  return encodeBase64Url(random(FERNET_KEY_BYTES), { padded: true });
}

/**
 * A key from its 32 bytes, which it takes over, or from their 44 characters.
 *
 * @throws {TypeError} for anything else; the message does not repeat it.
 */
export function importFernetKey(key: Bytes | string): FernetKey {
  const bytes = typeof key === "string" ? readKey(key) : key;
  if (bytes?.length !== FERNET_KEY_BYTES) {
    throw new TypeError("Cannot use key: a Fernet key is 32 bytes, in 44 characters of base64url");
  }
  return new FernetKey(bytes);
}

function readKey(text: string): Bytes | undefined {
  try {
    return decodeBase64Url(text, { padded: true });
  } catch {
    return undefined;
  }
}

/** What a new token carries beside the plaintext. */
export interface EncryptOptions {
  /** Whole seconds since 1970. */
  readonly now: number;
  /** Where the IV comes from: 16 bytes are drawn. */
  readonly random: Random;
}

/** Encrypts `plaintext` into a token. Any number of calls may be under way at once. */
export async function encrypt(
  key: FernetKey,
  plaintext: Bytes,
  { now, random }: EncryptOptions,
): Promise<string> {
  if (!Number.isInteger(now) || now < 0 || now > MAX_TIME) {
    throw new RangeError("Cannot make token: the time is not a whole number of seconds since 1970");
  }
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint8(0, VERSION);
  view.setBigUint64(1, BigInt(now));
  head.set(random(BLOCK_BYTES), HEAD_BYTES - BLOCK_BYTES);
  const iv = head.subarray(HEAD_BYTES - BLOCK_BYTES);
  const signed = concat(head, await key.encrypt(iv, plaintext));
  return encodeBase64Url(concat(signed, await key.sign(signed)), { padded: true });
}

/** How old a token may be. */
export interface DecryptOptions {
  /** Most seconds since it was made; with it, a token from more than 60 s ahead is refused as well. */
  readonly ttl: number;
  /** Seconds since 1970. */
  readonly now: number;
}

/**
 * Opens a token. Without `age`, its time is not looked at.
 *
 * @throws {InvalidToken} whatever is wrong with it.
 */
export async function decrypt(key: FernetKey, token: string, age?: DecryptOptions): Promise<Bytes> {
  const bytes = readToken(token);
  const signed = bytes.subarray(0, -TAG_BYTES);
  const tag = bytes.subarray(-TAG_BYTES);
  // Nothing of the token is used, not even its time, before its HMAC is known to be right.
  if (!constantTimeEqual(await key.sign(signed), tag)) throw new InvalidToken();
  if (age && !isFresh(bytes, age)) throw new InvalidToken();
  const iv = signed.subarray(HEAD_BYTES - BLOCK_BYTES, HEAD_BYTES);
  try {
    return await key.decrypt(iv, signed.subarray(HEAD_BYTES));
  } catch {
    // Bad PKCS#7 under a right HMAC: only a holder of the key can make one, so this is no oracle.
    throw new InvalidToken();
  }
}

function readToken(token: string): Bytes {
  let bytes: Bytes;
  try {
    bytes = decodeBase64Url(token, { padded: true });
  } catch {
    throw new InvalidToken();
  }
  const ciphertextBytes = bytes.length - HEAD_BYTES - TAG_BYTES;
  if (
    bytes[0] !== VERSION || ciphertextBytes < BLOCK_BYTES || ciphertextBytes % BLOCK_BYTES !== 0
  ) {
    throw new InvalidToken();
  }
  return bytes;
}

function isFresh(token: Bytes, { ttl, now }: DecryptOptions): boolean {
  const made = Number(new DataView(token.buffer, token.byteOffset).getBigUint64(1));
  return made + ttl >= now && made <= now + MAX_CLOCK_SKEW;
}
