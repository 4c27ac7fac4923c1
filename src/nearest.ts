/**
 * "Did you mean ...?": which word was meant, and how far a word is from it.
 *
 * @module
 */

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

/**
 * How many letters have to be put in, left out, replaced or swapped with their neighbor (optimal
 * string alignment). Takes time in the product of both lengths.
 */
export function edits(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(
        last[j]! + 1,
        next[j - 1]! + 1,
        last[j - 1]! + (same ? 0 : 1),
        swapped ? before[j - 2]! + 1 : Infinity,
      ));
    }
    [before, last] = [last, next];
  }
  return last[b.length]!;
}
