/**
 * Arguments, environment and configuration file to a {@link Command}. Pure: it is given all three,
 * and asks nobody.
 *
 * @module
 */
import { type Arguments, readArguments, unknownCommand } from "./arguments.ts";
import { type ChatCommand, type Command, type Connection, usage } from "./command.ts";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandName,
  COMMANDS,
  type CommandSpec,
  DEFAULT_COMMAND,
  type FlagName,
  type SettingName,
  SETTINGS,
  SHELLS,
  written,
} from "./commands.ts";
import { uriSecret } from "./connection_secret.ts";
import { nearest } from "./nearest.ts";
import { checkLinger, checkName, DEFAULT_LINGER_MS } from "./person.ts";
import { type Kept, Settings } from "./settings.ts";

/** What a command line is read against. */
export interface Surroundings {
  /** Reads one variable of the environment. */
  readonly env: (name: string) => string | undefined;
  /** The configuration file; asked for only by commands that heed it. */
  readonly config: () => Kept;
}

/**
 * Understands a command line.
 *
 * @throws {Failure} `usage`: a sentence of what is wrong and one of what to do. No sentence repeats
 * a value, which may be a secret in the wrong place.
 */
export function parseCommand(args: readonly string[], surroundings: Surroundings): Command {
  const parsed = readArguments(args);
  const { words, flags } = parsed;
  const [first, ...rest] = words;
  if (flags.has("help") || first === "help") return help(first === "help" ? rest[0] : first);
  if (flags.has("version") || first === "version") return { command: "version" };
  if (first !== undefined && !ALL_COMMANDS.has(first)) throw unknownCommand(first);
  const name = first as CommandName | undefined;
  const spec = name === undefined ? DEFAULT_COMMAND : ALL_COMMANDS.get(name)!;
  const debug = flags.has("debug");
  switch (name) {
    case undefined:
    case "new":
    case "join":
    case "chat":
      refuseOthers(parsed, spec);
      return chat(name, rest, new Settings(flags, surroundings));
    case "doctor":
      refuseOthers(parsed, spec);
      assertNoMore(rest);
      return { command: "doctor", ...connection(new Settings(flags, surroundings)) };
    case "config":
      return { ...config(actionOf(parsed, spec), rest.slice(1)), debug };
    case "fernet":
      assertNoMore(rest.slice(1));
      return { ...fernet(actionOf(parsed, spec), flags), debug };
    case "completions":
      refuseOthers(parsed, spec);
      assertNoMore(rest.slice(1));
      return { command: "completions", shell: shellOf(rest[0]) };
  }
}

function help(word: string | undefined): Command {
  if (word !== undefined && !ALL_COMMANDS.has(word)) throw unknownCommand(word);
  return { command: "help", about: word as CommandName | undefined };
}

const OPENINGS = { "new": "new", "join": "join", "chat": "ask" } as const;

function chat(
  name: keyof typeof OPENINGS | undefined,
  words: readonly string[],
  settings: Settings,
): ChatCommand {
  if (name !== "join") assertNoMore(words);
  const opening = name === undefined ? "ask" : OPENINGS[name];
  const isRoom = name === "chat" || settings.isFlag("room");
  if (isRoom && opening !== "ask") {
    throw usage(`--room does not go with "${opening}"`, "Use: whisper chat --room NAME.");
  }
  const room = isRoom ? settings.text("room") : undefined;
  const person = settings.text("name");
  const linger = settings.text("linger");
  return {
    command: "chat",
    mode: room ? "room" : opening,
    // A code that a person reads off may come as several words.
    code: words.join(" ").trim() || undefined,
    room: room && checkName(room.value, "the name of the room"),
    passphraseFile: settings.text("passphrase-file")?.value,
    name: person && checkName(person.value, `the name in ${person.from}`),
    lingerMs: linger ? checkLinger(linger.value, linger.from) : DEFAULT_LINGER_MS,
    quiet: settings.isOn("quiet"),
    ...connection(settings),
  };
}

function connection(settings: Settings): Connection {
  const relay = settings.relay();
  const json = settings.isFlag("json");
  if (json && settings.isFlag("plain")) {
    throw usage("--plain and --json exclude each other", "Give one of them.");
  }
  const warnings: string[] = [];
  if (relay?.kind === "uri" && relay.place !== "environment" && uriSecret(relay.uri) !== "none") {
    warnings.push(
      relay.place === "flag"
        ? "The password inside --uri can be read by every program of this computer; leave it out and you are asked for it."
        : 'The configuration file holds a password; take it out with "whisper config set uri URI".',
    );
  }
  return {
    relay: relay?.kind === "uri" ? { kind: "uri", uri: relay.uri } : relay && { kind: "local" },
    poll: settings.isOn("poll"),
    passwordFile: settings.text("password-file")?.value,
    tlsCaFile: settings.text("tls-ca-file")?.value,
    ui: json ? "json" : settings.isOn("plain") ? "plain" : "auto",
    color: settings.color(),
    debug: settings.isFlag("debug"),
    warnings,
  };
}

function config(action: string, words: readonly string[]) {
  const [first, ...rest] = words;
  if (action !== "set" && action !== "unset") {
    assertNoMore(words);
    return { command: "config", action: action as "show" | "path" } as const;
  }
  const setting = settingOf(first, action);
  if (action === "unset") {
    assertNoMore(rest);
    return { command: "config", action, setting } as const;
  }
  const [value, ...more] = rest;
  assertNoMore(more);
  const isSwitch = ALL_FLAGS.get(setting)!.value === undefined;
  if (value === undefined && !isSwitch) {
    throw usage("the value is missing", `Use: whisper config set ${setting} VALUE.`);
  }
  return { command: "config", action, setting, value: value ?? "true" } as const;
}

function settingOf(word: string | undefined, action: string): SettingName {
  const all: readonly string[] = SETTINGS;
  if (word !== undefined && all.includes(word)) return word as SettingName;
  if (word !== undefined && /^(?:password|passphrase|secret)$/i.test(word)) {
    throw usage(
      "a password is never kept in the configuration",
      "You are asked for it, or put it into a file and keep that: whisper config set password-file FILE.",
    );
  }
  const known = word === undefined ? undefined : nearest(word, all);
  throw usage(
    word === undefined
      ? `"config ${action}" needs the name of a setting`
      : "there is no such setting",
    known ? `Did you mean "${known}"?` : `The settings are: ${all.join(", ")}.`,
  );
}

function fernet(action: string, flags: Arguments["flags"]) {
  if (action === "keygen") return { command: "fernet", action } as const;
  const keyFile = flags.get("key-file");
  if (typeof keyFile !== "string") {
    throw usage("the key is missing", "Name the file that holds it with --key-file FILE.");
  }
  if (action === "encrypt") return { command: "fernet", action, keyFile } as const;
  const text = flags.get("ttl");
  if (typeof text === "string" && !/^\d{1,15}$/.test(text)) {
    throw usage("--ttl is not a number of seconds", "Give a whole number, for example --ttl 60.");
  }
  const ttl = text === undefined ? undefined : Number(text);
  return { command: "fernet", action: "decrypt", keyFile, ttl } as const;
}

function shellOf(word: string | undefined): (typeof SHELLS)[number] {
  const found = SHELLS.find((shell) => shell === (word === "pwsh" ? "powershell" : word));
  if (found) return found;
  throw usage(
    word === undefined ? "the shell is missing" : "there are no completions for this shell",
    `Use: whisper ${COMMANDS.completions.usage}, where SHELL is one of ${SHELLS.join(", ")}.`,
  );
}

/** The action that a command is asked for, its flags checked; the first one where none is named. */
function actionOf({ words: [command, word], flags }: Arguments, spec: CommandSpec): string {
  const actions = spec.actions!;
  const names = Object.keys(actions);
  if (word === undefined && command === "fernet") {
    throw usage("it is not said what to do", `Use: whisper ${spec.usage}.`);
  }
  const action = word ?? names[0]!;
  if (!names.includes(action)) {
    const known = nearest(action, names);
    throw usage(
      `"${command}" knows no such word`,
      known ? `Did you mean "${known}"?` : `Use: whisper ${spec.usage}.`,
    );
  }
  refuseOthers({ flags }, { flags: [...spec.flags, ...actions[action]!.flags] });
  return action;
}

/** Refuses flags that belong to other commands. */
function refuseOthers({ flags }: Pick<Arguments, "flags">, spec: { flags: readonly FlagName[] }) {
  const stray = [...flags.keys()].find((name) => !spec.flags.includes(name));
  if (stray === undefined) return;
  const owners = [...ALL_COMMANDS].flatMap(([name, { flags, actions }]) => [
    ...(flags.includes(stray) ? [name] : []),
    ...Object.entries(actions ?? {}).flatMap(([action, { flags }]) =>
      flags.includes(stray) ? [`${name} ${action}`] : []
    ),
  ]);
  throw usage(
    `${written(stray)} does not belong to this command`,
    `It belongs to: ${owners.join(", ")}. See: whisper --help.`,
  );
}

function assertNoMore(words: readonly string[]): void {
  if (words.length === 0) return;
  throw usage(
    "there is a word too many",
    "Put a value of several words between quotes. See: whisper --help.",
  );
}
