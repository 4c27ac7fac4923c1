/**
 * The real terminal, or the real pipe, behind a {@link TerminalInput}.
 *
 * @module
 */
import type { TerminalPort } from "./prompt.ts";

/** Bytes of one read; a paste of the longest text comes in one. */
const READ_BYTES = 65_536;
/** Where a terminal does not tell its width. */
const DEFAULT_COLUMNS = 80;
/** The same for its height. */
const DEFAULT_ROWS = 24;

/**
 * Standard input.
 *
 * @param options where prompts go (standard output belongs to the program in some modes), and
 * whether the terminal understands cursor movements.
 */
export function standardInput(
  options: {
    readonly prompts: "stdout" | "stderr";
    readonly isAnsi: boolean;
    /** Takes the error of a write; nothing is written after it. */
    readonly onLost?: (error: unknown) => void;
  },
): TerminalPort {
  const output = Deno[options.prompts];
  const buffer = new Uint8Array(READ_BYTES);
  let isLost = false;
  return {
    isTerminal: Deno.stdin.isTerminal(),
    isAnsi: options.isAnsi && output.isTerminal(),
    async read() {
      try {
        const length = await Deno.stdin.read(buffer);
        return length === null ? null : buffer.slice(0, length);
      } catch (error) {
        if (isGone(error)) return null;
        throw error;
      }
    },
    write(text) {
      if (isLost) return;
      let bytes = new TextEncoder().encode(text);
      try {
        while (bytes.length > 0) bytes = bytes.subarray(output.writeSync(bytes));
      } catch (error) {
        // A closed terminal, a reader that ended, a full disk: leaving does not depend on it.
        isLost = true;
        options.onLost?.(error);
      }
    },
    setRaw(on) {
      try {
        Deno.stdin.setRaw(on);
      } catch (error) {
        // A terminal that was closed has nothing left to put back.
        if (on) throw error;
      }
    },
    columns() {
      try {
        return Deno.consoleSize().columns || DEFAULT_COLUMNS;
      } catch {
        // Neither of the three is a terminal any more.
        return DEFAULT_COLUMNS;
      }
    },
    rows() {
      try {
        return Deno.consoleSize().rows || DEFAULT_ROWS;
      } catch {
        return DEFAULT_ROWS;
      }
    },
  };
}

/** A terminal that was closed answers with an error of input and output, not with an end. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "EIO" || error.code === "ENXIO");
}
