/**
 * The composition root: what is opened, in which order, and how it is closed again.
 *
 * @module
 */
import { openInterface } from "./app/interface.ts";
import { asking, env, isAnsi, say, type Surroundings } from "./app/surroundings.ts";
import type { Entry } from "./chat/entry.ts";
import type { ChatCommand } from "./cli/command.ts";
import { configPath, loadConfig } from "./cli/config_file.ts";
import { parseCommand } from "./cli/parse.ts";
import type { Opening } from "./cli/questions.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { EXIT, Failure } from "./errors.ts";
import { goOffline } from "./permissions/confine.ts";
import type { RelaySettings } from "./relay/open.ts";
import { OutputQueue } from "./terminal/output.ts";

/**
 * Milliseconds until the first question stands, for which nothing waits that is needed later: nobody
 * has answered it by then.
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
export async function run(args: readonly string[], stop: AbortSignal): Promise<number> {
  const output = new OutputQueue(Deno.stdout);
  const isJson = args.includes("--json");
  let isDebug = args.includes("--debug");
  let status: number;
  try {
    const config = () => loadConfig(configPath(env));
    const command = parseCommand(args, { env, config });
    isDebug = "debug" in command && command.debug;
    if (command.command === "chat") status = await chat(command, { stop, output });
    else {
      const { runOther } = await import("./app/commands.ts");
      status = await runOther(command, { stop, output }).finally(() => output.flush());
    }
  } catch (error) {
    status = await complain(error, { output, isJson, isDebug });
  }
  await output.flush({ withinMs: FLUSH_MS });
  if (status !== EXIT.ok || output.loss === undefined) return status;
  const lost = new Failure("output-lost", { why: output.loss });
  await sayFailure(lost);
  return lost.status;
}

/** A chat, from the first question to the last document removed. */
async function chat(command: ChatCommand, { stop, output }: Surroundings): Promise<number> {
  const { port, input, asker } = await asking(command, { stop, output });
  for (const warning of command.warnings) say(`Note: ${warning}`);
  const { askName, askOpening, askPlace, assertReadable } = await import("./cli/questions.ts");
  let loading: Promise<Loaded> | undefined;
  const load = () => {
    loading ??= loadChat(command);
    loading.catch(() => {});
    return loading;
  };
  if (asker.mayAsk) systemClock.after(FIRST_QUESTION_MS, load);
  else load();

  const name = await askName(command.name, asker, env("USER") ?? env("USERNAME"));
  if (command.tlsCaFile !== undefined) await assertReadable(command.tlsCaFile);
  const { completeUri, inspectUri, openRelay } = await import("./relay/open.ts");
  const checks = { inspect: inspectUri, complete: completeUri };
  const place = await askPlace(command, asker, checks);
  if (place.kind === "sqlite") goOffline();
  const settings: RelaySettings = place.kind === "sqlite"
    ? place
    : { ...place, poll: command.poll, tlsCaFile: command.tlsCaFile };
  // The relay is being opened while the person types the code.
  const relay = openRelay(settings, { clock: systemClock, random: systemRandom, signal: stop });
  relay.catch(() => {});
  const { Chat, entries } = await load();
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
    flushMs: FLUSH_MS,
    control: input.isTerminal && isAnsi() ? (sequence) => port.write(sequence) : undefined,
  });
  const chat = new Chat({
    relay,
    entry,
    name,
    lingerMs: command.lingerMs,
    clock: systemClock,
    random: systemRandom,
    emit: (event) => ui.hear(event),
  });
  // A terminal that closes reports itself several times, by signals and by writes that fail. None of
  // them may cut short a leaving that has begun; only a person's second Ctrl+C does.
  const hangUp = () => {
    if (!chat.isLeaving) void chat.leave("interrupted");
  };
  const onStop = () => {
    if (stop.reason instanceof Failure && stop.reason.reason === "interrupted") {
      void chat.leave("interrupted");
    } else hangUp();
  };
  if (stop.aborted) onStop();
  stop.addEventListener("abort", onStop, { once: true });
  output.onLost(hangUp);
  const over = new AbortController();
  const conversing = ui.converse(chat, over.signal).catch((error) => {
    hangUp();
    if (error instanceof Failure && error.code === "interrupted") return;
    throw error;
  });
  try {
    const status = await chat.run();
    over.abort();
    await conversing;
    await ui.close();
    if (chat.failure && command.ui !== "json") await sayFailure(chat.failure);
    if (chat.failure && command.debug) say(Deno.inspect(chat.failure));
    return status;
  } finally {
    await ui.close();
  }
}

/** The chat, its cryptography and its relay, while the person still reads or types. */
async function loadChat({ relay }: ChatCommand) {
  const { preload } = await import("./relay/open.ts");
  void preload(relay?.kind === "local" ? "sqlite" : "mongodb");
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

/** Says what went wrong, where the command's output goes or beside it, and returns the status. */
async function complain(
  error: unknown,
  { output, isJson, isDebug }: { output: OutputQueue; isJson: boolean; isDebug: boolean },
): Promise<number> {
  const failure = error instanceof Failure ? error : new Failure("bug", {}, { cause: error });
  if (isJson) {
    const { describeFailure } = await import("./ui/messages/failures.ts");
    const { code } = failure;
    const event = { event: "error", code, ...describeFailure(failure), fatal: true };
    output.write(`${JSON.stringify(event)}\n`);
  } else await sayFailure(failure);
  if (isDebug) say(Deno.inspect(error));
  return failure.status;
}

/** One sentence of what happened, and one of what to do. */
async function sayFailure(failure: Failure): Promise<void> {
  const { describeFailure } = await import("./ui/messages/failures.ts");
  const { message, hint } = describeFailure(failure);
  say(`${message}\n${hint}`);
}
