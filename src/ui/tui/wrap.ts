/**
 * Text broken into rows of a terminal: by words where they fit, by graphemes where they do not, and
 * never through the middle of an emoji or a letter with its accents.
 *
 * @module
 */
import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ASCII = /^[\x20-\x7e]*$/;

/** Widths of letters that were met: finding one out takes far longer than remembering it. */
const widths = new Map<string, number>();
/** More letters than any conversation has; a stranger who sends others wins nothing but a new start. */
const MAX_WIDTHS = 16_384;

/** Cells that a text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of graphemes.segment(text)) cells += widthOfLetter(segment);
  return cells;
}

/** Cells that one grapheme takes. */
function widthOfLetter(grapheme: string): number {
  const known = widths.get(grapheme);
  if (known !== undefined) return known;
  const width = stringWidth(grapheme);
  if (widths.size >= MAX_WIDTHS) widths.clear();
  widths.set(grapheme, width);
  return width;
}

/** The rows of a text, each at most so many cells wide. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, Math.max(1, width)));
}

function wrapLine(line: string, width: number): string[] {
  if (widthOf(line) <= width) return [line];
  const rows: string[] = [];
  let row = "";
  let cells = 0;
  for (const word of line.match(/\s+|\S+/g) ?? []) {
    const needed = widthOf(word);
    if (cells + needed <= width) {
      row += word;
      cells += needed;
      continue;
    }
    // Spaces at the end of a row are not seen there, and not at the beginning of the next.
    if (/^\s/.test(word)) continue;
    if (row.trim() !== "") {
      rows.push(row.trimEnd());
      row = "";
      cells = 0;
    }
    for (const [piece, size] of pieces(word)) {
      if (cells + size > width && cells > 0) {
        rows.push(row);
        row = "";
        cells = 0;
      }
      row += piece;
      cells += size;
    }
  }
  if (row.trim() !== "" || rows.length === 0) rows.push(row.trimEnd());
  return rows;
}

function* pieces(word: string): Generator<[string, number]> {
  for (const { segment } of graphemes.segment(word)) yield [segment, widthOfLetter(segment)];
}

/** The text, shortened to so many cells; an ellipsis says so. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let clipped = "";
  let cells = 0;
  for (const [piece, size] of pieces(text)) {
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

/** Where the cursor of an editor stands, and the rows around it. */
export interface Laid {
  readonly rows: readonly string[];
  /** Where each row begins in the text, in UTF-16 units. */
  readonly starts: readonly number[];
  readonly row: number;
  readonly column: number;
}

/**
 * Lays a text that is being edited into rows. Breaks by graphemes alone: words that jump from row to
 * row while one types are a nuisance.
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
    const size = isBreak ? 0 : widthOfLetter(segment);
    if (cells + size > width && cells > 0) next();
    if (at >= cut) cursor ??= { row: rows.length - 1, column: Math.min(cells, width - 1) };
    at += segment.length;
    if (isBreak) next();
    else rows[rows.length - 1] += segment;
    cells += size;
  }
  // Behind a full row the cursor stands at the beginning of the next.
  if (!cursor && cells >= width) next();
  return { rows, starts, ...cursor ?? { row: rows.length - 1, column: cells } };
}

/** How far into a row a column is, in UTF-16 units; no further than the row goes. */
export function placeIn(row: string, column: number): number {
  let cells = 0;
  let place = 0;
  for (const segment of segments(row)) {
    cells += widthOfLetter(segment);
    if (cells > column) break;
    place += segment.length;
  }
  return place;
}

/** The graphemes of a text; a plain one needs nobody to find them. */
function* segments(text: string): Iterable<string> {
  if (/^[\x20-\x7e\n]*$/.test(text)) yield* text;
  else for (const { segment } of graphemes.segment(text)) yield segment;
}
