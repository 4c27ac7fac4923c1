/**
 * Sets of whole numbers, as ranges: however many there are, most of them are neighbors.
 *
 * @module
 */

/** First and last number. */
export type Range = readonly [first: number, last: number];

/** Ranges, ascending, with at least one number between two of them. */
export type Ranges = readonly Range[];

/** True for a number of the set. */
export function hasNumber(ranges: Ranges, number: number): boolean {
  return ranges.some(([first, last]) => first <= number && number <= last);
}

/** How many numbers of the set are below `limit`. */
export function countBelow(ranges: Ranges, limit: number): number {
  return ranges.reduce(
    (sum, [first, last]) => sum + Math.max(0, Math.min(last + 1, limit) - first),
    0,
  );
}

/** The set with a range more, whose numbers are larger than all others. */
export function withRange(ranges: Ranges, added: Range): Ranges {
  const last = ranges.at(-1);
  if (!last || last[1] + 1 < added[0]) return [...ranges, added];
  return [...ranges.slice(0, -1), [last[0], added[1]]];
}

/** The set without a number. */
export function withoutNumber(ranges: Ranges, number: number): Ranges {
  return ranges.flatMap(([first, last]): Range[] => {
    if (number < first || number > last) return [[first, last]];
    const parts: Range[] = [[first, number - 1], [number + 1, last]];
    return parts.filter(([from, to]) => from <= to);
  });
}
