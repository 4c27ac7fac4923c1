/**
 * Search in earlier lines (Ctrl+R), newest first. Only what was asked is remembered: the line that is
 * found is looked up each time, so that a line which left the history is not found any more.
 *
 * @module
 */

/** What is searched for. */
export interface HistorySearch {
  readonly query: string;
  /** Newer lines with the query that are passed over. */
  readonly skipped: number;
}

/** Nothing asked yet. */
export const BEGIN_SEARCH: HistorySearch = { query: "", skipped: 0 };

/** The line that is found: where it is in the history, oldest first; undefined where there is none. */
export function foundIn(
  history: readonly string[],
  { query, skipped }: HistorySearch,
): number | undefined {
  if (query === "") return undefined;
  const wanted = query.toLowerCase();
  for (let index = history.length - 1, passed = 0; index >= 0; index--) {
    if (history[index]!.toLowerCase().includes(wanted) && passed++ === skipped) return index;
  }
  return undefined;
}

/** The search for the next older line (1) or newer line (-1), where there is one. */
export function searchFurther(
  history: readonly string[],
  search: HistorySearch,
  step: 1 | -1,
): HistorySearch {
  const next = { ...search, skipped: Math.max(0, search.skipped + step) };
  return foundIn(history, next) === undefined ? search : next;
}

/** The search for another text. */
export function searchFor(query: string): HistorySearch {
  return { query, skipped: 0 };
}
