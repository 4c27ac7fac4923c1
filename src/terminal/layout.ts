/**
 * Where a terminal puts what is written to it: rows and columns, counted as terminals do.
 *
 * Dividing a width by the columns would not do: a letter of two columns that finds one left goes to
 * the next row and leaves a gap.
 *
 * @module
 */
import stringWidth from "string-width";
import { graphemes } from "./graphemes.ts";

/** A place of the cursor. A column equal to the width means that the row is full. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where a prompt begins. */
export const ORIGIN: Place = { row: 0, column: 0 };

// deno-lint-ignore no-control-regex -- the sequences begin with one
const SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]/g;

/** The place behind `text`, written from `start` on a terminal of so many columns. */
export function placeAfter(text: string, start: Place, columns: number): Place {
  if (text === "") return start;
  if (/^[\x20-\x7e]+$/.test(text)) {
    const cells = start.column + text.length - 1;
    return { row: start.row + Math.floor(cells / columns), column: cells % columns + 1 };
  }
  let place = start;
  for (const { segment } of graphemes().segment(text.replaceAll(SEQUENCES, ""))) {
    place = step(place, segment, columns);
  }
  return place;
}

/** The place behind one grapheme. */
export function step(place: Place, grapheme: string, columns: number): Place {
  if (grapheme === "\n" || grapheme === "\r\n") return { row: place.row + 1, column: 0 };
  const width = Math.min(stringWidth(grapheme), columns);
  return place.column + width > columns
    ? { row: place.row + 1, column: width }
    : { row: place.row, column: place.column + width };
}

/** The graphemes of a text, one by one. */
export function* graphemesOf(text: string): Generator<string> {
  for (const { segment } of graphemes().segment(text)) yield segment;
}

/** Whether what is appended begins a grapheme of its own, and joins none that is there. */
export function standsAlone(before: string, added: string): boolean {
  // What a mark joins is near; no need to look through a long line.
  const near = before.slice(-64);
  return graphemes().segment(near + added).containing(near.length)?.index === near.length;
}
