/**
 * What a command gets from outside: the terminal, the person at it, and standard error.
 *
 * @module
 */
import type { Connection } from "../cli/command.ts";
import type { Asker } from "../cli/questions.ts";
import type { Start } from "../cli/start.ts";
import { systemClock } from "../clock.ts";
import { Output } from "../terminal/output.ts";
import { stdio } from "../terminal/stdio.ts";
import { describeNote, type Note } from "../ui/messages/cli.ts";
import { env } from "../environment.ts";

/** What a command gets from outside. */
export interface Surroundings {
  /** Aborted when the system or the person asks the program to end. */
  readonly stop: AbortSignal;
  readonly output: Output;
}

/** The same, with what was found at the start. */
export type CommandSurroundings = Surroundings & Pick<Start, "config" | "linkPath">;

/** The terminal, and who answers questions there; a program that reads JSON is never asked. */
export async function openTerminal(
  { ui, isOutputData = false }: Pick<Connection, "ui"> & {
    /** The output belongs to what is received. */
    readonly isOutputData?: boolean;
  },
  { stop, output }: Surroundings,
) {
  const { TerminalInput } = await import("../terminal/prompt.ts");
  const isJson = ui === "json";
  const terminal = stdio({
    output: isJson || isOutputData ? STDERR : output,
    isAnsi: isOutputData ? env("TERM") !== "dumb" : isAnsi(),
    maySuspend: maySuspend(),
  });
  // Loaded only where something can be erased: it measures texts, and what that takes is slow to load.
  const printed = terminal.isAnsi
    ? new (await import("../terminal/printed.ts")).Printed(terminal)
    : undefined;
  const input = new TerminalInput(terminal, systemClock, printed);
  addEventListener("continue", () => input.resume());
  const asker: Asker = {
    isInteractive: input.isTerminal && !isJson,
    readLine: (options) => input.readLine({ ...options, signal: stop }),
    print: (text) => input.print(terminal.isAnsi ? inRows(text) : text),
    note,
  };
  return { terminal, input, asker };
}

const STDERR = new Output(Deno.stderr);

/** Writes sentences to standard error, at once; on a terminal, rows break between words. */
export function say(text: string): void {
  STDERR.writeNow(`${STDERR.isTerminal ? inRows(text) : text}\n`);
}

/** The text in rows that the window has room for; a word that is wider stays whole. */
function inRows(text: string): string {
  try {
    const { columns } = Deno.consoleSize();
    if (columns < 1) return text;
    const row = new RegExp(`(?![^\\n]{1,${columns}}$)([^\\n]{1,${columns}}) +`, "gm");
    return text.replaceAll(row, "$1\n");
  } catch {
    // No standard stream is a terminal any more.
    return text;
  }
}

/** Writes a note to standard error. */
export function note(note: Note): void {
  say(describeNote(note));
}

/** Whether the terminal understands control sequences. */
export function isAnsi(): boolean {
  return env("TERM") !== "dumb" && Deno.stdout.isTerminal();
}

/**
 * Whether the shell would notice that this process is stopped. Behind `deno task` it would not, and
 * Windows has no job control.
 */
function maySuspend(): boolean {
  if (Deno.build.os === "windows" || env("WHISPER_COMMAND")?.startsWith("deno task")) return false;
  try {
    // Signal 0 is never delivered. Older Denos let only those signal themselves who may run programs.
    Deno.kill(Deno.pid, 0);
    return true;
  } catch {
    return false;
  }
}
