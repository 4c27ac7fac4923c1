/**
 * What was written to a terminal line by line, so that it can be erased again, and nothing else with
 * it: what was there before Whisper started is not Whisper's to erase.
 *
 * @module
 */
import type { Terminal } from "./terminal.ts";
import { rawOf, type TerminalText, tty } from "./terminal_text.ts";
import { ORIGIN, placeAfter } from "./text.ts";

/** More has scrolled off every screen. */
const MAX_ENTRIES = 1_000;

interface Entry {
  id: string | undefined;
  /** The lines as text without styles: their rows depend on the width of the window. */
  readonly lines: readonly string[];
}

/** Lines above the cursor, the newest last. */
export class Printed {
  readonly #terminal: Terminal;
  #entries: Entry[] = [];
  #isComplete = true;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Notes lines that were written, each with a line break behind it. */
  add(text: string | TerminalText, id?: string): void {
    this.#entries.push({ id, lines: withoutStyles(rawOf(text)).split(/\r?\n/) });
    if (this.#entries.length <= 2 * MAX_ENTRIES) return;
    this.#entries.splice(0, MAX_ENTRIES);
    this.#isComplete = false;
  }

  /** Whether lines of that name are remembered. */
  has(id: string): boolean {
    return this.#entries.some((entry) => entry.id === id);
  }

  /** Names the last lines. */
  nameLast(id: string): void {
    const last = this.#entries.at(-1);
    if (last) last.id = id;
  }

  /**
   * Erases named lines; the cursor is below all lines, and stays there.
   *
   * @param reach rows above the cursor that are on the screen for certain.
   * @returns whether all of it is erased.
   */
  erase(id: string, reach: number): boolean {
    const index = this.#entries.findLastIndex((entry) => entry.id === id);
    const entry = this.#entries[index];
    if (!entry) return false;
    const height = this.#height(entry);
    const below = this.#entries.slice(index + 1).reduce((sum, one) => sum + this.#height(one), 0);
    // The text is removed from memory, too.
    this.#entries[index] = { id: undefined, lines: Array(height).fill("") };
    if (below >= reach) return false;
    const erasable = Math.min(height, reach - below);
    const rows = Array<TerminalText>(erasable).fill(tty`\x1b[2K\x1b[B`);
    const down = below > 0 ? tty`\x1b[${below}B` : "";
    this.#terminal.write(tty`\x1b[${below + erasable}A\r${rows}${down}\r`);
    return erasable === height;
  }

  /**
   * Erases all lines; the cursor goes to where the first one that can be reached began.
   *
   * @param reach rows above the cursor that are on the screen for certain.
   * @returns whether all of it is erased.
   */
  eraseAll(reach: number): boolean {
    const height = this.#entries.reduce((sum, entry) => sum + this.#height(entry), 0);
    const wasComplete = this.#isComplete;
    this.#entries = [];
    const up = Math.min(height, reach);
    if (up > 0) this.#terminal.write(tty`\x1b[${up}A\r\x1b[J`);
    this.#isComplete = wasComplete && up === height;
    return this.#isComplete;
  }

  /** Rows that lines take in the window as it is now. */
  #height({ lines }: Entry): number {
    const { columns } = this.#terminal.size();
    return lines.reduce((sum, line) => sum + placeAfter(line, ORIGIN, columns).row + 1, 0);
  }
}

function withoutStyles(text: string): string {
  // deno-lint-ignore no-control-regex -- the styles begin with one
  return text.replaceAll(/\x1b\[[\d;]*m|\x1b\]8;[^\x07]*\x07/g, "");
}
