/**
 * The one table of what can be said to the program inside a chat. The full-screen interface, its
 * linear twin and the scripting one are all driven by it, and `/help` is printed from it.
 *
 * @module
 */

/** A command inside a chat. */
export interface ChatCommand {
  /** What stands behind it; a command without it takes nothing. */
  readonly argument?: string;
  /** Other names that it goes by. */
  readonly aliases?: readonly string[];
  readonly help: string;
  /** True where only a person's screen has a use for it: no command of the scripting interface. */
  readonly screen?: true;
}

/** Every command by its name. */
export const CHAT_COMMANDS = {
  "help": { help: "what can be done here" },
  "who": { help: "who is here, and when they were last heard" },
  "verify": {
    argument: "[same]",
    help: "twelve words to compare by voice: the same on both sides, or somebody listens",
  },
  "invite": { help: "a fresh code, once the other one has left or vanished" },
  "timer": {
    argument: "30s, 5m, 1h or off",
    help: "texts vanish so long after they were read, on both sides",
  },
  "relay": { help: "how the relay is doing, and how much it is asked" },
  "copy": { help: "put the invite code on the clipboard of your terminal", screen: true },
  "mute": { help: "no bell and no notifications; once more: again", screen: true },
  "clear": { help: "take what was said off your screen", screen: true },
  "burn": { help: "take everything off both screens, and leave" },
  "say": { argument: "TEXT", help: "send TEXT as it is, even if it is a command", screen: true },
  "exit": { aliases: ["quit"], help: "leave; also: exit, Ctrl+C, Ctrl+D" },
} as const satisfies Record<string, ChatCommand>;

/** The name of a command. */
export type ChatCommandName = keyof typeof CHAT_COMMANDS;

/** The commands, seen as one kind. */
export const ALL_CHAT_COMMANDS = new Map<string, ChatCommand>(Object.entries(CHAT_COMMANDS));

/** What a line that was typed means. */
export type Typed =
  | { readonly kind: "nothing" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "command"; readonly name: ChatCommandName; readonly argument: string }
  /** A slash and a word that is no command: a slip, and better not sent to somebody else. */
  | { readonly kind: "unknown"; readonly meant: ChatCommandName | undefined };

/**
 * Reads what was typed. `exit` alone leaves; a slash begins a command; two slashes, and `/say`, send
 * what would be one.
 */
export function readTyped(line: string): Typed {
  const trimmed = line.trim();
  if (trimmed === "") return { kind: "nothing" };
  if (trimmed.toLowerCase() === "exit") return { kind: "command", name: "exit", argument: "" };
  if (trimmed.startsWith("//")) return { kind: "text", text: line.replace("//", "/") };
  const found = /^\/(\S*)(?:\s([^]*))?$/.exec(trimmed);
  if (!found) return { kind: "text", text: line };
  const [, word = "", argument = ""] = found;
  const name = commandNamed(word.toLowerCase());
  if (name === "say") {
    return argument === "" ? { kind: "nothing" } : { kind: "text", text: argument };
  }
  if (name) return { kind: "command", name, argument: argument.trim() };
  return { kind: "unknown", meant: beginningWith(word.toLowerCase()) };
}

/** True for what ends the chat: nothing typed behind it is for anybody. */
export function isLeaving(line: string): boolean {
  const typed = readTyped(line);
  return typed.kind === "command" && (typed.name === "exit" || typed.name === "burn");
}

/** The command of that name or alias. */
export function commandNamed(word: string): ChatCommandName | undefined {
  for (const [name, { aliases }] of ALL_CHAT_COMMANDS) {
    if (name === word || aliases?.includes(word)) return name as ChatCommandName;
  }
  return undefined;
}

/** The only command that begins like this, for completion and for slips. */
export function beginningWith(word: string): ChatCommandName | undefined {
  const names = [...ALL_CHAT_COMMANDS.keys()].filter((name) => name.startsWith(word));
  return word !== "" && names.length === 1 ? names[0] as ChatCommandName : undefined;
}

/** The lines of `/help`: every command, with what stands behind it. */
export function commandHelp(): [usage: string, help: string][] {
  return [...ALL_CHAT_COMMANDS].map(([name, { argument, help }]) => [
    `/${name}${argument ? ` ${argument}` : ""}`,
    help,
  ]);
}

/**
 * Seconds of a timer as people write it: `30s`, `5m`, `1h`, `2d`, plain seconds, or `off`.
 *
 * @returns NaN for anything else.
 */
export function parseTimer(text: string): number {
  const compact = text.trim().toLowerCase();
  if (/^(?:off|never|none|0)$/.test(compact)) return 0;
  const [, number, unit = "s"] = /^(\d{1,7})\s?([smhd])?$/.exec(compact) ?? [];
  return Number(number) * { s: 1, m: 60, h: 3_600, d: 86_400 }[unit as "s" | "m" | "h" | "d"];
}
