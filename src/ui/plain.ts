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
import type { ChatEvent, Controls, MessageRef } from "../chat/events.ts";
import type { Timer } from "../clock.ts";
import { safeLine, safeText } from "../terminal/safe_text.ts";
import { BELL, styled, toClipboard, tty } from "../terminal/terminal_text.ts";
import { type History, withLine, withoutLine, withUnsentLast } from "../terminal/history.ts";
import { type Link, linked, linkParts, withLinks } from "../terminal/links.ts";
import { clip, pad, widthOf, wrapRows } from "../terminal/text.ts";
import { clockTime, IDLE_MS, isSameDay, notesOf, PICTURE_STYLE } from "./common.ts";
import { Deliveries } from "./deliveries.ts";
import type { Interface, ScreenParts } from "./interface.ts";
import {
  dayName,
  NOT_CONNECTED,
  PRESS_ENTER,
  QUOTE_TEXTS,
  UNSENT_TEXT,
  YOUR_PEER,
} from "./messages/interfaces.ts";
import { plainKeyHelp } from "./messages/keys.ts";
import { SLASH_COMMAND_TEXTS } from "./messages/slash_commands.ts";
import { DELIVERY_TEXTS, PLAIN_TEXTS } from "./messages/plain.ts";
import { ProgressSteps } from "./progress.ts";
import { Performer, type Screen } from "./perform.ts";
import { quoted, type RecentMessage, RecentMessages } from "./recent.ts";
import { alarmText, peerLabel, seconds, type Sentence, sentenceOf } from "./messages/events.ts";
import { completions, secretStart } from "./slash_commands.ts";
import { QUESTIONS } from "./messages/questions.ts";

/** Rows of the program begin with it. */
const PROGRAM_MARK = "* ";
/** How much further right a line of the program's own goes on in its other rows. */
const HANGING_CELLS = 4;
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
export interface PlainParts extends ScreenParts {
  readonly color: boolean;
}

/** The plain interface. */
export class PlainInterface implements Interface, Screen {
  readonly failureAt = "end";
  readonly #parts: PlainParts;
  readonly #performer: Performer;
  readonly #deliveries: Deliveries;
  #controls: Controls | undefined;
  #peer: string = YOUR_PEER;
  #relay: string = NOT_CONNECTED;
  #isReconnecting = false;
  #isMuted: boolean;
  #messages = 0;
  #typedAt: number;
  /** When something was printed last, in milliseconds since 1970. */
  #printedAt: number;
  #reminder: Timer | undefined;
  #history: History = [];
  readonly #recent = new RecentMessages();
  /** Ids of one's own messages by number. */
  readonly #sent = new Map<number, string>();
  /** Counts the sessions: a message of an earlier one is not confirmed in the next. */
  #session = 0;
  #isLeaving = false;
  readonly #steps = new ProgressSteps();
  /** The conversation was erased: this side leaves by itself. */
  #isBurnt = false;

  constructor(parts: PlainParts) {
    this.#parts = parts;
    this.#performer = new Performer(this, parts);
    this.#isMuted = parts.quiet;
    this.#typedAt = parts.clock.monotonic();
    this.#printedAt = parts.clock.now();
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
        this.#recent.sent(event.id, event.seq);
        return this.#deliveries.sent(event.id);
      case "delivered":
        return this.#deliveries.delivered(event.id);
      case "file": {
        const step = this.#steps.next(event);
        if (step) this.#say({ weight: "quiet", text: step });
        break;
      }
      case "taken-back":
        return this.#takenBack(event.id);
      case "expired":
        return this.#expire(event.from, event.seq);
      case "ready":
        this.#peer = peerLabel(event.peer, this.#parts.name);
        this.#sent.clear();
        break;
      case "session-ended":
        this.#session++;
        this.#recent.endSession();
        this.#unsent(event.undelivered);
        break;
      case "queue-dropped":
        this.#unsent(event.ids);
        break;
      case "burnt":
        this.#isBurnt = true;
        this.#forgetAll();
        this.#parts.input.clear();
        break;
    }
    // What was not delivered has been told one by one.
    const told = event.event === "closed" ? { ...event, undelivered: 0 } : event;
    const sentence = sentenceOf(told, {
      peer: this.#peer,
      relay: this.#parts.relay,
      isFreeCluster: this.#parts.isFreeCluster,
      by: this.#parts.by,
      isLeaving: this.#isLeaving || this.#isBurnt,
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
          complete: (line) => completions(line, { by: this.#parts.by, paths }),
          history: () => this.#history,
          searchPrompt: PLAIN_TEXTS.search,
          takeBack: () => this.#performer.takeBack(controls),
          confirmLeave: () => this.problem(UNSENT_TEXT),
          signal: over,
        });
        const typed = await Promise.race([reading, failed.promise]);
        const line = typed === null ? null : await this.#withPassphrase(typed, over);
        this.#typedAt = this.#parts.clock.monotonic();
        if (line === null) {
          this.#isLeaving = true;
          return void (input.isTerminal ? controls.leave() : controls.finish());
        }
        const id = String(++this.#messages);
        if (secretStart(line, this.#parts.by) === undefined) {
          this.#history = withLine(this.#history, { id, line });
        }
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

  /** Asks for the passphrase behind `/invite`, as the program did at first; Ctrl+C leaves it out. */
  async #withPassphrase(line: string, signal: AbortSignal): Promise<string> {
    const { input } = this.#parts;
    if (this.#parts.by !== "name" || line.trim() !== "/invite" || !input.isTerminal) return line;
    const answer = await input.readLine({ prompt: QUESTIONS.passphrase, hidden: true, signal });
    return `/invite ${answer ?? ""}`;
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

  tell(lines: readonly string[]): void {
    for (const line of lines) {
      const text = safeLine(line);
      // What goes on in another row stands further right than the next line.
      const rest = PROGRAM_MARK + " ".repeat(/^ */.exec(text)![0].length + HANGING_CELLS);
      this.#print({ first: PROGRAM_MARK, rest, text });
    }
  }

  problem(text: string): void {
    this.#say({ weight: "problem", text });
  }

  said(id: string, text: string, reply?: MessageRef): void {
    // On a terminal the line is there already, as it was typed.
    if (this.#parts.input.isTerminal) {
      this.#parts.input.nameTyped(ownId(id));
      if (reply) this.#quote(PLAIN_TEXTS.you, reply);
    } else this.#speak(PLAIN_TEXTS.you, { text, id: ownId(id), reply });
    this.#recent.add({ from: "you", seq: undefined, id, text: safeText(text) });
  }

  recent(): readonly RecentMessage[] {
    return this.#recent.all;
  }

  flip(lines: readonly string[]): void {
    this.tell(lines);
  }

  wasFlipped(): boolean {
    return false;
  }

  edit(text: string): void {
    if (this.#parts.input.isTerminal) this.#parts.input.edit(text);
    else this.tell([PLAIN_TEXTS.takenBackText(text)]);
  }

  find(): "no-conversation" {
    // A copy of a message below would outlive the message when it expires.
    return "no-conversation";
  }

  clear(): void {
    this.#forgetAll();
    if (!this.#parts.terminal.isAnsi) return this.tell([PLAIN_TEXTS.notCleared]);
    if (!this.#parts.input.clear()) this.tell([PLAIN_TEXTS.clearedInPart]);
  }

  copy(text: string): boolean {
    const { isAnsi } = this.#parts.terminal;
    if (isAnsi) this.#parts.terminal.write(toClipboard(text));
    return isAnsi;
  }

  mute(): boolean {
    return this.#isMuted = !this.#isMuted;
  }

  draw(picture: readonly string[]): { columns: number; rows: number } | undefined {
    const { terminal, input, color } = this.#parts;
    const columns = widthOf(picture[0]!) + PROGRAM_MARK.length + 1;
    const rows = picture.length + 2;
    const size = terminal.isAnsi ? terminal.size() : undefined;
    if (!size || size.columns < columns || size.rows < rows) return { columns, rows };
    this.tell([SLASH_COMMAND_TEXTS.pictureBelow(picture.length)]);
    for (const row of picture) {
      input.print(tty`${PROGRAM_MARK}${styled(color ? PICTURE_STYLE : "", row)}`);
    }
    return undefined;
  }

  relayState(): string {
    return this.#relay;
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
      reply: event.reply,
    });
    this.#recent.add({ from: "peer", seq: event.seq, text: safeText(event.text) });
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
    { text, id, notes = [], reply }: {
      text: string;
      id: string;
      notes?: readonly string[];
      reply?: MessageRef | undefined;
    },
  ): void {
    if (reply) this.#quote(who, reply);
    const name = this.#name(who);
    const noted = notes.length > 0 ? ` (${notes.join(", ")})` : "";
    this.#print({
      first: `${this.#time()} ${name}${noted}: `,
      rest: `${" ".repeat(TIME_CELLS)} ${name} | `,
      ...linked(safeText(text), id.replace(" ", "-")),
      id,
    });
  }

  /** Prints the line above a reply: one's own copy of the message that it answers, on one row. */
  #quote(who: string, reply: MessageRef): void {
    const message = this.#recent.find(reply);
    const whose = reply.from === "you" ? PLAIN_TEXTS.you : this.#name(this.#peer);
    const line = PLAIN_TEXTS.replyTo(
      who === PLAIN_TEXTS.you ? who : this.#name(who),
      message ? `${whose}: ${quoted(message.text)}` : QUOTE_TEXTS.gone,
    );
    const row = `${" ".repeat(TIME_CELLS)} ${line}`;
    const columns = this.#columns();
    const shown = columns === undefined ? row : clip(row, columns - 1);
    this.#parts.input.print(shown, message && this.#quoteId(reply));
  }

  /** A name, as far as there is room beside it. */
  #name(who: string): string {
    const columns = this.#columns();
    if (columns === undefined) return who;
    return clip(who, Math.max(MIN_TEXT_CELLS, Math.floor(columns * MAX_NAME_SHARE)));
  }

  #invite(code: string): void {
    this.tell([PLAIN_TEXTS.invite]);
    this.#parts.input.print(`\n      ${code}\n`);
    this.tell([PLAIN_TEXTS.shareInvite(this.#parts.isLocal)]);
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

  /** Says which day it is, before the first line of another one. */
  #tellDay(): void {
    const now = this.#parts.clock.now();
    const isSame = isSameDay(this.#printedAt, now);
    this.#printedAt = now;
    if (!isSame) this.#parts.input.print(`* ${dayName(now)}`);
  }

  /** Prints a text in rows, the first and the others with what names the speaker before them. */
  #print(
    { first, rest, text, links = [], id, style = "" }: {
      first: string;
      rest: string;
      text: string;
      links?: readonly Link[];
      id?: string;
      style?: string;
    },
  ): void {
    this.#tellDay();
    const columns = this.#columns();
    const rows = columns === undefined
      ? text.replaceAll(BLANKS, (blanks) => PLAIN_TEXTS.spaces(blanks.length)).split("\n")
        .map((text) => linkParts(text, 0, []))
      : wrapRows(text, textCells(columns, rest), {
        first: textCells(columns, first),
        isCautious: true,
      }).map((row) => linkParts(row.text, row.start, links));
    const lines = rows.map((parts, index) =>
      tty`${styled(style, index === 0 ? first : rest)}${withLinks(style, parts)}`
    );
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
    this.#recent.expired({ from, seq });
    const isQuoteErased = this.#eraseQuotes({ from, seq });
    const isErased = input.erasePrinted(sent === undefined ? peerId(seq) : ownId(sent)) &&
      isQuoteErased;
    const whose = from === "you" ? PLAIN_TEXTS.ownMessage : PLAIN_TEXTS.peerMessage(this.#peer);
    const tell = !terminal.isAnsi
      ? PLAIN_TEXTS.expiredNotErased
      : isErased
      ? PLAIN_TEXTS.expired
      : PLAIN_TEXTS.expiredInPart;
    this.#say({ weight: "quiet", text: tell(whose) });
  }

  /** Erases every quote of a message; whether all of them are gone. */
  #eraseQuotes(ref: MessageRef): boolean {
    const { input, terminal } = this.#parts;
    const id = this.#quoteId(ref);
    let isGone = true;
    while (terminal.isAnsi && input.hasPrinted(id)) isGone = input.erasePrinted(id) && isGone;
    return isGone;
  }

  #quoteId({ from, seq }: MessageRef): string {
    return `quote ${this.#session} ${from} ${seq}`;
  }

  /** A message is not sent: its line goes, or stays with a sentence where it cannot be erased. */
  #takenBack(id: string): void {
    this.#deliveries.forget(id);
    this.#recent.takenBack(id);
    this.#history = withoutLine(this.#history, id);
    this.#parts.input.erasePrinted(ownId(id));
    this.#say({ weight: "quiet", text: PLAIN_TEXTS.takenBack });
  }

  /** Messages that are not delivered: nothing more is told of them, and Up brings the last one back. */
  #unsent(ids: readonly string[]): void {
    for (const id of ids) this.#deliveries.forget(id);
    this.#history = withUnsentLast(this.#history, ids);
  }

  #forgetAll(): void {
    this.#history = [];
    this.#recent.clear();
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
