/**
 * What a prompt needs of a terminal, and what it can be asked.
 *
 * @module
 */

/** Standard input and the place for prompts. */
export interface TerminalPort {
  /** Whether a person types there. Otherwise lines are read as they are, and nothing is prompted. */
  readonly isTerminal: boolean;
  /** Whether the terminal moves its cursor when told (ECMA-48); not so with `TERM=dumb`. */
  readonly isAnsi: boolean;
  /** The next bytes, whenever they come; null at the end of input. */
  read(): Promise<Uint8Array | null>;
  /** Writes all of `text`, at once. */
  write(text: string): void;
  /** Takes keys as they are pressed, unechoed, or leaves lines to the terminal again. */
  setRaw(on: boolean): void;
  /** Columns of the terminal, asked for anew because windows change. */
  columns(): number;
  /** Rows of the terminal; where nobody can say, a few are taken for granted. */
  rows?(): number;
}

/** How to ask. */
export interface ReadLineOptions {
  /** Shown before the line. */
  readonly prompt?: string;
  /** True to show nothing of what is typed. */
  readonly hidden?: boolean;
  /** What stands in the line at first. */
  readonly initial?: string;
  /** Words that may stand where the last word of `line` is, for the Tab key. */
  readonly complete?: (line: string) => readonly string[];
  /** Earlier lines, oldest first, for the arrow keys. */
  readonly history?: readonly string[];
  /** Ends the waiting; the line is given up, what is typed behind it is not. */
  readonly signal?: AbortSignal;
}
