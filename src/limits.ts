/**
 * Limits that the protocol sets and every layer keeps (docs/PROTOCOL.md), and limits that a sentence
 * names.
 *
 * @module
 */

/** The most bytes of UTF-8 in a message. */
export const MAX_TEXT_BYTES = 16_384;
/** The most bytes of UTF-8 in a name. */
export const MAX_NAME_BYTES = 256;
/** The most bytes in a file: 2 GB, which takes 45,000 messages. */
export const MAX_FILE_BYTES = 2_000_000_000;
/**
 * Bytes in every chunk of a file but the last: with the largest counters they fill the largest bucket
 * whose token a relay accepts (`MAX_TOKEN_CHARS`).
 */
export const CHUNK_BYTES = 44_544;
/** The most bytes of UTF-8 in the name of a file: what file systems accept. */
export const MAX_FILE_NAME_BYTES = 255;
/** Longer names leave no room on a line for the message. */
export const MAX_NAME_GRAPHEMES = 64;
/** An id of JSON input is stored as long as its message; a long one has no use. */
export const MAX_ID_CHARS = 1_024;

/** The bytes of UTF-8 that a text has. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
