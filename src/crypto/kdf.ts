/**
 * Hashes and key derivation, and the one list of labels that keeps all their uses apart.
 *
 * They are synchronous because two chain steps must not interleave at an `await`, and because the
 * asynchronous Web Crypto is three to ten times slower on inputs this short (HMAC of one byte: 6 µs
 * against 17 to 140 µs).
 *
 * @module
 */
import { createHash, hkdfSync } from "node:crypto";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, encodeUtf8, lengthPrefixed } from "./bytes.ts";

/**
 * Every label of the protocol. Two uses of one key never share a label. A label carries the version of
 * the protocol that last changed what it labels.
 */
export const LABELS = {
  /** Channel identifier of the handshake: the version and all algorithms, against downgrades. */
  suite: "whisper/2 CPACE-RISTR255-SHA512 ML-KEM-768 X25519 HKDF-SHA-256 HMAC-SHA-256 Fernet",
  /** Hash of the handshake. */
  transcript: "whisper/2 transcript",
  /** ISK of CPace and secret of ML-KEM to the session key. */
  hybrid: "whisper/2 hybrid",
  /** Room of a nameplate, and room of an agreed name: a name of digits is not a nameplate. */
  nameplate: "whisper/1 room of nameplate",
  roomName: "whisper/1 room of name",
  /** Identity of an envelope. */
  envelope: "whisper/1 envelope",
  /** Key of the verification words, and the words. */
  verifyKey: "whisper/2 verify key",
  verify: "whisper/2 verify words",
  /** First root key of the ratchet. */
  root: "whisper/2 root",
  /** DH ratchet step: root key and X25519 result to the next root key and a chain key. */
  rootStep: "whisper/2 turn",
  /** The host's first sending chain, so that either may send first. */
  hostChain: "whisper/2 first chain of host",
  /** Header keys by sender. */
  hostHeader: "whisper/2 headers of host",
  guestHeader: "whisper/2 headers of guest",
  /** Message key to Fernet key. */
  message: "whisper/2 message",
} as const;

/** One of the labels. */
export type Label = typeof LABELS[keyof typeof LABELS];

/** Each label in the form in which it begins an `info`. */
const PREFIXES = new Map<string, Bytes>(
  Object.values(LABELS).map((label) => [label, lengthPrefixed(encodeUtf8(label))]),
);

const NO_SALT = new Uint8Array();

/** SHA-256 (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Bytes {
  // The system's is ten times faster on a chunk of a file, and slower to call.
  if (data.length < NATIVE_FROM_BYTES) return nobleSha256(data);
  return new Uint8Array(createHash("sha256").update(data).digest());
}

/** From this length on the call of the system's SHA-256 costs less than it saves. */
const NATIVE_FROM_BYTES = 1_024;

/** SHA-512 (FIPS 180-4): 64 bytes. */
export function sha512(data: Uint8Array): Bytes {
  return nobleSha512(data);
}

/** HMAC-SHA-256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Bytes {
  return hmac(nobleSha256, key, data);
}

/** HMAC-SHA-512 (RFC 2104): 64 bytes. */
export function hmacSha512(key: Uint8Array, data: Uint8Array): Bytes {
  return hmac(nobleSha512, key, data);
}

/** HKDF-SHA-256 (RFC 5869); `length` is at most 8160 bytes. */
export function hkdfSha256(
  ikm: Uint8Array,
  { salt = NO_SALT, info, length }: { salt?: Uint8Array; info: Uint8Array; length: number },
): Bytes {
  return new Uint8Array(hkdfSync("sha256", ikm, salt, info, length));
}

/** Parameters of a derivation. */
export interface Derivation {
  /** Secret or public; in a DH ratchet step, the previous root key. */
  readonly salt?: Uint8Array;
  readonly label: Label;
  /** What the result is bound to; several values in {@link lengthPrefixed} form. */
  readonly context?: Uint8Array;
  /** Of the result, in bytes. */
  readonly length: number;
}

/**
 * Derives `length` bytes from `ikm` with HKDF-SHA-256, where info is the label behind its length and
 * then the context: no label and context can be read as another label and context.
 */
export function expand(
  ikm: Uint8Array,
  { salt, label, context = new Uint8Array(), length }: Derivation,
): Bytes {
  const info = concat(PREFIXES.get(label)!, context);
  return hkdfSha256(ikm, { ...(salt ? { salt } : {}), info, length });
}

/**
 * The session key of the hybrid handshake, 64 bytes, from CPace's `isk` and ML-KEM's `kemSecret`: both
 * have to be broken to learn it. `transcript` binds it to everything that both sides sent.
 */
export function deriveSessionKey(
  isk: Uint8Array,
  kemSecret: Uint8Array,
  transcript: Uint8Array,
): Bytes {
  const context = lengthPrefixed(transcript);
  return expand(kemSecret, { salt: isk, label: LABELS.hybrid, context, length: 64 });
}
