/**
 * The world around the program: variables, the terminal, and the person beside the output.
 *
 * @module
 */
import type { Connection } from "../cli/command.ts";
import type { Asker } from "../cli/questions.ts";
import { standardInput } from "../terminal/standard_input.ts";
import { safeText } from "../terminal/safe_text.ts";
import { describeNote, type Note } from "../ui/messages/cli.ts";
import { env } from "./environment.ts";
import type { OutputQueue } from "../terminal/output.ts";

/** What a command gets from outside. */
export interface Surroundings {
  /** Aborted when the system or the person asks the program to end. */
  readonly stop: AbortSignal;
  readonly output: OutputQueue;
}

/** Where a person is asked, if there is one. */
export async function asking({ ui }: Connection, { stop, output }: Surroundings) {
  const { TerminalInput } = await import("../terminal/prompt.ts");
  const isJson = ui === "json";
  const port = standardInput({
    isAnsi: isAnsi(),
    ...isJson
      ? { prompts: "stderr" }
      : { prompts: "stdout", onLost: (error) => output.lose(error) },
  });
  const input = new TerminalInput(port);
  const asker: Asker = {
    isInteractive: input.isTerminal && !isJson,
    readLine: (options) => input.readLine({ ...options, signal: stop }),
    print: (text) => input.print(text),
    note,
  };
  return { port, input, asker };
}

/** Writes a line to standard error, with nothing in it that a terminal acts on. */
export function say(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${safeText(text)}\n`));
  } catch {
    // Standard error is closed, so there is nowhere left to say it.
  }
}

/** Writes a note to standard error. */
export function note(note: Note): void {
  say(describeNote(note));
}

/** Whether a screen reader is announced. It reads lines, not a screen that changes everywhere. */
export function isReadAloud(): boolean {
  return ["1", "true"].includes(env("INK_SCREEN_READER") ?? "");
}

/** Whether the terminal understands control sequences. */
export function isAnsi(): boolean {
  return env("TERM") !== "dumb" && Deno.stdout.isTerminal();
}
