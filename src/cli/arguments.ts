/**
 * argv to words and flags, by the table of commands. Nothing that was typed is repeated in a
 * sentence, except the name of a flag: the rest may be a password gone astray.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { usage } from "./command.ts";
import { ALL_COMMANDS, ALL_FLAGS, type Flag, type FlagName, places, written } from "./commands.ts";
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
const FLAG_LIKE = /^--?[a-z][a-z-]{0,20}$/i;
/** What people try for a secret in the arguments. */
const SECRETS = ["password", "passphrase", "passwd", "pass", "pwd", "secret"];

/** The flags as the library takes them; those that are on by themselves have an opposite. */
const OPTIONS = Object.fromEntries(
  [...ALL_FLAGS].flatMap(([name, { value, short, on }]) => {
    const option = { type: value ? "string" : "boolean", ...(short && { short }) } as const;
    return [[name, option], ...(on ? [[`no-${name}`, option] as const] : [])];
  }),
);

/**
 * Takes a command line apart.
 *
 * @throws {Failure} `usage`.
 */
export function readArguments(args: readonly string[]): Arguments {
  if (args.some((arg) => arg.length > MAX_CHARS)) {
    throw usage("an argument is far too long", "See: whisper --help.");
  }
  const words: string[] = [];
  const flags = new Map<FlagName, string | boolean>();
  // The tokens alone are used: they tell a flag without a value from an empty one, and a flag that
  // was given from one that was not.
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, value } = token;
    const arg = args[token.index]!;
    // Behind one hyphen stand letters; what the library makes of the rest is nobody's intention.
    const isWellFormed = arg.startsWith("--") || /^-[a-z]+$/i.test(arg);
    const known = isWellFormed ? flagOf(name) : undefined;
    if (known === undefined) throw unknownFlag(isWellFormed ? name : "", arg);
    if (known.spec.value === undefined) {
      if (value !== undefined) {
        throw usage(`--${name} takes no value`, `Write --${name} alone, or leave it out.`);
      }
      flags.set(known.name, known.isOn);
      continue;
    }
    // What begins with a hyphen is the next flag; a value that does is written behind "=".
    const isMissing = value === undefined || (!token.inlineValue && /^-./.test(value));
    flags.set(known.name, checkValue(known, isMissing ? "" : value, flags));
  }
  return { words, flags };
}

/** A flag as it is written, and what it says. */
interface Known {
  readonly name: FlagName;
  readonly spec: Flag;
  /** False where it is written `--no-NAME`. */
  readonly isOn: boolean;
}

function flagOf(written: string): Known | undefined {
  const spec = ALL_FLAGS.get(written as FlagName);
  if (spec) return { name: written as FlagName, spec, isOn: true };
  const name = written.replace(/^no-/, "") as FlagName;
  const negated = ALL_FLAGS.get(name);
  return negated?.on && { name, spec: negated, isOn: false };
}

function checkValue(
  { name, spec: { value, choices } }: Known,
  text: string,
  flags: ReadonlyMap<FlagName, string | boolean>,
): string {
  if (flags.has(name)) throw usage(`--${name} is given twice`, "Give it once.");
  if (text.trim() === "") {
    throw usage(`--${name} needs a value`, `Write it as --${name}=${value}.`);
  }
  if (choices && !choices.includes(text)) {
    throw usage(`there is no such ${value}`, `Use one of: ${choices.join(", ")}.`);
  }
  return text;
}

/** @param key the name; behind one hyphen a letter of it, or nothing where there are others. */
function unknownFlag(key: string, arg: string) {
  const isShort = !arg.startsWith("--");
  const whole = isShort ? arg.slice(1).replace(/=[^]*$/, "") : key;
  const name = whole.replace(/^no-/, "").toLowerCase();
  const secret = SECRETS.includes(name) ? name : nearest(name, SECRETS);
  if (secret !== undefined) {
    const kind = secret === "passphrase" ? "passphrase-file" : "password-file";
    return usage(
      "a password or passphrase cannot be an argument, where every program can read it",
      `Leave it out and you are asked for it, or put it into a file and give ${places(kind)}.`,
    );
  }
  const known = nearest(name, [...ALL_FLAGS.keys()]);
  // Behind the letter of one hyphen, other programs take a password.
  const shown = isShort ? `-${known && whole.length > 1 ? whole : key}` : `--${key}`;
  const hint = known ? `Did you mean ${written(known as FlagName)}?` : "See: whisper --help.";
  return usage(
    FLAG_LIKE.test(shown) ? `there is no flag ${shown}` : "there is no such flag",
    hint,
  );
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
