/**
 * A terminal, or the pipes in its place: what prompts and interfaces need of it.
 *
 * @module
 */
import type { TerminalText } from "./terminal_text.ts";

/** Columns and rows of a window. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Standard input, and the stream that a person reads. */
export interface Terminal {
  /** Whether a person types there. Otherwise lines are read as they are, and nothing is prompted. */
  readonly isTerminal: boolean;
  /** Whether it takes control sequences (ECMA-48): a terminal, and not one with `TERM=dumb`. */
  readonly isAnsi: boolean;
  /** The next bytes; null at the end of input, and of a terminal that was closed. */
  read(): Promise<Uint8Array | null>;
  /** Delivers keys as they are pressed, without echo; or lines, as terminals do by themselves. */
  setRaw(on: boolean): void;
  /** Stops the process as Ctrl+Z does elsewhere; undefined where no shell would notice. */
  readonly suspend?: (() => void) | undefined;
  /** Measured at every call: windows change. */
  size(): Size;
  /** Writes in order; a string is sanitized. */
  write(text: string | TerminalText): void;
  /** Resolves when all of it was taken, nothing reads it any more, or `withinMs` have passed. */
  flush(options?: { readonly withinMs?: number }): Promise<void>;
  /** Writes at once, for the last moment of a process. */
  writeNow(text: string | TerminalText): void;
}
