/**
 * argv to words and flags, in one pass over the table of flags. It needs no package: it runs before
 * the program has given up its access to files. Failures repeat nothing that was typed except the
 * name of a flag, because the rest may be a password in the wrong place.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import { ALL_COMMANDS, ALL_FLAGS, flagAndEnv, type FlagName, flagSyntax } from "./command_table.ts";
import { nearest } from "../nearest.ts";

/** A command line in its parts. */
export interface Arguments {
  /** Everything that is not a flag, in order. */
  readonly words: readonly string[];
  /** Flags given: the text of a value, or true; false for `--no-NAME`. */
  readonly flags: ReadonlyMap<FlagName, string | boolean>;
}

/** Connection strings have at most a few hundred characters. */
const MAX_CHARS = 16_384;
/** The name of a flag may be repeated to the person if it looks like one. */
const FLAG_LIKE = /^--?[a-z][a-z-]{0,20}$/i;
/** What people try for a secret in the arguments. */
const SECRETS = ["password", "passphrase", "passwd", "pass", "pwd", "secret"];
const SHORT = new Map(
  [...ALL_FLAGS].flatMap(([name, { short }]) => short ? [[short, name] as const] : []),
);

/**
 * Takes a command line apart.
 *
 * @throws {Failure} with code `usage`.
 * @example
 * readArguments(["join", "--name", "Bob", "--plain"])
 * // { words: ["join"], flags: new Map([["name", "Bob"], ["plain", true]]) }
 */
export function readArguments(args: readonly string[]): Arguments {
  if (args.some(({ length }) => length > MAX_CHARS)) throw new Failure("argument-too-long");
  // What the system passes as bytes that are not text arrives with this character in their place.
  if (args.some((arg) => arg.includes("\ufffd"))) throw new Failure("argument-not-utf8");
  const words: string[] = [];
  const flags = new Map<FlagName, string | boolean>();
  const line = { words, flags };
  const rest = args.values();
  for (const arg of rest) {
    if (arg === "--") words.push(...rest);
    else if (!/^-./.test(arg)) words.push(arg);
    else if (arg.startsWith("--")) readLong(arg, rest, line);
    else for (const name of switchesIn(arg, line)) flags.set(name, true);
  }
  return line;
}

/** Reads `--NAME`, `--no-NAME`, `--NAME=VALUE`, or `--NAME` with the next argument as its value. */
function readLong(
  arg: string,
  rest: Iterator<string>,
  { words, flags }: { words: string[]; flags: Map<FlagName, string | boolean> },
): void {
  const [, written = "", value] = /^--([^=]*)(?:=([^]*))?$/.exec(arg)!;
  const isNegated = written.startsWith("no-") && ALL_FLAGS.get(positive(written))?.on === true;
  const name = isNegated ? positive(written) : written as FlagName;
  const flag = ALL_FLAGS.get(name);
  if (!flag) throw unknownFlag(written, arg, words);
  if (flag.value === undefined) {
    if (value !== undefined) throw new Failure("flag-takes-no-value", { flag: `--${written}` });
    flags.set(name, !isNegated);
    return;
  }
  // A next argument that begins with a hyphen is a flag; such a value is written behind "=".
  const text = value ?? rest.next().value ?? "";
  if (text.trim() === "" || (value === undefined && /^-./.test(text))) {
    throw new Failure("flag-needs-value", { flag: `--${name}`, value: flag.value });
  }
  if (flags.has(name)) throw new Failure("flag-given-twice", { flag: `--${name}` });
  flags.set(name, text);
}

function positive(written: string): FlagName {
  return written.replace(/^no-/, "") as FlagName;
}

/** The switches behind one hyphen, a letter each. */
function switchesIn(arg: string, { words }: Pick<Arguments, "words">): FlagName[] {
  return [...arg.slice(1)].map((letter) => {
    const name = SHORT.get(letter);
    if (name === undefined) throw unknownFlag(/^-[a-z]+$/i.test(arg) ? letter : "", arg, words);
    return name;
  });
}

/**
 * @param key the name; behind one hyphen a letter of it, or nothing where there are others.
 * @param words the words before it, the command first.
 */
function unknownFlag(key: string, arg: string, [command = ""]: readonly string[]): Failure {
  const isShort = !arg.startsWith("--");
  const whole = isShort ? arg.slice(1).replace(/=[^]*$/, "") : key;
  const name = positive(whole).toLowerCase();
  const secret = SECRETS.includes(name) ? name : nearest(name, SECRETS);
  if (secret !== undefined) {
    const kind = secret === "passphrase" ? "passphrase-file" : "password-file";
    return new Failure("secret-in-arguments", { source: flagAndEnv(kind) });
  }
  const known = nearest(name, ALL_FLAGS.keys());
  // Behind the letter of one hyphen, other programs take a password.
  const shown = isShort ? `-${known && whole.length > 1 ? whole : key}` : `--${key}`;
  return new Failure("unknown-flag", {
    flag: FLAG_LIKE.test(shown) ? shown : undefined,
    suggestion: known && flagSyntax(known),
    mayBeFile: ALL_COMMANDS.get(command)?.takesFiles === true,
  });
}

/** The failure for a word that is not a command; `words` could stand there, too. */
export function unknownCommand(word: string, words: readonly string[] = ["help"]): Failure {
  if (/^\d+-/.test(word)) return new Failure("code-as-command");
  const suggestion = nearest(word, [...ALL_COMMANDS.keys(), ...words, "version"]);
  return new Failure("unknown-command", { suggestion });
}
