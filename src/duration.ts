/**
 * Lengths of time as people write them.
 *
 * @module
 */

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** A length of time is never longer; a bound for what is searched. */
const MAX_CHARS = 64;

/**
 * Milliseconds of `90s`, `5m`, `1h30m` or `2d`; undefined for anything else. Spaces and capitals do
 * not matter, every unit occurs at most once, larger ones first.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const compact = text.toLowerCase().replaceAll(/\s/g, "");
  const found = /^(?:(?<d>\d{1,6})d)?(?:(?<h>\d{1,6})h)?(?:(?<m>\d{1,6})m)?(?:(?<s>\d{1,6})s)?$/
    .exec(compact);
  if (!found || compact === "") return undefined;
  return Object.entries(UNIT_MS).reduce(
    (total, [unit, ms]) => total + Number(found.groups![unit] ?? 0) * ms,
    0,
  );
}
