/**
 * How far a word is from the one that was meant, for every "did you mean ...?".
 *
 * @module
 */

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
