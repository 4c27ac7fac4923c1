/**
 * What a person can tell the program inside a chat. Both interfaces for people and the one for programs
 * use this table; the words are in `messages/slash_commands.ts`.
 *
 * @module
 */
import type { RoomKind } from "../chat/events.ts";
import { parseDuration } from "../duration.ts";
import { nearest } from "../nearest.ts";
import { SLASH_COMMAND_HELP, type SlashCommandHelp } from "./messages/slash_commands.ts";

/** A command inside a chat. */
export interface SlashCommand extends SlashCommandHelp {
  /** Other names that it goes by. */
  readonly aliases?: readonly string[];
  /** True where only a person's screen has a use for it: not a command of the JSON interface. */
  readonly screen?: true;
  /** The command in whose help this one is mentioned. */
  readonly under?: string;
}

/** The name of a command. */
export type SlashCommandName = keyof typeof SLASH_COMMAND_HELP;

/** What goes beyond the help of a command. */
const TRAITS: { readonly [N in SlashCommandName]?: Omit<SlashCommand, keyof SlashCommandHelp> } = {
  "accept": { under: "send" },
  "refuse": { under: "send" },
  "cancel": { under: "send" },
  "reply": { screen: true },
  "copy": { screen: true },
  "find": { screen: true },
  "mute": { screen: true },
  "clear": { screen: true },
  "say": { screen: true },
  "exit": { aliases: ["quit"] },
};

/** Every command by its name. */
export const SLASH_COMMANDS: ReadonlyMap<SlashCommandName, SlashCommand> = new Map(
  (Object.keys(SLASH_COMMAND_HELP) as SlashCommandName[])
    .map((name) => [name, { ...SLASH_COMMAND_HELP[name], ...TRAITS[name] }]),
);

/** The commands of a chat: in a room that was agreed on by name without help that mentions codes. */
export function offeredCommands(by: RoomKind): typeof SLASH_COMMANDS {
  if (by === "code") return SLASH_COMMANDS;
  return new Map(Array.from(SLASH_COMMANDS, ([name, command]) => {
    return [name, { ...command, help: command.helpByName ?? command.help }];
  }));
}

/** What a line that was typed means. */
export type Typed =
  | { readonly kind: "nothing" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "command"; readonly name: SlashCommandName; readonly argument: string }
  /** A slash and a word that is not a command: a typo, and not sent to the peer. */
  | { readonly kind: "unknown"; readonly meant: SlashCommandName | undefined };

/**
 * Reads what was typed. `exit` alone leaves; a slash begins a command; two slashes, and `/say`, send
 * what would be one.
 */
export function readTyped(line: string, by: RoomKind = "code"): Typed {
  const trimmed = line.trim();
  if (trimmed === "") return { kind: "nothing" };
  if (trimmed === "exit") return { kind: "command", name: "exit", argument: "" };
  if (trimmed.startsWith("//")) return { kind: "text", text: line.replace("//", "/") };
  const found = /^\/(\S*)(?:\s([^]*))?$/.exec(trimmed);
  if (!found) return { kind: "text", text: line };
  const [, word = "", argument = ""] = found;
  const name = commandNamed(word.toLowerCase());
  if (name === "say") {
    return argument === "" ? { kind: "nothing" } : { kind: "text", text: argument };
  }
  if (name) return { kind: "command", name, argument: argument.trim() };
  const meant = nearest(word.toLowerCase(), offeredCommands(by).keys());
  return { kind: "unknown", meant };
}

/**
 * Where in a line a passphrase begins: behind `/invite` in a room that was agreed on by name. It is not
 * shown, and no key brings it back.
 *
 * @returns undefined where there is none.
 */
export function secretStart(line: string, by: RoomKind): number | undefined {
  return by === "name" ? /^\s*\/invite\s(?=.)/is.exec(line)?.[0].length : undefined;
}

/** The command of that name or alias. */
export function commandNamed(word: string): SlashCommandName | undefined {
  for (const [name, { aliases }] of SLASH_COMMANDS) {
    if (name === word || aliases?.includes(word)) return name;
  }
  return undefined;
}

/** The only command that begins like this, for completion. */
export function beginningWith(
  word: string,
  by: RoomKind = "code",
): SlashCommandName | undefined {
  const names = [...offeredCommands(by).keys()].filter((name) => name.startsWith(word));
  return word !== "" && names.length === 1 ? names[0] : undefined;
}

/** Paths that begin like this, for `/send`. */
export type CompletePath = (beginning: string) => readonly string[];

/** What a line may become: with the command that it begins, or with the paths behind `/send`. */
export function completions(
  line: string,
  { by, paths }: { readonly by: RoomKind; readonly paths?: CompletePath | undefined },
): readonly string[] {
  const [, command, beginning] = /^(\/send\s+)(.*)$/.exec(line) ?? [];
  if (beginning !== undefined) return (paths?.(beginning) ?? []).map((path) => command + path);
  const [, word] = /^\/([a-z]+)$/.exec(line) ?? [];
  const name = word && beginningWith(word, by);
  return name ? [`/${name} `] : [];
}

/** A path as it was typed, or dropped into the terminal: in quotes, or with backslashes before blanks. */
export function typedPath(argument: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(argument);
  if (quoted) return quoted[2]!;
  const [, url] = /^file:\/\/(\/.*)$/.exec(argument) ?? [];
  if (url !== undefined) {
    try {
      return decodeURIComponent(url);
    } catch {
      return url;
    }
  }
  return argument.replaceAll(/\\([ \\()&'"[\]{}$!#;])/g, "$1");
}

/** The lines of `/help`: every command, with what may follow it. */
export function commandHelp(by: RoomKind = "code"): [usage: string, help: string][] {
  const listed = [...offeredCommands(by)].filter(([, { under }]) => under === undefined);
  return listed.map(([name, { argument, help }]) => [
    `/${name}${argument ? ` ${argument}` : ""}`,
    help,
  ]);
}

/**
 * Seconds of a timer as people write it: `30s`, `1h30m`, `2d`, plain seconds, or `off`.
 *
 * @returns NaN for anything else.
 */
export function parseTimer(text: string): number {
  const compact = text.trim().toLowerCase();
  if (/^(?:off|never|none|0)$/.test(compact)) return 0;
  if (/^\d{1,7}$/.test(compact)) return Number(compact);
  return (parseDuration(compact) ?? NaN) / 1_000;
}

/** What a person says of the verification words that they heard; undefined for anything else. */
export function parseVerdict(text: string): boolean | undefined {
  if (/^(?:same|ok|okay|yes|y)$/i.test(text)) return true;
  return /^(?:different|differ|no|n)$/i.test(text) ? false : undefined;
}
