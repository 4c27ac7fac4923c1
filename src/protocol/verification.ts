/**
 * The words of `/verify`: what both sides compare by voice when the code itself may have leaked
 * (docs/PROTOCOL.md §7).
 *
 * @module
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { encodeUtf8, lengthPrefixed } from "../crypto/bytes.ts";
import { expand, LABELS } from "../crypto/kdf.ts";
import { Secret } from "../crypto/secret.ts";

/**
 * Twelve words of 11 bits: 132 bits. A shorter string could be matched by grinding handshakes,
 * since nothing commits the two sides before it is shown.
 */
export const VERIFY_WORDS = 12;

/**
 * Derives the key of the words. It is taken from the session at once, so that the shared key itself
 * need not wait in memory until the names are known; it leads to no other key.
 */
export function verifyKey(isk: Uint8Array, transcript: Uint8Array): Secret {
  return new Secret(
    expand(isk, { label: LABELS.verifyKey, context: lengthPrefixed(transcript), length: 32 }),
  );
}

/** Derives the words from their key and both names, the host's first. */
export function verificationWords(key: Secret, names: { host: string; guest: string }): string[] {
  const bytes = expand(key.bytes, {
    label: LABELS.verify,
    context: lengthPrefixed(encodeUtf8(names.host), encodeUtf8(names.guest)),
    length: 2 * VERIFY_WORDS,
  });
  // 2048 divides 2^16, so that the low 11 bits of a uniform 16-bit number are uniform.
  return Array.from(
    { length: VERIFY_WORDS },
    (_, i) => wordlist[(bytes[2 * i]! << 8 | bytes[2 * i + 1]!) % wordlist.length]!,
  );
}
