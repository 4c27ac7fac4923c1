/**
 * The verification words: what both people compare over a phone call when the code may have leaked
 * (docs/PROTOCOL.md §7).
 *
 * @module
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { lengthPrefixed, wipe } from "../crypto/bytes.ts";
import { expand, LABELS } from "../crypto/kdf.ts";
import type { Role } from "../relay/relay.ts";

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

/** The words as one of the two sees them: a half to read aloud, and a half to listen for. */
export interface WordHalves {
  readonly read: readonly string[];
  readonly listen: readonly string[];
}

/** The halves of the words: the host reads the first one aloud, the guest the second. */
export function wordHalves(words: readonly string[], role: Role): WordHalves {
  const [first, second] = [words.slice(0, words.length / 2), words.slice(words.length / 2)];
  return role === "host" ? { read: first, listen: second } : { read: second, listen: first };
}
