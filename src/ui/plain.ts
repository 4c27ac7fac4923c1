/**
 * The plain interface: lines that are appended and never changed, for screen readers, simple
 * terminals, pipes, and people who like it so.
 *
 * Every row says who speaks: rows of the program begin with `*`, rows of a message with the time and a
 * name, or with the name and a bar where a message continues. Rows are broken here and not by the
 * terminal, so that no text reaches the beginning of a row, where it could pass for another speaker.
 *
 * @module
 */
import type { ChatEvent, Controls, RoomKind } from "../chat/events.ts";
import type { Clock, Timer } from "../clock.ts";
import type { TerminalInput } from "../terminal/prompt.ts";
import { safeLine, safeText } from "../terminal/safe_text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { BELL, styled, toClipboard, tty } from "../terminal/terminal_text.ts";
import { clip, pad, widthOf, wrap } from "../terminal/text.ts";
import { clockTime, IDLE_MS, notesOf, type SentLine, withLine, withoutLine } from "./common.ts";
import { Deliveries } from "./deliveries.ts";
import type { Interface } from "./interface.ts";
import { NOT_CONNECTED, PRESS_ENTER, UNSENT_TEXT, YOUR_PEER } from "./messages/interfaces.ts";
import { commandLine } from "./messages/invocation.ts";
import { plainKeyHelp } from "./messages/keys.ts";
import { DELIVERY_TEXTS, PLAIN_TEXTS } from "./messages/plain.ts";
import { ProgressSteps } from "./progress.ts";
import { Performer, type Screen } from "./perform.ts";
import { alarmText, peerLabel, seconds, type Sentence, sentenceOf } from "./messages/events.ts";
import { completeCommand, type CompletePath } from "./slash_commands.ts";

/** A wait that goes on is mentioned this often. */
const REMIND_MS = 60_000;
/** The time that a row begins with, or blanks in its place. */
const TIME_CELLS = 5;
/** However narrow the window is, a row has room for so much text. */
const MIN_TEXT_CELLS = 8;
/** The most of a row that a name takes. */
const MAX_NAME_SHARE = 1 / 3;
/** Where a reader's width is not known, more blanks in a row could push text to the next. */
const MAX_BLANKS = 8;
const BLANKS = new RegExp(`[\\p{Zs}\\t]{${MAX_BLANKS},}`, "gu");

/** What the interface is made of. */
export interface PlainParts {
  readonly terminal: Terminal;
  readonly input: TerminalInput;
  readonly clock: Clock;
  readonly name: string;
  /** What the relay is called. */
  readonly relay: string;
  /** How the two agreed on the room. */
  readonly by: RoomKind;
  readonly quiet: boolean;
  readonly color: boolean;
  /** What Tab completes the path of a file with. */
  readonly paths?: CompletePath | undefined;
}

/** The plain interface. */
export class PlainInterface implements Interface, Screen {
  readonly failureAt = "end";
  readonly #parts: PlainParts;
  readonly #performer = new Performer(this);
  readonly #deliveries: Deliveries;
  #controls: Controls | undefined;
  #peer: string = YOUR_PEER;
  #relay: string = NOT_CONNECTED;
  #isReconnecting = false;
  #isMuted: boolean;
  #messages = 0;
  #typedAt: number;
  #reminder: Timer | undefined;
  #history: readonly SentLine[] = [];
  /** Ids of one's own messages by number. */
  readonly #sent = new Map<number, string>();
  /** Counts the sessions: a message of an earlier one is not confirmed in the next. */
  #session = 0;
  #isLeaving = false;
  readonly #steps = new ProgressSteps();

  constructor(parts: PlainParts) {
    this.#parts = parts;
    this.#isMuted = parts.quiet;
    this.#typedAt = parts.clock.monotonic();
    this.#deliveries = new Deliveries({
      clock: parts.clock,
      tell: (text) => this.#say({ weight: "quiet", text }),
    });
  }

  hear(event: ChatEvent): void {
    switch (event.event) {
      case "error":
        // Printed on standard error when everything is restored.
        if (event.fatal) return;
        break;
      case "message":
        return this.#message(event);
      case "invite":
        return this.#invite(event.code);
      case "queued":
        return this.#deliveries.queued(event.id, this.#whyQueued());
      case "sent":
        this.#sent.set(event.seq, event.id);
        return this.#deliveries.sent(event.id);
      case "delivered":
        return this.#deliveries.delivered(event.id);
      case "file": {
        const step = this.#steps.next(event);
        if (step) this.#say({ weight: "quiet", text: step });
        break;
      }
      case "expired":
        return this.#expire(event.from, event.seq);
      case "ready":
        this.#peer = peerLabel(event.peer, this.#parts.name);
        this.#sent.clear();
        break;
      case "session-ended":
        this.#session++;
        break;
      case "burnt":
        this.#forgetAll();
        this.#parts.input.clear();
        break;
    }
    const sentence = sentenceOf(event, {
      peer: this.#peer,
      relay: this.#parts.relay,
      by: this.by,
    });
    if (event.event === "relay" && sentence) {
      this.#relay = sentence.text;
      // Told once, however often it is tried.
      const wasReconnecting = this.#isReconnecting;
      this.#isReconnecting = event.state === "reconnecting";
      if (wasReconnecting && this.#isReconnecting) return;
    }
    this.#remind(event);
    if (sentence) this.#say(sentence);
    if (event.event === "ready") this.tell([PLAIN_TEXTS.firstSteps]);
  }

  async converse(controls: Controls, over: AbortSignal): Promise<void> {
    this.#controls = controls;
    const { input, paths } = this.#parts;
    const failed = Promise.withResolvers<never>();
    try {
      while (!over.aborted) {
        const reading = input.readLine({
          ...input.isTerminal ? { prompt: `${PLAIN_TEXTS.you}: ` } : {},
          complete: (line) => [completeCommand(line, { by: this.by, paths }) ?? []].flat(),
          history: () => this.#history.map(({ line }) => line),
          searchPrompt: PLAIN_TEXTS.search,
          confirmLeave: () => this.problem(UNSENT_TEXT),
          signal: over,
        });
        const line = await Promise.race([reading, failed.promise]);
        this.#typedAt = this.#parts.clock.monotonic();
        if (line === null) {
          this.#isLeaving = true;
          return void (input.isTerminal ? controls.leave() : controls.finish());
        }
        const id = String(++this.#messages);
        this.#history = withLine(this.#history, { id, line });
        const { isLeaving, done } = this.#performer.perform(line, { controls, id });
        this.#isLeaving = isLeaving;
        if (isLeaving) return await done;
        // Not awaited: an invitation takes a while, and what is typed meanwhile is not lost.
        done.catch((error) => failed.reject(error));
      }
    } catch (error) {
      if (over.aborted) return;
      this.#isLeaving = true;
      throw error;
    }
  }

  async acknowledge(stop: AbortSignal): Promise<void> {
    const { input } = this.#parts;
    if (this.#isLeaving || !input.isTerminal || stop.aborted) return;
    try {
      await input.readLine({ prompt: PRESS_ENTER, hidden: true, signal: stop });
    } catch {
      // Ctrl+C, or a signal: as good as Enter.
    }
  }

  close(): Promise<void> {
    this.#reminder?.cancel();
    this.#deliveries.close();
    return Promise.resolve();
  }

  // What commands need of a screen.

  get by(): RoomKind {
    return this.#parts.by;
  }

  tell(lines: readonly string[]): void {
    for (const line of lines) this.#print({ first: "* ", rest: "* ", text: safeLine(line) });
  }

  problem(text: string): void {
    this.#say({ weight: "problem", text });
  }

  said(id: string, text: string): void {
    // On a terminal the line is there already, as it was typed.
    if (this.#parts.input.isTerminal) this.#parts.input.nameTyped(ownId(id));
    else this.#speak(PLAIN_TEXTS.you, { text, id: ownId(id) });
  }

  clear(): void {
    this.#forgetAll();
    if (!this.#parts.terminal.isAnsi) return this.tell([PLAIN_TEXTS.notCleared]);
    if (!this.#parts.input.clear()) this.tell([PLAIN_TEXTS.clearedInPart]);
  }

  copy(code: string): boolean {
    const { isAnsi } = this.#parts.terminal;
    if (isAnsi) this.#parts.terminal.write(toClipboard(code));
    return isAnsi;
  }

  mute(): boolean {
    return this.#isMuted = !this.#isMuted;
  }

  relayState(): string {
    return this.#relay;
  }

  verified(): void {
    // The sentence that follows stays on the screen.
  }

  keys(): readonly (readonly [string, string])[] {
    // A pipe has none.
    return this.#parts.input.isTerminal ? plainKeyHelp() : [];
  }

  // What is printed.

  #message(event: ChatEvent & { event: "message" }): void {
    const { clock, terminal } = this.#parts;
    this.#speak(this.#peer, {
      text: event.text,
      id: peerId(event.seq),
      notes: notesOf(event, clock.now()),
    });
    void this.#confirm(event.seq);
    const isIdle = clock.monotonic() - this.#typedAt > IDLE_MS;
    if (isIdle && !this.#isMuted && terminal.isAnsi) terminal.write(BELL);
  }

  /** A message was displayed when the terminal, or the reader of the pipe, has taken it. */
  async #confirm(seq: number): Promise<void> {
    const session = this.#session;
    await this.#parts.terminal.flush();
    if (session === this.#session) this.#controls?.displayed(seq);
  }

  /** Prints a message: every row of it names who speaks. */
  #speak(
    who: string,
    { text, id, notes = [] }: { text: string; id: string; notes?: readonly string[] },
  ): void {
    const columns = this.#columns();
    const name = columns === undefined
      ? who
      : clip(who, Math.max(MIN_TEXT_CELLS, Math.floor(columns * MAX_NAME_SHARE)));
    const noted = notes.length > 0 ? ` (${notes.join(", ")})` : "";
    this.#print({
      first: `${this.#time()} ${name}${noted}: `,
      rest: `${" ".repeat(TIME_CELLS)} ${name} | `,
      text: safeText(text),
      id,
    });
  }

  #invite(code: string): void {
    this.tell([PLAIN_TEXTS.invite]);
    this.#parts.input.print(`\n      ${code}\n`);
    this.tell([PLAIN_TEXTS.shareInvite(commandLine("join"))]);
  }

  #say({ weight, text }: Sentence): void {
    // Sentences may quote what the relay, or a person, has said.
    const line = safeLine(weight === "alarm" ? alarmText(text) : text);
    const style = this.#parts.color && weight === "alarm" ? "1;7" : "";
    const [first, rest] = [`* ${this.#time()} `, pad("*", TIME_CELLS + 3)];
    this.#print({ first, rest, text: line, style });
  }

  #time(): string {
    return clockTime(this.#parts.clock.now());
  }

  /** Prints a text in rows, the first and the others with what names the speaker before them. */
  #print(
    { first, rest, text, id, style = "" }: {
      first: string;
      rest: string;
      text: string;
      id?: string;
      style?: string;
    },
  ): void {
    const columns = this.#columns();
    const rows = columns === undefined
      ? text.replaceAll(BLANKS, (blanks) => PLAIN_TEXTS.spaces(blanks.length)).split("\n")
      : wrap(text, textCells(columns, rest), {
        first: textCells(columns, first),
        isCautious: true,
      });
    const lines = rows.map((row, index) => styled(style, (index === 0 ? first : rest) + row));
    const [head, ...others] = lines;
    this.#parts.input.print(tty`${head!}${others.map((line) => tty`\n${line}`)}`, id);
  }

  /** Columns of the terminal; undefined where something else reads the output. */
  #columns(): number | undefined {
    const { terminal } = this.#parts;
    return terminal.isAnsi ? terminal.size().columns : undefined;
  }

  // What becomes of messages.

  #whyQueued(): string {
    const isAlone = this.#controls?.overview().peer === undefined;
    return isAlone ? DELIVERY_TEXTS.queuedForPeer : DELIVERY_TEXTS.queuedForRelay;
  }

  #expire(from: "you" | "peer", seq: number): void {
    const { input, terminal } = this.#parts;
    const sent = from === "you" ? this.#sent.get(seq) : undefined;
    if (sent !== undefined) {
      this.#sent.delete(seq);
      this.#deliveries.forget(sent);
      this.#history = withoutLine(this.#history, sent);
      input.forget();
    }
    const isErased = input.erasePrinted(sent === undefined ? peerId(seq) : ownId(sent));
    const whose = from === "you" ? PLAIN_TEXTS.ownMessage : PLAIN_TEXTS.peerMessage(this.#peer);
    const tell = !terminal.isAnsi
      ? PLAIN_TEXTS.expiredNotErased
      : isErased
      ? PLAIN_TEXTS.expired
      : PLAIN_TEXTS.expiredInPart;
    this.#say({ weight: "quiet", text: tell(whose) });
  }

  #forgetAll(): void {
    this.#history = [];
    this.#parts.input.forget();
  }

  /** A wait without an end is mentioned again and again, until something happens. */
  #remind(event: ChatEvent): void {
    if (event.event === "relay" || event.event === "error" || event.event === "alarm") return;
    this.#reminder?.cancel();
    if (event.event !== "waiting" || event.atMostMs !== undefined) return;
    const { clock } = this.#parts;
    const since = clock.monotonic();
    const remind = () => {
      this.tell([PLAIN_TEXTS.stillWaiting(seconds(clock.monotonic() - since))]);
      this.#reminder = clock.after(REMIND_MS, remind);
    };
    this.#reminder = clock.after(REMIND_MS, remind);
  }
}

/** Cells for text behind a prefix; the last column stays free. */
function textCells(columns: number, prefix: string): number {
  return Math.max(MIN_TEXT_CELLS, columns - 1 - widthOf(prefix));
}

function ownId(id: string): string {
  return `own ${id}`;
}

function peerId(seq: number): string {
  return `peer ${seq}`;
}
