/**
 * A terminal made of memory: it does what the sequences written to it say, so that a test looks at
 * what a person sees, and it sends what a person types and pastes.
 *
 * @module
 */
import stringWidth from "string-width";
import type { Terminal } from "../../src/terminal/terminal.ts";
import { rawOf, type TerminalText } from "../../src/terminal/terminal_text.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const WRITTEN =
  // deno-lint-ignore no-control-regex -- what a program writes to a terminal
  /\x1b\[(?<parameters>[0-?]*)(?<final>[@-~])|\x1b\](?<osc>[^\x07\x1b]*)\x07|(?<control>[\x00-\x1f\x7f-\x9f])/y;

/** A row of the screen; a letter of two columns has an empty one behind it. */
interface Row {
  cells: string[];
  /** Whether the row below it is the same line, broken by the terminal. */
  isContinued: boolean;
}

/** How the terminal is. */
export interface FakeTerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly isAnsi?: boolean;
  readonly isTerminal?: boolean;
}

/** The terminal, and the person before it. */
export class FakeTerminal implements Terminal {
  readonly isTerminal: boolean;
  readonly isAnsi: boolean;
  /** Whether keys come as they are pressed. */
  isRaw = false;
  /** Whether a paste comes between brackets. */
  isBracketing = false;
  /** Everything that was written. */
  raw = "";
  #columns: number;
  readonly #height: number;
  /** The whole history; the screen is its end. */
  #rows: Row[] = [{ cells: [], isContinued: false }];
  #row = 0;
  #column = 0;
  readonly #input: Uint8Array[] = [];
  #isOver = false;
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(
    { columns = 40, rows = 24, isAnsi = true, isTerminal = true }: FakeTerminalOptions = {},
  ) {
    this.#columns = columns;
    this.#height = rows;
    this.isAnsi = isAnsi;
    this.isTerminal = isTerminal;
  }

  size(): { columns: number; rows: number } {
    return { columns: this.#columns, rows: this.#height };
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  writeNow(text: string | TerminalText): void {
    this.write(text);
  }

  setRaw(on: boolean): void {
    this.isRaw = on;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#reader) throw new Error("The terminal is read twice at once");
    const bytes = this.#input.shift();
    if (bytes) return Promise.resolve(bytes);
    if (this.#isOver) return Promise.resolve(null);
    this.#reader = Promise.withResolvers();
    this.#idle?.resolve();
    this.#idle = undefined;
    return this.#reader.promise;
  }

  /** Sends what a person types, or what came over the line in one piece. */
  send(input: string | Uint8Array): void {
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.resolve(bytes);
    else this.#input.push(bytes);
  }

  /** Sends it, and waits until the program waits for more. */
  async type(input: string | Uint8Array): Promise<void> {
    this.send(input);
    await this.idle();
  }

  /** Pastes as terminals do: line breaks as the Enter key sends them, brackets where they are on. */
  async paste(text: string): Promise<void> {
    const keys = text.replaceAll("\n", "\r");
    await this.type(this.isBracketing ? `\x1b[200~${keys}\x1b[201~` : keys);
  }

  /** Closes the input. */
  end(): void {
    this.#isOver = true;
    this.#reader?.resolve(null);
    this.#reader = undefined;
  }

  /** Resolves as soon as the program waits for input that is not there. */
  async idle(): Promise<void> {
    if (this.#reader) return;
    await (this.#idle ??= Promise.withResolvers()).promise;
  }

  write(input: string | TerminalText): void {
    const text = rawOf(input);
    this.raw += text;
    for (let at = 0; at < text.length;) {
      WRITTEN.lastIndex = at;
      const found = WRITTEN.exec(text);
      if (found) {
        at = WRITTEN.lastIndex;
        const { parameters = "", final = "", osc, control } = found.groups!;
        if (osc !== undefined) this.commands.push(osc);
        else if (control === undefined) this.#sequence(parameters, final);
        else this.#control(control);
        continue;
      }
      // deno-lint-ignore no-control-regex -- up to the next control character
      const [run] = /^[^\x00-\x1f\x7f-\x9f]+/.exec(text.slice(at))!;
      for (const { segment } of graphemes.segment(run)) this.#put(segment);
      at += run.length;
    }
  }

  /** UTF-16 units written so far. */
  get written(): number {
    return this.raw.length;
  }

  /** Operating system commands: the clipboard. */
  readonly commands: string[] = [];
  /** Times that the bell rang. */
  bells = 0;

  /** Everything that was written and not erased, without the spaces at the ends of rows. */
  get lines(): string[] {
    const lines = this.#rows.map(({ cells }) =>
      Array.from(cells, (c) => c ?? " ").join("").trimEnd()
    );
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  /** The same, with whether the terminal broke the row by itself. */
  get rows(): { readonly text: string; readonly isContinued: boolean }[] {
    return this.#rows.map(({ isContinued }, index) => ({
      text: this.lines[index] ?? "",
      isContinued,
    }));
  }

  /** The same as one text. */
  get screen(): string {
    return this.lines.join("\n");
  }

  /** Where the cursor is. */
  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: Math.min(this.#column, this.#columns - 1) };
  }

  /** Where the next letter goes: behind a full row, that is not where the cursor is. */
  get next(): { row: number; column: number } {
    return this.#column < this.#columns ? this.cursor : { row: this.#row + 1, column: 0 };
  }

  /** Changes the width; rows that the terminal wrapped are wrapped again, the cursor stays at its character. */
  resize(columns: number): void {
    const old = this.#rows;
    const [row, column] = [this.#row, this.#column];
    this.#rows = [{ cells: [], isContinued: false }];
    this.#columns = columns;
    this.#row = this.#column = 0;
    let cursor = { row: 0, column: 0 };
    old.forEach(({ cells, isContinued }, index) => {
      for (let at = 0; at <= cells.length; at++) {
        if (index === row && at === Math.min(column, cells.length)) {
          const isFull = this.#column >= columns;
          cursor = isFull
            ? { row: this.#row + 1, column: 0 }
            : { row: this.#row, column: this.#column };
        }
        if (at < cells.length && cells[at] !== "") this.#put(cells[at] ?? " ");
      }
      if (isContinued || index === old.length - 1) return;
      this.#column = 0;
      this.#down();
    });
    this.#row = cursor.row;
    this.#column = cursor.column;
    this.#makeRow();
  }

  #sequence(parameters: string, final: string): void {
    const count = Number(parameters) || 1;
    const column = Math.min(this.#column, this.#columns - 1);
    if (final === "A") {
      this.#row = Math.max(this.#rows.length - this.#height, this.#row - count, 0);
      this.#column = column;
    } else if (final === "C") this.#column = Math.min(this.#columns - 1, column + count);
    else if (final === "J" && parameters === "") {
      this.#rows.length = this.#row + 1;
      const row = this.#rows[this.#row]!;
      row.cells.length = Math.min(row.cells.length, column);
      row.isContinued = false;
    } else if (final === "K" && parameters === "2") this.#rows[this.#row]!.cells = [];
    else if (final === "B") {
      this.#row = Math.min(this.#rows.length - 1, this.#row + count);
      this.#column = column;
    } else if (parameters === "?2004") this.isBracketing = final === "h";
    else if (final !== "m") throw new Error(`The terminal knows no sequence ${parameters}${final}`);
  }

  #control(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\b") {
      this.#column = Math.max(0, Math.min(this.#column, this.#columns - 1) - 1);
    } else if (character === "\n") {
      // The terminal's own line discipline returns the carriage; in raw mode nobody does.
      if (!this.isRaw) this.#column = 0;
      this.#down();
    } else if (character === "\x07") this.bells++;
    else {
      throw new Error(`A control character reached the terminal: ${JSON.stringify(character)}`);
    }
  }

  #put(grapheme: string): void {
    const width = stringWidth(grapheme);
    const row = this.#rows[this.#row]!;
    if (width === 0) {
      // A mark alone joins the letter before it.
      const at = row.cells.findLastIndex((cell, index) => cell !== "" && index < this.#column);
      if (at >= 0) row.cells[at] += grapheme;
      return;
    }
    if (this.#column + width > this.#columns) {
      row.isContinued = true;
      this.#column = 0;
      this.#down();
    }
    const { cells } = this.#rows[this.#row]!;
    for (let at = cells.length; at < this.#column; at++) cells[at] = " ";
    cells[this.#column] = grapheme;
    for (let at = 1; at < width; at++) cells[this.#column + at] = "";
    this.#column += width;
  }

  #down(): void {
    this.#row++;
    this.#makeRow();
  }

  #makeRow(): void {
    while (this.#rows.length <= this.#row) this.#rows.push({ cells: [], isContinued: false });
  }
}
