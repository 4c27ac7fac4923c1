/**
 * Headers of messages: which chain, which place in it, which number in all. They are sent in clear,
 * under a tag that only the two sides can make, so that a forged one costs its reader one short HMAC.
 *
 * @module
 */
import { type Bytes, concat, constantTimeEqual, type KeyBytes } from "./bytes.ts";
import { hmacSha256 } from "./kdf.ts";
import {
  type OwnRatchetKey,
  type PeerRatchetKey,
  RATCHET_KEY_BYTES,
  toPeerRatchetKey,
} from "./ratchet_keys.ts";

/** The key of the tags of one side's headers. */
export type HeaderKey<Side extends "own" | "peer"> = KeyBytes<`header, ${Side}`>;

/** The content of a header. */
export interface Header<K extends OwnRatchetKey | PeerRatchetKey> {
  /** Number among all messages of this sender in this session, from 1. */
  readonly seq: number;
  /** Messages in the sender's previous chain. */
  readonly pn: number;
  /** Place in the sender's current chain, from 0. */
  readonly n: number;
  /** KEM exchanges that are mixed into the root key of this chain. */
  readonly kem: number;
  /** The sender's ratchet public key, which identifies the chain. */
  readonly ratchetKey: K;
}

const VERSION = 2;
const FIXED_BYTES = 1 + 4 * 4;
const HEADER_BYTES = FIXED_BYTES + RATCHET_KEY_BYTES;
/** Half of HMAC-SHA-256: 128 bits cannot be guessed, and it is checked before any other work. */
const TAG_BYTES = 16;
/** Length of a header with its tag, in bytes. */
export const HEAD_BYTES = HEADER_BYTES + TAG_BYTES;
/** The largest number of a message: what a relay can store. */
export const MAX_SEQ = 2 ** 31 - 1;

/** Encodes a header and appends its tag. Numbers are 32 bits, big-endian. */
export function encodeHeader(header: Header<OwnRatchetKey>, key: HeaderKey<"own">): Bytes {
  const fixed = new Uint8Array(FIXED_BYTES);
  const view = new DataView(fixed.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, header.seq);
  view.setUint32(5, header.pn);
  view.setUint32(9, header.n);
  view.setUint32(13, header.kem);
  const bytes = concat(fixed, header.ratchetKey);
  return concat(bytes, tagOf(bytes, key));
}

/** The header in a head, without its tag: the part that a message key is bound to. */
export function withoutTag(head: Bytes): Bytes {
  return head.subarray(0, HEADER_BYTES);
}

/**
 * Reads a head. Nothing in it is used before its tag is verified.
 *
 * @returns undefined unless the peer made it.
 */
export function decodeHeader(
  head: Bytes,
  key: HeaderKey<"peer">,
): Header<PeerRatchetKey> | undefined {
  if (head.length !== HEAD_BYTES) return undefined;
  const bytes = withoutTag(head);
  if (!constantTimeEqual(tagOf(bytes, key), head.subarray(HEADER_BYTES))) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [seq, pn, n] = [view.getUint32(1), view.getUint32(5), view.getUint32(9)];
  const kem = view.getUint32(13);
  if (bytes[0] !== VERSION || seq > MAX_SEQ || pn + n >= seq) return undefined;
  return { seq, pn, n, kem, ratchetKey: toPeerRatchetKey(bytes.slice(FIXED_BYTES)) };
}

function tagOf(bytes: Bytes, key: Bytes): Bytes {
  return hmacSha256(key, bytes).subarray(0, TAG_BYTES);
}
