/**
 * "Did you mean ...?"
 *
 * @module
 */
import { edits } from "./edits.ts";

/** Words longer than this are compared no further: distance takes time in the square of them. */
const MAX_LENGTH = 32;

/**
 * The word that `typed` was probably meant to be: within two edits, within one for words of up to
 * four letters; a beginning that only one word has counts as well.
 */
export function nearest<T extends string>(typed: string, words: Iterable<T>): T | undefined {
  if (typed === "" || typed.length > MAX_LENGTH) return undefined;
  const all = [...words];
  const beginnings = all.filter((word) => typed.length > 1 && word.startsWith(typed));
  if (beginnings.length === 1) return beginnings[0];
  let found: T | undefined;
  let least = typed.length > 4 ? 3 : 2;
  for (const word of all) {
    const distance = edits(typed.toLowerCase(), word);
    if (distance < least) [found, least] = [word, distance];
  }
  return found;
}
