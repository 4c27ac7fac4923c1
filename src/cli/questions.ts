/**
 * What a person is asked before a chat: at most a name, the relay, its password, and a code. Without a
 * person to ask, what is missing is a usage error that says how to give it.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import type { FileProblem } from "../failure_reasons.ts";
import type { Note } from "../ui/messages/cli.ts";
import { describeFailure } from "../ui/messages/failures.ts";
import { QUESTIONS } from "../ui/messages/questions.ts";
import type { Connection, StartChat } from "./command.ts";
import { flagAndEnv } from "./command_table.ts";
import { passphraseBits, WEAK_BITS } from "./passphrase_strength.ts";
import { checkName, suggestedName } from "./person.ts";
import type { ReadLineOptions } from "../terminal/shown_line.ts";
import { fileProblem } from "../file_problem.ts";
import { decodeText, readBounded } from "./text_file.ts";

/** A person to ask. */
export interface Asker {
  /** False where lines come from a program. */
  readonly isInteractive: boolean;
  /** One line; null at the end of input. */
  readLine(options: ReadLineOptions): Promise<string | null>;
  /** Shows a sentence. */
  print(text: string): void;
  /** Shows a note beside the output. */
  note(note: Note): void;
}

/** What a connection string or a relay link holds. */
interface ExpandedUri {
  readonly uri: string;
  /** Of a relay link: the certificates (PEM) that the server's is checked against. */
  readonly authorities?: string;
  /** Of a relay link: the invite code that came with it. */
  readonly code?: string;
}

/** A relay, with all that is needed to connect to it. */
export type RelayTarget =
  | { readonly kind: "sqlite" }
  | ({ readonly kind: "mongodb"; readonly tlsCaFile: string | undefined } & ExpandedUri);

/** What is done with connection strings elsewhere. */
export interface UriChecks {
  /** A relay link as what it holds; anything else as it is. @throws {Failure} for a damaged link. */
  readonly expand: (text: string) => ExpandedUri & { readonly isLink: boolean };
  /** @throws {Failure} for a string that is wrong. */
  readonly inspect: (uri: string) => {
    readonly user: string | undefined;
    readonly missing: readonly ("user" | "password")[];
  };
  /** The string with what was missing. */
  readonly complete: (uri: string, given: { user?: string; password?: string }) => string;
}

/** Which room to open or to join. */
export type RoomChoice =
  | { readonly mode: "new" }
  | { readonly mode: "join"; readonly code: string }
  | { readonly mode: "room"; readonly room: string; readonly passphrase: string };

/** A file that is larger than this does not hold a secret. */
const MAX_SECRET_BYTES = 4_096;

/** The person's name. `suggested` is the answer of Enter alone. */
export async function askName(
  given: string | undefined,
  asker: Asker,
  suggested: string | undefined,
): Promise<string> {
  if (given !== undefined) return given;
  if (!asker.isInteractive) throw new Failure("missing-name", { source: flagAndEnv("name") });
  const fallback = suggestedName(suggested);
  const prompt = QUESTIONS.name(fallback);
  return await promptUntilValid(
    asker,
    { prompt },
    (answer) => checkName(answer || (fallback ?? "")),
  );
}

/**
 * The relay, and its connection string with the password. A relay link names everything: settings
 * besides it are of another relay.
 */
export async function askRelay(
  { relay, passwordFile, tlsCaFile }: Pick<Connection, "relay" | "passwordFile" | "tlsCaFile">,
  asker: Asker,
  checks: UriChecks,
): Promise<RelayTarget> {
  if (relay?.kind === "local") return { kind: "sqlite" };
  if (!relay && !asker.isInteractive) throw new Failure("missing-relay");
  const text = relay?.uri ?? await askUri(asker, checks);
  if (text === "") return { kind: "sqlite" };
  const { uri, isLink, ...held } = checks.expand(text);
  const { user, missing } = checks.inspect(uri);
  const given: { user?: string; password?: string } = {};
  if (missing.includes("user")) {
    if (!asker.isInteractive) throw new Failure("missing-user");
    given.user = await promptUntilValid(asker, { prompt: QUESTIONS.user }, notEmpty);
  }
  const isFileMeant = passwordFile !== undefined && (!isLink || missing.includes("password"));
  if (isFileMeant) given.password = await readSecret(passwordFile, asker);
  else if (missing.includes("password")) {
    if (!asker.isInteractive) {
      throw new Failure("missing-password", { source: flagAndEnv("password-file") });
    }
    const who = user ?? given.user;
    const prompt = QUESTIONS.password(who && `"${shown(who)}"`);
    given.password = await promptUntilValid(asker, { prompt, hidden: true }, notEmpty);
  }
  return {
    kind: "mongodb",
    uri: checks.complete(uri, given),
    ...held,
    tlsCaFile: isLink ? undefined : tlsCaFile,
  };
}

/** Asks for a relay link or a connection string; the empty one means this computer. */
async function askUri(asker: Asker, checks: UriChecks): Promise<string> {
  return await promptUntilValid(asker, { prompt: QUESTIONS.relay }, (answer) => {
    if (answer !== "") checks.inspect(checks.expand(answer).uri);
    return answer;
  });
}

/**
 * A relay link to save, as `check` returns it.
 *
 * @param check throws a {@link Failure} for what cannot be saved.
 */
export async function askLink(
  asker: Asker,
  check: (text: string) => string,
): Promise<string> {
  if (asker.isInteractive) return await promptUntilValid(asker, { prompt: QUESTIONS.link }, check);
  return check(await asker.readLine({}) ?? "");
}

/** Whether the person agrees to saving it. */
export async function confirmSaving(asker: Asker): Promise<boolean> {
  return /^\s*y/i.test(await asker.readLine({ prompt: QUESTIONS.saveLink }) ?? "");
}

/** What is done with invite codes and rooms elsewhere. */
export interface RoomChecks {
  /** @throws {Failure} for a code that is wrong. */
  readonly check: (text: string) => unknown;
  readonly complete: (line: string) => readonly string[];
  /** Whether a room on this computer waits for a guest; asked only before another is opened. */
  readonly isRoomWaiting?: () => Promise<boolean>;
}

/** Whether to open a room or to join one, and with what. */
export async function askRoom(
  command:
    & Pick<StartChat, "mode" | "code" | "room" | "passphraseFile">
    & Partial<Pick<StartChat, "transfer">>,
  asker: Asker,
  checks: RoomChecks,
): Promise<RoomChoice> {
  switch (command.mode) {
    case "new":
      return { mode: "new" };
    case "room": {
      const passphrase = await askPassphrase(command, asker);
      if (passphraseBits(passphrase) < WEAK_BITS) asker.note({ note: "weak-passphrase" });
      return { mode: "room", room: command.room!, passphrase };
    }
    case "join":
    case "ask": {
      if (command.code !== undefined) {
        checks.check(command.code);
        return { mode: "join", code: command.code };
      }
      const mayOpen = command.mode === "ask";
      if (!asker.isInteractive) {
        if (mayOpen) throw new Failure("missing-mode");
        throw new Failure("missing-code", { command: command.transfer ? "receive" : "join" });
      }
      const ask = (prompt: string) =>
        promptUntilValid(asker, { prompt, complete: checks.complete }, (answer) => {
          if (answer !== "" || !mayOpen) checks.check(answer);
          return answer;
        });
      let code = await ask(mayOpen ? QUESTIONS.codeOrNew : QUESTIONS.code);
      if (code === "" && await checks.isRoomWaiting?.()) {
        // Two people who press Enter at every question would otherwise wait for each other.
        asker.print(QUESTIONS.roomIsWaiting);
        code = await ask(QUESTIONS.codeOrAnother);
      }
      return code === "" ? { mode: "new" } : { mode: "join", code };
    }
  }
}

async function askPassphrase(
  { passphraseFile }: Pick<StartChat, "passphraseFile">,
  asker: Asker,
): Promise<string> {
  if (passphraseFile !== undefined) return await readSecret(passphraseFile, asker);
  if (!asker.isInteractive) {
    throw new Failure("missing-passphrase", { source: flagAndEnv("passphrase-file") });
  }
  return await promptUntilValid(asker, { prompt: QUESTIONS.passphrase, hidden: true }, notEmpty);
}

/**
 * Asks until the answer is valid, and says what is wrong with the others.
 *
 * @throws {Failure} `interrupted` at the end of input.
 */
async function promptUntilValid<T>(
  asker: Asker,
  options: ReadLineOptions,
  take: (answer: string) => T,
): Promise<T> {
  while (true) {
    const answer = await asker.readLine(options);
    if (answer === null) throw new Failure("interrupted");
    try {
      return take(options.hidden ? answer : answer.trim());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { message, hint } = describeFailure(error);
      asker.print(`${message} ${hint}`);
    }
  }
}

function notEmpty(answer: string): string {
  if (answer !== "") return answer;
  throw new Failure("empty-answer");
}

/**
 * The first line of a file. Notes a file that other users can read.
 *
 * @throws {Failure} `secret-file`, which names the file and nothing in it.
 */
export async function readSecret(
  path: string,
  asker: Pick<Asker, "note">,
): Promise<string> {
  const unusable = (problem: FileProblem, cause?: unknown) =>
    new Failure("secret-file", { path: shown(path), problem }, { cause });
  let text: string;
  try {
    const { mode, isFile } = await Deno.stat(path);
    const bytes = await readBounded(path, MAX_SECRET_BYTES);
    if (bytes === undefined) throw unusable("too-large");
    try {
      text = decodeText(bytes);
    } finally {
      // A string cannot be overwritten; what it was read into can.
      bytes.fill(0);
    }
    if (isFile && mode !== null && (mode & 0o044) !== 0) {
      asker.note({ note: "secret-file-readable", path: shown(path) });
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw unusable(fileProblem(cause), cause);
  }
  const [first = ""] = text.split(/\r?\n/);
  if (first === "") throw unusable("empty");
  return first;
}

/**
 * Makes sure that a certificate file can be read, before the driver fails on it.
 *
 * @throws {Failure} `certificate-file`.
 */
export async function assertReadable(path: string): Promise<void> {
  try {
    // Where Deno may prompt, opening would ask the person in the middle of our questions.
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state !== "granted") throw new Deno.errors.NotCapable();
    using file = await Deno.open(path);
    const { isDirectory } = await file.stat();
    if (isDirectory) throw new Deno.errors.IsADirectory();
  } catch (cause) {
    const facts = { path: shown(path), problem: fileProblem(cause) };
    throw new Failure("certificate-file", facts, { cause });
  }
}

/** Input in a sentence, without what could act on a terminal. */
function shown(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?").slice(0, 200);
}
