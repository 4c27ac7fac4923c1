/**
 * The full-screen interface on the real terminal.
 *
 * @module
 */
import { systemClock } from "../../clock.ts";
import type { OutputQueue } from "../../terminal/output.ts";
import type { FullScreen } from "./full_screen.ts";
import { notifierFor } from "./notice.ts";

/** What is known when the screen is opened. */
export interface Opening {
  readonly port: {
    read(): Promise<Uint8Array | null>;
    setRaw(on: boolean): void;
  };
  readonly output: OutputQueue;
  readonly typeAhead: string;
  readonly name: string;
  readonly relay: string;
  readonly room: string | undefined;
  readonly quiet: boolean;
  readonly color: boolean;
  /** A variable, where we may read it. */
  readonly env: (name: string) => string | undefined;
}

/** Where nobody can tell the size. */
const DEFAULT_SIZE = { columns: 80, rows: 24 };
/** A window is never taken for smaller: there would be no room for a row of each part. */
const LEAST_SIZE = { columns: 10, rows: 5 };

/** Takes over the terminal. */
export async function openFullScreen(
  { port, output, color, env, ...rest }: Opening,
): Promise<FullScreen> {
  const { FullScreen } = await import("./full_screen.ts");
  return new FullScreen({
    ...rest,
    clock: systemClock,
    theme: !color ? "none" : env("TERM") === "linux" ? "dark" : "auto",
    notifier: notifierFor({ term: env("TERM"), program: env("TERM_PROGRAM") }),
    multiplexer: env("TMUX") ? "tmux" : env("STY") ? "screen" : undefined,
    terminal: {
      read: () => port.read(),
      setRaw: (on) => port.setRaw(on),
      size: terminalSize,
      write: (text) => output.write(text),
      flush: (options) => output.flush(options),
      writeNow,
    },
  });
}

function terminalSize(): { columns: number; rows: number } {
  let size = DEFAULT_SIZE;
  try {
    size = Deno.consoleSize();
  } catch {
    // The terminal was closed.
  }
  return {
    columns: Math.max(LEAST_SIZE.columns, size.columns || DEFAULT_SIZE.columns),
    rows: Math.max(LEAST_SIZE.rows, size.rows || DEFAULT_SIZE.rows),
  };
}

function writeNow(text: string): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  } catch {
    // Nobody is there to see it.
  }
}
