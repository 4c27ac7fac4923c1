/**
 * The part of a long line that is shown: some rows around the cursor. A terminal cannot erase what has
 * scrolled off its screen, and writing a whole long line again at every key is slow.
 *
 * @module
 */
import type { Draft } from "./editor.ts";
import { safeLine } from "./safe_text.ts";
import { type Place, placeAfter, segments, step } from "./text.ts";

/** The shown part of a line, on both sides of the cursor. */
export interface Part {
  readonly before: string;
  readonly after: string;
  /** Whether it is less than the line. */
  readonly isCut: boolean;
}

/** The space that there is. */
export interface Space {
  /** Where the line begins: behind the prompt. */
  readonly start: Place;
  readonly columns: number;
  /** Rows that prompt and line may take together. */
  readonly rows: number;
}

/** Stands where something is left out. */
const LEFT_OUT = "…";
/** UTF-16 units that are looked at for each cell: a bound for overlong graphemes. */
const UNITS_PER_CELL = 4;

/** The window; it stays where it is until the cursor leaves it, or the whole line fits. */
export class Window {
  /** Where in the line it begins. */
  #from = 0;

  /** The part of the line to show. */
  part({ before, after }: Draft, space: Space): Part {
    const last = Math.max(space.start.row + 1, space.rows - 1);
    const cells = (last - space.start.row) * space.columns;
    if (this.#from > 0 && fits(before + after, space, last)) this.#from = 0;
    // Close to the edge, the text that the cursor moves to would not be seen.
    const isNear = this.#from > 0 && before.length - this.#from < space.columns / 4;
    let shown = isNear ? undefined : this.#before(before, cells);
    let here = shown === undefined ? undefined : placeAfter(shown, space.start, space.columns);
    if (shown === undefined || here === undefined || isOver(here, last, space.columns)) {
      this.#from = before.length - tailLength(before, cells / 2);
      // Overlong graphemes in the tail do not move the window further.
      shown = this.#before(before, Infinity)!;
      here = placeAfter(shown, space.start, space.columns);
    }
    const behind = this.#after(after, here, { columns: space.columns, last });
    return {
      before: shown,
      after: behind.text,
      isCut: this.#from > 0 || behind.isCut,
    };
  }

  /** What stands before the cursor; undefined where it cannot fit. */
  #before(before: string, cells: number): string | undefined {
    if (this.#from > before.length) return undefined;
    if (before.length - this.#from > cells * UNITS_PER_CELL) return undefined;
    return (this.#from > 0 ? LEFT_OUT : "") + safeLine(before.slice(this.#from));
  }

  #after(after: string, here: Place, { columns, last }: { columns: number; last: number }) {
    const most = after.slice(0, (last + 1) * columns * UNITS_PER_CELL);
    let text = "";
    let place = here;
    for (const grapheme of segments(safeLine(most))) {
      place = step(place, grapheme, columns);
      if (isOver(place, last, columns)) {
        return { text: text + LEFT_OUT, isCut: true };
      }
      text += grapheme;
    }
    const isCut = most.length < after.length;
    return { text: isCut ? text + LEFT_OUT : text, isCut };
  }
}

/** Whether a place leaves no room for the mark of what is left out: a full row would begin another. */
function isOver({ row, column }: Place, last: number, columns: number): boolean {
  return row > last || (row === last && column > columns - 2);
}

/** Whether a whole line leaves room for the mark in the last row. */
function fits(line: string, { start, columns }: Space, last: number): boolean {
  if (line.length > (last + 1) * columns * UNITS_PER_CELL) return false;
  return !isOver(placeAfter(safeLine(line), start, columns), last, columns);
}

/** The length of the longest tail that takes no more than so many cells. */
function tailLength(text: string, cells: number): number {
  const tail = text.slice(-Math.ceil(cells) * UNITS_PER_CELL);
  let length = 0;
  let width = 0;
  for (const grapheme of [...segments(tail)].reverse()) {
    width += step({ row: 0, column: 0 }, safeLine(grapheme), Infinity).column;
    if (width > cells) break;
    length += grapheme.length;
  }
  return length;
}
