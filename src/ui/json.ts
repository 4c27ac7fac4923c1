/**
 * The interface for programs: one JSON object per line each way (docs/JSON.md). Nothing else is ever
 * written to standard output.
 *
 * @module
 */
import type { ChatEvent, Controls, MessageRef, RelayDocuments, RoomKind } from "../chat/events.ts";
import { Failure } from "../errors.ts";
import type { BadLine } from "../failure_reasons.ts";
import { MAX_ID_CHARS } from "../limits.ts";
import { commandNamed, parseTimer, parseVerdict, SLASH_COMMANDS } from "./slash_commands.ts";
import type { Interface, MakeLink } from "./interface.ts";
import { alarmMessage, relayTrouble } from "./messages/events.ts";
import { describeFailure } from "./messages/failures.ts";
import { meaningOf } from "./messages/relay_documents.ts";

/** What the interface reads and writes. */
export interface JsonParts {
  /** The next line; null at the end of input. */
  readonly readLine: (options: { signal: AbortSignal }) => Promise<string | null>;
  /** Writes a value as one line of standard output, in order. */
  readonly write: (value: unknown) => void;
  /** Resolves when the reader has taken all lines so far; false when nothing more can be written. */
  readonly written: () => Promise<boolean>;
  /** How the two agreed on the room: by a code unless told otherwise. */
  readonly by?: RoomKind;
  /** Missing where there is no link to the relay. */
  readonly link?: MakeLink | undefined;
}

/** A longer line is cut: far above what the longest message takes, with every character escaped. */
const MAX_LINE_CHARS = 1_000_000;

/** The scripting interface. */
export class JsonInterface implements Interface {
  readonly failureAt = "event";
  readonly #parts: JsonParts;
  #unnamed = 0;
  #controls: Controls | undefined;
  /** Messages whose line is on its way to the reader. */
  #unread: number[] = [];
  #isConfirming = false;
  /** Sessions that have ended so far. */
  #session = 0;
  /** An outage is a state, whatever is tried in it: one line tells of it. */
  #isReconnecting = false;

  constructor(parts: JsonParts) {
    this.#parts = parts;
  }

  hear(event: ChatEvent): void {
    if (event.event === "relay") {
      const isKnown = this.#isReconnecting && event.state === "reconnecting";
      this.#isReconnecting = event.state === "reconnecting";
      if (isKnown) return;
    }
    this.#parts.write(eventAsJson(event, this.#parts.by));
    if (event.event === "message") {
      this.#unread.push(event.seq);
      void this.#confirm();
    }
    if (event.event === "session-ended") this.#session++;
  }

  /** A message counts as displayed when its line was written in full. */
  async #confirm(): Promise<void> {
    if (this.#isConfirming) return;
    this.#isConfirming = true;
    while (this.#unread.length > 0) {
      const seqs = this.#unread.splice(0);
      const session = this.#session;
      const isWritten = await this.#parts.written();
      // What a session could not confirm any more is not confirmed in the next.
      if (!isWritten || session !== this.#session) continue;
      for (const seq of seqs) this.#controls?.displayed(seq);
    }
    this.#isConfirming = false;
  }

  async converse(controls: Controls, over: AbortSignal): Promise<void> {
    this.#controls = controls;
    try {
      while (!over.aborted) {
        const line = await this.#parts.readLine({ signal: over });
        if (line === null) return void controls.finish();
        if (line.trim() === "") continue;
        try {
          this.#perform(line, controls);
        } catch (error) {
          this.#complain(error, idIn(line));
        }
      }
    } catch (error) {
      if (!over.aborted) throw error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws {Failure} `bad-line` for anything but a request, or why a command cannot be done. */
  #perform(line: string, controls: Controls): void {
    const { send, id, reply, command, value = "", path, file } = fieldsOf(line);
    if (send !== undefined && command !== undefined) throw badLine("send-and-command");
    if (send !== undefined) {
      if (typeof send !== "string") throw badLine("send-not-a-string");
      if (reply !== undefined && !isMessageRef(reply)) throw badLine("bad-reply");
      const named = this.#idOf(id);
      try {
        return controls.send(send, named, reply);
      } catch (error) {
        return this.#complain(error, named);
      }
    }
    if (typeof command !== "string") throw badLine("neither");
    const name = commandNamed(command);
    if (!name || SLASH_COMMANDS.get(name)!.screen) throw badLine("unknown-command");
    if (typeof value !== "string" && typeof value !== "number") throw badLine("bad-value");
    const argument = String(value);
    // What takes a while is not awaited: a slow disk or relay holds up no other line.
    switch (name) {
      case "send": {
        if (typeof path !== "string" || path === "") throw badLine("bad-path");
        const named = this.#idOf(id);
        return void controls.files.send(path, named).catch((error) => this.#complain(error, named));
      }
      case "accept":
      case "refuse":
      case "cancel":
        if (file !== undefined && typeof file !== "string") throw badLine("bad-file");
        return void this.#answerOffer(name, file, controls);
      case "exit":
        return void controls.leave("exit");
      case "burn":
        return void controls.burn();
      case "invite":
        return void controls.invite(argument || undefined).catch((error) => this.#complain(error));
      case "timer":
        return controls.setTimer(parseTimer(argument));
      case "who": {
        const { name, peer = null, presence = null, heardAgoMs = null } = controls.overview();
        return this.#answer("who", { name, peer, presence, heardAgoMs });
      }
      case "verify":
        return this.#verify(argument, controls);
      case "edit":
        // The event tells of what was taken back.
        if (controls.takeBack(argument === "" ? undefined : argument)) return;
        throw new Failure("nothing-queued");
      case "relay": {
        if (argument === "documents") {
          return void controls.documents().then(
            (stored) => this.#documents(stored),
            (error) => this.#complain(error),
          );
        }
        const { operations, openForMs = null, queued } = controls.overview();
        return this.#answer("operations", { operations, openForMs, queued });
      }
      case "share": {
        const code = argument === "all" ? controls.overview().code ?? null : null;
        if (!this.#parts.link) throw new Failure("relay-link-local");
        return this.#answer("share", { link: this.#parts.link(code ?? undefined), code });
      }
      case "help":
        return this.#answer("help", {
          commands: [...SLASH_COMMANDS].flatMap(([command, { screen, help }]) =>
            screen ? [] : [{ command, help }]
          ),
        });
      default:
        throw badLine("unknown-command");
    }
  }

  #idOf(id: unknown): string {
    if (id === undefined) return `#${++this.#unnamed}`;
    if (typeof id !== "string" || id.length > MAX_ID_CHARS) throw badLine("bad-id");
    return id;
  }

  async #answerOffer(
    name: "accept" | "refuse" | "cancel",
    file: string | undefined,
    controls: Controls,
  ): Promise<void> {
    try {
      await controls.files[name](file);
    } catch (error) {
      this.#complain(error, undefined, file);
    }
  }

  #verify(value: string, controls: Controls): void {
    if (value !== "") {
      const isSame = parseVerdict(value);
      if (isSame === undefined) throw new Failure("invalid-verdict");
      return controls.verify(isSame);
    }
    const { words = null, wordHalves, verification } = controls.overview();
    const { read = null, listen = null } = wordHalves ?? {};
    const { you = null, peer = null } = verification;
    this.#answer("verify", { words, read, listen, you, peer });
  }

  #documents({ kind: relay, documents, more }: RelayDocuments): void {
    this.#answer("documents", {
      relay,
      documents: documents.map(({ kind, by = null, fields }) => ({
        kind,
        by,
        fields: fields.map((field) => ({ ...field, meaning: meaningOf(kind, field.name) })),
      })),
      more,
    });
  }

  #answer(event: string, fields: Record<string, unknown>): void {
    this.#parts.write({ event, ...fields });
  }

  #complain(error: unknown, id?: string, file?: string): void {
    if (!(error instanceof Failure)) throw error;
    this.#parts.write({
      ...eventAsJson({ event: "error", failure: error, fatal: false }),
      ...id !== undefined && { id },
      ...file !== undefined && { file },
    });
  }
}

/** Whether a value names a message as the `message` event does. */
function isMessageRef(value: unknown): value is MessageRef {
  if (typeof value !== "object" || value === null) return false;
  const { from, seq } = value as Record<string, unknown>;
  return (from === "you" || from === "peer") && Number.isInteger(seq) && (seq as number) > 0;
}

/** The id in a line that is not a request; undefined where there is none to be found. */
function idIn(line: string): string | undefined {
  const [, literal] = /"id"\s*:\s*("(?:[^"\\]|\\.){0,1024}")\s*[,}]/.exec(line.slice(0, 4_096)) ??
    /"id"\s*:\s*("(?:[^"\\]|\\.){0,1024}")\s*\}?\s*$/.exec(line.slice(-2_048)) ?? [];
  if (literal === undefined) return undefined;
  try {
    return String(JSON.parse(literal));
  } catch {
    return undefined;
  }
}

/** An event as docs/JSON.md documents it: failures and alarms come with their sentences. */
export function eventAsJson(event: ChatEvent, by: RoomKind = "code"): object {
  switch (event.event) {
    case "relay": {
      const { cause, ...facts } = event;
      return { ...facts, ...cause && { message: relayTrouble(event) } };
    }
    case "alarm":
      return { ...event, message: alarmMessage(event, by) };
    case "file": {
      const { failure, ...facts } = event;
      return { ...facts, ...failure && { code: failure.code, ...describeFailure(failure) } };
    }
    case "error": {
      const { failure, ...facts } = event;
      return { ...facts, code: failure.code, ...describeFailure(failure) };
    }
    default:
      return event;
  }
}

/** The fields of a line. @throws {Failure} `bad-line` for anything but an object. */
function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  // It was cut, and may have become another one.
  if (line.length > MAX_LINE_CHARS) throw badLine("too-long");
  let value: unknown;
  try {
    // Files that were joined have byte order marks between their lines.
    value = JSON.parse(line.replace(/^\ufeff/, ""));
  } catch {
    throw badLine(line.isWellFormed() ? "not-json" : "not-utf8");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badLine("not-an-object");
  }
  return value as Record<string, unknown>;
}

function badLine(problem: BadLine): Failure {
  return new Failure("bad-line", { problem });
}
