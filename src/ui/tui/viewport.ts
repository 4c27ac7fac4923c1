/**
 * Which part of the conversation is on the screen. Only what is seen is laid out: a key takes as long
 * in a conversation of ten thousand texts as in one of ten.
 *
 * @module
 */
import type { Entry } from "./log.ts";
import { type Geometry, type Row, rowsOf } from "./rows.ts";

/** What is at the bottom of the screen: the newest, or a row of an entry that is held on to. */
export type Scroll = "tail" | { readonly id: number; readonly row: number };

/** A place in the list. */
interface Place {
  readonly index: number;
  readonly row: number;
}

/** The conversation, and the room that there is for it. */
export interface Window {
  readonly entries: Entries;
  readonly geometry: Geometry;
  readonly height: number;
}

/** As much of a list as is needed here. */
type Entries = Pick<readonly Entry[], "length" | "at">;

/** The rows to show, at most `height`, and the entries whose last row is among them. */
export function visible(
  window: Window,
  scroll: Scroll,
): { readonly rows: readonly Row[]; readonly entries: readonly Entry[] } {
  const { entries, geometry, height } = window;
  const rows: Row[] = [];
  const ending: Entry[] = [];
  let { index, row } = placeOf(window, scroll);
  while (rows.length < height && index >= 0) {
    const all = rowsOf(entries.at(index)!, geometry);
    if (row === all.length - 1) ending.push(entries.at(index)!);
    while (row >= 0 && rows.length < height) rows.push(all[row--]!);
    if (--index >= 0) row = rowsOf(entries.at(index)!, geometry).length - 1;
  }
  return { rows: rows.reverse(), entries: ending.reverse() };
}

/** So many rows further back (negative) or on. */
export function scrolled(window: Window, scroll: Scroll, by: number): Scroll {
  const start = placeOf(window, scroll);
  if (start.index < 0) return "tail";
  const place = by < 0 ? bounded(window, back(window, start, -by)) : forth(window, start, by);
  return anchor(window, place);
}

/** The beginning of the conversation. */
export function scrolledToFirst(window: Window): Scroll {
  if (window.entries.length === 0) return "tail";
  return anchor(window, bounded(window, { index: 0, row: 0 }));
}

function anchor({ entries, geometry }: Window, { index, row }: Place): Scroll {
  const last = entries.length - 1;
  const isLast = index < 0 ||
    (index === last && row >= rowsOf(entries.at(last)!, geometry).length - 1);
  return isLast ? "tail" : { id: entries.at(index)!.id, row };
}

function placeOf({ entries, geometry }: Window, scroll: Scroll): Place {
  const index = scroll === "tail" ? entries.length - 1 : indexOf(entries, scroll.id);
  const entry = entries.at(index);
  if (!entry) return { index: -1, row: -1 };
  const last = rowsOf(entry, geometry).length - 1;
  return {
    index,
    // After a change of width the entry may have fewer rows, and one that vanished has none.
    row: scroll !== "tail" && scroll.id === entry.id ? Math.min(scroll.row, last) : last,
  };
}

/** Where the entry is, or the last one before where it was. */
function indexOf(entries: Entries, id: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries.at(middle)!.id <= id) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function back({ entries, geometry }: Window, { index, row }: Place, by: number): Place {
  while (by > row && index > 0) {
    by -= row + 1;
    index--;
    row = rowsOf(entries.at(index)!, geometry).length - 1;
  }
  return { index, row: Math.max(0, row - by) };
}

function forth({ entries, geometry }: Window, { index, row }: Place, by: number): Place {
  while (index >= 0) {
    const left = rowsOf(entries.at(index)!, geometry).length - 1 - row;
    if (by <= left) return { index, row: row + by };
    if (index === entries.length - 1) return { index, row: row + left };
    by -= left + 1;
    index++;
    row = 0;
  }
  return { index, row };
}

/** No further back than a full screen. */
function bounded(window: Window, place: Place): Place {
  const first = forth(window, { index: 0, row: 0 }, window.height - 1);
  const isBefore = place.index < first.index ||
    (place.index === first.index && place.row < first.row);
  return isBefore ? first : place;
}
