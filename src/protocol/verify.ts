/**
 * The words of `/verify`: what both sides compare by voice when the code itself may have leaked
 * (docs/PROTOCOL.md §7).
 *
 * @module
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { encodeUtf8, lengthPrefixed } from "../crypto/bytes.ts";
import { expand, LABELS } from "../crypto/kdf.ts";
import type { Established } from "./handshake.ts";

/**
 * Twelve words of 11 bits: 132 bits. A shorter string could be matched by grinding handshakes,
 * since nothing commits the two sides before it is shown.
 */
const VERIFY_WORDS = 12;

/** Derives the words from the session and both names, the host's first. */
export function verificationWords(
  session: Pick<Established, "isk" | "transcript">,
  hostName: string,
  guestName: string,
): string[] {
  const bytes = expand(session.isk, {
    label: LABELS.verify,
    context: lengthPrefixed(session.transcript, encodeUtf8(hostName), encodeUtf8(guestName)),
    length: 2 * VERIFY_WORDS,
  });
  // 2048 divides 2^16, so that the low 11 bits of a uniform 16-bit number are uniform.
  return Array.from(
    { length: VERIFY_WORDS },
    (_, i) => wordlist[(bytes[2 * i]! << 8 | bytes[2 * i + 1]!) % wordlist.length]!,
  );
}
