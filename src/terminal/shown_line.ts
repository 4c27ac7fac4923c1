/**
 * A line that is being typed, as the terminal shows it.
 *
 * @module
 */
import stringWidth from "string-width";
import type { Key } from "./keys.ts";
import { ORIGIN, type Place, placeAfter, standsAlone } from "./layout.ts";
import { LineEditor } from "./line_editor.ts";
import type { ReadLineOptions, TerminalPort } from "./terminal_port.ts";
import { visible } from "./visible.ts";
import { type Part, Window } from "./window.ts";

/** A line takes no more rows while it is typed: what is above it is what one answers to. */
const MAX_ROWS = 8;
/** The least height of a screen that is reckoned with, where nobody can say. */
const DEFAULT_ROWS = MAX_ROWS + 1;
/** A longer line stays on the screen as it was typed: in part. */
const MAX_LEFT_CHARS = 16_384;
const NOTHING: Part = { before: "", after: "", isCut: false };

/** Prompt, line and cursor on the screen. */
export class ShownLine {
  /** What stands before the line; may hold colours, and lines of their own. */
  prompt: string;
  readonly #port: TerminalPort;
  readonly #editor: LineEditor;
  readonly #window = new Window();
  readonly #options: ReadLineOptions;
  /** Which earlier line is shown; the length of the history is the line itself. */
  #place: number;
  #draft = "";
  /** What is on the screen. */
  #drawn: Part = NOTHING;
  #drawnPrompt = "";
  /** Where the cursor is, counted from where the prompt begins. */
  #cursor: Place = ORIGIN;

  constructor(port: TerminalPort, options: ReadLineOptions) {
    this.#port = port;
    this.#options = options;
    this.prompt = options.prompt ?? "";
    this.#editor = new LineEditor(options.initial);
    this.#place = options.history?.length ?? 0;
  }

  /** What was typed. */
  get text(): string {
    return this.#editor.text;
  }

  /** Writes prompt and line where the cursor is, and puts the cursor in its place. */
  show(): void {
    this.#draw(this.#part());
  }

  /** Takes the line off the screen; where that cannot be done, goes to a new one. */
  erase(): void {
    if (!this.#port.isAnsi) return this.#port.write("\r\n");
    // Counted anew: where the window has changed, the terminal has broken the rows elsewhere.
    const { row } = this.#placeOfCursor();
    this.#port.write(`${row > 0 ? `\x1b[${row}A` : ""}\r\x1b[J`);
    this.#cursor = ORIGIN;
  }

  /** Leaves the line on the screen and goes below it. */
  finish(): void {
    if (this.#port.isAnsi && this.#drawn.isCut && this.text.length <= MAX_LEFT_CHARS) {
      this.erase();
      this.#draw({ before: visible(this.text), after: "", isCut: false });
    } else if (this.#port.isAnsi && this.#drawn.after !== "") {
      this.erase();
      this.#draw({ ...this.#drawn, before: this.#drawn.before + this.#drawn.after, after: "" });
    }
    // Behind a full row the cursor is below the line already.
    const isBelow = this.#port.isAnsi && this.#cursor.column === 0 && this.#drawn.before !== "";
    if (!isBelow) this.#port.write("\r\n");
  }

  /** Does what a key does, and shows it. */
  press(key: Key): void {
    if (key.key === "tab") this.#complete();
    else if (key.key === "up" || key.key === "down") this.#recall(key.key === "up" ? -1 : 1);
    else this.#editor.press(key);
    const was = this.#drawn;
    const is = this.#part();
    const same = was.before === is.before && was.after === is.after;
    if (same && key.key !== "redraw") return;
    // The most frequent case by far writes the letter alone: smooth to see, and to hear.
    if (was.after === "" && is.after === "" && this.#appended(was, is)) return;
    if (!this.#port.isAnsi && this.#backspaced(was, is)) return;
    this.erase();
    this.#draw(is);
  }

  #part(): Part {
    if (this.#options.hidden) return NOTHING;
    const columns = this.#columns();
    const start = placeAfter(this.prompt, ORIGIN, columns);
    const rows = Math.min(MAX_ROWS, (this.#port.rows?.() ?? DEFAULT_ROWS) - 1);
    return this.#window.part(this.#editor, { start, columns, rows });
  }

  #draw(part: Part): void {
    this.#drawn = part;
    this.#drawnPrompt = this.prompt;
    const { before, after } = part;
    // In raw mode a line feed alone may go straight down.
    const text = `${this.prompt.replaceAll(/\r?\n/g, "\r\n")}${before}${after}`;
    if (!this.#port.isAnsi) return this.#port.write(text);
    this.#cursor = this.#placeOfCursor();
    const columns = this.#columns();
    const end = placeAfter(after, placeAfter(before, this.#start(), columns), columns);
    // A terminal moves to the next row only with the letter after the last column. A space that is
    // overwritten, and no line feed: the rows stay one line for a terminal that changes its width.
    const isFull = end.column === columns;
    const below = isFull ? { row: end.row + 1, column: 0 } : end;
    const up = below.row - this.#cursor.row;
    const right = this.#cursor.column;
    const move = after === ""
      ? ""
      : `${up > 0 ? `\x1b[${up}A` : ""}\r${right > 0 ? `\x1b[${right}C` : ""}`;
    this.#port.write(`${text}${isFull ? " \r" : ""}${move}`);
  }

  #columns(): number {
    return Math.max(1, this.#port.columns());
  }

  /** Where the drawn line begins. */
  #start(): Place {
    return placeAfter(this.#drawnPrompt, ORIGIN, this.#columns());
  }

  #placeOfCursor(): Place {
    const columns = this.#columns();
    const place = placeAfter(this.#drawn.before, this.#start(), columns);
    return place.column === columns ? { row: place.row + 1, column: 0 } : place;
  }

  #appended(was: Part, is: Part): boolean {
    if (!is.before.startsWith(was.before)) return false;
    const added = is.before.slice(was.before.length);
    if (this.#port.isAnsi) {
      // A combining mark changes the letter before it; a full row needs the care of `show`.
      if (!standsAlone(was.before, added)) return false;
      const columns = this.#columns();
      const place = placeAfter(added, this.#cursor, columns);
      if (place.row !== this.#cursor.row || place.column === columns) return false;
      if (place.column === this.#cursor.column) return false;
      this.#cursor = place;
    }
    this.#drawn = is;
    this.#port.write(added);
    return true;
  }

  /** Without cursor movement, letters at the end can still be rubbed out. */
  #backspaced(was: Part, is: Part): boolean {
    if (was.after !== "" || is.after !== "" || !was.before.startsWith(is.before)) return false;
    this.#drawn = is;
    this.#port.write("\b \b".repeat(stringWidth(was.before.slice(is.before.length))));
    return true;
  }

  #complete(): void {
    const { before, after } = this.#editor;
    if (after !== "" || this.#options.hidden) return;
    const words = this.#options.complete?.(before) ?? [];
    const common = commonBeginning(words);
    const start = before.length - /[^\s-]*$/.exec(before)![0].length;
    if (common.length > before.length - start) {
      this.#editor.replace(before.slice(0, start) + common);
    }
  }

  #recall(step: number): void {
    const history = this.#options.history ?? [];
    const place = this.#place + step;
    if (this.#options.hidden || place < 0 || place > history.length) return;
    if (this.#place === history.length) this.#draft = this.#editor.text;
    this.#place = place;
    this.#editor.replace(history[place] ?? this.#draft);
  }
}

function commonBeginning(words: readonly string[]): string {
  const [first = "", ...others] = words;
  let length = first.length;
  for (const word of others) {
    while (!word.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}
