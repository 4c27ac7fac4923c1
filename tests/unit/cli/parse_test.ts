import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import type { StartChat } from "../../../src/cli/command.ts";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  DEFAULT_COMMAND,
  type FlagName,
  flagSyntax,
  SETTINGS,
  SHELLS,
} from "../../../src/cli/command_table.ts";
import { parseCommand } from "../../../src/cli/parse.ts";
import type { StoredConfig } from "../../../src/cli/settings.ts";
import { Failure } from "../../../src/errors.ts";
import { describeNote } from "../../../src/ui/messages/cli.ts";
import { type Around, assertWellSaid, parse, parseAs, refused } from "./support.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 300;
const SECRET = "hunter2";
const URI = "mongodb+srv://alice@cluster0.abcde.mongodb.net";

/** A chat without any setting. */
const PLAIN_CHAT: StartChat = {
  command: "chat",
  mode: "ask",
  code: undefined,
  room: undefined,
  passphraseFile: undefined,
  name: undefined,
  lingerMs: 600_000,
  theme: "auto",
  mouse: true,
  quiet: false,
  files: undefined,
  transfer: undefined,
  relay: undefined,
  poll: false,
  passwordFile: undefined,
  proxy: undefined,
  tlsCaFile: undefined,
  ui: "auto",
  color: true,
  debug: false,
  notes: [],
};

Deno.test("parseCommand: leaves everything to be asked without arguments", () => {
  assertEquals(parse([]), PLAIN_CHAT);
  assertEquals(parse(["chat"]), PLAIN_CHAT);
});

Deno.test("parseCommand: reads new and join", () => {
  assertEquals(parse(["new"]), { ...PLAIN_CHAT, mode: "new" });
  assertEquals(parse(["join"]), { ...PLAIN_CHAT, mode: "join" });
  assertEquals(parse(["join", "4821-river-candle-ocean"]), {
    ...PLAIN_CHAT,
    mode: "join",
    code: "4821-river-candle-ocean",
    notes: [{ note: "code-in-arguments" }],
  });
  assertEquals(parseAs("chat", ["join", "4821", "river", "candle"]).code, "4821 river candle");
  assertEquals(parseAs("chat", ["join", " "]).code, undefined);
});

Deno.test("parseCommand: reads a room that was agreed on", () => {
  const expected: StartChat = {
    ...PLAIN_CHAT,
    mode: "room",
    room: "garden",
    passphraseFile: "words.txt",
  };
  const flags = ["--room", "garden", "--passphrase-file", "words.txt"];
  assertEquals(parse(["chat", ...flags]), expected);
  assertEquals(parse(flags), expected);
  const env = { WHISPER_ROOM: "garden", WHISPER_PASSPHRASE_FILE: "words.txt" };
  assertEquals(parse(["chat"], { env }), expected);
  assertEquals(
    parseAs("chat", [], { env }).mode,
    "ask",
    "a variable alone does not choose the room",
  );
});

Deno.test("parseCommand: reads every flag of a chat", () => {
  const args = [
    ...["new", "--name", " Alice ", "--uri", URI, "--linger", "1h30m", "--poll", "--plain"],
    ...["--no-color", "--debug", "--password-file", "pw.txt", "--tls-ca-file=ca.pem"],
  ];
  assertEquals(parse(args), {
    ...PLAIN_CHAT,
    mode: "new",
    name: "Alice",
    relay: { kind: "uri", uri: URI },
    lingerMs: 5_400_000,
    poll: true,
    ui: "plain",
    color: false,
    debug: true,
    passwordFile: "pw.txt",
    tlsCaFile: "ca.pem",
  });
  assertEquals(parseAs("chat", ["--json", "--local"]).ui, "json");
  assertEquals(parseAs("chat", ["--local"]).relay, { kind: "local" });
});

Deno.test("parseCommand: takes a setting from its flag, then its variable, then the file", () => {
  const cases: {
    field: "name" | "lingerMs" | "passwordFile" | "tlsCaFile" | "poll" | "ui" | "color";
    flag: string[];
    env: Record<string, string>;
    config: StoredConfig;
    values: readonly [flag: unknown, env: unknown, file: unknown];
  }[] = [
    {
      field: "name",
      flag: ["--name=F"],
      env: { WHISPER_NAME: "E" },
      config: { name: "C" },
      values: ["F", "E", "C"],
    },
    {
      field: "lingerMs",
      flag: ["--linger=1m"],
      env: { WHISPER_LINGER: "2m" },
      config: { linger: "3m" },
      values: [60_000, 120_000, 180_000],
    },
    {
      field: "passwordFile",
      flag: ["--password-file=F"],
      env: { WHISPER_PASSWORD_FILE: "E" },
      config: { "password-file": "C" },
      values: ["F", "E", "C"],
    },
    {
      field: "tlsCaFile",
      flag: ["--tls-ca-file=F"],
      env: { WHISPER_TLS_CA_FILE: "E" },
      config: { "tls-ca-file": "C" },
      values: ["F", "E", "C"],
    },
    {
      field: "poll",
      flag: ["--poll"],
      env: { WHISPER_POLL: "off" },
      config: { poll: true },
      values: [true, false, true],
    },
    {
      field: "ui",
      flag: ["--plain"],
      env: { WHISPER_PLAIN: "0" },
      config: { plain: true },
      values: ["plain", "auto", "plain"],
    },
    {
      field: "color",
      flag: ["--color"],
      env: { NO_COLOR: "1" },
      config: { color: true },
      values: [true, false, true],
    },
  ];
  for (const { field, flag, env, config, values } of cases) {
    const empty = Object.fromEntries(Object.keys(env).map((name) => [name, " "]));
    assertEquals(parseAs("chat", flag, { env, config })[field], values[0], `${field}: flag`);
    assertEquals(parseAs("chat", [], { env, config })[field], values[1], `${field}: variable`);
    assertEquals(parseAs("chat", [], { config })[field], values[2], `${field}: file`);
    assertEquals(parseAs("chat", [], { env: empty, config })[field], values[2], `${field}: empty`);
  }
});

Deno.test("parseCommand: takes the relay from the first source that has one", () => {
  const local = { kind: "local" };
  const uri = { kind: "uri", uri: URI };
  const cases: [args: string[], around: Around, relay: unknown][] = [
    [["--local"], { env: { WHISPER_URI: URI }, config: { uri: URI } }, local],
    [["--uri", URI], { env: { WHISPER_LOCAL: "1" }, config: { local: true } }, uri],
    [[], { env: { WHISPER_LOCAL: "yes" }, config: { uri: URI } }, local],
    [[], { env: { WHISPER_URI: URI }, config: { local: true } }, uri],
    [[], { env: { WHISPER_LOCAL: "no" }, config: { uri: URI } }, uri],
    [[], { config: { local: true } }, local],
    [[], { config: { local: false } }, undefined],
    [["--json"], { env: { WHISPER_PLAIN: "1" }, config: { uri: URI } }, uri],
  ];
  for (const [args, around, relay] of cases) {
    assertEquals(parseAs("chat", args, around).relay, relay as never);
    assertEquals(parseAs("doctor", ["doctor", ...args], around).relay, relay as never);
  }
});

Deno.test("parseCommand: fails when one source names two relays", () => {
  refused(() => parse(["--local", "--uri", URI]), "--uri and --local together", "Give one", {
    never: [URI],
  });
  const env = { WHISPER_LOCAL: "1", WHISPER_URI: URI };
  refused(() => parse([], { env }), "WHISPER_URI and WHISPER_LOCAL together", "Give one", {
    never: [URI],
  });
  refused(
    () => parse([], { config: { uri: URI, local: true } }),
    '"uri" in the configuration file and "local" in the configuration file together',
    "Give one",
    { never: [URI] },
  );
});

Deno.test("parseCommand: notes a password where others can see it", () => {
  const uri = `mongodb://alice:${SECRET}@host/`;
  const [flag = ""] = parseAs("chat", ["--uri", uri]).notes.map(describeNote);
  assert(flag.includes("--uri") && !flag.includes(SECRET), flag);
  const [file = ""] = parseAs("chat", [], { config: { uri } }).notes.map(describeNote);
  assert(file.includes("configuration file") && !file.includes(SECRET), file);
  assertEquals(parseAs("chat", [], { env: { WHISPER_URI: uri } }).notes, []);
  assertEquals(parseAs("chat", ["--uri", URI]).notes, []);
  assertEquals(parseAs("chat", ["--uri", "mongodb+srv://a:<db_password>@h"]).notes, []);
});

Deno.test("parseCommand: reads doctor, config, fernet and completions", () => {
  assertEquals(parseAs("doctor", ["doctor", "--json", "--local"]).ui, "json");
  assertEquals(parse(["config"]), { command: "config", action: "show", debug: false });
  assertEquals(parse(["config", "path", "--debug"]), {
    command: "config",
    action: "path",
    debug: true,
  });
  assertEquals(parse(["config", "set", "name", "Alice B"]), {
    ...{ command: "config", action: "set", setting: "name", value: "Alice B", debug: false },
  });
  assertEquals(parseAs("config", ["config", "set", "local"]), {
    ...{ command: "config", action: "set", setting: "local", value: "true", debug: false },
  } as never);
  assertEquals(parse(["config", "unset", "uri"]), {
    ...{ command: "config", action: "unset", setting: "uri", debug: false },
  });
  assertEquals(parse(["fernet", "keygen"]), { command: "fernet", action: "keygen", debug: false });
  const keyFile = ["--key-file", "k"];
  assertEquals(parse(["fernet", "encrypt", ...keyFile]), {
    ...{ command: "fernet", action: "encrypt", keyFile: "k", debug: false },
  });
  assertEquals(parse(["fernet", "decrypt", ...keyFile, "--ttl=60"]), {
    ...{ command: "fernet", action: "decrypt", keyFile: "k", ttl: 60, debug: false },
  });
  for (const shell of SHELLS) {
    assertEquals(parse(["completions", shell]), { command: "completions", shell });
  }
  assertEquals(parse(["completions", "pwsh"]), { command: "completions", shell: "powershell" });
});

Deno.test("parse: sets and unsets every setting, and every one has a variable", () => {
  for (const setting of SETTINGS) {
    assertEquals(parse(["config", "unset", setting]).command, "config");
    assertEquals(parse(["config", "set", setting, "x"]).command, "config");
    assert(ALL_FLAGS.get(setting)!.env !== undefined, setting);
  }
});

Deno.test("parseCommand: reads help and version before or after a command", () => {
  for (const args of [["--help"], ["-h"], ["help"]]) {
    assertEquals(parse(args), { command: "help", about: undefined });
  }
  for (const name of ALL_COMMANDS.keys()) {
    assertEquals(parse([name, "--help"]), { command: "help", about: name as never });
    assertEquals(parse(["help", name]), { command: "help", about: name as never });
  }
  for (const args of [["--version"], ["-V"], ["version"]]) {
    assertEquals(parse(args), { command: "version" });
  }
  assertEquals(parse(["help", "exit-codes"]), { command: "help", about: "exit-codes" });
  refused(() => parse(["help", "jion"]), "Unknown command", '"join"');
});

Deno.test("parseCommand: reads no configuration file for help, config and fernet", () => {
  const sources = {
    env: () => undefined,
    config: (): never => {
      throw new Error("the file was read");
    },
  };
  for (
    const args of [["--help"], ["config", "path"], ["fernet", "keygen"], ["completions", "zsh"]]
  ) parseCommand(args, sources);
});

Deno.test("parseCommand: refuses a flag of another command and names its commands", () => {
  const commands: [words: string[], flags: readonly FlagName[]][] = [
    [[], DEFAULT_COMMAND.flags],
    ...[...ALL_COMMANDS].flatMap(([name, { flags, actions }]): [string[], FlagName[]][] =>
      actions
        ? Object.entries(actions).map((
          [action, spec],
        ) => [[name, action], [...flags, ...spec.flags]])
        : [[[name], [...flags]]]
    ),
  ];
  for (const [words, flags] of commands) {
    for (const [name, { value }] of ALL_FLAGS) {
      if (flags.includes(name)) continue;
      const arg = value === undefined ? flagSyntax(name) : `--${name}=${SECRET}`;
      const sentence = `${flagSyntax(name)} does not belong to this command`;
      refused(() => parse([...words, arg]), sentence, "It belongs to: ", { never: [SECRET] });
    }
  }
  refused(() => parse(["new", "--key-file=k"]), "--key-file", "fernet encrypt, fernet decrypt");
});

Deno.test("parseCommand: fails with a next step for every other invalid command line", () => {
  const long = "x".repeat(10_000);
  const cases: [args: string[], sentence: string, hint: string, around?: Around][] = [
    [["--plain", "--json"], "--plain and --json together", "Give one of them."],
    [["new", "Alice"], "Unexpected argument", "between quotes"],
    [["chat", "4821"], "Unexpected argument", "between quotes"],
    [["doctor", SECRET], "Unexpected argument", "between quotes"],
    [["config", "show", "x"], "Unexpected argument", "between quotes"],
    [["config", "set", "name", "Alice", "B"], "Unexpected argument", "between quotes"],
    [["config", "unset", "name", SECRET], "Unexpected argument", "between quotes"],
    [["fernet", "keygen", "x"], "Unexpected argument", "between quotes"],
    [["completions", "bash", "x"], "Unexpected argument", "between quotes"],
    [["new", "--room", "garden"], "--room does not belong to this command", "chat"],
    [["config", "get", "name"], 'Unknown subcommand of "config"', 'Did you mean "show"?'],
    [["config", "remove"], 'Unknown subcommand of "config"', 'Did you mean "unset"?'],
    [["help", "exit-code"], "Unknown command", 'Did you mean "exit-codes"?'],
    [["config", "shwo"], 'Unknown subcommand of "config"', 'Did you mean "show"?'],
    [["config", SECRET], 'Unknown subcommand of "config"', "Use: whisper config"],
    [["config", "toString"], 'Unknown subcommand of "config"', "Use: whisper config"],
    [["config", "set"], 'Missing setting name for "config set"', "The settings are: uri,"],
    [["config", "unset", "nmae"], "Unknown setting", 'Did you mean "name"?'],
    [["config", "set", "room", "x"], "Unknown setting", "The settings are:"],
    [["config", "set", "name"], "Missing value for name", "whisper config set name VALUE"],
    [["config", "set", "password", SECRET], "never saved", "password-file FILE"],
    [["config", "set", "Passphrase", SECRET], "never saved", "password-file FILE"],
    [["fernet"], "Missing subcommand", "Use: whisper fernet keygen"],
    [["fernet", "decript"], 'Unknown subcommand of "fernet"', 'Did you mean "decrypt"?'],
    [["fernet", "encrypt"], "No key specified", "--key-file FILE"],
    [["fernet", "decrypt", "--key-file=k", "--ttl=1m"], "--ttl is not a number", "--ttl 60"],
    [["fernet", "decrypt", "--key-file=k", "--ttl=-1"], "--ttl is not a number", "--ttl 60"],
    [["fernet", "encrypt", "--key-file=k", "--ttl=1"], "--ttl does not belong", "fernet decrypt"],
    [["completions"], "No shell specified", "bash, zsh, fish, powershell"],
    [["completions", "tcsh"], "no completions for this shell", "bash, zsh, fish, powershell"],
    [["--linger", SECRET], "--linger is not a duration", "1m to 24h"],
    [["--linger", "59s"], "--linger is out of range", "1m to 24h"],
    [["send", "a", "--timeout", SECRET], "Invalid duration of --timeout", "30s, 10m or 2h"],
    [["send", "a", "--timeout", "0s"], "Invalid duration of --timeout", "30s, 10m or 2h"],
    [["--name", long], "The name in --name is too long", "at most 64 characters"],
    [["--name", "a\x1bb"], "The name in --name contains a character", "by hand"],
    [["--room", "\u200b"], "The name of the room contains nothing visible", "at least one letter"],
    [[], "The name in WHISPER_NAME is too long", "at most", { env: { WHISPER_NAME: long } }],
    [[], 'The name in "name" in the configuration file is empty', "at least one letter", {
      config: { name: "" },
    }],
    [[], "WHISPER_LINGER is out of range", "1m", { env: { WHISPER_LINGER: "25h" } }],
    [[], '"linger" in the configuration file is not', "1m", { config: { linger: SECRET } }],
    [[], "WHISPER_POLL: it is neither yes nor no", "true or false", {
      env: { WHISPER_POLL: SECRET },
    }],
    [[], "WHISPER_LOCAL: it is neither", "true or false", { env: { WHISPER_LOCAL: "2" } }],
    [[], "WHISPER_PLAIN: it is neither", "true or false", { env: { WHISPER_PLAIN: SECRET } }],
  ];
  for (const [args, sentence, hint, around] of cases) {
    refused(() => parse(args, around), sentence, hint, { never: [SECRET, "xxxxx", "\x1b"] });
  }
});

Deno.test("parseCommand: returns or fails with a next step, for any sources", () => {
  const text = fc.string({ unit: "binary" });
  const value = fc.oneof(text, fc.constantFrom("true", "no", "10m", URI, "x".repeat(5_000)));
  const word = fc.oneof(
    fc.constantFrom(...ALL_COMMANDS.keys(), "help", "set", "unset", "encrypt", "decrypt", "bash"),
    fc.constantFrom(...SETTINGS),
    text,
  );
  const flag = fc.constantFrom(...ALL_FLAGS).chain(([name, spec]): fc.Arbitrary<string[]> =>
    spec.value === undefined
      ? fc.constant([flagSyntax(name)])
      : fc.oneof(value.map((v) => [`--${name}=${v}`]), value.map((v) => [`--${name}`, v]))
  );
  const args = fc.array(fc.oneof(word.map((w) => [w]), flag), { maxLength: 6 });
  const variables = [...ALL_FLAGS.values()].flatMap(({ env }) => env ? [env] : []);
  const env = fc.dictionary(fc.constantFrom(...variables), value);
  const config = fc.record(
    Object.fromEntries(
      SETTINGS.map((name) => [name, ALL_FLAGS.get(name)!.value ? value : fc.boolean()]),
    ),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(args, env, config, (args, env, config) => {
      try {
        const command = parse(args.flat(), { env, config: config as StoredConfig });
        if (command.command === "chat") {
          assert(command.lingerMs >= 60_000 && command.lingerMs <= 86_400_000);
        }
      } catch (error) {
        assertInstanceOf(error, Failure);
        assertWellSaid(error);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("parseCommand: a hyphen alone stands for what is piped in", () => {
  const paths = (...words: string[]) => {
    const { transfer } = parseAs("chat", ["send", ...words]);
    return transfer?.kind === "send" && transfer.paths;
  };
  assertEquals(paths("-"), []);
  assertEquals(paths("./-"), ["./-"]);
  assertEquals(paths("a", "-"), ["a", "-"]);
});
