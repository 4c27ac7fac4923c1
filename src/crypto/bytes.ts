/**
 * Bytes, keys as bytes, and their written forms: joining, comparing, wiping and UTF-8.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";

/** Bytes that own their buffer, as Web Crypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

declare const kind: unique symbol;

/** Bytes of one kind of key. The type checker refuses a key of another kind in its place. */
export type KeyBytes<Kind extends string> = Bytes & { readonly [kind]: Kind };

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Joins `parts` into new bytes. Ambiguous: hash inputs take {@link lengthPrefixed} instead. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Joins `parts`, each behind its length in LEB128, so that no two lists of parts give the same bytes:
 * `lv_cat` of draft-irtf-cfrg-cpace-21, appendix A.
 */
export function lengthPrefixed(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += leb128Length(part.length) + part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    let rest = part.length;
    for (; rest > 0x7f; rest >>>= 7) joined[offset++] = rest & 0x7f | 0x80;
    joined[offset++] = rest;
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

function leb128Length(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) length++;
  return length;
}

/** Compares in a time that depends only on the lengths, which are public in every use. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Overwrites secrets with zeros. Best effort: the engine may have copied them, and a big integer inside
 * a library cannot be overwritten at all.
 */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

/** The UTF-8 of `text`; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Bytes {
  return ENCODER.encode(text);
}

/**
 * The text that `bytes` encode.
 *
 * @throws {TypeError} unless they are well-formed UTF-8. A byte order mark is part of the text, so
 * that it comes back exactly as it was encoded.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}
