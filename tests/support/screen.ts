/**
 * A full-screen terminal made of memory: it does what is written to it, and refuses every sequence
 * that the interface has no business with. Tests look at what a person would see.
 *
 * @module
 */
import stringWidth from "string-width";
import type { Terminal } from "../../src/terminal/terminal.ts";
import { rawOf, type TerminalText } from "../../src/terminal/terminal_text.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** CSI, OSC, DCS, or a control character that stands alone. */
const SEQUENCE =
  // deno-lint-ignore no-control-regex -- what a program writes to a terminal
  /\x1b\[(?<parameters>[0-?]*\$?)(?<final>[@-~])|\x1b\](?<osc>[^\x07\x1b]*)\x07|\x1bP(?<dcs>(?:[^\x1b]|\x1b\x1b)*)\x1b\\|(?<control>[\x00-\x1f\x7f-\x9f])/y;
/** The private modes that may be switched. */
const MODES = ["7", "25", "1004", "1007", "1049", "2004", "2026", "2031"];

/** What a full screen is made of beside its terminal, its input and its clock. */
export const SCREEN_PARTS = {
  name: "Alice",
  relay: "MongoDB",
  isLocal: false,
  room: "4821",
  by: "code",
  quiet: false,
  theme: "dark",
  mouse: true,
  notifier: { kind: "bell", multiplexer: undefined },
} as const;

/** The terminal, and the person before it. */
export class MemoryScreen implements Terminal {
  suspend?: (() => void) | undefined;
  readonly isTerminal = true;
  readonly isAnsi = true;
  /** Private modes by number, as they were switched last. */
  readonly modes = new Map<string, boolean>([["7", true], ["25", true]]);
  /** Operating system commands: titles, notifications, the clipboard. */
  readonly commands: string[] = [];
  /** What a multiplexer passes on to the terminal that it runs in. */
  readonly passedOn: string[] = [];
  /** Times that the bell rang. */
  bells = 0;
  isRaw = false;
  /** Everything written, in order. */
  written = "";
  /** Whether it says what it is when it is asked, as nearly every terminal does. */
  answersAttributes = true;
  /** Whether it tells how its modes are set (DECRQM), as most terminals do. */
  answersModes = false;
  /** While true, what is written stays under way. */
  isStuck = false;
  readonly #normal: string[] = [];
  #rows: string[][] = [];
  #row = 0;
  #column = 0;
  #columns: number;
  #height: number;
  #readers: PromiseWithResolvers<Uint8Array | null>[] = [];
  #input: (Uint8Array | null)[] = [];
  #flushes: (() => void)[] = [];

  constructor({ columns = 80, rows = 24 } = {}) {
    this.#columns = columns;
    this.#height = rows;
  }

  size(): { columns: number; rows: number } {
    return { columns: this.#columns, rows: this.#height };
  }

  /** Changes the window. */
  resize(columns: number, rows: number): void {
    [this.#columns, this.#height] = [columns, rows];
  }

  setRaw(on: boolean): void {
    this.isRaw = on;
  }

  read(): Promise<Uint8Array | null> {
    const ready = this.#input.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    const reader = Promise.withResolvers<Uint8Array | null>();
    this.#readers.push(reader);
    return reader.promise;
  }

  /** Sends what a person types; null: the terminal was closed. */
  type(input: string | null): void {
    const bytes = input === null ? null : new TextEncoder().encode(input);
    const reader = this.#readers.shift();
    if (reader) reader.resolve(bytes);
    else this.#input.push(bytes);
  }

  flush({ withinMs }: { withinMs?: number } = {}): Promise<void> {
    // Nobody waits here: what is limited in time is over at once.
    if (!this.isStuck || withinMs !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#flushes.push(resolve));
  }

  /** Takes everything that is under way. */
  unstick(): void {
    this.isStuck = false;
    for (const resolve of this.#flushes.splice(0)) resolve();
  }

  writeNow(text: string | TerminalText): void {
    this.write(text);
  }

  write(input: string | TerminalText): void {
    const text = rawOf(input);
    this.written += text;
    for (let at = 0; at < text.length;) {
      SEQUENCE.lastIndex = at;
      const found = SEQUENCE.exec(text);
      if (found) {
        at = SEQUENCE.lastIndex;
        const { parameters = "", final, osc, dcs, control } = found.groups!;
        if (dcs !== undefined) this.passedOn.push(dcs);
        else if (osc !== undefined) this.commands.push(osc);
        else if (final !== undefined) this.#sequence(parameters, final);
        else this.#control(control!);
        continue;
      }
      // deno-lint-ignore no-control-regex -- up to the next control character
      const [run] = /^[^\x00-\x1f\x7f-\x9f]+/.exec(text.slice(at))!;
      for (const { segment } of graphemes.segment(run)) this.#put(segment);
      at += run.length;
    }
  }

  /** What is seen, row by row, without the spaces at the ends. */
  get lines(): string[] {
    return Array.from(
      { length: this.#height },
      (_, row) => Array.from(this.#rows[row] ?? [], (cell) => cell ?? " ").join("").trimEnd(),
    );
  }

  /** The same as one text. */
  get text(): string {
    return this.lines.join("\n");
  }

  /** What was written after the screen was left. */
  get normal(): string {
    return this.#normal.join("");
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  #sequence(parameters: string, final: string): void {
    const [first = "", second = ""] = parameters.split(";");
    // The keyboard protocols, and questions about the terminal.
    if (final === "m" || final === "u") return;
    if (final === "c") return this.answersAttributes ? this.type("\x1b[?62;22c") : undefined;
    if (final === "p" && parameters.endsWith("$")) {
      const mode = parameters.slice(1, -1);
      const setting = this.modes.has(mode) ? this.modes.get(mode) ? 1 : 2 : 0;
      return this.answersModes ? this.type(`\x1b[?${mode};${setting}$y`) : undefined;
    }
    if (final === "A" && !this.modes.get("1049")) return;
    if (final === "H") {
      [this.#row, this.#column] = [(Number(first) || 1) - 1, (Number(second) || 1) - 1];
    } else if (final === "K" && parameters === "2") this.#rows[this.#row] = [];
    else if (final === "K" && parameters === "") this.#rows[this.#row]?.splice(this.#column);
    else if (final === "J" && ["", "2"].includes(parameters)) this.#rows = [];
    else if (final === "L" || final === "M") this.#moveRows(final, Number(first) || 1);
    else if (final === "t" && ["22;2", "23;2"].includes(parameters)) return;
    else if ((final === "h" || final === "l") && MODES.includes(parameters.slice(1))) {
      this.modes.set(parameters.slice(1), final === "h");
    } else if ((final === "s" || final === "r") && parameters === "?1007") return;
    else throw new Error(`The interface has no business with CSI ${parameters}${final}`);
  }

  /** Inserts lines at the cursor, or deletes them; what is below the last row is gone. */
  #moveRows(final: "L" | "M", count: number): void {
    const rows = Array.from({ length: this.#height }, (_, row) => this.#rows[row] ?? []);
    const empty = Array.from({ length: count }, () => []);
    if (final === "L") rows.splice(this.#row, 0, ...empty);
    else {
      rows.splice(this.#row, count);
      rows.push(...empty);
    }
    this.#rows = rows.slice(0, this.#height);
    this.#column = 0;
  }

  #control(character: string): void {
    if (character === "\x07") this.bells++;
    else if (character === "\n" && !this.modes.get("1049")) this.#normal.push("\n");
    else if (character === "\r" && !this.modes.get("1049")) return;
    else throw new Error(`A control character reached the terminal: ${JSON.stringify(character)}`);
  }

  #put(grapheme: string): void {
    if (!this.modes.get("1049")) return void this.#normal.push(grapheme);
    const width = stringWidth(grapheme);
    const row = this.#rows[this.#row] ??= [];
    // Without DECAWM what does not fit is written over the last column.
    if (this.#column + width > this.#columns) {
      throw new Error(`A row is too long: ${row.join("")}${grapheme}`);
    }
    for (let at = row.length; at < this.#column; at++) row[at] = " ";
    row[this.#column] = grapheme;
    for (let at = 1; at < width; at++) row[this.#column + at] = "";
    this.#column += width;
  }
}
