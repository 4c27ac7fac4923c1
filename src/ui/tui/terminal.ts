/**
 * What the full-screen interface needs of a terminal.
 *
 * @module
 */

/** The terminal. */
export interface Terminal {
  /** What is typed; null when nobody can type any more. */
  read(): Promise<Uint8Array | null>;
  setRaw(on: boolean): void;
  size(): { readonly columns: number; readonly rows: number };
  /** Takes text for the screen, in order. */
  write(text: string): void;
  /** Resolves when all of it is out, nobody takes it, or `withinMs` are over. */
  flush(options?: { readonly withinMs?: number }): Promise<void>;
  /** Writes at once; for the last moment. */
  writeNow(text: string): void;
}
