/**
 * The table of commands, flags and variables. The parser, `--help`, the completions and the manual
 * page are made from it; its texts are in `src/ui/messages/help.ts`.
 *
 * @module
 */
import { ACTION_HELP, COMMAND_HELP, EXAMPLE_HELP } from "../ui/messages/help.ts";

/** A flag of the command line, with the other places its value may come from. */
export interface Flag {
  readonly short?: string;
  /** What its value is called in the help; a flag without one is a switch. */
  readonly value?: string;
  /** The environment variable that may set it instead. */
  readonly env?: string;
  /** Whether the configuration file may hold it, under the flag's name. */
  readonly setting?: true;
  /** The switch is on by default, and the flag is written `--no-NAME`. */
  readonly on?: true;
}

/** Every flag by its name. */
export const FLAGS = {
  "uri": {
    value: "URI",
    env: "WHISPER_URI",
    setting: true,
  },
  "proxy": {
    value: "URL",
    env: "WHISPER_PROXY",
    setting: true,
  },
  "local": {
    env: "WHISPER_LOCAL",
    setting: true,
  },
  "name": {
    value: "NAME",
    env: "WHISPER_NAME",
    setting: true,
  },
  "room": {
    value: "NAME",
    env: "WHISPER_ROOM",
  },
  "linger": {
    value: "DURATION",
    env: "WHISPER_LINGER",
    setting: true,
  },
  "poll": {
    env: "WHISPER_POLL",
    setting: true,
  },
  "tls-ca-file": {
    value: "FILE",
    env: "WHISPER_TLS_CA_FILE",
    setting: true,
  },
  "password-file": {
    value: "FILE",
    env: "WHISPER_PASSWORD_FILE",
    setting: true,
  },
  "passphrase-file": {
    value: "FILE",
    env: "WHISPER_PASSPHRASE_FILE",
  },
  "plain": {
    env: "WHISPER_PLAIN",
    setting: true,
  },
  "files": {
    value: "DIR",
    env: "WHISPER_FILES",
    setting: true,
  },
  "into": { value: "DIR" },
  "yes": { short: "y" },
  "timeout": { value: "DURATION" },
  "quiet": {
    env: "WHISPER_QUIET",
    setting: true,
  },
  "json": {},
  "color": {
    on: true,
    env: "NO_COLOR",
    setting: true,
  },
  "qr": {},
  "resolve": {},
  "theme": {
    value: "NAME",
    env: "WHISPER_THEME",
    setting: true,
  },
  "mouse": {
    on: true,
    env: "WHISPER_MOUSE",
    setting: true,
  },
  "notify": {},
  "key-file": { value: "FILE" },
  "ttl": { value: "SECONDS" },
  "debug": {},
  "help": { short: "h" },
  "version": { short: "V" },
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
export function flagSyntax(name: FlagName): string {
  return ALL_FLAGS.get(name)?.on ? `--no-${name}` : `--${name}`;
}

/** The flag and the variable of a setting, as a sentence names them. */
export function flagAndEnv(name: FlagName): string {
  const { value, env } = ALL_FLAGS.get(name)!;
  return `${flagSyntax(name)}${value ? ` ${value}` : ""}${env ? ` or ${env}` : ""}`;
}

/** A subcommand, like `keygen` of `fernet`. */
export interface Action {
  readonly usage: string;
  readonly help: string;
  readonly flags: readonly FlagName[];
}

/** A command. */
export interface CommandSpec extends Action {
  /** By name. */
  readonly actions?: Readonly<Record<string, Action>>;
  /** The action where none is named; without it one has to be named. */
  readonly defaultAction?: string;
  /** Its arguments are files. */
  readonly takesFiles?: true;
  /** The words its argument is one of. */
  readonly choices?: readonly string[];
  /** Arguments of an example, as typed after the program's name. */
  readonly example: string;
  readonly exampleHelp: string;
}

const RELAY = ["uri", "local", "proxy", "poll", "tls-ca-file", "password-file"] as const;
const LOOKS = ["plain", "json", "color"] as const;
const ALWAYS = ["debug", "help", "version"] as const;
const CHAT = [
  ...[...RELAY, "name", "linger", "files", ...LOOKS] as const,
  ...["theme", "mouse", "quiet", ...ALWAYS] as const,
] as const;
const TRANSFER = [...RELAY, "name", "linger", "timeout", ...LOOKS, ...ALWAYS] as const;

/** The shells that `completions` knows. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** Every command by its name. */
export const COMMANDS = {
  "new": {
    usage: "new",
    flags: CHAT,
    example: "new --local --name Alice",
  },
  "join": {
    usage: "join [LINK] [CODE]",
    flags: CHAT,
    example: "join 4821-river-canyon-ocean --local --name Bob",
  },
  "chat": {
    usage: "chat --room NAME",
    flags: [...CHAT, "room", "passphrase-file"],
    example: "chat --room garden",
  },
  "send": {
    usage: "send [FILE...]",
    flags: TRANSFER,
    takesFiles: true,
    example: "send report.pdf --local",
  },
  "receive": {
    usage: "receive [CODE]",
    flags: [...TRANSFER, "into", "yes"],
    example: "receive 4821-river-canyon-ocean --into . --local",
  },
  "doctor": {
    usage: "doctor",
    flags: ["notify", ...RELAY, ...LOOKS, ...ALWAYS],
    example: 'doctor --uri "mongodb+srv://alice@cluster0.abcde.mongodb.net"',
  },
  "relay": {
    usage: "relay link|save|forget",
    flags: ALWAYS,
    actions: {
      "link": {
        usage: "link [--qr]",
        help: ACTION_HELP.relay.link,
        flags: ["uri", "local", "tls-ca-file", "password-file", "qr", "resolve"],
      },
      "save": { usage: "save [LINK]", help: ACTION_HELP.relay.save, flags: [] },
      "forget": { usage: "forget", help: ACTION_HELP.relay.forget, flags: [] },
    },
    example: "relay link --qr",
  },
  "config": {
    usage: "config [show|set|unset|path]",
    flags: ALWAYS,
    actions: {
      "show": { usage: "show", help: ACTION_HELP.config.show, flags: [] },
      "set": { usage: "set NAME VALUE", help: ACTION_HELP.config.set, flags: [] },
      "unset": { usage: "unset NAME", help: ACTION_HELP.config.unset, flags: [] },
      "path": { usage: "path", help: ACTION_HELP.config.path, flags: [] },
    },
    defaultAction: "show",
    example: "config set name Alice",
  },
  "fernet": {
    usage: "fernet keygen|encrypt|decrypt",
    flags: ALWAYS,
    actions: {
      "keygen": { usage: "keygen", help: ACTION_HELP.fernet.keygen, flags: [] },
      "encrypt": {
        usage: "encrypt --key-file FILE",
        help: ACTION_HELP.fernet.encrypt,
        flags: ["key-file"],
      },
      "decrypt": {
        usage: "decrypt --key-file FILE [--ttl SECONDS]",
        help: ACTION_HELP.fernet.decrypt,
        flags: ["key-file", "ttl"],
      },
    },
    example: "fernet decrypt --key-file key.txt < token.txt > letter.txt",
  },
  "completions": {
    usage: "completions SHELL",
    flags: ALWAYS,
    choices: SHELLS,
    example: "completions bash > whisper.bash",
  },
} as const satisfies Record<string, Omit<CommandSpec, "help" | "exampleHelp">>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** The commands, seen as one kind, with their texts. */
export const ALL_COMMANDS = new Map<string, CommandSpec>(
  (Object.keys(COMMANDS) as CommandName[]).map((name) => [name, {
    ...COMMANDS[name],
    help: COMMAND_HELP[name],
    exampleHelp: EXAMPLE_HELP[name],
  }]),
);

/** The program without a command: it asks whether to open a room or to join one. */
export const DEFAULT_COMMAND: CommandSpec = {
  ...{ usage: "", flags: COMMANDS.chat.flags, example: "" },
  help: COMMAND_HELP[""],
  exampleHelp: EXAMPLE_HELP[""],
};

/** Arguments of `help` that are not commands. */
export const HELP_TOPICS = ["exit-codes"] as const;
