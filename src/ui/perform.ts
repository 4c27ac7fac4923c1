/**
 * Does what a person typed: the same for the full-screen interface and its linear twin.
 *
 * @module
 */
import type { Controls, Overview } from "../chat/events.ts";
import { Failure } from "../errors.ts";
import { commandHelp, parseTimer, readTyped } from "./commands.ts";
import { relayLines, verifyLines, whoLines } from "./messages/events.ts";

/** What a screen has to offer for that. */
export interface Screen {
  /** Shows lines of the program's own. */
  tell(lines: readonly string[]): void;
  /** Shows what could not be done, and what to do. */
  problem(text: string): void;
  /** Shows a text of one's own that is on its way under `id`. */
  said(id: string, text: string): void;
  /** Takes what was said off the screen. */
  clear(): void;
  /** Puts the code on the clipboard of the terminal; false where there is none. */
  copy(code: string): boolean;
  /** Turns bell and notifications off, or on again; returns whether they are off now. */
  mute(): boolean;
  /** How the relay is doing, in a sentence. */
  relayState(): string;
  /** The words were compared, and are the same. */
  verified(): void;
  /** The keys that do something here, for the help. */
  keys(): readonly (readonly [name: string, help: string])[];
}

/** Does what `line` says. Never rejects for what a person can mend: that is said on the screen. */
export async function perform(
  line: string,
  { controls, screen, id }: { controls: Controls; screen: Screen; id: string },
): Promise<void> {
  try {
    await performTyped(line, { controls, screen, id });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    screen.problem(`${error.message} ${error.hint}`);
  }
}

async function performTyped(
  line: string,
  { controls, screen, id }: { controls: Controls; screen: Screen; id: string },
): Promise<void> {
  const typed = readTyped(line);
  switch (typed.kind) {
    case "nothing":
      return;
    case "text":
      controls.send(typed.text, id);
      return screen.said(id, typed.text);
    case "unknown": {
      const meant = typed.meant ? `Did you mean /${typed.meant}? ` : "See /help. ";
      return screen.problem(
        `There is no such command. ${meant}To send a line that begins with a slash, type two.`,
      );
    }
  }
  const overview = () => controls.overview();
  switch (typed.name) {
    case "help":
      return screen.tell(helpLines(screen.keys()));
    case "who":
      return screen.tell(whoLines(overview()));
    case "verify":
      return verify(typed.argument, { overview: overview(), screen });
    case "relay":
      return screen.tell(relayLines(overview(), screen.relayState()));
    case "invite":
      return await controls.invite();
    case "timer":
      return controls.setTimer(parseTimer(typed.argument));
    case "copy":
      return copy(overview().code, screen);
    case "mute":
      return screen.tell([
        screen.mute() ? "Bell and notifications are off." : "They are on again.",
      ]);
    case "clear":
      return screen.clear();
    case "burn":
      return await controls.burn();
    case "exit":
      return await controls.leave("exit");
    case "say":
      return;
    default:
      return typed.name satisfies never;
  }
}

function helpLines(keys: ReturnType<Screen["keys"]>): string[] {
  const entries = [...commandHelp(), ...keys];
  const width = Math.max(...entries.map(([usage]) => usage.length)) + 2;
  return entries.map(([usage, help]) => `${usage.padEnd(width)}${help}`);
}

function verify(
  answer: string,
  { overview, screen }: { overview: Overview; screen: Screen },
): void {
  if (answer === "" || overview.words === undefined) return screen.tell(verifyLines(overview));
  if (answer.toLowerCase() !== "same") {
    return screen.problem("If the words differ, somebody is listening: leave with /exit.");
  }
  screen.verified();
  screen.tell(["Verified: nobody is in between."]);
}

function copy(code: string | undefined, screen: Screen): void {
  if (code === undefined) return screen.problem("There is no code now. /invite makes one.");
  screen.tell([
    screen.copy(code)
      ? "The code was handed to your terminal's clipboard. Clear it when it is given over."
      : "This terminal has no clipboard to give the code to.",
  ]);
}
