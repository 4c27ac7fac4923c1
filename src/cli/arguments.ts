/**
 * argv to words and flags, by the table of commands. Nothing that was typed is repeated in a
 * sentence, except the name of a flag: the rest may be a password gone astray.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { usage } from "./command.ts";
import { ALL_COMMANDS, ALL_FLAGS, type FlagName, places, written } from "./commands.ts";
import { nearest } from "./nearest.ts";

/** A command line in its parts. */
export interface Arguments {
  /** What is no flag, in order. */
  readonly words: readonly string[];
  /** Flags given: a value's text, or true; false for `--no-NAME`. */
  readonly flags: ReadonlyMap<FlagName, string | boolean>;
}

/** Longer than any command line that is meant: connection strings have at most a few hundred. */
const MAX_CHARS = 16_384;
/** A flag's name may be repeated to the person if it looks like one. */
const FLAG_LIKE = /^-{0,2}[a-z][a-z-]{0,20}$/i;
/** What people try for a secret in the arguments. */
const SECRETS = ["password", "passphrase", "passwd", "pass", "pwd", "secret"];

/**
 * Takes a command line apart.
 *
 * @throws {Failure} `usage`.
 */
export function readArguments(args: readonly string[]): Arguments {
  if (args.some((arg) => arg.length > MAX_CHARS)) {
    throw usage("an argument is far too long", "See: whisper --help.");
  }
  const given: [FlagName, string | boolean][] = [];
  const names = [...ALL_FLAGS];
  const repeatable = names.filter(([, { value }]) => value).map(([name]) => name);
  const switches = names.filter(([, { value }]) => !value).map(([name]) => name);
  const parsed = parseArgs(args, {
    string: [...repeatable, "_"],
    collect: repeatable,
    boolean: switches,
    negatable: names.filter(([, { on }]) => on).map(([name]) => name),
    alias: Object.fromEntries(names.flatMap(([name, { short }]) => short ? [[short, name]] : [])),
    unknown(_arg, key) {
      if (key !== undefined) throw unknownFlag(key);
    },
  });
  for (const [name, { value, on, choices }] of names) {
    const found = parsed[name];
    if (value === undefined) {
      // The library reports every switch, given or not; only what differs from that was given.
      if (found === true && !on) given.push([name, true]);
      if (on && args.includes(written(name))) given.push([name, false]);
      continue;
    }
    const values = found as readonly string[];
    if (values.length > 1) throw usage(`--${name} is given twice`, "Give it once.");
    const [text] = values;
    if (text === undefined) continue;
    if (text.trim() === "") {
      throw usage(`--${name} needs a value`, `Write it as --${name}=${value}.`);
    }
    if (choices && !choices.includes(text)) {
      throw usage(`there is no such ${value}`, `Use one of: ${choices.join(", ")}.`);
    }
    given.push([name, text]);
  }
  return { words: parsed._.map(String), flags: new Map(given) };
}

function unknownFlag(key: string) {
  const name = key.replace(/^no-/, "").toLowerCase();
  const secret = SECRETS.includes(name) ? name : nearest(name, SECRETS);
  if (secret !== undefined) {
    const kind = secret === "passphrase" ? "passphrase-file" : "password-file";
    return usage(
      "a password or passphrase cannot be an argument, where every program can read it",
      `Leave it out and you are asked for it, or put it into a file and give ${places(kind)}.`,
    );
  }
  const known = nearest(name, [...ALL_FLAGS.keys()]);
  const shown = FLAG_LIKE.test(key) ? `there is no flag ${dashed(key)}` : "there is no such flag";
  const hint = known ? `Did you mean ${written(known as FlagName)}?` : "See: whisper --help.";
  return usage(shown, hint);
}

function dashed(key: string): string {
  return key.length === 1 ? `-${key}` : `--${key}`;
}

/** The failure for a first word that is no command. */
export function unknownCommand(word: string) {
  if (/^\d+-/.test(word)) {
    return usage("a code stands where a command belongs", "Did you mean: whisper join CODE?");
  }
  const known = nearest(word, [...ALL_COMMANDS.keys(), "help", "version"]);
  return usage(
    "the first word is not a command",
    known ? `Did you mean "${known}"?` : "See: whisper --help.",
  );
}
