/**
 * What a person is asked before a chat: at most a name, where to meet, the password there, and a code.
 * Where there is nobody to ask, what is missing is a usage error that says how to give it.
 *
 * @module
 */
import { Failure, untranslated } from "../errors.ts";
import { type ChatCommand, type Connection, missingSetting } from "./command.ts";
import { checkName } from "./person.ts";
import { interrupted } from "../terminal/interrupted.ts";
import type { ReadLineOptions } from "../terminal/terminal_port.ts";
import { describeFailure } from "../ui/messages/failures.ts";

/** Somebody to ask. */
export interface Asker {
  /** False where lines come from a program, or nobody may be asked. */
  readonly mayAsk: boolean;
  /** One line; null at the end of input. */
  readLine(options: ReadLineOptions): Promise<string | null>;
  /** Shows a sentence. */
  print(text: string): void;
}

/** A place to meet, complete. */
export type MeetingPlace =
  | { readonly kind: "sqlite" }
  | { readonly kind: "mongodb"; readonly uri: string };

/** What is known of connection strings elsewhere. */
export interface UriChecks {
  /** @throws {Failure} with a sentence of what is wrong with the string. */
  readonly inspect: (uri: string) => {
    readonly user: string | undefined;
    readonly missing: readonly ("user" | "password")[];
  };
  /** The string with what was missing. */
  readonly complete: (uri: string, given: { user?: string; password?: string }) => string;
}

/** What opens a chat. */
export type Opening =
  | { readonly mode: "new" }
  | { readonly mode: "join"; readonly code: string }
  | { readonly mode: "room"; readonly room: string; readonly passphrase: string };

/** A secret of more than this is some other file. */
const MAX_SECRET_BYTES = 4_096;

/** One's name. `suggested` is what Enter answers. */
export async function askName(
  given: string | undefined,
  asker: Asker,
  suggested: string | undefined,
): Promise<string> {
  if (given !== undefined) return given;
  if (!asker.mayAsk) throw missingSetting("name");
  const fallback = suggested && isName(suggested) ? suggested.trim() : undefined;
  const prompt = `Your name${fallback ? ` [${fallback}]` : ""}: `;
  return await until(asker, { prompt }, (answer) => checkName(answer || (fallback ?? "")));
}

function isName(text: string): boolean {
  try {
    return checkName(text) !== "";
  } catch {
    return false;
  }
}

/** Where to meet, and the connection string with its password. */
export async function askPlace(
  { relay, passwordFile }: Pick<Connection, "relay" | "passwordFile">,
  asker: Asker,
  checks: UriChecks,
): Promise<MeetingPlace> {
  if (relay?.kind === "local") return { kind: "sqlite" };
  if (!relay && !asker.mayAsk) throw missingSetting("relay");
  const uri = relay?.uri ?? await askUri(asker, checks);
  if (uri === "") return { kind: "sqlite" };
  const { user, missing } = checks.inspect(uri);
  const given: { user?: string; password?: string } = {};
  if (missing.includes("user")) {
    if (!asker.mayAsk) throw noUser();
    given.user = await until(asker, { prompt: "Database user: " }, notEmpty);
  }
  if (passwordFile !== undefined) given.password = await readSecret(passwordFile);
  else if (missing.includes("password")) {
    if (!asker.mayAsk) throw missingSetting("password");
    const who = user ?? given.user;
    const prompt = `Password of the database user${who ? ` ${quoted(who)}` : ""} (not shown): `;
    given.password = await until(asker, { prompt, hidden: true }, notEmpty);
  }
  return { kind: "mongodb", uri: checks.complete(uri, given) };
}

/** Asks for a connection string; the empty one means this computer. */
async function askUri(asker: Asker, checks: UriChecks): Promise<string> {
  const prompt = "Where to meet: paste a MongoDB connection string, or Enter for this computer: ";
  return await until(asker, { prompt }, (answer) => {
    if (answer !== "") checks.inspect(answer);
    return answer;
  });
}

/** Whether to open a room or to join one, and with what. */
export async function askOpening(
  command: Pick<ChatCommand, "mode" | "code" | "room" | "passphraseFile">,
  asker: Asker,
  codes: {
    /** @throws {Failure} with a sentence of what is wrong with the code. */
    readonly check: (text: string) => unknown;
    readonly complete: (line: string) => readonly string[];
  },
): Promise<Opening> {
  switch (command.mode) {
    case "new":
      return { mode: "new" };
    case "room":
      return { mode: "room", room: command.room!, passphrase: await askPassphrase(command, asker) };
    case "join":
    case "ask": {
      if (command.code !== undefined) {
        codes.check(command.code);
        return { mode: "join", code: command.code };
      }
      const isOpen = command.mode === "ask";
      if (!asker.mayAsk) throw missingSetting(isOpen ? "mode" : "code");
      const prompt = isOpen
        ? "The code you were told, or Enter for a new room: "
        : "The code you were told: ";
      const code = await until(asker, { prompt, complete: codes.complete }, (answer) => {
        if (answer !== "" || !isOpen) codes.check(answer);
        return answer;
      });
      return code === "" ? { mode: "new" } : { mode: "join", code };
    }
  }
}

async function askPassphrase(
  { passphraseFile }: Pick<ChatCommand, "passphraseFile">,
  asker: Asker,
): Promise<string> {
  if (passphraseFile !== undefined) return await readSecret(passphraseFile);
  if (!asker.mayAsk) throw missingSetting("passphrase");
  const prompt = "The passphrase you agreed on (not shown): ";
  return await until(asker, { prompt, hidden: true }, notEmpty);
}

/**
 * Asks until the answer will do. What is wrong with one is said on the spot.
 *
 * @throws {Failure} `interrupted` at the end of input.
 */
async function until<T>(
  asker: Asker,
  options: ReadLineOptions,
  take: (answer: string) => T,
): Promise<T> {
  while (true) {
    const answer = await asker.readLine(options);
    if (answer === null) throw interrupted();
    try {
      return take(options.hidden ? answer : answer.trim());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { message, hint } = describeFailure(error);
      asker.print(`${sentence(message)} ${hint}`);
    }
  }
}

/** What is wrong with an answer: nothing is about to start that could not. */
function sentence(message: string): string {
  const why = message.replace(/^Cannot start: /, "");
  return why.charAt(0).toUpperCase() + why.slice(1);
}

function notEmpty(answer: string): string {
  if (answer !== "") return answer;
  throw untranslated("usage", "This is empty.", "Type it, or press Ctrl+C to stop.");
}

/**
 * The first line of a file.
 *
 * @throws {Failure} `usage`; the sentence names the file and nothing in it.
 */
export async function readSecret(path: string): Promise<string> {
  let text: string;
  try {
    const bytes = await readBounded(path);
    if (bytes === undefined) throw unreadable(path, "it is no file with a secret in it");
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw unreadable(path, reason(cause), cause);
  }
  const [first = ""] = text.split(/\r?\n/);
  if (first === "") throw unreadable(path, "its first line is empty");
  return first;
}

/** The bytes of a file; undefined as soon as there are too many (a device has no end). */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(MAX_SECRET_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) return bytes.subarray(0, length);
    length += read;
  }
  return undefined;
}

/**
 * Makes sure that a file named by the person is there, before the driver stumbles over it.
 *
 * @throws {Failure} `usage`.
 */
export async function assertReadable(path: string): Promise<void> {
  try {
    (await Deno.open(path)).close();
  } catch (cause) {
    throw untranslated(
      "usage",
      `Cannot read ${quoted(path)}: ${reason(cause)}.`,
      "Check its name, and that you may read it.",
      { cause },
    );
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) return "Whisper was started without that permission";
  if (error instanceof Deno.errors.PermissionDenied) return "the system does not allow it";
  if (error instanceof TypeError) return "it is not text";
  return "it is not a file that can be read";
}

function unreadable(path: string, why: string, cause?: unknown): Failure {
  return untranslated(
    "usage",
    `Cannot read ${quoted(path)}: ${why}.`,
    "Put the secret on the first line of a file that only you may read, and name that file.",
    { cause },
  );
}

function noUser(): Failure {
  return untranslated(
    "usage",
    "Cannot start: the connection string lacks the user name.",
    "Write it before the host: mongodb+srv://NAME@host/.",
  );
}

/** Input in a sentence: what could act on a terminal is left out. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?").slice(0, 200)}"`;
}
