/**
 * A line that is being typed, as the terminal shows it.
 *
 * @module
 */
import { complete, type Draft, edit, EMPTY_DRAFT, move, replace, textOf } from "./editor.ts";
import {
  beginSearch,
  EMPTY_LINE,
  forgetGone,
  foundLine,
  type History,
  pressInSearch,
  recall,
  takeFound,
  type TypedLine,
  typeText,
  withDraft,
} from "./history.ts";
import type { KeyAction } from "./keys.ts";
import { safeLine } from "./safe_text.ts";
import type { Terminal } from "./terminal.ts";
import { inRawMode, tty } from "./terminal_text.ts";
import { ORIGIN, type Place, placeAfter, standsAlone, widthOf, wrap } from "./text.ts";
import { type Part, Window } from "./window.ts";

/** How to read a line. */
export interface ReadLineOptions {
  /** Shown before the line; may hold lines of its own. */
  readonly prompt?: string;
  /** True to show nothing of what is typed. */
  readonly hidden?: boolean;
  /** What `line` may become, whole lines, for the Tab key. */
  readonly complete?: (line: string) => readonly string[];
  /** Earlier lines, for the arrow keys. */
  readonly history?: () => History;
  /** The prompt while `history` is searched (Ctrl+R); without one there is no search. */
  readonly searchPrompt?: (query: string) => string;
  /** Called at Up with nothing typed: a text that is edited instead of an earlier line, or undefined. */
  readonly takeBack?: () => string | undefined;
  /** Called at Ctrl+C while something is typed; the line is read on, and a second one interrupts. */
  readonly confirmLeave?: () => void;
  /** Gives the line up; what is typed later belongs to the next. */
  readonly signal?: AbortSignal;
}

/** The most rows of a line while it is typed: what is above it is what it answers. */
const MAX_ROWS = 8;
/** A longer line stays on the screen as it was typed: in part. */
const MAX_LEFT_CHARS = 16_384;
const NOTHING: Part = { before: "", after: "", isCut: false };

/** Prompt, line and cursor on the screen. */
export class ShownLine {
  readonly #terminal: Terminal;
  readonly #window = new Window();
  readonly #options: ReadLineOptions;
  #line: TypedLine;
  /** What is on the screen. */
  #drawn: Part = NOTHING;
  /** What stands before it there, broken for the width that the window had. */
  #drawnLead = "";
  /** Where the cursor is, counted from where the prompt begins. */
  #cursor: Place = ORIGIN;

  /** @param killed what was deleted in the line before, for yank. */
  constructor(terminal: Terminal, options: ReadLineOptions, killed = "") {
    this.#terminal = terminal;
    this.#options = options;
    this.#line = { ...EMPTY_LINE, draft: { ...EMPTY_DRAFT, killed } };
  }

  /** Whether the history is being searched. */
  get isSearching(): boolean {
    return this.#line.search !== undefined;
  }

  /** What was deleted last, for yank. */
  get killed(): string {
    return this.#line.draft.killed;
  }

  /** What was typed; while the history is searched, the line that is found. */
  get text(): string {
    return textOf(this.#shownDraft());
  }

  /** The prompt and the line as {@link finish} leaves them on the screen. */
  get shown(): string {
    return `${this.#drawnLead}${this.#drawn.before}${this.#drawn.after}`;
  }

  /** Rows that prompt and line take. */
  get height(): number {
    return placeAfter(this.shown, ORIGIN, this.#columns()).row + 1;
  }

  /** Writes prompt and line where the cursor is, and puts the cursor in its place. */
  show(): void {
    this.#draw(this.#part());
  }

  /** Takes the line off the screen; where that cannot be done, goes to a new one. */
  erase(): void {
    if (!this.#terminal.isAnsi) return this.#terminal.write(tty`\r\n`);
    // Computed again: after a change of width the terminal has broken the rows elsewhere.
    const { row } = this.#placeOfCursor();
    this.#terminal.write(row > 0 ? tty`\x1b[${row}A\r\x1b[J` : tty`\r\x1b[J`);
    this.#cursor = ORIGIN;
  }

  /** Shows the line again where the cursor is, whatever became of the one that was shown. */
  restart(): void {
    this.#terminal.write(tty`\r`);
    this.#cursor = ORIGIN;
    this.show();
  }

  /** Leaves the line on the screen and goes below it. */
  finish(): void {
    const { isAnsi } = this.#terminal;
    if (isAnsi && this.#drawn.isCut && this.text.length <= MAX_LEFT_CHARS) {
      this.erase();
      this.#draw({ before: safeLine(this.text), after: "", isCut: false });
    } else if (isAnsi && this.#drawn.after !== "") {
      this.erase();
      this.#draw({ ...this.#drawn, before: this.#drawn.before + this.#drawn.after, after: "" });
    }
    // Behind a full row the cursor is below the line already.
    const isBelow = isAnsi && this.#cursor.column === 0 && this.#drawn.before !== "";
    if (!isBelow) this.#terminal.write(tty`\r\n`);
  }

  /** Inserts text at the cursor, or into what is searched for. */
  insert(text: string): void {
    this.#change(typeText(this.#line, text));
  }

  /** Replaces what is typed. */
  give(text: string): void {
    this.#change(withDraft(this.#line, replace(this.#line.draft, text)));
  }

  /** Does what a key does, and shows it. */
  press(action: KeyAction): void {
    this.#change(this.#pressed(this.#line, action), action === "redraw");
  }

  /** Forgets earlier states of the line, and an earlier line that is no longer in the history. */
  forget(): void {
    this.#change(forgetGone(this.#line, this.#history()));
  }

  #change(line: TypedLine, isForced = false): void {
    const wasSearching = this.isSearching;
    this.#line = line;
    // A search has a prompt of its own.
    this.#update(isForced || wasSearching || this.isSearching);
  }

  #pressed(line: TypedLine, action: KeyAction): TypedLine {
    const history = this.#history();
    if (line.search) {
      return pressInSearch(line, history, action) ??
        this.#pressed(takeFound(line, history), action);
    }
    const { hidden, searchPrompt, complete: completions } = this.#options;
    if (hidden) return withDraft(line, edited(line.draft, action));
    switch (action) {
      case "search":
        return searchPrompt ? beginSearch(line) : line;
      case "complete":
        return withDraft(line, complete(line.draft, completions?.(line.draft.before) ?? []));
      case "up": {
        const isEmpty = !line.recalled && textOf(line.draft) === "";
        const taken = isEmpty ? this.#options.takeBack?.() : undefined;
        if (taken !== undefined) return withDraft(line, replace(line.draft, taken));
        return recall(line, history, -1);
      }
      case "down":
        return recall(line, history, 1);
      default:
        return withDraft(line, edited(line.draft, action));
    }
  }

  #history(): History {
    return this.#options.history?.() ?? [];
  }

  #shownDraft(): Draft {
    const { draft } = this.#line;
    const found = foundLine(this.#line, this.#history());
    return found ? replace(draft, found.line) : draft;
  }

  /** What stands before the line: broken between words where the window is too narrow for it. */
  get #lead(): string {
    const { prompt = "", searchPrompt } = this.#options;
    const query = this.#line.search?.query;
    const text = query === undefined ? prompt : searchPrompt?.(safeLine(query)) ?? prompt;
    const columns = this.#columns();
    if (!this.#terminal.isAnsi || widthOf(text) < columns) return text;
    const [end = ""] = /\s*$/.exec(text)!;
    return wrap(text.slice(0, text.length - end.length), columns).join("\n") + end;
  }

  #update(isForced = false): void {
    const was = this.#drawn;
    const is = this.#part();
    if (was.before === is.before && was.after === is.after && !isForced) return;
    // The most frequent case writes the letter alone: smooth to see, and for screen readers.
    if (was.after === "" && is.after === "" && !isForced && this.#appended(was, is)) return;
    if (!this.#terminal.isAnsi && this.#backspaced(was, is)) return;
    this.erase();
    this.#draw(is);
  }

  #part(): Part {
    if (this.#options.hidden) return NOTHING;
    const { columns, rows } = this.#terminal.size();
    const start = placeAfter(this.#lead, ORIGIN, columns);
    return this.#window.part(this.#shownDraft(), {
      start,
      columns,
      rows: Math.min(MAX_ROWS, rows - 1),
    });
  }

  #draw(part: Part): void {
    this.#drawn = part;
    this.#drawnLead = this.#lead;
    const { before, after } = part;
    const text = inRawMode(`${this.#drawnLead}${before}${after}`);
    if (!this.#terminal.isAnsi) return this.#terminal.write(text);
    this.#cursor = this.#placeOfCursor();
    const columns = this.#columns();
    const end = placeAfter(after, placeAfter(before, this.#start(), columns), columns);
    // A terminal moves to the next row only with the letter after the last column. A space that is
    // overwritten, and not a line feed: a terminal that changes its width keeps the rows one line.
    const isFull = end.column === columns;
    const below = isFull ? { row: end.row + 1, column: 0 } : end;
    const up = below.row - this.#cursor.row;
    const right = this.#cursor.column;
    const moves = after === ""
      ? []
      : [up > 0 ? tty`\x1b[${up}A` : "", tty`\r`, right > 0 ? tty`\x1b[${right}C` : ""];
    this.#terminal.write(tty`${text}${isFull ? tty` \r` : ""}${moves}`);
  }

  #columns(): number {
    return this.#terminal.size().columns;
  }

  /** Where the line begins. */
  #start(): Place {
    return placeAfter(this.#drawnLead, ORIGIN, this.#columns());
  }

  #placeOfCursor(): Place {
    const columns = this.#columns();
    const place = placeAfter(this.#drawn.before, this.#start(), columns);
    return place.column === columns ? { row: place.row + 1, column: 0 } : place;
  }

  #appended(was: Part, is: Part): boolean {
    if (!is.before.startsWith(was.before)) return false;
    const added = is.before.slice(was.before.length);
    if (this.#terminal.isAnsi) {
      // An accent changes the letter before it; a full row needs the care of `show`.
      if (!standsAlone(was.before, added)) return false;
      const columns = this.#columns();
      const place = placeAfter(added, this.#cursor, columns);
      if (place.row !== this.#cursor.row || place.column === columns) return false;
      if (place.column === this.#cursor.column) return false;
      this.#cursor = place;
    }
    this.#drawn = is;
    this.#terminal.write(added);
    return true;
  }

  /** Without cursor movement, letters at the end can still be overwritten. */
  #backspaced(was: Part, is: Part): boolean {
    if (was.after !== "" || is.after !== "" || !was.before.startsWith(is.before)) return false;
    this.#drawn = is;
    const cells = widthOf(was.before.slice(is.before.length));
    this.#terminal.write(tty`${Array(cells).fill(tty`\b \b`)}`);
    return true;
  }
}

/** A prompt has no row above or below: at the edge of a pasted line, Home and End go on. */
function edited(draft: Draft, action: KeyAction): Draft {
  const next = edit(draft, action) ?? draft;
  const isAtEdge = next.before === draft.before;
  if (action === "home" && isAtEdge) return move(next, 0);
  if (action === "end" && isAtEdge) return move(next, textOf(next).length);
  return next;
}
