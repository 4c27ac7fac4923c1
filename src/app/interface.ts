/**
 * Chooses the interface of a chat: full screen, plain lines, or JSON.
 *
 * @module
 */
import type { RoomKind } from "../chat/events.ts";
import type { StartChat } from "../cli/command.ts";
import type { Terminal, TerminalInput } from "../terminal/prompt.ts";
import { systemClock } from "../clock.ts";
import type { Interface, MakeLink } from "../ui/interface.ts";
import type { CompletePath } from "../ui/slash_commands.ts";
import type { Output } from "../terminal/output.ts";
import { env } from "./environment.ts";

/** What an interface is made of. */
export interface InterfaceParts {
  /** One's own name. */
  readonly name: string;
  /** What the screen calls the relay. */
  readonly relay: string;
  /** True for a relay that may be a free cluster of Atlas, which has limits. */
  readonly isFreeCluster: boolean;
  /** The room, as far as it is known. */
  readonly room: string | undefined;
  /** How the two agreed on the room. */
  readonly by: RoomKind;
  readonly terminal: Terminal;
  readonly input: TerminalInput;
  readonly output: Output;
  readonly link: MakeLink;
  /** What Tab completes the path of a file with. */
  readonly paths: CompletePath | undefined;
  /** How long, in milliseconds, a reader of the output has to take the rest at the end. */
  readonly flushMs: number;
}

/** Opens it. */
export async function openInterface(
  { ui, color: wantsColor, theme: chosen, mouse, quiet }: StartChat,
  { name, relay, isFreeCluster, room, by, terminal, input, output, flushMs, paths, link }:
    InterfaceParts,
): Promise<Interface> {
  const color = wantsColor && chosen !== "mono";
  const theme = chosen === "mono" ? "auto" : chosen;
  if (ui === "json") {
    const { JsonInterface } = await import("../ui/json.ts");
    return new JsonInterface({
      readLine: (options) => input.readLine(options),
      write: (value) => output.writeJson(value),
      written: async () => {
        await output.flush();
        return output.loss === undefined;
      },
      flush: () => output.flush({ withinMs: flushMs }),
      by,
      link,
    });
  }
  if (ui === "auto" && input.isTerminal && terminal.isAnsi) {
    const { openFullScreen } = await import("../ui/tui/open.ts");
    return openFullScreen({
      terminal,
      input,
      name,
      relay,
      isFreeCluster,
      room,
      by,
      quiet,
      mouse,
      color,
      theme,
      env,
      paths,
      link,
    });
  }
  const { PlainInterface } = await import("../ui/plain.ts");
  return new PlainInterface({
    terminal,
    input,
    clock: systemClock,
    name,
    relay,
    isFreeCluster,
    by,
    quiet,
    paths,
    link,
    color: color && terminal.isAnsi,
  });
}
