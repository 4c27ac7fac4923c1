/**
 * Search in earlier lines (Ctrl+R), newest first. Only what was asked is remembered: the line that is
 * found is looked up each time, so that a line which left the history is not found any more.
 *
 * @module
 */
import { edit, EMPTY_DRAFT, insert } from "./editor.ts";
import type { KeyAction } from "./keys.ts";

/** Nobody searches for more. */
const MAX_QUERY_CHARS = 200;

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

/** The search for another text, as far as there is room for it. */
export function searchFor(query: string): HistorySearch {
  return { query: query.replaceAll("\n", " ").slice(0, MAX_QUERY_CHARS), skipped: 0 };
}

/**
 * What a key does to a search.
 *
 * @returns the next search; or that it is over, without a line or with the one that is found;
 * undefined for a key that takes that line and then does what it does to every line.
 */
export function pressInSearch(
  history: readonly string[],
  search: HistorySearch,
  action: KeyAction,
): HistorySearch | "canceled" | "taken" | undefined {
  switch (action) {
    case "search":
    case "up":
    case "down": {
      const skipped = search.skipped + (action === "down" ? -1 : 1);
      const next = { ...search, skipped: Math.max(0, skipped) };
      return foundIn(history, next) === undefined ? search : next;
    }
    case "backspace":
    case "delete-word":
    case "delete-to-start":
      return searchFor(edit(insert(EMPTY_DRAFT, search.query), action)!.before);
    case "dismiss":
    case "leave":
      return "canceled";
    case "submit":
    case "newline":
    case "end-of-input":
      return "taken";
    default:
      return undefined;
  }
}
