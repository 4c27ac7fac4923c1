/**
 * From envelopes, in whatever order and company the relay hands them over, to payloads in sequence,
 * each once: what is next is opened, what is ahead waits, what is forged, altered or replayed raises
 * an alarm and changes nothing else, and a gap is told, never skipped in silence.
 *
 * Pushes are hints and may repeat what was read; a verdict that needs to know what is really on the
 * relay (a replay, a gap) is reached on a read only, so that a slow network raises no alarm.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { Failure } from "../errors.ts";
import {
  AlteredToken,
  type Conversation,
  type Received,
  ReplayedMessage,
  TooFarAhead,
} from "../protocol/conversation.ts";
import { MalformedPayload } from "../protocol/payload.ts";
import { type Envelope, MAX_BATCH } from "../store/mailbox.ts";

/**
 * Envelopes ahead of a missing one that are held: as far as the ratchet can skip. What is further
 * ahead stays on the relay until it is nearer.
 */
const MAX_HELD_AHEAD = 256;
/** Forgeries of one place that are held at a time beside the true envelope. */
const MAX_HELD_PER_SEQ = 8;
/**
 * How long what is missing may take to turn up: senders post in order, so on an honest relay nothing
 * overtakes; this covers a reader of a secondary or a store that lags.
 */
const GAP_GRACE_MS = 1_500;

/** What an inbox needs and whom it tells. */
export interface InboxDeps {
  readonly conversation: Conversation;
  readonly clock: Clock;
  /** Shows one payload; `late` when an alarm had called it missing. */
  deliver(received: Received, late: boolean): void;
  alarm(kind: "forged" | "altered" | "replayed", count: number): void;
  /** `texts` undefined: only what carries no text is missing, `count` such. */
  gap(texts: readonly [number, number] | undefined, count: number): void;
  /** Envelopes done with, to be removed from the relay. */
  remove(id: string): void;
  /** Asks for a complete read soon. */
  requestRead(): void;
}

/** A read that began as the `number`th and left nothing out up to the sequence number `upTo`. */
export interface ReadMark {
  readonly number: number;
  readonly upTo: number;
}

/** One epoch's incoming side. Calls of `take` must not overlap. */
export class Inbox {
  readonly #deps: InboxDeps;
  /** The lowest sequence number that is neither opened nor given up. */
  #next = 1;
  readonly #held = new Map<number, Envelope[]>();
  /** Sequence numbers given up as missing. */
  readonly #givenUp = new Set<number>();
  /**
   * Envelopes done with whose removal is under way, or (with a number) was confirmed when that many
   * reads had begun: a read that began before may still return them.
   */
  readonly #done = new Map<string, number | undefined>();
  /** The last few opened, to know an honest repetition of what its sender got no answer for. */
  readonly #recent: string[] = [];
  #gapTimer: Timer | undefined;
  /** Set when the grace is over: a complete read begun after this one decides. */
  #gapAfterRead: number | undefined;
  /** Envelopes skipped by the gap that the next payload will explain. */
  #skipped = 0;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
  }

  /** Takes envelopes of the peer's messages. With `read`, they are what is on the relay. */
  async take(envelopes: readonly Envelope[], read?: ReadMark): Promise<void> {
    if (read) {
      for (const [id, mark] of this.#done) {
        if (mark !== undefined && mark < read.number) this.#done.delete(id);
      }
    }
    const rejected = new Map<"forged" | "altered" | "replayed", number>();
    const reject = (kind: "forged" | "altered" | "replayed", envelope: Envelope) => {
      rejected.set(kind, (rejected.get(kind) ?? 0) + 1);
      this.#finish(envelope);
    };
    try {
      for (const envelope of envelopes) this.#sort(envelope, read !== undefined, reject);
      await this.#openLate(reject);
      await this.#openNext(reject);
      if (this.#isGapCertain(read)) {
        this.#giveUpGap();
        await this.#openNext(reject);
      }
    } finally {
      for (const [kind, count] of rejected) this.#deps.alarm(kind, count);
    }
    this.#watchGap();
  }

  /** Notes that the relay confirmed a removal, after `reads` reads had begun. */
  removed(ids: readonly string[], reads: number): void {
    for (const id of ids) if (this.#done.has(id)) this.#done.set(id, reads);
  }

  /** Stops the timer. */
  close(): void {
    this.#gapTimer?.cancel();
    this.#held.clear();
  }

  #sort(envelope: Envelope, isTruth: boolean, reject: Reject): void {
    if (this.#done.has(envelope.id)) return;
    const seq = this.#deps.conversation.headerSeq(envelope);
    if (seq === undefined) return reject("forged", envelope);
    if (seq !== envelope.seq) return reject("altered", envelope);
    if (seq < this.#next && !this.#givenUp.has(seq)) {
      if (!isTruth) this.#deps.requestRead();
      else if (envelope.attempt > 0 && this.#recent.includes(envelope.id)) this.#finish(envelope);
      else reject("replayed", envelope);
      return;
    }
    if (seq > this.#next + MAX_HELD_AHEAD) return;
    const held = this.#held.get(seq) ?? [];
    if (held.some(({ id }) => id === envelope.id) || held.length >= MAX_HELD_PER_SEQ) return;
    this.#held.set(seq, [...held, envelope]);
  }

  async #openNext(reject: Reject): Promise<void> {
    for (;;) {
      const run: Envelope[] = [];
      for (let seq = this.#next; run.length < MAX_BATCH; seq++) {
        const first = this.#held.get(seq)?.[0];
        if (!first) break;
        run.push(first);
      }
      if (run.length === 0) return;
      await this.#open(run, false, reject);
    }
  }

  async #openLate(reject: Reject): Promise<void> {
    for (const seq of this.#givenUp) {
      for (let held; (held = this.#held.get(seq)?.[0]);) await this.#open([held], true, reject);
    }
  }

  /** Opens what it can of `run`; at least the first leaves the held ones, opened or rejected. */
  async #open(run: readonly Envelope[], late: boolean, reject: Reject): Promise<void> {
    const { received, error } = await this.#deps.conversation.open(run);
    for (const [i, one] of received.entries()) {
      const envelope = run[i]!;
      this.#held.get(envelope.seq)?.slice(1).forEach((other) => reject("altered", other));
      this.#held.delete(envelope.seq);
      if (late) this.#givenUp.delete(envelope.seq);
      else this.#next = envelope.seq + 1;
      this.#recent.push(envelope.id);
      if (this.#recent.length > MAX_BATCH) this.#recent.shift();
      this.#finish(envelope);
      if (this.#skipped > 0 && !late) {
        this.#deps.gap(one.gap, this.#skipped);
        this.#skipped = 0;
      }
      this.#deps.deliver(one, late);
    }
    if (error === undefined) return;
    const culprit = run[received.length]!;
    const held = this.#held.get(culprit.seq)!.filter(({ id }) => id !== culprit.id);
    if (held.length > 0) this.#held.set(culprit.seq, held);
    else this.#held.delete(culprit.seq);
    if (error instanceof AlteredToken) reject("altered", culprit);
    else if (error instanceof ReplayedMessage) reject("replayed", culprit);
    else throw protocolFailure(error);
  }

  #finish(envelope: Envelope): void {
    this.#done.set(envelope.id, undefined);
    this.#deps.remove(envelope.id);
  }

  #watchGap(): void {
    const isGap = [...this.#held.keys()].some((seq) => seq > this.#next);
    if (!isGap) {
      this.#gapTimer?.cancel();
      this.#gapTimer = undefined;
      this.#gapAfterRead = undefined;
    } else if (!this.#gapTimer) {
      this.#gapTimer = this.#deps.clock.after(GAP_GRACE_MS, () => {
        this.#gapAfterRead = Infinity;
        this.#deps.requestRead();
      });
    }
  }

  /** The number of the read that was last begun, told so that an older one does not decide. */
  readBegins(number: number): void {
    if (this.#gapAfterRead === Infinity) this.#gapAfterRead = number;
  }

  #isGapCertain(read: ReadMark | undefined): boolean {
    return read !== undefined && read.upTo >= this.#next && this.#gapAfterRead !== undefined &&
      read.number >= this.#gapAfterRead && !this.#held.has(this.#next) && this.#held.size > 0;
  }

  #giveUpGap(): void {
    const ahead = Math.min(...[...this.#held.keys()].filter((seq) => seq > this.#next));
    if (!Number.isFinite(ahead)) return;
    for (let seq = this.#next; seq < ahead; seq++) this.#givenUp.add(seq);
    this.#skipped += ahead - this.#next;
    this.#next = ahead;
    this.#gapTimer?.cancel();
    this.#gapTimer = undefined;
    this.#gapAfterRead = undefined;
  }
}

type Reject = (kind: "forged" | "altered" | "replayed", envelope: Envelope) => void;

function protocolFailure(error: unknown): Failure {
  const state = error instanceof TooFarAhead
    ? "too many messages are missing to go on"
    : error instanceof MalformedPayload
    ? "the other program sent something that this one does not understand"
    : undefined;
  if (!state) throw error;
  return new Failure(
    "protocol",
    `The conversation cannot go on: ${state}.`,
    "Begin a new chat, both with the newest Whisper.",
    { cause: error },
  );
}
