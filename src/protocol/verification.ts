/**
 * The verification words: what both people compare over a phone call when the code may have leaked
 * (docs/PROTOCOL.md §7).
 *
 * @module
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { lengthPrefixed, wipe } from "../crypto/bytes.ts";
import { expand, LABELS } from "../crypto/kdf.ts";

/**
 * Twelve words of 11 bits: 132 bits, of which an attacker in the middle who knows the code has to find a
 * collision between two sessions: 2^66 handshakes. Nothing commits the two sides before the words are
 * shown, so a shorter list could be matched by trying.
 */
export const VERIFY_WORDS = 12;

/**
 * Derives the words of a session. They depend on its key alone: names are authenticated inside it, and
 * a name that the peer could choose would help to search for a collision.
 */
export function verificationWords(sessionKey: Uint8Array, transcript: Uint8Array): string[] {
  const key = expand(sessionKey, {
    label: LABELS.verifyKey,
    context: lengthPrefixed(transcript),
    length: 32,
  });
  const bytes = expand(key, { label: LABELS.verify, length: 2 * VERIFY_WORDS });
  wipe(key);
  // 2048 divides 2^16, so that the low 11 bits of a uniform 16-bit number are uniform.
  return Array.from(
    { length: VERIFY_WORDS },
    (_, i) => wordlist[(bytes[2 * i]! << 8 | bytes[2 * i + 1]!) % wordlist.length]!,
  );
}
