/**
 * The one table of commands, flags and variables. The parser, `--help`, the completions and the
 * manual page are all made from it.
 *
 * @module
 */

/** A flag of the command line, with the other places its value may come from. */
export interface Flag {
  readonly short?: string;
  /** What its value is called in the help; a flag without one is a switch. */
  readonly value?: string;
  /** The values there are, where they can be counted. */
  readonly choices?: readonly string[];
  /** The environment variable that stands in for it. */
  readonly env?: string;
  /** Whether the configuration file may hold it, under the flag's name. */
  readonly setting?: true;
  /** The switch is on by itself, and the flag is written `--no-NAME`. */
  readonly on?: true;
  readonly help: string;
}

/** Every flag by its name. */
export const FLAGS = {
  "uri": {
    value: "URI",
    env: "WHISPER_URI",
    setting: true,
    help: "meet on this MongoDB: the connection string as Atlas shows it, password left out",
  },
  "local": {
    env: "WHISPER_LOCAL",
    setting: true,
    help: "meet on this computer: two terminals of one user, nothing to set up",
  },
  "name": {
    value: "NAME",
    env: "WHISPER_NAME",
    setting: true,
    help: "what the other person sees as your name",
  },
  "room": {
    value: "NAME",
    env: "WHISPER_ROOM",
    help: "the room that two people agreed on beforehand; its passphrase is asked for",
  },
  "linger": {
    value: "DURATION",
    env: "WHISPER_LINGER",
    setting: true,
    help: "how long a crashed chat stays on the relay: 1m to 24h, like 90s, 10m, 2h (10m)",
  },
  "poll": {
    env: "WHISPER_POLL",
    setting: true,
    help: "ask the relay again and again instead of following its change stream",
  },
  "tls-ca-file": {
    value: "FILE",
    env: "WHISPER_TLS_CA_FILE",
    setting: true,
    help: "certificates (PEM) that a MongoDB of your own is checked against",
  },
  "password-file": {
    value: "FILE",
    env: "WHISPER_PASSWORD_FILE",
    setting: true,
    help: "the database password, on the first line of a file",
  },
  "passphrase-file": {
    value: "FILE",
    env: "WHISPER_PASSPHRASE_FILE",
    help: "the passphrase of --room, on the first line of a file",
  },
  "plain": {
    env: "WHISPER_PLAIN",
    setting: true,
    help: "line by line, for screen readers and simple terminals",
  },
  "quiet": {
    env: "WHISPER_QUIET",
    setting: true,
    help: "no bell and no notifications when a message comes",
  },
  "json": { help: "one JSON object per line each way, for programs" },
  "color": {
    on: true,
    env: "NO_COLOR",
    setting: true,
    help: "no colours",
  },
  "key-file": { value: "FILE", help: "the file that holds the Fernet key, as keygen prints it" },
  "ttl": { value: "SECONDS", help: "refuse a token older than this" },
  "debug": { help: "show where in the program a failure arose" },
  "help": { short: "h", help: "this help; after a command, the help of that command" },
  "version": { short: "V", help: "the versions of Whisper, of Deno and of the database driver" },
} as const satisfies Record<string, Flag>;

/** The name of a flag, without its hyphens. */
export type FlagName = keyof typeof FLAGS;

/** The flags, seen as one kind. */
export const ALL_FLAGS = new Map<FlagName, Flag>(
  Object.entries(FLAGS) as [FlagName, Flag][],
);

/** The name of a setting that the configuration file may hold. */
export type SettingName = {
  [N in FlagName]: (typeof FLAGS)[N] extends { setting: true } ? N : never;
}[FlagName];

/** Every setting that the configuration file may hold. */
export const SETTINGS = [...ALL_FLAGS].flatMap(([name, { setting }]) =>
  setting ? [name as SettingName] : []
);

/** How a flag is written. */
export function written(name: FlagName): string {
  return ALL_FLAGS.get(name)?.on ? `--no-${name}` : `--${name}`;
}

/** The flag and the variable of a setting, as a sentence names them. */
export function places(name: FlagName): string {
  const { value, env } = ALL_FLAGS.get(name)!;
  return `${written(name)}${value ? ` ${value}` : ""}${env ? ` or ${env}` : ""}`;
}

/** One word of a command that has several, like `keygen` of `fernet`. */
export interface Action {
  readonly usage: string;
  readonly help: string;
  readonly flags: readonly FlagName[];
}

/** A command. */
export interface CommandSpec {
  readonly usage: string;
  readonly help: string;
  readonly flags: readonly FlagName[];
  /** By name; the first one is meant where none is given. */
  readonly actions?: Readonly<Record<string, Action>>;
  /** The words its argument is one of. */
  readonly choices?: readonly string[];
  readonly example: string;
  /** What the example does. */
  readonly tells: string;
}

const RELAY = ["uri", "local", "poll", "tls-ca-file", "password-file"] as const;
const LOOKS = ["plain", "json", "color"] as const;
const ALWAYS = ["debug", "help", "version"] as const;
const CHAT = [...RELAY, "name", "linger", ...LOOKS, "quiet", ...ALWAYS] as const;

/** The shells that `completions` knows. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** Every command by its name. */
export const COMMANDS = {
  "new": {
    usage: "new",
    help: "open a room and show the code that lets one other person in",
    flags: CHAT,
    example: "whisper new --name Alice --local",
    tells: "opens a room on this computer; tell Bob the code it shows",
  },
  "join": {
    usage: "join [CODE]",
    help: "join with the code you were told; without CODE it is asked for",
    flags: CHAT,
    example: "whisper join 4821-river-canyon-ocean",
    tells: "joins the room of that code, once",
  },
  "chat": {
    usage: "chat --room NAME",
    help: "meet in a room that two people agreed on, with a passphrase they both know",
    flags: [...CHAT, "room", "passphrase-file"],
    example: "whisper chat --room garden",
    tells: "asks for the passphrase, then waits for the other person",
  },
  "doctor": {
    usage: "doctor",
    help: "check the connection step by step and say what to do",
    flags: [...RELAY, ...LOOKS, ...ALWAYS],
    example: 'whisper doctor --uri "mongodb+srv://alice@cluster0.abcde.mongodb.net"',
    tells: "says at which step the connection fails, and how to mend it",
  },
  "config": {
    usage: "config [show|set|unset|path]",
    help: "show or change the settings that are kept; never a password",
    flags: ALWAYS,
    actions: {
      "show": { usage: "show", help: "the settings that are kept", flags: [] },
      "set": { usage: "set NAME VALUE", help: "keep a setting", flags: [] },
      "unset": { usage: "unset NAME", help: "forget a setting", flags: [] },
      "path": { usage: "path", help: "where the file is", flags: [] },
    },
    example: "whisper config set name Alice",
    tells: "is Alice from now on",
  },
  "fernet": {
    usage: "fernet keygen|encrypt|decrypt",
    help: "make and open Fernet tokens, from standard input to standard output",
    flags: ALWAYS,
    actions: {
      "keygen": { usage: "keygen", help: "a new key", flags: [] },
      "encrypt": {
        usage: "encrypt --key-file FILE",
        help: "everything read becomes one token",
        flags: ["key-file"],
      },
      "decrypt": {
        usage: "decrypt --key-file FILE [--ttl SECONDS]",
        help: "a token becomes the bytes that are in it",
        flags: ["key-file", "ttl"],
      },
    },
    example: "whisper fernet decrypt --key-file key.txt < token.txt > letter.txt",
    tells: "opens a token; status 10 if it does not open",
  },
  "completions": {
    usage: "completions SHELL",
    help: `completions for ${SHELLS.join(", ")}`,
    flags: ALWAYS,
    choices: SHELLS,
    example: "source <(whisper completions bash)",
    tells: "completes commands and flags in this bash",
  },
} as const satisfies Record<string, CommandSpec>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** The commands, seen as one kind. */
export const ALL_COMMANDS = new Map<string, CommandSpec>(Object.entries(COMMANDS));

/** What `whisper` alone takes: it asks whether to open a room or to join one. */
export const DEFAULT_COMMAND: CommandSpec = {
  usage: "",
  help: "ask what is needed, then chat",
  flags: COMMANDS.chat.flags,
  example: "whisper",
  tells: "asks for a name, where to meet, and whether to open a room or to join one",
};
