/**
 * Which way of showing a chat suits the person and the terminal.
 *
 * @module
 */
import type { StartChat } from "../cli/command.ts";
import type { TerminalInput, TerminalPort } from "../terminal/prompt.ts";
import { systemClock } from "../clock.ts";
import type { Interface } from "../ui/interface.ts";
import type { OutputQueue } from "../terminal/output.ts";
import { env } from "./environment.ts";
import { isReadAloud } from "./surroundings.ts";

/** What an interface is made of. */
export interface InterfaceParts {
  readonly name: string;
  readonly relay: string;
  /** The room, as far as it is known. */
  readonly room: string | undefined;
  readonly port: TerminalPort;
  readonly input: TerminalInput;
  readonly output: OutputQueue;
  /** How long, in milliseconds, a reader of the output has to take the rest at the end. */
  readonly flushMs: number;
  readonly control: ((sequence: string) => void) | undefined;
}

/** Opens it. */
export async function openInterface(
  { ui, color, quiet }: StartChat,
  { name, relay, room, port, input, output, flushMs, control }: InterfaceParts,
): Promise<Interface> {
  if (ui === "json") {
    const { JsonInterface } = await import("../ui/json.ts");
    return new JsonInterface({
      readLine: (options) => input.readLine(options),
      write: (line) => output.write(`${line}\n`),
      written: async () => {
        await output.flush();
        return output.loss === undefined;
      },
      flush: () => output.flush({ withinMs: flushMs }),
    });
  }
  if (ui === "auto" && control && Deno.stdout.isTerminal() && !isReadAloud()) {
    const { openFullScreen } = await import("../ui/tui/open.ts");
    const typeAhead = input.takeTypeAhead();
    return openFullScreen({ port, output, typeAhead, name, relay, room, quiet, color, env });
  }
  const { PlainInterface } = await import("../ui/plain.ts");
  return new PlainInterface({
    lines: input,
    control,
    clock: systemClock,
    name,
    relay,
    quiet,
    color: color && control !== undefined,
  });
}
