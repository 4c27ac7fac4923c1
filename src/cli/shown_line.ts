/**
 * A line that is being typed, as the terminal shows it.
 *
 * @module
 */
import stringWidth from "string-width";
import type { Key } from "./keys.ts";
import { LineEditor } from "./line_editor.ts";
import type { ReadLineOptions, TerminalPort } from "./terminal_port.ts";

/** Prompt, line and cursor on the screen. */
export class ShownLine {
  /** What stands before the line; may hold colours. */
  prompt: string;
  readonly #port: TerminalPort;
  readonly #editor: LineEditor;
  readonly #options: ReadLineOptions;
  /** Which earlier line is shown; the length of the history is the line itself. */
  #place: number;
  #draft = "";
  /** The row of the cursor, counted from the row of the prompt. */
  #row = 0;

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
    const { before, after } = this.#visible();
    this.#port.write(`${this.prompt}${before}${after}`);
    if (!this.#port.isAnsi) return;
    const columns = Math.max(1, this.#port.columns());
    const end = stringWidth(this.prompt + before + after);
    const here = stringWidth(this.prompt + before);
    // A terminal moves to the next row only with the letter after the last column.
    if (end > 0 && end % columns === 0) this.#port.write("\r\n");
    this.#row = Math.floor(here / columns);
    if (here === end) return;
    const up = Math.floor(end / columns) - this.#row;
    const right = here % columns;
    this.#port.write(
      `${up > 0 ? `\x1b[${up}A` : ""}\r${right > 0 ? `\x1b[${right}C` : ""}`,
    );
  }

  /** Takes the line off the screen; where that cannot be done, goes to a new one. */
  erase(): void {
    if (!this.#port.isAnsi) return this.#port.write("\r\n");
    this.#port.write(`${this.#row > 0 ? `\x1b[${this.#row}A` : ""}\r\x1b[J`);
    this.#row = 0;
  }

  /** Leaves the line on the screen and goes below it. */
  finish(): void {
    if (this.#port.isAnsi && this.#visible().after !== "") {
      this.press({ key: "end" });
    }
    this.#port.write("\r\n");
  }

  /** Does what a key does, and shows it. */
  press(key: Key): void {
    const was = this.#visible();
    if (key.key === "tab") this.#complete();
    else if (key.key === "up" || key.key === "down") this.#recall(key.key === "up" ? -1 : 1);
    else this.#editor.press(key);
    const is = this.#visible();
    const same = was.before === is.before && was.after === is.after;
    if (same && key.key !== "redraw") return;
    // The most frequent case by far writes the letter alone: smooth to see, and to hear.
    if (was.after === "" && is.after === "" && this.#appended(was.before, is.before)) return;
    if (!this.#port.isAnsi && this.#backspaced(was, is)) return;
    this.erase();
    this.show();
  }

  #visible(): { before: string; after: string } {
    return this.#options.hidden ? { before: "", after: "" } : this.#editor;
  }

  #appended(was: string, is: string): boolean {
    if (!is.startsWith(was)) return false;
    const columns = Math.max(1, this.#port.columns());
    const width = stringWidth(this.prompt + is);
    const before = stringWidth(this.prompt + was);
    // A combining mark changes the letter before it; a full row needs the care of `show`.
    if (width <= before || Math.floor(width / columns) !== Math.floor(before / columns)) {
      return false;
    }
    this.#port.write(is.slice(was.length));
    return true;
  }

  /** Without cursor movement, letters at the end can still be rubbed out. */
  #backspaced(was: { before: string; after: string }, is: { before: string; after: string }) {
    if (was.after !== "" || is.after !== "" || !was.before.startsWith(is.before)) return false;
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
