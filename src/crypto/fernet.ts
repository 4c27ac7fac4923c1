/**
 * Fernet (github.com/fernet/spec): AES-128-CBC and HMAC-SHA-256 under one 32-byte key, in a token that
 * carries its time. Complete and standard; all of it by Web Crypto. The conversation uses it with keys
 * that encrypt one message each.
 *
 * @module
 */
import type { Random } from "../clock.ts";
import { decodeBase64Url, encodeBase64Url } from "../base64url.ts";
import { type Bytes, wipe } from "./bytes.ts";

/** Length of a key, in bytes: one half signs, the other encrypts. */
const FERNET_KEY_BYTES = 32;
const VERSION = 0x80;
const BLOCK_BYTES = 16;
const TAG_BYTES = 32;
/** Version, time and IV. */
const HEAD_BYTES = 1 + 8 + BLOCK_BYTES;
/** How far the sender's clock may be ahead of ours, in seconds: the specification's vectors require it. */
const MAX_CLOCK_SKEW = 60;
/** Larger times have no exact number; the year is 285 million. */
const MAX_TIME = Number.MAX_SAFE_INTEGER;

/**
 * A key as Web Crypto holds it: neither half can be exported, and nothing of it shows when it is
 * printed or logged.
 */
export interface FernetKey {
  readonly signing: CryptoKey;
  readonly encryption: CryptoKey;
}

/**
 * A token that cannot be decrypted. There is one error for every cause: the sender of the token learns
 * nothing from it, and no caller is tempted to treat one cause as harmless.
 */
export class InvalidToken extends Error {
  override readonly name = "InvalidToken";

  constructor() {
    super("Cannot decrypt token: it is damaged, has expired, or was made with another key");
  }
}

/** Generates a key in its usual written form: 44 characters of base64url. */
export function generateKey(random: Random): string {
  return encodeBase64Url(random(FERNET_KEY_BYTES), { padded: true });
}

/**
 * Imports a key from its 32 bytes, which are wiped, or from their 44 characters.
 *
 * @throws {TypeError} for anything else; the message does not repeat it.
 *
 * @example
 * ```ts
 * const key = await importFernetKey(generateKey(systemRandom));
 * const token = await encrypt(key, encodeUtf8("hello"), { now: 1_700_000_000, random: systemRandom });
 * await decrypt(key, token);
 * ```
 */
export async function importFernetKey(key: Bytes | string): Promise<FernetKey> {
  const bytes = typeof key === "string" ? readKey(key) : key;
  if (bytes?.length !== FERNET_KEY_BYTES) {
    throw new TypeError("Cannot use key: a Fernet key is 32 bytes, in 44 characters of base64url");
  }
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const half = FERNET_KEY_BYTES / 2;
  // Web Crypto copies the bytes when it is called, so that they can be wiped before it is done.
  const imported = Promise.all([
    crypto.subtle.importKey("raw", bytes.subarray(0, half), hmac, false, ["sign", "verify"]),
    crypto.subtle.importKey("raw", bytes.subarray(half), "AES-CBC", false, ["encrypt", "decrypt"]),
  ]);
  wipe(bytes);
  const [signing, encryption] = await imported;
  return { signing, encryption };
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
  /** Source of the IV, 16 bytes. */
  readonly random: Random;
}

/** Encrypts `plaintext` into a token. Calls may run at the same time. */
export async function encrypt(
  key: FernetKey,
  plaintext: Bytes,
  { now, random }: EncryptOptions,
): Promise<string> {
  if (!Number.isInteger(now) || now < 0 || now > MAX_TIME) {
    throw new RangeError("Cannot make token: the time is not a whole number of seconds since 1970");
  }
  const ciphertextBytes = (Math.floor(plaintext.length / BLOCK_BYTES) + 1) * BLOCK_BYTES;
  const bytes = new Uint8Array(HEAD_BYTES + ciphertextBytes + TAG_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setBigUint64(1, BigInt(now));
  const iv = random(BLOCK_BYTES);
  bytes.set(iv, HEAD_BYTES - BLOCK_BYTES);
  const algorithm = { name: "AES-CBC", iv };
  const ciphertext = await crypto.subtle.encrypt(algorithm, key.encryption, plaintext);
  bytes.set(new Uint8Array(ciphertext), HEAD_BYTES);
  const tag = await crypto.subtle.sign("HMAC", key.signing, bytes.subarray(0, -TAG_BYTES));
  bytes.set(new Uint8Array(tag), HEAD_BYTES + ciphertextBytes);
  return encodeBase64Url(bytes, { padded: true });
}

/** How old a token may be. */
export interface DecryptOptions {
  /** Seconds since it was made, at most. A token from more than 60 s ahead is refused as well. */
  readonly ttl: number;
  /** Seconds since 1970. */
  readonly now: number;
}

/**
 * Decrypts a token. Without `age`, its time is ignored.
 *
 * @throws {InvalidToken} for every fault.
 */
export async function decrypt(key: FernetKey, token: string, age?: DecryptOptions): Promise<Bytes> {
  const bytes = readToken(token);
  const signed = bytes.subarray(0, -TAG_BYTES);
  const tag = bytes.subarray(-TAG_BYTES);
  // Nothing of the token is used, not even its time, before its HMAC is known to be right.
  if (!await crypto.subtle.verify("HMAC", key.signing, tag, signed)) throw new InvalidToken();
  if (age && !isFresh(bytes, age)) throw new InvalidToken();
  const iv = signed.subarray(HEAD_BYTES - BLOCK_BYTES, HEAD_BYTES);
  try {
    const ciphertext = signed.subarray(HEAD_BYTES);
    const algorithm = { name: "AES-CBC", iv };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key.encryption, ciphertext));
  } catch {
    // Bad PKCS#7 under a valid HMAC: only a holder of the key can make one, so this is not an oracle.
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
