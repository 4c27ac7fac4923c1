/**
 * The linear interface: lines that are appended and never changed, for screen readers, simple
 * terminals, pipes, and people who like it so.
 *
 * Lines of the program begin with `*`, lines of the other one with the time and a name, and what
 * continues such a line with a bar: nobody can write a line that looks like one of another kind.
 *
 * @module
 */
import type { ChatEvent, Controls } from "../chat/events.ts";
import type { Clock, Timer } from "../clock.ts";
import { beginningWith, isLeaving } from "./commands.ts";
import { Deliveries } from "./deliveries.ts";
import type { Interface, Lines } from "./interface.ts";
import { plainKeyHelp } from "./keys.ts";
import { perform, type Screen } from "./perform.ts";
import { safeLine, safeText } from "../terminal/safe_text.ts";
import { alarmText, peerLabel, seconds, type Sentence, sentenceOf } from "./messages/events.ts";

/** A wait that goes on is mentioned this often. */
const REMIND_MS = 60_000;
/** Someone who has not typed for so long may look elsewhere: a message rings the bell. */
const IDLE_MS = 60_000;
/** A message's own time is shown where it differs from ours by more than this. */
const OLD_AFTER_MS = 120_000;
/** Lines kept for the arrow keys; the session's only, in memory. */
const MAX_HISTORY = 200;

const UNCLEARABLE =
  "This terminal cannot be cleared by Whisper: close it to be rid of what was said.";
/** What is kept to be shown again without a text that has vanished; more has scrolled away. */
const MAX_PRINTED = 1_000;

/** Clears the screen and, last, the lines that have scrolled off it; in this order (ECMA-48). */
const CLEAR = "\x1b[2J\x1b[H\x1b[3J";

/** What the interface is made of. */
export interface PlainParts {
  readonly lines: Lines;
  /** Writes to the terminal as it is; undefined where it understands no control sequences. */
  readonly control: ((sequence: string) => void) | undefined;
  readonly clock: Clock;
  readonly name: string;
  /** What the relay is called. */
  readonly relay: string;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** Something that was printed, so that what has vanished can be left out of the next printing. */
interface Printed {
  readonly lines: readonly string[];
  readonly from?: "you" | "peer";
  /** Of a text of one's own: what it is called here, and its number once it has one. */
  readonly id?: string;
  seq?: number;
}

/** The linear interface. */
export class PlainInterface implements Interface, Screen {
  readonly #parts: PlainParts;
  #controls: Controls | undefined;
  #peer = "Your peer";
  #relay = "The relay is not reached yet.";
  #isTroubled = false;
  #isMuted: boolean;
  #texts = 0;
  #lastTyped: number;
  readonly #deliveries: Deliveries;
  #reminder: Timer | undefined;
  #printed: Printed[] = [];
  readonly #history: string[] = [];

  constructor(parts: PlainParts) {
    this.#parts = parts;
    this.#isMuted = parts.quiet;
    this.#lastTyped = parts.clock.monotonic();
    this.#deliveries = new Deliveries({
      clock: parts.clock,
      tell: (text) => this.#print({ lines: this.#own({ weight: "quiet", text }) }),
    });
  }

  hear(event: ChatEvent): void {
    switch (event.event) {
      case "error":
        // The last word, said beside the output when everything is put back.
        if (event.fatal) return;
        break;
      case "message":
        return this.#message(event);
      case "invite":
        return this.#invite(event.code);
      case "queued":
        return this.#deliveries.queued(event.id, this.#whatIsMissing());
      case "sent":
        this.#number(event);
        return this.#deliveries.sent(event.id);
      case "delivered":
        return this.#deliveries.delivered(event.id);
      case "expired":
        return this.#vanish(event.from, event.seq);
      case "ready":
        this.#peer = peerLabel(event.peer, this.#parts.name);
        break;
      case "burnt":
        this.clear();
        break;
    }
    const sentence = sentenceOf(event, { peer: this.#peer, relay: this.#parts.relay });
    if (event.event === "relay" && sentence) {
      this.#relay = sentence.text;
      // Told once, however often it is tried.
      const wasTroubled = this.#isTroubled;
      this.#isTroubled = event.state === "reconnecting";
      if (wasTroubled && this.#isTroubled) return;
    }
    this.#remind(event);
    if (sentence) this.#print({ lines: this.#own(sentence) });
    if (event.event === "ready") {
      this.tell(["Type and press Enter. /verify compares, /help lists all."]);
    }
  }

  async converse(controls: Controls, over: AbortSignal): Promise<void> {
    this.#controls = controls;
    const { lines } = this.#parts;
    const failed = Promise.withResolvers<never>();
    try {
      while (!over.aborted) {
        const reading = lines.readLine({
          ...lines.isTerminal ? { prompt: "you: " } : {},
          complete: completeCommand,
          history: this.#history,
          signal: over,
        });
        const line = await Promise.race([reading, failed.promise]);
        this.#lastTyped = this.#parts.clock.monotonic();
        if (line === null) return void (lines.isTerminal ? controls.leave() : controls.finish());
        this.#remember(line);
        const performed = perform(line, { controls, screen: this, id: String(++this.#texts) });
        if (isLeaving(line)) return await performed;
        // Not awaited: an invitation takes a while, and what is typed meanwhile is not lost.
        performed.catch((error) => failed.reject(error));
      }
    } catch (error) {
      if (over.aborted) return;
      throw error;
    }
  }

  close(): Promise<void> {
    this.#reminder?.cancel();
    this.#deliveries.close();
    return Promise.resolve();
  }

  // What commands need of a screen.

  tell(lines: readonly string[] | string): void {
    this.#print({ lines: [lines].flat().map((line) => `* ${safeLine(line)}`) });
  }

  problem(text: string): void {
    this.#print({ lines: this.#own({ weight: "problem", text }) });
  }

  said(id: string, text: string): void {
    const own: Printed = { lines: this.#spoken("you", text), from: "you", id };
    // On a terminal the line stands there already, as it was typed.
    if (this.#parts.lines.isTerminal) this.#keep(own);
    else this.#print(own);
  }

  clear(): void {
    this.#printed = [];
    if (this.#parts.control) this.#parts.control(CLEAR);
    else this.tell(UNCLEARABLE);
  }

  copy(code: string): boolean {
    this.#parts.control?.(`\x1b]52;c;${btoa(code)}\x07`);
    return this.#parts.control !== undefined;
  }

  mute(): boolean {
    return this.#isMuted = !this.#isMuted;
  }

  relayState(): string {
    return this.#relay;
  }

  verified(): void {
    // The sentence that follows says it, and stays.
  }

  keys(): readonly (readonly [string, string])[] {
    // A pipe has none.
    return this.#parts.lines.isTerminal ? plainKeyHelp() : [];
  }

  // What is printed.

  #message(event: ChatEvent & { event: "message" }): void {
    const notes = [
      ...event.late ? ["late"] : [],
      ...this.#isOld(event.at) ? [`written ${clockTime(new Date(event.at))}`] : [],
    ];
    const who = notes.length > 0 ? `${this.#peer} (${notes.join(", ")})` : this.#peer;
    this.#print({ lines: this.#spoken(who, event.text), from: "peer", seq: event.seq });
    this.#controls?.displayed(event.seq);
    const { clock, control } = this.#parts;
    const isIdle = clock.monotonic() - this.#lastTyped > IDLE_MS;
    if (isIdle && !this.#isMuted) control?.("\x07");
  }

  #isOld(at: string): boolean {
    return Math.abs(this.#parts.clock.now() - Date.parse(at)) > OLD_AFTER_MS;
  }

  #spoken(who: string, text: string): string[] {
    const [first = "", ...others] = safeText(text).split("\n");
    return [`${this.#time()} ${who}: ${first}`, ...others.map((line) => `      | ${line}`)];
  }

  #invite(code: string): void {
    this.#print({
      lines: [
        "* Your code, for one other person and for one use:",
        "",
        `      ${code}`,
        "",
        "* Say it to them, by voice if you can; don't post it. They type: whisper join",
      ],
    });
  }

  #own({ weight, text }: Sentence): string[] {
    const line = weight === "alarm" ? alarmText(text) : text;
    const [on, off] = this.#parts.color && weight === "alarm" ? ["\x1b[1;7m", "\x1b[0m"] : ["", ""];
    // Sentences may quote what the relay, or a person, has said.
    return [`${on}* ${this.#time()} ${safeLine(line)}${off}`];
  }

  #time(): string {
    return clockTime(new Date(this.#parts.clock.now()));
  }

  #print(printed: Printed): void {
    this.#keep(printed);
    this.#parts.lines.print(printed.lines.join("\n"));
  }

  #keep(printed: Printed): void {
    this.#printed.push(printed);
    // Twice as many before any go, so that a message does not cost a move of all the others.
    if (this.#printed.length > 2 * MAX_PRINTED) this.#printed.splice(0, MAX_PRINTED);
  }

  // What becomes of what was said.

  #whatIsMissing(): string {
    const isAlone = this.#controls?.overview().peer === undefined;
    return isAlone ? "the other one is here" : "the relay is back";
  }

  #number({ id, seq }: { id: string; seq: number }): void {
    const printed = this.#printed.findLast((one) => one.id === id);
    if (printed) printed.seq = seq;
  }

  #vanish(from: "you" | "peer", seq: number): void {
    if (!this.#parts.control) {
      const whose = from === "you" ? "yours" : "theirs";
      return this.tell(
        `A text of ${whose} has vanished; on this terminal it stays where it was printed.`,
      );
    }
    const gone = this.#printed.findIndex((one) => one.from === from && one.seq === seq);
    if (gone < 0) return;
    this.#printed.splice(gone, 1);
    this.#parts.control(CLEAR);
    this.#parts.lines.print(this.#printed.flatMap(({ lines }) => lines).join("\n"));
  }

  // What goes on.

  /** A wait without an end is mentioned again and again, until something happens. */
  #remind(event: ChatEvent): void {
    if (event.event === "relay" || event.event === "error" || event.event === "alarm") return;
    this.#reminder?.cancel();
    if (event.event !== "waiting" || event.atMostMs !== undefined) return;
    const { clock } = this.#parts;
    const since = clock.monotonic();
    const remind = () => {
      this.tell(`Still waiting, for ${seconds(clock.monotonic() - since)} now. /exit stops.`);
      this.#reminder = clock.after(REMIND_MS, remind);
    };
    this.#reminder = clock.after(REMIND_MS, remind);
  }

  #remember(line: string): void {
    if (line.trim() === "") return;
    this.#history.push(line);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }
}

/** Hours and minutes of the day, here. */
function clockTime(time: Date): string {
  return [time.getHours(), time.getMinutes()].map((n) => String(n).padStart(2, "0")).join(":");
}

function completeCommand(line: string): readonly string[] {
  const [, word] = /^\/([a-z]+)$/.exec(line) ?? [];
  const name = word && beginningWith(word);
  return name ? [`/${name} `] : [];
}
