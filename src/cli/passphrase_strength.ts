/**
 * How hard a passphrase is to guess, roughly. A relay can try guesses of it, so a weak one deserves a
 * note.
 *
 * @module
 */

/** Below this many bits a passphrase is noted as weak: about a billion guesses. */
export const WEAK_BITS = 30;
/** Bits of a word from a list of some two thousand words, however long it is. */
const WORD_BITS = 11;
const LETTER_BITS = 4.7;
const DIGIT_BITS = 3.3;
const SYMBOL_BITS = 5;
/** Longer passphrases are strong whatever they contain. */
const MAX_CHARS = 256;
/** Rows of keys, for digits that were not chosen at random. */
const SEQUENCES = "01234567890 09876543210";

/**
 * An estimate of the bits of a passphrase: words count as words of a small list, repetitions and
 * sequences of digits hardly at all. It errs on the low side for words, and cannot know a quotation.
 */
export function passphraseBits(passphrase: string): number {
  if (passphrase.length > MAX_CHARS) return Infinity;
  const runs = passphrase.toLowerCase().match(/\p{L}+|\p{N}+|[^\p{L}\p{N}\s]/gu) ?? [];
  return [...new Set(runs)].reduce((bits, run) => bits + bitsOf(run), 0);
}

function bitsOf(run: string): number {
  if (/^\p{L}/u.test(run)) return Math.min(WORD_BITS, LETTER_BITS * new Set(run).size);
  if (!/^\p{N}/u.test(run)) return SYMBOL_BITS;
  const isSequence = SEQUENCES.includes(run) || new Set(run).size === 1;
  return isSequence ? DIGIT_BITS : DIGIT_BITS * run.length;
}
