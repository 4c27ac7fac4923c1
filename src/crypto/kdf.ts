/**
 * Hashes and key derivation, and the one list of labels that keeps all their uses apart.
 *
 * They are synchronous on purpose. A chain step must not be interleaved with another by an `await`,
 * and on inputs as short as these the asynchronous Web Crypto spends three to ten times longer on the
 * call than the work takes (measured: HMAC of one byte 6 µs here, 17 to 140 µs there).
 *
 * @module
 */
import { hkdfSync } from "node:crypto";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256, sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, encodeUtf8, lengthPrefixed } from "./bytes.ts";

/**
 * Every label of the protocol. Two uses of one key never share a label, and no label outlives a change
 * of what it labels: then the number in it is raised.
 */
export const LABELS = {
  /** Channel identifier of the handshake: the version and all algorithms, so that none can be swapped. */
  suite: "whisper/1 CPACE-RISTR255-SHA512 X25519 HKDF-SHA-256 HMAC-SHA-256 Fernet",
  /** Hash over all that the handshake said. */
  transcript: "whisper/1 transcript",
  /** Room of a nameplate, and room of an agreed name: a name of digits is no nameplate. */
  nameplate: "whisper/1 room of nameplate",
  roomName: "whisper/1 room of name",
  /** Identity of an envelope. */
  envelope: "whisper/1 envelope",
  /** Key of the words of `/verify`, and the words themselves once both names are known. */
  verifyKey: "whisper/1 verify key",
  verify: "whisper/1 verify words",
  /** First root key of the ratchet. */
  root: "whisper/1 root",
  /** DH ratchet step: root key and X25519 result to the next root key and a chain key. */
  rootStep: "whisper/1 turn",
  /** The host's first sending chain, so that either may speak first. */
  hostChain: "whisper/1 first chain of host",
  /** Header keys by sender. */
  hostHeader: "whisper/1 headers of host",
  guestHeader: "whisper/1 headers of guest",
  /** Message key to Fernet key. */
  message: "whisper/1 message",
} as const;

/** One of the labels. */
export type Label = typeof LABELS[keyof typeof LABELS];

/** How a label begins an `info`: derivations are frequent, and there are few labels. */
const PREFIXES = new Map<string, Bytes>(
  Object.values(LABELS).map((label) => [label, lengthPrefixed(encodeUtf8(label))]),
);

const NO_SALT = new Uint8Array();

/** SHA-256 (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Bytes {
  return nobleSha256(data);
}

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

/** HKDF-SHA-256 (RFC 5869) as it stands; `length` at most 8160 bytes. */
export function hkdfSha256(
  ikm: Uint8Array,
  { salt = NO_SALT, info, length }: { salt?: Uint8Array; info: Uint8Array; length: number },
): Bytes {
  return new Uint8Array(hkdfSync("sha256", ikm, salt, info, length));
}

/** What a derivation is for. */
export interface Derivation {
  /** Secret or public; the previous root key, in a turn of the ratchet. */
  readonly salt?: Uint8Array;
  readonly label: Label;
  /** What the result is bound to; more than one thing in {@link lengthPrefixed} form. */
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
