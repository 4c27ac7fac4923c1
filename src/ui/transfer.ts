/**
 * One transfer instead of a conversation: `whisper send` and `whisper receive`. It drives the chat as a
 * person would, and shows what happens beside the output, which belongs to what is received.
 *
 * @module
 */
import type { ChatEvent, Controls, FileEvent, Presence } from "../chat/events.ts";
import type { Clock, Timer } from "../clock.ts";
import { Failure } from "../errors.ts";
import type { Interface } from "./interface.ts";

/** What a transfer is to do. */
export type TransferTask =
  | {
    readonly kind: "send";
    /** What the chat's store finds; one empty path for a stream. */
    readonly paths: readonly string[];
  }
  | {
    readonly kind: "receive";
    /** Asks whether to save a file; the signal takes the question back. */
    readonly confirm: (file: FileEvent, peer: string, signal: AbortSignal) => Promise<boolean>;
    /** Everything goes to one output, so that one file is accepted at a time. */
    readonly isStream: boolean;
  };

/** Where the events are shown. */
export interface TransferView {
  /** Shows an event. */
  show(event: ChatEvent, peer: string | undefined): void;
  /** Something failed, and something else did after it, which is told at the end. */
  failEarlier(failure: Failure): void;
  /** Shows that the transfer did not succeed; missing where that is printed at the end. */
  fail?(failure: Failure): void;
  /** Shows nothing more. */
  close?(): void;
}

/** What it is made of. */
export interface TransferParts {
  readonly task: TransferTask;
  readonly view: TransferView;
  readonly clock: Clock;
  readonly timeoutMs: number | undefined;
  /** Aborted when the system or the person asks the program to end. */
  readonly stop: AbortSignal;
  /** Why nothing can be written any more: what ends for that reason did not end for its own. */
  readonly outputFailure: () => Failure | undefined;
}

/**
 * A peer who disappeared has so long, in milliseconds, to come back: a program that was suspended, or
 * whose network was lost, continues where it stopped.
 */
const RETURN_MS = 30_000;

/** States after which nothing more comes of a file. */
const FINAL: ReadonlySet<FileEvent["state"]> = new Set<FileEvent["state"]>(
  ["received", "delivered", "refused", "canceled", "failed"],
);

/** Sends or receives, and leaves. */
export class TransferInterface implements Interface {
  readonly #parts: TransferParts;
  #controls: Controls | undefined;
  #peer: string | undefined;
  #isReady = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  /** Runs while the peer has disappeared. */
  #returning: Timer | undefined;
  /** Files that wait for their end: what they are called, by id. */
  readonly #open = new Map<string, string>();
  #complete = 0;
  /** Offers that wait for an answer. */
  #offers: FileEvent[] = [];
  #isAnswering = false;
  /** Takes back the question that is being asked. */
  #question = new AbortController();
  #isOver = false;
  /** What went wrong last. */
  #failure: Failure | undefined;

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  get failureAt(): "end" | "event" {
    return this.#parts.view.fail ? "event" : "end";
  }

  get outcome(): Failure | undefined {
    if (this.#failure) return this.#failure;
    if (this.#isOver) return undefined;
    return this.#parts.outputFailure() ?? new Failure("interrupted");
  }

  hear(event: ChatEvent): void {
    this.#parts.view.show(event, this.#peer);
    switch (event.event) {
      case "ready":
        this.#peer = event.peer;
        return this.#isReady.resolve();
      case "message":
        return this.#controls?.displayed(event.seq);
      case "code-burnt":
        return this.#finish(new Failure("transfer-code-burnt"));
      case "burnt":
        return this.#onPeerGone();
      case "file":
        return this.#onFile(event);
      case "presence":
        return this.#onPresence(event.peer);
    }
  }

  async converse(controls: Controls, over: AbortSignal): Promise<void> {
    this.#controls = controls;
    const { task, timeoutMs, clock } = this.#parts;
    if (timeoutMs !== undefined) {
      this.#timer = clock.after(timeoutMs, () => {
        this.#finish(new Failure("transfer-timeout", { kind: task.kind }));
      });
    }
    const ended = new Promise<void>((resolve) => {
      over.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.#isReady.promise, ended]);
    if (task.kind === "send" && !over.aborted) {
      const files = task.paths.map((path, index) => ({ path, id: String(index + 1) }));
      for (const { path, id } of files) this.#open.set(id, path);
      for (const { path, id } of files) {
        try {
          await controls.files.send(path, id);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          if (over.aborted) break;
          this.#end(id, error);
        }
      }
    }
    await ended;
  }

  close(): Promise<void> {
    this.#timer?.cancel();
    this.#returning?.cancel();
    this.#parts.view.close?.();
    return Promise.resolve();
  }

  #onFile(event: FileEvent): void {
    const { task } = this.#parts;
    const isOurs = (event.from === "you") === (task.kind === "send");
    if (!isOurs) {
      // Nothing is sent and received at once.
      if (event.state === "offered") this.#controls?.files.refuse(event.id);
      return;
    }
    if (task.kind === "receive" && event.state === "offered") {
      this.#open.set(event.id, event.name);
      this.#offers.push(event);
      void this.#answerOffers();
    }
    if (!FINAL.has(event.state)) return;
    if (this.#offers[0]?.id === event.id) this.#question.abort();
    this.#offers = this.#offers.filter(({ id }) => id !== event.id);
    this.#end(event.id, failureOf(event));
    void this.#answerOffers();
  }

  async #answerOffers(): Promise<void> {
    const { task } = this.#parts;
    if (task.kind !== "receive" || this.#isAnswering) return;
    this.#isAnswering = true;
    try {
      while (this.#offers.length > 0 && !this.#isOver) {
        const isBusy = this.#open.size > this.#offers.length;
        if (task.isStream && isBusy) return;
        const offer = this.#offers[0]!;
        const { signal } = this.#question = new AbortController();
        const isWanted = await task.confirm(offer, this.#peer ?? "", signal).catch((error) => {
          if (!signal.aborted) throw error;
        });
        if (isWanted === undefined || this.#offers[0] !== offer) continue;
        this.#offers.shift();
        if (isWanted) await this.#controls?.files.accept(offer.id);
        else this.#controls?.files.refuse(offer.id);
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#finish(error);
    } finally {
      this.#isAnswering = false;
    }
  }

  /** One file is over. */
  #end(id: string, failure: Failure | "canceled" | undefined): void {
    this.#open.delete(id);
    // What this side cancels, it cancels because it ends: the reason of that is told.
    if (failure === "canceled" || this.#isOver) return;
    if (failure) this.#fail(failure);
    else this.#complete++;
    // A receiver cannot know what else comes: it leaves when the sender does.
    if (this.#parts.task.kind === "send" && this.#open.size === 0) this.#finish();
  }

  #onPresence(presence: Presence): void {
    if (presence === "left") return this.#onPeerGone();
    if (presence !== "vanished") {
      this.#returning?.cancel();
      this.#returning = undefined;
      return;
    }
    const isDone = this.#open.size === 0 && (this.#complete > 0 || this.#failure !== undefined);
    if (this.#peer === undefined || isDone) return this.#onPeerGone();
    this.#returning ??= this.#parts.clock.after(RETURN_MS, () => this.#onPeerGone());
  }

  #onPeerGone(): void {
    if (this.#parts.task.kind === "send") {
      return this.#finish(new Failure("file-peer-left", { name: "" }));
    }
    const [name, ...others] = this.#open.values();
    if (name !== undefined) {
      const isOne = others.length === 0;
      return this.#finish(new Failure("file-peer-left", { name: isOne ? name : "" }));
    }
    if (this.#complete > 0 || this.#failure) return this.#finish();
    this.#finish(new Failure("nothing-received"));
  }

  /** The last failure is told at the end, the others before it. */
  #fail(failure: Failure): void {
    const lost = this.#parts.outputFailure();
    if (this.#failure && !lost) this.#parts.view.failEarlier(this.#failure);
    this.#failure = lost ?? failure;
  }

  #finish(failure?: Failure): void {
    if (this.#isOver) return;
    // This side is leaving already, and the peer left because of that.
    if (failure && (this.#parts.stop.aborted || this.#parts.outputFailure())) return;
    this.#isOver = true;
    this.#question.abort();
    if (failure) this.#fail(failure);
    if (this.#failure) this.#parts.view.fail?.(this.#failure);
    void this.#controls?.leave("exit");
  }
}

/** Why a file that is over was not transferred; `canceled` by this side. */
function failureOf(event: FileEvent): Failure | "canceled" | undefined {
  const { name, state, from } = event;
  switch (state) {
    case "refused": {
      const by = from === "you" ? "peer" : "you";
      return new Failure("file-refused", { name, reason: event.reason ?? "declined", by });
    }
    case "canceled":
      return event.by === "peer" ? new Failure("file-canceled", { name, by: "peer" }) : "canceled";
    case "failed":
      return event.failure;
    default:
      return undefined;
  }
}
