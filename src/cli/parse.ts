/**
 * Arguments, environment and configuration file to a {@link Command}. Pure: it gets all three and
 * asks nothing.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import type { Note } from "../ui/messages/cli.ts";
import { type Arguments, readArguments, unknownCommand } from "./arguments.ts";
import type { Command, Connection, RelayChoice, StartChat } from "./command.ts";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandName,
  type CommandSpec,
  DEFAULT_COMMAND,
  type FlagName,
  flagSyntax,
  HELP_TOPICS,
  type SettingName,
  SETTINGS,
  SHELLS,
} from "./command_table.ts";
import { uriSecret } from "./connection_secret.ts";
import { nearest } from "../nearest.ts";
import { parseDuration } from "../duration.ts";
import { hasPassword, parseProxy } from "./proxy.ts";
import { checkLinger, checkName, checkTheme, DEFAULT_LINGER_MS } from "./person.ts";
import { type ResolvedRelay, Settings, type SettingSources } from "./settings.ts";

/**
 * Understands a command line.
 *
 * @throws {Failure} with code `usage`. It repeats no value, which may be a secret in the wrong place.
 */
export function parseCommand(args: readonly string[], sources: SettingSources): Command {
  // The words to complete are not a command line yet.
  if (args[0] === "__complete") return { command: "complete", words: args.slice(1) };
  const parsed = readArguments(args);
  const { words, flags } = parsed;
  const [first, ...rest] = words;
  if (flags.has("help") || first === "help") return help(first === "help" ? rest[0] : first);
  if (flags.has("version") || first === "version") return { command: "version" };
  if (first !== undefined && isLink(first)) throw new Failure("link-as-command");
  if (first !== undefined && !ALL_COMMANDS.has(first)) throw unknownCommand(first);
  const name = first as CommandName | undefined;
  const spec = name === undefined ? DEFAULT_COMMAND : ALL_COMMANDS.get(name)!;
  const debug = flags.has("debug");
  const settings = new Settings(flags, sources);
  switch (name) {
    case undefined:
    case "new":
    case "join":
    case "chat":
      refuseOthers(parsed, spec);
      return chat(name, rest, settings);
    case "send":
    case "receive":
      refuseOthers(parsed, spec);
      return transfer(name, rest, settings);
    case "doctor":
      refuseOthers(parsed, spec);
      assertNoMore(rest);
      return {
        command: "doctor",
        notify: flags.has("notify"),
        ...connection(settings),
      };
    case "relay":
      return {
        ...relayLink(actionOf(parsed, spec), rest.slice(1), settings),
        debug,
      };
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
  const topic = HELP_TOPICS.find((topic) => topic === word);
  if (topic !== undefined) return { command: "help", about: topic };
  if (word !== undefined && !ALL_COMMANDS.has(word)) throw unknownCommand(word, HELP_TOPICS);
  return { command: "help", about: word as CommandName | undefined };
}

const OPENINGS = { "new": "new", "join": "join", "chat": "ask" } as const;

function chat(
  name: keyof typeof OPENINGS | undefined,
  words: readonly string[],
  settings: Settings,
): StartChat {
  if (name !== "join") assertNoMore(words);
  const opening = name === undefined ? "ask" : OPENINGS[name];
  const isRoom = name === "chat" || settings.isFlag("room");
  if (isRoom && opening !== "ask") {
    throw new Failure("room-with-command", { command: opening });
  }
  const room = isRoom ? settings.text("room") : undefined;
  const person = settings.text("name");
  const linger = settings.text("linger");
  const theme = settings.text("theme");
  const link = words.find(isLink);
  // A code that a person reads off may come as several words.
  const code = words.filter((word) => word !== link).join(" ").trim() || undefined;
  const { notes, ...connected } = connection(settings, link);
  return {
    command: "chat",
    mode: room ? "room" : opening,
    code,
    room: room && checkName(room.value, "the name of the room"),
    passphraseFile: settings.text("passphrase-file")?.value,
    name: person && checkName(person.value, `the name in ${person.from}`),
    lingerMs: linger ? checkLinger(linger.value, linger.from) : DEFAULT_LINGER_MS,
    theme: theme ? checkTheme(theme.value, theme.from) : "auto",
    mouse: settings.isOn("mouse", true),
    quiet: settings.isOn("quiet"),
    files: settings.text("files")?.value,
    transfer: undefined,
    ...connected,
    // The local relay belongs to one user, so the code is of no use to others.
    notes: code === undefined || connected.relay?.kind === "local"
      ? notes
      : [...notes, { note: "code-in-arguments" }],
  };
}

/** One transfer: a room of its own, which ends with it. */
function transfer(
  name: "send" | "receive",
  words: readonly string[],
  settings: Settings,
): StartChat {
  const start = chat(name === "send" ? "new" : "join", name === "send" ? [] : words, settings);
  const timeout = settings.text("timeout");
  const timeoutMs = timeout && parseDuration(timeout.value);
  if (timeout && !timeoutMs) throw new Failure("invalid-timeout");
  if (name === "send" && words.includes("")) throw new Failure("nothing-to-send");
  const into = settings.text("into")?.value;
  return {
    ...start,
    files: undefined,
    transfer: name === "send"
      // "-" stands for the standard input, as with other programs.
      ? { kind: "send", paths: words.join() === "-" ? [] : words, timeoutMs }
      : { kind: "receive", into, yes: settings.isFlag("yes"), timeoutMs },
  };
}

/** @param link the relay link among the words, which wins over the settings. */
function connection(settings: Settings, link?: string): Connection {
  const rival = (["uri", "local"] as const).find((name) => settings.isFlag(name));
  if (link !== undefined && rival !== undefined) {
    throw new Failure("flags-conflict", { first: "a relay link", second: flagSyntax(rival) });
  }
  const relay = link === undefined
    ? settings.relay()
    : { kind: "uri" as const, uri: link, source: "flag" as const };
  const json = settings.isFlag("json");
  if (json && settings.isFlag("plain")) {
    throw new Failure("flags-conflict", { first: "--plain", second: "--json" });
  }
  const notes: Note[] = [];
  const proxy = settings.text("proxy");
  if (proxy?.source === "flag" && hasPassword(proxy.value)) {
    notes.push({ note: "password-in-proxy-flag" });
  }
  if (relay?.kind === "uri" && relay.source === "flag" && isLink(relay.uri)) {
    notes.push({ note: "link-in-arguments" });
  } else if (
    relay?.kind === "uri" && (relay.source === "flag" || relay.source === "file") &&
    uriSecret(relay.uri) !== "none"
  ) {
    notes.push({ note: relay.source === "flag" ? "password-in-uri-flag" : "password-in-config" });
  }
  return {
    relay: choiceOf(relay),
    poll: settings.isOn("poll"),
    passwordFile: settings.text("password-file")?.value,
    tlsCaFile: settings.text("tls-ca-file")?.value,
    proxy: proxy && parseProxy(proxy.value, proxy.from),
    ui: json ? "json" : settings.isOn("plain") ? "plain" : "auto",
    color: settings.color(),
    debug: settings.isFlag("debug"),
    notes,
  };
}

function relayLink(action: string, words: readonly string[], settings: Settings) {
  if (action === "save") {
    const link = words.join("").trim() || undefined;
    return { command: "relay", action, link } as const;
  }
  assertNoMore(words);
  if (action === "forget") return { command: "relay", action } as const;
  const relay = settings.relay();
  return {
    command: "relay",
    action: "link",
    relay: choiceOf(relay),
    passwordFile: settings.text("password-file")?.value,
    tlsCaFile: settings.text("tls-ca-file")?.value,
    qr: settings.isFlag("qr"),
    resolve: settings.isFlag("resolve"),
  } as const;
}

/** The relay without its source. */
function choiceOf(relay: ResolvedRelay | undefined): RelayChoice | undefined {
  return relay?.kind === "uri" ? { kind: "uri", uri: relay.uri } : relay && { kind: "local" };
}

/** Whether a word is meant to be a relay link. What it holds is read later, by another part. */
function isLink(word: string): boolean {
  return /^["'`“”<\s]*whisper:/i.test(word);
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
    throw new Failure("missing-setting-value", { setting });
  }
  return { command: "config", action, setting, value: value ?? "true" } as const;
}

function settingOf(word: string | undefined, action: string): SettingName {
  const all: readonly string[] = SETTINGS;
  if (word !== undefined && all.includes(word)) return word as SettingName;
  if (word !== undefined && /^(?:password|passphrase|secret)$/i.test(word)) {
    throw new Failure("password-as-setting");
  }
  if (word === undefined) throw new Failure("missing-setting-name", { action, settings: all });
  throw new Failure("unknown-setting", { suggestion: nearest(word, all), settings: all });
}

function fernet(action: string, flags: Arguments["flags"]) {
  if (action === "keygen") return { command: "fernet", action } as const;
  const keyFile = flags.get("key-file");
  if (typeof keyFile !== "string") {
    throw new Failure("missing-key-file");
  }
  if (action === "encrypt") return { command: "fernet", action, keyFile } as const;
  const text = flags.get("ttl");
  if (typeof text === "string" && !/^\d{1,15}$/.test(text)) {
    throw new Failure("invalid-ttl");
  }
  const ttl = text === undefined ? undefined : Number(text);
  return { command: "fernet", action: "decrypt", keyFile, ttl } as const;
}

function shellOf(word: string | undefined): (typeof SHELLS)[number] {
  const found = SHELLS.find((shell) => shell === (word === "pwsh" ? "powershell" : word));
  if (found) return found;
  throw new Failure("unknown-shell", { isMissing: word === undefined, shells: SHELLS });
}

/** What other programs call an action: "get" is one letter from "set", which would change something. */
const SYNONYMS: Readonly<Record<string, string>> = {
  get: "show",
  list: "show",
  print: "show",
  delete: "unset",
  remove: "unset",
};

/** The action that a command is asked for, its flags checked. */
function actionOf({ words: [command = "", word], flags }: Arguments, spec: CommandSpec): string {
  const { actions = {}, defaultAction, usage } = spec;
  const action = word ?? defaultAction;
  if (action === undefined) throw new Failure("missing-subcommand", { usage });
  const names = Object.keys(actions);
  if (!names.includes(action)) {
    throw new Failure("unknown-subcommand", {
      command,
      usage,
      suggestion: names.find((name) => name === SYNONYMS[action]) ?? nearest(action, names),
    });
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
  throw new Failure("flag-of-other-command", { flag: flagSyntax(stray), owners });
}

function assertNoMore(words: readonly string[]): void {
  if (words.length > 0) throw new Failure("unexpected-argument");
}
