/**
 * The composition root: what is opened, in which order, and how it is closed again.
 *
 * @module
 */
import type { Entry } from "./chat/entry.ts";
import type { ChatCommand, Command, Connection, DoctorCommand } from "./cli/command.ts";
import { configPath, loadConfig } from "./cli/config_file.ts";
import { parseCommand } from "./cli/parse.ts";
import type { TerminalInput, TerminalPort } from "./cli/prompt.ts";
import {
  type Asker,
  askName,
  askOpening,
  askPlace,
  assertReadable,
  type Opening,
} from "./cli/questions.ts";
import { standardInput } from "./cli/standard_input.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { EXIT, Failure } from "./errors.ts";
import { goOffline } from "./permissions/confine.ts";
import { completeUri, inspectUri, openMailbox, preload, type StoreSettings } from "./store/open.ts";
import type { Interface } from "./ui/interface.ts";
import { OutputQueue } from "./ui/output.ts";

/** At the end, a reader of the output has this long, in milliseconds, to take the rest. */
const FLUSH_MS = 2_000;

/**
 * Runs one command line.
 *
 * @param stop aborted when the system or the person asks the program to end.
 * @returns the exit status. Never rejects.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<number> {
  const output = new OutputQueue(Deno.stdout);
  const isJson = args.includes("--json");
  let isDebug = args.includes("--debug");
  try {
    const config = () => loadConfig(configPath(env));
    const command = parseCommand(args, { env, config });
    isDebug = "debug" in command && command.debug;
    return command.command === "chat"
      ? await chat(command, { stop, output })
      : await runOther(command, { stop, output }).finally(() => output.flush());
  } catch (error) {
    return complain(error, { output, isJson, isDebug });
  } finally {
    await output.flush({ withinMs: FLUSH_MS });
  }
}

interface Surroundings {
  readonly stop: AbortSignal;
  readonly output: OutputQueue;
}

async function runOther(
  command: Exclude<Command, ChatCommand>,
  { stop, output }: Surroundings,
): Promise<number> {
  switch (command.command) {
    case "help":
      output.write((await import("./cli/help.ts")).helpText(command.about));
      return EXIT.ok;
    case "version":
      output.write((await import("./cli/version.ts")).versionText());
      return EXIT.ok;
    case "completions":
      output.write((await import("./cli/completions.ts")).completionScript(command.shell));
      return EXIT.ok;
    case "config":
      output.write((await import("./cli/config.ts")).runConfig(command, configPath(env)));
      return EXIT.ok;
    case "fernet":
      await (await import("./cli/fernet.ts")).runFernet(command, {
        stdin: Deno.stdin.readable,
        write: (bytes) => output.write(bytes),
        readFile: (path) => Deno.readFile(path),
        clock: systemClock,
        random: systemRandom,
      });
      return EXIT.ok;
    case "doctor":
      return await doctor(command, { stop, output });
  }
}

/** A look at everything that a chat needs. */
async function doctor(command: DoctorCommand, { stop, output }: Surroundings): Promise<number> {
  const { runDoctor } = await import("./doctor/run.ts");
  const { input, asker } = await asking(command, stop);
  for (const warning of command.warnings) say(`Note: ${warning}`);
  const isTerminal = Deno.stdout.isTerminal();
  return await runDoctor(command, {
    asker,
    terminal: {
      input: input.isTerminal,
      output: isTerminal,
      kind: env("TERM"),
      size: isTerminal ? Deno.consoleSize() : undefined,
      multiplexer: env("TMUX") ? "tmux" : env("STY") ? "screen" : undefined,
      color: command.color && isAnsi(),
    },
    write: (text) => output.write(text),
    goOffline,
    clock: systemClock,
    random: systemRandom,
    signal: stop,
  });
}

/** Where a person is asked, if there is one. */
async function asking({ ui }: Connection, stop: AbortSignal) {
  const { TerminalInput } = await import("./cli/prompt.ts");
  const isJson = ui === "json";
  const port = standardInput({ prompts: isJson ? "stderr" : "stdout", isAnsi: isAnsi() });
  const input = new TerminalInput(port);
  const asker: Asker = {
    mayAsk: input.isTerminal && !isJson,
    readLine: (options) => input.readLine({ ...options, signal: stop }),
    print: (text) => input.print(text),
  };
  return { port, input, asker };
}

/** A chat, from the first question to the last document removed. */
async function chat(command: ChatCommand, { stop, output }: Surroundings): Promise<number> {
  const { port, input, asker } = await asking(command, stop);
  for (const warning of command.warnings) say(`Note: ${warning}`);
  void preload(command.relay?.kind === "local" ? "sqlite" : "mongodb");
  const loading = loadChat();
  loading.catch(() => {});

  const name = await askName(command.name, asker, env("USER") ?? env("USERNAME"));
  if (command.tlsCaFile !== undefined) await assertReadable(command.tlsCaFile);
  const checks = { inspect: inspectUri, complete: completeUri };
  const place = await askPlace(command, asker, checks);
  if (place.kind === "sqlite") goOffline();
  const settings: StoreSettings = place.kind === "sqlite"
    ? place
    : { ...place, poll: command.poll, tlsCaFile: command.tlsCaFile };
  // The relay is being opened while the person types the code.
  const mailbox = openMailbox(settings, { clock: systemClock, random: systemRandom, signal: stop });
  mailbox.catch(() => {});
  const { Chat, entries } = await loading;
  const codes = { check: entries.entryByCode, complete: entries.completeCode };
  const opening = await askOpening(command, asker, codes);
  const entry = entryOf(opening, entries);

  const ui = await openInterface(command, {
    name,
    relay: place.kind === "sqlite" ? "this computer" : "MongoDB",
    room: opening.mode === "room"
      ? opening.room
      : entry.mode === "join"
      ? entry.code.nameplate
      : undefined,
    port,
    input,
    output,
    control: input.isTerminal && isAnsi() ? (sequence) => port.write(sequence) : undefined,
  });
  const chat = new Chat({
    mailbox,
    entry,
    name,
    lingerMs: command.lingerMs,
    clock: systemClock,
    random: systemRandom,
    emit: (event) => ui.hear(event),
  });
  const leave = () => void chat.leave("interrupted");
  if (stop.aborted) leave();
  stop.addEventListener("abort", leave, { once: true });
  output.onLost(leave);
  const over = new AbortController();
  const conversing = ui.converse(chat, over.signal).catch((error) => {
    leave();
    if (error instanceof Failure && error.code === "interrupted") return;
    throw error;
  });
  try {
    const status = await chat.run();
    over.abort();
    await conversing;
    await ui.close();
    if (chat.failure && command.ui !== "json") sayFailure(chat.failure);
    if (chat.failure && command.debug) say(Deno.inspect(chat.failure));
    return status;
  } finally {
    await ui.close();
  }
}

/** The chat and its cryptography, while the person still reads or types. */
async function loadChat() {
  const [{ Chat }, entries] = await Promise.all([
    import("./chat/chat.ts"),
    import("./chat/entry.ts"),
  ]);
  return { Chat, entries };
}

type Loaded = Awaited<ReturnType<typeof loadChat>>;

function entryOf(opening: Opening, { entryByCode, entryByRoom }: Loaded["entries"]): Entry {
  switch (opening.mode) {
    case "new":
      return opening;
    case "join":
      return entryByCode(opening.code);
    case "room":
      return entryByRoom(opening.room, opening.passphrase);
  }
}

/** What an interface is made of. */
interface InterfaceParts {
  readonly name: string;
  readonly relay: string;
  /** The room, as far as it is known. */
  readonly room: string | undefined;
  readonly port: TerminalPort;
  readonly input: TerminalInput;
  readonly output: OutputQueue;
  readonly control: ((sequence: string) => void) | undefined;
}

async function openInterface(
  { ui, color, quiet }: ChatCommand,
  { name, relay, room, port, input, output, control }: InterfaceParts,
): Promise<Interface> {
  if (ui === "json") {
    const { JsonInterface } = await import("./ui/json.ts");
    return new JsonInterface({
      readLine: (options) => input.readLine(options),
      write: (line) => output.write(`${line}\n`),
      flush: () => output.flush({ withinMs: FLUSH_MS }),
    });
  }
  if (ui === "auto" && control && Deno.stdout.isTerminal() && !isReadAloud()) {
    const { openFullScreen } = await import("./ui/tui/open.ts");
    const typeAhead = input.takeTypeAhead();
    return openFullScreen({ port, output, typeAhead, name, relay, room, quiet, color, env });
  }
  const { PlainInterface } = await import("./ui/plain.ts");
  return new PlainInterface({
    lines: input,
    control,
    clock: systemClock,
    name,
    relay,
    quiet,
    color: color && control !== undefined,
  });
}

/** Says what went wrong, where the command's output goes or beside it, and returns the status. */
function complain(
  error: unknown,
  { output, isJson, isDebug }: { output: OutputQueue; isJson: boolean; isDebug: boolean },
): number {
  const failure = error instanceof Failure ? error : bug(error);
  const { code, message, hint } = failure;
  if (isJson) {
    output.write(`${JSON.stringify({ event: "error", code, message, hint, fatal: true })}\n`);
  } else sayFailure(failure);
  if (isDebug) say(Deno.inspect(error));
  return failure.status;
}

/** One sentence of what happened, and one of what to do. */
function sayFailure({ message, hint }: Failure): void {
  say(`${message}\n${hint}`);
}

function bug(cause: unknown): Failure {
  return new Failure(
    "bug",
    "Whisper made a mistake and has to stop.",
    "Start it with --debug to see where, and please report that.",
    { cause },
  );
}

/** A line for the person, beside the output. */
function say(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  } catch {
    // Nobody is there to read it.
  }
}

/** A variable; one that we may not read is not there. */
function env(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Whether a screen reader is announced. It reads lines, not a screen that changes everywhere. */
function isReadAloud(): boolean {
  return ["1", "true"].includes(env("INK_SCREEN_READER") ?? "");
}

/** Whether the terminal understands control sequences. */
function isAnsi(): boolean {
  return env("TERM") !== "dumb" && Deno.stdout.isTerminal();
}
