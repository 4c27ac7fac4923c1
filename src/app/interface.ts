/**
 * Chooses the interface of a chat: full screen, plain lines, or JSON.
 *
 * @module
 */
import type { StartChat } from "../cli/command.ts";
import { systemClock } from "../clock.ts";
import { notifierFor } from "../terminal/notification.ts";
import type { Output } from "../terminal/output.ts";
import type { Interface, ScreenParts } from "../ui/interface.ts";
import { env } from "../environment.ts";

/** What an interface is made of. */
export interface InterfaceParts extends Omit<ScreenParts, "clock" | "quiet"> {
  /** The room, as far as it is known. */
  readonly room: string | undefined;
  readonly output: Output;
}

/** Opens it. */
export async function openInterface(
  { ui, color: wantsColor, theme: chosen, mouse, quiet }: StartChat,
  { output, room, ...given }: InterfaceParts,
): Promise<Interface> {
  const { terminal, input, by, link } = given;
  if (ui === "json") {
    const { JsonInterface } = await import("../ui/json.ts");
    return new JsonInterface({
      readLine: (options) => input.readLine(options),
      write: (value) => output.writeJson(value),
      written: async () => {
        await output.flush();
        return output.loss === undefined;
      },
      by,
      link,
    });
  }
  const parts = { ...given, clock: systemClock, quiet };
  const color = wantsColor && chosen !== "mono";
  if (ui === "auto" && input.isTerminal && terminal.isAnsi) {
    const { FullScreen } = await import("../ui/tui/screen.ts");
    const { themeOfTerminal } = await import("../ui/tui/theme.ts");
    const theme = !color ? "none" : chosen === "auto" ? themeOfTerminal(env("TERM")) : chosen;
    return new FullScreen({ ...parts, room, mouse, theme, notifier: notifierFor(env) });
  }
  const { PlainInterface } = await import("../ui/plain.ts");
  return new PlainInterface({ ...parts, color: color && terminal.isAnsi });
}
