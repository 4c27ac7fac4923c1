/**
 * What people see of `whisper send` and `whisper receive`.
 *
 * @module
 */
import type { ChatEvent, FileEvent, RoomKind } from "../chat/events.ts";
import type { Failure } from "../errors.ts";
import { safeLine, safeText } from "../terminal/safe_text.ts";
import { tty } from "../terminal/terminal_text.ts";
import type { ScreenParts } from "./interface.ts";
import { alarmText, peerLabel, sentenceOf } from "./messages/events.ts";
import { describeFailure } from "./messages/failures.ts";
import { fileSentence, largeFileNote } from "./messages/files.ts";
import { YOUR_PEER } from "./messages/interfaces.ts";
import { TRANSFER_TEXTS } from "./messages/transfer.ts";
import { ProgressBar, ProgressSteps } from "./progress.ts";
import type { TransferView } from "./transfer.ts";

/** What the view for people is made of. */
export interface TransferScreenParts
  extends Pick<ScreenParts, "terminal" | "clock" | "name" | "relay" | "isLocal" | "isFreeCluster"> {
  /** Writes a whole line, above one that is being typed. */
  readonly print: (text: string) => void;
  readonly kind: "send" | "receive";
  /** The folder that files are saved in, as the person named it. */
  readonly folder?: string | undefined;
  /**
   * A bar that is written again and again, where the terminal can do that; or lines; or none where what
   * is received goes to the same terminal.
   */
  readonly progress: "bar" | "lines" | "none";
}

/** For people: sentences, and a bar or a line every ten percent. */
export class TransferScreen implements TransferView {
  readonly #parts: TransferScreenParts;
  readonly #bar = new ProgressBar();
  readonly #steps = new ProgressSteps();
  #hasBarLine = false;
  /** What is said of the first file only. */
  #hasOffered = false;
  #hasBegun = false;

  constructor(parts: TransferScreenParts) {
    this.#parts = parts;
  }

  show(event: ChatEvent, peer: string | undefined): void {
    switch (event.event) {
      case "file":
        return this.#showFile(event, peer);
      case "invite":
        return this.#say(TRANSFER_TEXTS.invite(event.code, this.#parts.isLocal));
      case "message":
        return this.#say(`${this.#label(event.from)}: ${safeText(event.text)}`);
      case "ready":
        return this.#say(TRANSFER_TEXTS.ready(this.#label(event.peer)));
      case "code-burnt":
        // It ends the transfer, and is told as its failure.
        return;
      case "waiting":
      case "relay":
        if (event.event === "relay" ? event.state === "up" : event.for !== "goodbye") return;
        break;
      case "presence":
        // What it means for the transfer is told when everything is over.
        if (event.peer === "left" || event.peer === "vanished") return;
        if (event.peer === "away") return this.#say(TRANSFER_TEXTS.away(this.#label(peer)));
        break;
      case "closed":
        if (event.remaining !== null) return;
        break;
      case "error":
        // Printed once everything is over.
        if (event.fatal) return;
        break;
    }
    const names = { peer: this.#label(peer), relay: this.#parts.relay, by: "code" as RoomKind };
    const sentence = sentenceOf(event, names);
    if (!sentence) return;
    this.#say(sentence.weight === "alarm" ? alarmText(sentence.text) : sentence.text);
  }

  failEarlier(failure: Failure): void {
    this.#say(describeFailure(failure).message);
  }

  close(): void {
    this.#endBar();
  }

  #showFile(event: FileEvent, peer: string | undefined): void {
    const { clock, terminal, progress, isFreeCluster } = this.#parts;
    if (event.state === "progress") {
      if (progress === "none") return;
      if (progress === "bar") {
        const columns = terminal.size().columns - 1;
        const text = this.#bar.text(event, { now: clock.monotonic(), columns });
        terminal.write(tty`\r\x1b[K${text}`);
        this.#hasBarLine = true;
        return;
      }
      const step = this.#steps.next(event);
      if (step) this.#say(step);
      return;
    }
    this.#steps.next(event);
    this.#endBar();
    if (event.state === "offered") {
      const note = isFreeCluster ? largeFileNote(event) : undefined;
      if (note) this.#say(note);
      if (event.from === "you" && !this.#hasOffered) {
        this.#say(TRANSFER_TEXTS.offered(this.#label(peer)));
      }
      this.#hasOffered = true;
      return;
    }
    if (isFailure(event, this.#parts.kind)) return;
    if (event.state === "accepted") {
      if (this.#hasBegun) return;
      this.#hasBegun = true;
      return this.#say(event.from === "you" ? TRANSFER_TEXTS.sending : TRANSFER_TEXTS.receiving);
    }
    const sentence = fileSentence(event, this.#label(peer), { folder: this.#parts.folder });
    if (sentence) this.#say(sentence.text);
  }

  #label(peer: string | undefined): string {
    return peer === undefined ? YOUR_PEER : peerLabel(peer, this.#parts.name);
  }

  #say(text: string): void {
    this.#endBar();
    this.#parts.print(text.split("\n").map((line) => safeLine(line)).join("\n"));
  }

  #endBar(): void {
    if (!this.#hasBarLine) return;
    this.#hasBarLine = false;
    this.#parts.terminal.write(tty`\r\x1b[K`);
  }
}

/** Whether a file was not transferred, which the interface tells once, as a failure. */
function isFailure({ state, from, by }: FileEvent, kind: "send" | "receive"): boolean {
  if (state === "refused") return (from === "you") === (kind === "send");
  return state === "failed" || state === "canceled" && by === "peer";
}
