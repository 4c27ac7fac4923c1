/**
 * Text on the rows of a terminal: how wide it is, where it breaks, where the cursor stands. Rows break
 * between words where they fit, otherwise between graphemes: never inside an emoji or an accented letter.
 *
 * @module
 */
import stringWidth from "string-width";
import { graphemes } from "./graphemes.ts";

const ASCII = /^[\x20-\x7e]*$/;

/** Widths of graphemes: computing one takes far longer than looking it up. */
const widths = new Map<string, number>();
/** More than a conversation has; starting again bounds memory against hostile input. */
const MAX_WIDTHS = 16_384;

/** Cells that a text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of graphemes().segment(text)) cells += widthOfGrapheme(segment);
  return cells;
}

/** Cells that one grapheme takes. */
function widthOfGrapheme(grapheme: string): number {
  const known = widths.get(grapheme);
  if (known !== undefined) return known;
  const width = stringWidth(grapheme);
  if (widths.size >= MAX_WIDTHS) widths.clear();
  widths.set(grapheme, width);
  return width;
}

/** How to break a text into rows. */
export interface WrapOptions {
  /** Cells of the first row, where it has fewer or more than the others. */
  readonly first?: number;
  /**
   * True where a row that is too wide would be broken by the terminal: letters count for as much as
   * any terminal makes of them.
   */
  readonly isCautious?: boolean;
}

/** One row of a text, and where it begins there, in UTF-16 units. */
export interface WrappedRow {
  readonly text: string;
  readonly start: number;
}

/** The rows of a text, each at most so many cells wide. */
export function wrap(text: string, width: number): string[] {
  return wrapRows(text, width).map((row) => row.text);
}

/** The same, with the place of each row in the text. */
export function wrapRows(
  text: string,
  width: number,
  { first = width, isCautious = false }: WrapOptions = {},
): WrappedRow[] {
  const measure = isCautious ? widestWidthOf : widthOfGrapheme;
  let start = 0;
  return text.split("\n").flatMap((line, index) => {
    const rows = wrapLine(line, {
      first: Math.max(1, index === 0 ? first : width),
      width: Math.max(1, width),
      measure,
    }).map((row) => ({ text: row.text, start: start + row.start }));
    start += line.length + 1;
    return rows;
  });
}

function wrapLine(
  line: string,
  { first, width, measure }: {
    first: number;
    width: number;
    measure: (grapheme: string) => number;
  },
): WrappedRow[] {
  if (ASCII.test(line) && line.length <= first) return [{ text: line, start: 0 }];
  const rows: WrappedRow[] = [];
  let row = "";
  let start = 0;
  let cells = 0;
  let limit = first;
  const next = (text: string) => {
    rows.push({ text, start });
    start += row.length;
    row = "";
    cells = 0;
    limit = width;
  };
  for (const word of line.match(/\s+|\S+/g) ?? []) {
    const pieces = Array.from(segments(word), (piece) => [piece, measure(piece)] as const);
    const needed = pieces.reduce((sum, [, size]) => sum + size, 0);
    if (cells + needed <= limit) {
      row += word;
      cells += needed;
      continue;
    }
    if (row.trim() !== "") next(row.trimEnd());
    // Spaces at the end of a row are not seen there, and not at the beginning of the next.
    if (/^\s/.test(word)) {
      start += word.length;
      continue;
    }
    for (const [piece, size] of pieces) {
      if (cells + size > limit && cells > 0) next(row);
      row += piece;
      cells += size;
    }
  }
  if (row.trim() !== "" || rows.length === 0) rows.push({ text: row.trimEnd(), start });
  return rows;
}

/** Cells that a grapheme takes where a terminal draws each of its characters by itself. */
function widestWidthOf(grapheme: string): number {
  if (grapheme.length === 1) return widthOfGrapheme(grapheme);
  let cells = 0;
  for (const character of grapheme) {
    cells += /\p{Emoji_Presentation}|\p{Extended_Pictographic}/u.test(character)
      ? 2
      : widthOfGrapheme(character);
  }
  return Math.max(cells, widthOfGrapheme(grapheme));
}

/** The text, shortened to so many cells; an ellipsis says so. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let clipped = "";
  let cells = 0;
  for (const piece of segments(text)) {
    const size = widthOfGrapheme(piece);
    if (cells + size > width - 1) break;
    clipped += piece;
    cells += size;
  }
  return width > 0 ? `${clipped}…` : "";
}

/** The text with spaces up to so many cells. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** The same with the spaces before it. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** A text in rows, and where the cursor stands in them. */
export interface Laid {
  readonly rows: readonly string[];
  /** Where each row begins in the text, in UTF-16 units. */
  readonly starts: readonly number[];
  readonly row: number;
  readonly column: number;
}

/**
 * Lays a text that is being edited into rows. Breaks between graphemes alone, so that no word jumps to
 * another row while it is typed.
 *
 * @param cut UTF-16 units before the cursor.
 */
export function lay(text: string, cut: number, width: number): Laid {
  const rows = [""];
  const starts = [0];
  let cells = 0;
  let at = 0;
  let cursor: { row: number; column: number } | undefined;
  const next = () => {
    rows.push("");
    starts.push(at);
    cells = 0;
  };
  for (const segment of segments(text)) {
    const isBreak = segment === "\n" || segment === "\r\n";
    const size = isBreak ? 0 : widthOfGrapheme(segment);
    if (cells + size > width && cells > 0) next();
    if (at >= cut) cursor ??= { row: rows.length - 1, column: Math.min(cells, width - 1) };
    at += segment.length;
    if (isBreak) next();
    else rows[rows.length - 1] += segment;
    cells += size;
  }
  // After a full row the cursor stands at the beginning of the next.
  if (!cursor && cells >= width) next();
  return { rows, starts, ...cursor ?? { row: rows.length - 1, column: cells } };
}

/** How far into a row a column is, in UTF-16 units; no further than the row goes. */
export function placeIn(row: string, column: number): number {
  let cells = 0;
  let place = 0;
  for (const segment of segments(row)) {
    cells += widthOfGrapheme(segment);
    if (cells > column) break;
    place += segment.length;
  }
  return place;
}

/** A place of the cursor on rows that a terminal breaks. A column equal to the width: the row is full. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where a prompt begins. */
export const ORIGIN: Place = { row: 0, column: 0 };

/** The place behind `text`, written from `start` on a terminal of so many columns. */
export function placeAfter(text: string, start: Place, columns: number): Place {
  if (text === "") return start;
  if (ASCII.test(text)) {
    const cells = start.column + text.length - 1;
    return { row: start.row + Math.floor(cells / columns), column: cells % columns + 1 };
  }
  let place = start;
  for (const segment of segments(text)) place = step(place, segment, columns);
  return place;
}

/** The place behind one grapheme. */
export function step(place: Place, grapheme: string, columns: number): Place {
  if (grapheme === "\n" || grapheme === "\r\n") return { row: place.row + 1, column: 0 };
  const width = Math.min(widthOfGrapheme(grapheme), columns);
  return place.column + width > columns
    ? { row: place.row + 1, column: width }
    : { row: place.row, column: place.column + width };
}

/** Whether what is appended begins a grapheme of its own, and joins none that is there. */
export function standsAlone(before: string, added: string): boolean {
  // What an accent joins is near: no need to look through a long line.
  const near = before.slice(-64);
  return graphemes().segment(near + added).containing(near.length)?.index === near.length;
}

/** The graphemes of a text. */
export function* segments(text: string): Iterable<string> {
  if (/^[\x20-\x7e\n]*$/.test(text)) yield* text;
  else for (const { segment } of graphemes().segment(text)) yield segment;
}
