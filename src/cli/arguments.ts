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
const FLAG_LIKE = /^--?[a-z][a-z-]{0,20}$/i;
/** What people try for a secret in the arguments. */
const SECRETS = ["password", "passphrase", "passwd", "pass", "pwd", "secret"];

const NAMES = [...ALL_FLAGS];
const VALUED = NAMES.filter(([, { value }]) => value).map(([name]) => name);
const SWITCHES = NAMES.filter(([, { value }]) => !value).map(([name]) => name);
/** Those that are on by themselves, and have a `--no-NAME`. */
const NEGATABLE = NAMES.filter(([, { on }]) => on).map(([name]) => name);
const SHORT = new Map(NAMES.flatMap(([name, { short }]) => short ? [[short, name] as const] : []));

/**
 * Takes a command line apart.
 *
 * @throws {Failure} `usage`.
 */
export function readArguments(args: readonly string[]): Arguments {
  if (args.some((arg) => arg.length > MAX_CHARS)) {
    throw usage("an argument is far too long", "See: whisper --help.");
  }
  const given = unmistakable(args);
  const parsed = parseArgs(given, {
    string: [...VALUED, "_"],
    collect: VALUED,
    boolean: SWITCHES,
    negatable: NEGATABLE,
    // The library reports every switch; those that were not given stay undefined.
    default: Object.fromEntries(SWITCHES.map((name) => [name, undefined])),
  });
  const flags = new Map<FlagName, string | boolean>();
  for (const [name, { value }] of NAMES) {
    const found = parsed[name];
    if (value === undefined) {
      if (typeof found === "boolean") flags.set(name, found);
      continue;
    }
    const [text, ...more] = found as readonly string[];
    if (text !== undefined) flags.set(name, checkValue(name, text, more));
  }
  return { words: parsed._.map(String), flags };
}

/**
 * The same command line with every flag in one piece with its value, and none that is unknown: the
 * library takes `--plain true` for one thing, and `--json=no` for the same as `--json`.
 */
function unmistakable(args: readonly string[]): string[] {
  const whole: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") return [...whole, ...args.slice(i)];
    if (!/^-./.test(arg)) whole.push(arg);
    else if (!arg.startsWith("--")) whole.push(...letters(arg));
    else {
      const [, written = "", inline] = /^--([^=]*)(=[^]*)?$/.exec(arg)!;
      const name = switchNamed(written);
      if (name !== undefined) {
        if (inline === undefined) whole.push(`--${name}=${written === name}`);
        else {throw usage(
            `--${written} takes no value`,
            `Write --${written} alone, or leave it out.`,
          );}
      } else if (!VALUED.includes(written as FlagName)) throw unknownFlag(written, arg);
      else if (inline !== undefined) whole.push(arg);
      else {
        const next = args[++i];
        // What begins with a hyphen is the next flag; a value that does is written behind "=".
        if (next === undefined || /^-./.test(next)) throw needsValue(written as FlagName);
        whole.push(`${arg}=${next}`);
      }
    }
  }
  return whole;
}

/** The switch that is written so, or with `no-` before it. */
function switchNamed(written: string): FlagName | undefined {
  const name = written as FlagName;
  if (SWITCHES.includes(name)) return name;
  const negated = written.replace(/^no-/, "") as FlagName;
  return NEGATABLE.includes(negated) ? negated : undefined;
}

/** The switches behind one hyphen, a letter each. */
function letters(arg: string): string[] {
  const names = [...arg.slice(1)].map((letter) => {
    const name = SHORT.get(letter);
    if (name === undefined) throw unknownFlag(/^-[a-z]+$/i.test(arg) ? letter : "", arg);
    return name;
  });
  return names.map((name) => `--${name}=true`);
}

function checkValue(name: FlagName, text: string, more: readonly string[]): string {
  const { value, choices } = ALL_FLAGS.get(name)!;
  if (more.length > 0) throw usage(`--${name} is given twice`, "Give it once.");
  if (text.trim() === "") throw needsValue(name);
  if (choices && !choices.includes(text)) {
    throw usage(`there is no such ${value}`, `Use one of: ${choices.join(", ")}.`);
  }
  return text;
}

function needsValue(name: FlagName) {
  return usage(
    `--${name} needs a value`,
    `Write it as --${name}=${ALL_FLAGS.get(name)!.value}.`,
  );
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
