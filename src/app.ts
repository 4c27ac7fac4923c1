/**
 * The composition root: what is opened, in which order, and how it is closed again.
 *
 * @module
 */
import { openInterface } from "./app/interface.ts";
import { env } from "./environment.ts";
import { note, openTerminal, say, type Surroundings } from "./app/surroundings.ts";
import type { Entry } from "./chat/room.ts";
import type { StartChat } from "./cli/command.ts";
import { suggestedName } from "./cli/person.ts";
import type { FileStore } from "./files/store.ts";
import { withoutPassword } from "./cli/connection_secret.ts";
import type { Asker } from "./cli/questions.ts";
import type { Start } from "./cli/start.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { asFailure, EXIT, Failure } from "./errors.ts";
import { goOffline } from "./permissions/confine.ts";
import type { RelaySettings } from "./relay/open.ts";
import type { Relay } from "./relay/relay.ts";
import type { Note } from "./ui/messages/cli.ts";
import { flushAll, Output } from "./terminal/output.ts";
import type { TerminalInput } from "./terminal/prompt.ts";
import type { Terminal } from "./terminal/terminal.ts";

/**
 * Milliseconds until the first question is on the screen. Loading what is needed later would delay it,
 * and no person has answered by then.
 */
const FIRST_QUESTION_MS = 250;
/** At the end, a reader of the output has this long, in milliseconds, to take the rest. */
const FLUSH_MS = 2_000;

/**
 * Runs one command line.
 *
 * @param stop aborted when the system or the person asks the program to end.
 * @returns the exit status. Never rejects.
 */
export async function run(start: Start, stop: AbortSignal): Promise<number> {
  const output = new Output(Deno.stdout);
  const { command, config, linkPath } = start;
  let status: number;
  try {
    if (command instanceof Failure) throw command;
    if (command.command === "chat") status = await chat(command, { stop, output });
    else {
      const { runCommand } = await import("./app/run_command.ts");
      const running = runCommand(command, { stop, output, config, linkPath });
      status = await running.finally(() => output.flush());
    }
  } catch (error) {
    status = await reportFailure(error, { output, ...start });
  }
  await output.flush({ withinMs: FLUSH_MS });
  if (status !== EXIT.ok || output.loss === undefined) return status;
  const lost = new Failure("output-lost", { why: output.loss });
  await sayFailure(lost);
  return lost.status;
}

/** A chat, from the first question to the last document removed. */
async function chat(command: StartChat, surroundings: Surroundings): Promise<number> {
  const { stop } = surroundings;
  const isOutputData = command.transfer !== undefined;
  const person = await openTerminal({ ...command, isOutputData }, surroundings);
  const { asker } = person;
  // A script knows what it passes.
  const isForPerson = ({ note }: Note) => note === "code-in-arguments";
  command.notes.filter((one) => asker.isInteractive || !isForPerson(one)).forEach(note);
  const { askName } = await import("./cli/questions.ts");
  let loading: Promise<Loaded> | undefined;
  const load = () => {
    loading ??= loadChat(command);
    loading.catch(() => {});
    return loading;
  };
  if (asker.isInteractive) systemClock.after(FIRST_QUESTION_MS, load);
  else load();

  const userName = env("USER") ?? env("USERNAME");
  // A wrong folder or file is reported before anyone is asked or invited.
  const files = command.files === undefined && command.transfer === undefined
    ? undefined
    : await (await import("./app/transfer.ts")).openFiles(command, surroundings);
  // A transfer asks for no name.
  const name = command.transfer
    ? command.name ?? suggestedName(userName) ?? "whisper"
    : await askName(command.name, asker, userName);
  const { code, ...asked } = await askForRelay(command, asker, stop);
  let { settings, relay, wasAsked } = asked;
  const invited = code !== undefined && command.code === undefined &&
    (command.mode === "ask" || command.mode === "join");
  let loaded: Loaded;
  let entry: Entry;
  try {
    loaded = await load();
    entry = await askForEntry(
      invited ? { ...command, mode: "join", code } : command,
      asker,
      { ...loaded, settings },
    );
  } catch (error) {
    // The last one to close the local relay removes its file; a database holds nothing yet.
    if (settings.kind === "sqlite") await relay.then((opened) => opened.close(), () => {});
    throw error;
  }
  // While the person answered, the relay answered too: a wrong answer is asked for again.
  while (wasAsked.size > 0) {
    const failure = await relay.then(() => undefined, (error: unknown) => error);
    if (failure === undefined) break;
    const again = failure instanceof Failure ? wrongAnswer(failure, wasAsked) : undefined;
    if (again === undefined || !(failure instanceof Failure)) break;
    await sayFailure(failure);
    ({ settings, relay, wasAsked } = await askForRelay(command, asker, stop, {
      settings,
      again,
    }));
  }
  while (true) {
    const wasCodeAsked = asker.isInteractive && entry.mode === "join" && command.code === undefined;
    const mayRetry = (failure: Failure | undefined) =>
      wasCodeAsked && (failure?.code === "no-room" || failure?.code === "wrong-code") &&
      !stop.aborted;
    const parts = {
      command,
      name,
      settings,
      relay,
      entry,
      files,
      mayRetry,
      ...person,
      ...surroundings,
    };
    const { status, failure } = await converse(loaded.Chat, parts);
    if (!mayRetry(failure)) return status;
    entry = await askForEntry({ ...command, mode: "join" }, asker, { ...loaded, settings });
    relay = open(settings, stop);
  }
}

/** What one conversation is made of. */
interface ConversationParts extends Surroundings {
  readonly command: StartChat;
  readonly name: string;
  readonly settings: RelaySettings;
  readonly relay: Promise<Relay>;
  readonly entry: Entry;
  readonly files: FileStore | undefined;
  readonly terminal: Terminal;
  readonly input: TerminalInput;
  /** Whether the code is asked for again after this failure. */
  readonly mayRetry: (failure: Failure | undefined) => boolean;
}

/** Chats in one room until the chat is over. */
async function converse(
  Chat: Loaded["Chat"],
  { command, name, settings, relay, entry, files, terminal, input, output, stop, mayRetry }:
    ConversationParts,
): Promise<{ status: number; failure: Failure | undefined }> {
  const { transfer } = command;
  const { relayLinkTo } = await import("./relay/open.ts");
  const shared = {
    name,
    relay: settings.kind === "sqlite" ? "this computer" : "MongoDB",
    isLocal: settings.kind === "sqlite",
    isFreeCluster: mayBeFree(settings),
    terminal,
    input,
    output,
  };
  const ui = transfer
    ? await (await import("./app/transfer.ts"))
      .openTransfer({ ...command, transfer }, { ...shared, stop })
    : await openInterface(command, {
      ...shared,
      paths: files?.complete && ((beginning) => files.complete!(beginning)),
      room: command.mode === "room"
        ? command.room
        : entry.mode === "join"
        ? entry.code.nameplate
        : undefined,
      by: command.mode === "room" ? "name" : "code",
      link: (code) => relayLinkTo(settings, code === undefined ? {} : { code }),
    });
  const chat = new Chat({
    relay,
    entry,
    name,
    lingerMs: command.lingerMs,
    files,
    clock: systemClock,
    random: systemRandom,
    emit: (event) => ui.hear(event),
  });
  // A terminal that closes reports itself several times, by signals and by writes that fail. None of
  // them may cut short a leaving that has begun; only a person's second Ctrl+C does.
  const hangUp = () => void chat.hangUp();
  const onStop = () => {
    if (isInterrupt(stop.reason)) void chat.leave("interrupted");
    else hangUp();
  };
  if (stop.aborted) onStop();
  stop.addEventListener("abort", onStop, { once: true });
  output.onLost(hangUp);
  const over = new AbortController();
  const conversing = ui.converse(chat, over.signal).catch((error) => {
    if (isInterrupt(error)) return void chat.leave("interrupted");
    hangUp();
    throw error;
  });
  try {
    const chatStatus = await chat.run();
    over.abort();
    await conversing;
    const failure = chat.failure ?? ui.outcome;
    const status = chat.failure ? chatStatus : failure?.status ?? chatStatus;
    const explain = async () => {
      if (!failure) return;
      await sayFailure(failure);
      if (failure.code === "no-room" && settings.kind === "sqlite" && input.isTerminal) {
        const { localRelayFolder } = await import("./relay/open.ts");
        note({ note: "local-relay-folder", folder: await localRelayFolder(env) });
      }
    };
    if (ui.failureAt === "end") await explain();
    if (!mayRetry(failure)) await ui.acknowledge?.(stop);
    await ui.close();
    if (ui.failureAt === "close") await explain();
    if (failure && command.debug) say(Deno.inspect(failure));
    return { status, failure };
  } finally {
    stop.removeEventListener("abort", onStop);
    await ui.close();
  }
}

/** Whether the relay may be a free cluster: Atlas does not say which of its clusters are. */
function mayBeFree(settings: RelaySettings): boolean {
  return settings.kind === "mongodb" && /\.mongodb\.net(?:[:/?,]|$)/i.test(settings.uri);
}

/** Whether a person pressed Ctrl+C. */
function isInterrupt(error: unknown): boolean {
  return error instanceof Failure && error.reason === "interrupted";
}

/** An answer about the relay that a person may have typed. */
type RelayAnswer = "uri" | "password";

/**
 * Asks for the relay and begins to open it, while the person answers the next question.
 *
 * @param before what was answered already, where one answer was wrong.
 */
async function askForRelay(
  command: StartChat,
  asker: Asker,
  stop: AbortSignal,
  before?: { settings: RelaySettings; again: RelayAnswer },
) {
  const [{ askRelay, assertReadable }, { URI_CHECKS }, { filesInUri }] = await Promise.all([
    import("./cli/questions.ts"),
    import("./relay/open.ts"),
    import("./permissions/confine.ts"),
  ]);
  if (command.tlsCaFile !== undefined) await assertReadable(command.tlsCaFile);
  const wasAsked = new Set<RelayAnswer>();
  if (command.relay === undefined) wasAsked.add("uri");
  const again = before?.again === "password" && before.settings.kind === "mongodb"
    ? before.settings
    : undefined;
  const given = again ? { kind: "uri" as const, uri: withoutPassword(again.uri) } : command.relay;
  const target = await askRelay({ ...command, relay: given }, {
    ...asker,
    readLine: (options) => {
      if (options.hidden) wasAsked.add("password");
      return asker.readLine(options);
    },
  }, URI_CHECKS);
  if (target.kind === "sqlite") goOffline();
  else for (const path of filesInUri(target.uri)) await assertReadable(path);
  const settings: RelaySettings = target.kind === "sqlite" ? target : {
    ...target,
    // What a link brings is still true when only its password was wrong.
    ...again && { authorities: again.authorities, tlsCaFile: again.tlsCaFile },
    poll: command.poll,
    proxy: command.proxy,
  };
  const code = target.kind === "mongodb" ? target.code : undefined;
  return { settings, relay: open(settings, stop), wasAsked, code };
}

/** Begins to open a relay. The chat reports what is wrong with it. */
function open(settings: RelaySettings, signal: AbortSignal): Promise<Relay> {
  const relay = import("./relay/open.ts").then(({ openRelay }) =>
    openRelay(settings, { clock: systemClock, random: systemRandom, signal })
  );
  relay.catch(() => {});
  return relay;
}

/** The answer that a failure to open the relay makes wrong, if the person typed it. */
function wrongAnswer(
  { code }: Failure,
  wasAsked: ReadonlySet<RelayAnswer>,
): RelayAnswer | undefined {
  if (code === "relay-auth" && wasAsked.has("password")) return "password";
  return code.startsWith("relay-") && wasAsked.has("uri") ? "uri" : undefined;
}

/** Asks which room. The answer, which may be a passphrase, lives on only in the entry. */
async function askForEntry(
  command: StartChat,
  asker: Asker,
  { entries, settings }: Pick<Loaded, "entries"> & { readonly settings: RelaySettings },
): Promise<Entry> {
  const { askRoom } = await import("./cli/questions.ts");
  const choice = await askRoom(command, asker, {
    check: entries.entryByCode,
    complete: entries.completeCode,
    isRoomWaiting: async () => {
      if (settings.kind !== "sqlite") return false;
      const { isRoomWaiting } = await import("./relay/open.ts");
      return await isRoomWaiting(env);
    },
  });
  switch (choice.mode) {
    case "new":
      return choice;
    case "join":
      return entries.entryByCode(choice.code);
    case "room":
      return entries.entryByRoom(choice.room, choice.passphrase);
  }
}

/** The chat, its cryptography and its relay, while the person still reads or types. */
async function loadChat({ relay }: StartChat) {
  const { preload } = await import("./relay/open.ts");
  void preload(relay?.kind === "local" ? "sqlite" : "mongodb");
  const [{ Chat }, entries] = await Promise.all([
    import("./chat/chat.ts"),
    import("./chat/room.ts"),
  ]);
  return { Chat, entries };
}

type Loaded = Awaited<ReturnType<typeof loadChat>>;

/** Says what went wrong, where the command's output goes or beside it, and returns the status. */
async function reportFailure(
  error: unknown,
  { output, isJson, isDebug }: { output: Output; isJson: boolean; isDebug: boolean },
): Promise<number> {
  const failure = asFailure(error);
  if (isJson) {
    const { eventAsJson } = await import("./ui/json.ts");
    output.writeJson(eventAsJson({ event: "error", failure, fatal: true }));
  } else await sayFailure(failure);
  if (isDebug) say(Deno.inspect(error));
  return failure.status;
}

/** One sentence of what happened, and one of what to do. */
async function sayFailure(failure: Failure): Promise<void> {
  const { describeFailure } = await import("./ui/messages/failures.ts");
  const { message, hint } = describeFailure(failure);
  // Whatever was shown before comes before it, on the same terminal.
  await flushAll({ withinMs: FLUSH_MS });
  say(`${message}\n${hint}`);
}
