/**
 * Headers of messages: which chain, which place in it, which number in all. They travel in clear, under
 * a tag that only the two can make, so that a forged one costs its reader one short HMAC.
 *
 * @module
 */
import { type Bytes, concat, constantTimeEqual } from "./bytes.ts";
import type { KeyBytes } from "./chain.ts";
import { hmacSha256 } from "./kdf.ts";
import {
  type OwnRatchetKey,
  type PeerRatchetKey,
  RATCHET_KEY_BYTES,
  toPeerRatchetKey,
} from "./ratchet_keys.ts";

/** The key of the tags on what one side sends. */
export type HeaderKey<Side extends "own" | "peer"> = KeyBytes<`header, ${Side}`>;

/** What a header says. */
export interface Header<K extends OwnRatchetKey | PeerRatchetKey> {
  /** Number among all messages of this sender in this session, from 1. */
  readonly seq: number;
  /** Messages in the sender's previous chain. */
  readonly pn: number;
  /** RoomEpoch in the sender's current chain, from 0. */
  readonly n: number;
  /** The sender's ratchet public key, which identifies the chain. */
  readonly ratchetKey: K;
}

const VERSION = 1;
const FIXED_BYTES = 1 + 3 * 4;
const HEADER_BYTES = FIXED_BYTES + RATCHET_KEY_BYTES;
/** Half of HMAC-SHA-256: 128 bits, which nobody guesses, on the one thing a stranger can make us check. */
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
  const bytes = concat(fixed, header.ratchetKey);
  return concat(bytes, tagOf(bytes, key));
}

/** The header in a head, without its tag: what a message key is bound to. */
export function withoutTag(head: Bytes): Bytes {
  return head.subarray(0, HEADER_BYTES);
}

/**
 * Reads a head.
 *
 * @returns undefined unless the peer made it. Nothing in it is looked at before its tag is verified.
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
  if (bytes[0] !== VERSION || seq > MAX_SEQ || pn + n >= seq) return undefined;
  return { seq, pn, n, ratchetKey: toPeerRatchetKey(bytes.slice(FIXED_BYTES)) };
}

function tagOf(bytes: Bytes, key: Bytes): Bytes {
  return hmacSha256(key, bytes).subarray(0, TAG_BYTES);
}
