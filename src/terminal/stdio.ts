/**
 * The real terminal, or the real pipes, of this process.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import { fileProblem } from "../file_problem.ts";
import type { Output } from "./output.ts";
import type { Size, Terminal } from "./terminal.ts";

/** Bytes of one read; a paste of the longest message comes in one. */
const READ_BYTES = 65_536;
/** Where the size of a terminal is not known. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/**
 * Standard input together with an output.
 *
 * @param options where prompts and interfaces are written, whether the terminal takes control
 * sequences, and whether a shell would notice that the process is stopped.
 */
export function stdio(
  { output, isAnsi, maySuspend }: {
    readonly output: Output;
    readonly isAnsi: boolean;
    readonly maySuspend: boolean;
  },
): Terminal {
  const buffer = new Uint8Array(READ_BYTES);
  return {
    isTerminal: Deno.stdin.isTerminal(),
    isAnsi: isAnsi && output.isTerminal,
    async read() {
      try {
        const length = await Deno.stdin.read(buffer);
        return length === null ? null : buffer.slice(0, length);
      } catch (error) {
        if (isClosed(error)) return null;
        throw new Failure("input-unreadable", { problem: fileProblem(error) }, { cause: error });
      }
    },
    setRaw(on) {
      try {
        Deno.stdin.setRaw(on);
      } catch (error) {
        // A terminal that was closed has no mode to restore.
        if (on && !isClosed(error)) throw error;
      }
    },
    ...maySuspend && { suspend },
    size() {
      try {
        const { columns, rows } = Deno.consoleSize();
        return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
      } catch {
        // None of the three standard streams is a terminal any more.
        return DEFAULT_SIZE;
      }
    },
    write: (text) => output.write(text),
    flush: (options) => output.flush(options),
    writeNow: (text) => output.writeNow(text),
  };
}

/** The numbers of `/dev/null`, which this program may not ask the system for. */
const NULL_DEVICES: Partial<Record<typeof Deno.build.os, number>> = {
  linux: 0x103,
  darwin: 0x3000002,
};

/**
 * Whether the standard output goes nowhere: to the null device, which a runtime also opens in place of
 * an output that was closed (`>&-`), so that no write fails.
 */
export async function isOutputDiscarded(): Promise<boolean> {
  const device = NULL_DEVICES[Deno.build.os];
  if (device === undefined) return false;
  const { fstatSync } = await import("node:fs");
  return fstatSync(1).rdev === device;
}

/** A closed terminal answers with an error of input and output instead of an end. */
function isClosed(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Deno gives the code of a failed read, and only the message of a failed change of mode.
  const code = "code" in error ? String(error.code) : error.message;
  return /^(EIO|ENXIO)\b/.test(code) || /os error [56]\b/.test(error.message);
}

/** Stops this process, as Ctrl+Z does. Before 2.9, Deno lets no program do that without more rights. */
function suspend(): void {
  try {
    Deno.kill(Deno.pid, "SIGTSTP");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}
