/**
 * Turns envelopes, which the relay may hand over in any order and mixed with forgeries, into payloads in
 * sequence, each once: what is next is opened, what is ahead waits, what is forged or altered raises an alarm and
 * changes nothing else, and a gap is reported, never skipped in silence.
 *
 * A number that was opened is never opened again: its message key is gone. So a retransmission needs no
 * memory to be dropped. Only a copy under another id is reported as replayed, because an honest sender
 * gives each number one id.
 *
 * Pushes are hints and may repeat what was read. A gap is established by a read only, so that a slow
 * network raises no alarm.
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
import { type Envelope, type Heading, MAX_BATCH, type Wanted } from "../relay/relay.ts";

/**
 * Envelopes ahead of a missing one that are held: as far as the ratchet can skip. What is further
 * ahead stays on the relay until it is nearer.
 */
export const MAX_HELD_AHEAD = 256;
/**
 * Envelopes that claim one number and are held at a time. Only one is genuine, and anybody may copy its
 * header; what finds no room stays on the relay and is read again once these are dealt with. With
 * {@link MAX_HELD_AHEAD} and the largest token it bounds what is held to 32 MiB.
 */
export const MAX_HELD_PER_SEQ = 2;
/** Numbers given up that may still be filled: as many as the ratchet keeps keys for. */
const MAX_GIVEN_UP = 512;
/** Opened envelopes whose id is remembered, to report a copy under another id. */
const MAX_OPENED = 1_024;
/**
 * Rejected envelopes remembered, to report each once. Anybody who may write to the relay can cause any
 * number; one that is forgotten too early is rejected and counted again, and does no other harm.
 */
export const MAX_REJECTED = 4_096;
/**
 * How long what is missing may take to turn up: senders post in order, so on an honest relay nothing
 * overtakes; this covers a reader of a secondary that lags.
 */
const GAP_GRACE_MS = 1_500;

/** How to remove something from the relay: `lazily` what carries no text, together with others. */
export interface Removal {
  readonly lazily?: boolean;
}

/** A read that began as the `number`th and left nothing out up to the sequence number `upTo`. */
export interface ReadMark {
  readonly number: number;
  readonly upTo: number;
}

/** What is wrong with an envelope. */
type Defect = "forged" | "altered" | "replayed";
type Reject = (defect: Defect, envelope: Envelope) => void;

/** Dependencies and callbacks of a receiver. */
export interface ReceiverDeps {
  readonly conversation: Conversation;
  readonly clock: Clock;
  /** Takes one payload; `late` when an alarm had called it missing. */
  onPayload(received: Received, late: boolean): void;
  onDefect(defect: Defect, count: number): void;
  /** `messages` undefined: only what carries no text is missing, `count` such. */
  onGap(messages: readonly [number, number] | undefined, count: number): void;
  /** The envelope is dealt with, to be removed from the relay. */
  remove(id: string, options?: Removal): void;
  /** True when removals do not keep up: what is forged is better left where it is. */
  isBehind(): boolean;
  /** Reads that have begun so far. */
  readsBegun(): number;
  /** Asks for a complete read soon. */
  requestRead(): void;
}

/** One session's incoming side. Calls of `take` must not overlap. */
export class Receiver {
  readonly #deps: ReceiverDeps;
  /** The lowest sequence number that is neither opened nor given up. */
  #next = 1;
  readonly #held = new Map<number, Envelope[]>();
  /** Sequence numbers given up as missing. */
  readonly #givenUp = new Set<number>();
  /** The id under which each of the last numbers was opened. */
  readonly #opened = new Map<number, string>();
  readonly #rejected = new SeenIds(MAX_REJECTED);
  /** Something genuine is further ahead than may be held. */
  #isFar = false;
  /** Something found no room and is still on the relay. */
  #isLeftOut = false;
  readonly #gap: GapDetector;
  /** The highest sequence number opened: what is missing before it has been reported. */
  #last = 0;

  constructor(deps: ReceiverDeps) {
    this.#deps = deps;
    this.#gap = new GapDetector(deps);
  }

  /** Envelopes in memory, and the numbers and ids remembered; all bounded. */
  get size(): number {
    let size = this.#rejected.size + this.#givenUp.size + this.#opened.size;
    for (const envelopes of this.#held.values()) size += envelopes.length;
    return size;
  }

  /**
   * Takes envelopes of the peer's messages. With `read`, they are what is on the relay.
   *
   * @returns how many of them were rejected.
   */
  async take(envelopes: readonly Envelope[], read?: ReadMark): Promise<number> {
    const rejected = new Map<Defect, number>();
    let total = 0;
    const reject: Reject = (defect, { id }) => {
      total++;
      rejected.set(defect, (rejected.get(defect) ?? 0) + 1);
      this.#rejected.add(id);
      this.#deps.remove(id);
      this.#madeRoom();
    };
    try {
      let leftOut = false;
      for (const envelope of envelopes) {
        if (this.#sort(envelope, reject)) continue;
        // Opening what is next makes room, and what is far comes nearer.
        await this.#openNext(reject);
        leftOut = !this.#sort(envelope, reject) || leftOut;
      }
      await this.#openLate(reject);
      await this.#openNext(reject);
      this.#isLeftOut ||= leftOut;
      if (this.#isGap && this.#gap.isConfirmed(this.#next, read)) {
        this.#giveUpGap();
        await this.#openNext(reject);
      }
    } finally {
      for (const [defect, count] of rejected) this.#deps.onDefect(defect, count);
    }
    this.#gap.waitFor(this.#isGap ? this.#next : undefined);
    return total;
  }

  /**
   * What a read should bring while most of what lies there is forged. Forgeries are removed as far as
   * removals keep up, and only then counted: the others are found again.
   */
  wanted(): Wanted {
    const from = Math.min(this.#next, ...this.#givenUp);
    const to = this.#next + MAX_HELD_AHEAD;
    return { from, to, accepts: (heading) => this.#accepts(heading) };
  }

  #accepts(heading: Heading): boolean {
    const { id, seq } = heading;
    if (!this.#rejected.has(id)) {
      const actual = this.#deps.conversation.headerSeq(heading);
      if (actual === seq) return true;
      if (this.#deps.isBehind()) return false;
      this.#rejected.add(id);
      this.#deps.onDefect(actual === undefined ? "forged" : "altered", 1);
    }
    if (!this.#deps.isBehind()) this.#deps.remove(id);
    return false;
  }

  /** Stops the timer, and forgets what is held. */
  close(): void {
    this.#gap.close();
    this.#held.clear();
  }

  /** Puts an envelope where it belongs; false when there is no room for it now. */
  #sort(envelope: Envelope, reject: Reject): boolean {
    const { id } = envelope;
    if (this.#rejected.has(id)) {
      this.#deps.remove(id);
      return true;
    }
    const seq = this.#deps.conversation.headerSeq(envelope);
    if (seq === undefined) reject("forged", envelope);
    else if (seq !== envelope.seq) reject("altered", envelope);
    else if (seq >= this.#next || this.#givenUp.has(seq)) return this.#hold(envelope, reject);
    else if ((this.#opened.get(seq) ?? id) !== id) reject("replayed", envelope);
    else this.#deps.remove(id, { lazily: true });
    return true;
  }

  #hold(envelope: Envelope, reject: Reject): boolean {
    const { id, seq, token } = envelope;
    if (seq > this.#next + MAX_HELD_AHEAD) {
      this.#isFar = true;
      return false;
    }
    const held = this.#held.get(seq) ?? [];
    if (held.some((other) => other.id === id)) return true;
    if (held.some((other) => other.token === token)) {
      // Ids are content hashes, so equal tokens under different ids must be forged.
      reject("replayed", envelope);
      return true;
    }
    if (held.length >= MAX_HELD_PER_SEQ) return false;
    this.#held.set(seq, [...held, envelope]);
    return true;
  }

  async #openNext(reject: Reject): Promise<void> {
    for (let run; (run = this.#run()).length > 0;) await this.#open(run, reject);
  }

  /**
   * What is next, one for each number. A number that several claim is opened alone, so that a false one
   * costs one decryption and not those of all behind it.
   */
  #run(): Envelope[] {
    const run: Envelope[] = [];
    for (let seq = this.#next; run.length < MAX_BATCH; seq++) {
      const [first, ...others] = this.#held.get(seq) ?? [];
      if (!first || (others.length > 0 && run.length > 0)) break;
      run.push(first);
      if (others.length > 0) break;
    }
    return run;
  }

  async #openLate(reject: Reject): Promise<void> {
    for (const seq of this.#givenUp) {
      for (let held; (held = this.#held.get(seq)?.[0]);) await this.#open([held], reject);
    }
  }

  /** Opens what it can of `run`; at least the first leaves the held ones, opened or rejected. */
  async #open(run: readonly Envelope[], reject: Reject): Promise<void> {
    const { received, error } = await this.#deps.conversation.open(run);
    for (const [i, one] of received.entries()) {
      const { id, seq } = run[i]!;
      this.#held.get(seq)?.forEach((other) => other.id !== id && reject("altered", other));
      this.#held.delete(seq);
      this.#givenUp.delete(seq);
      if (seq >= this.#next) {
        this.#next = seq + 1;
        this.#isFar = false;
      }
      this.#remember(seq, id);
      this.#deps.remove(id, { lazily: one.payload.kind === "receipt" });
      this.#madeRoom();
      // Given up is not reported yet: what turns up before a later one was opened comes in its place.
      const isLate = seq < this.#last;
      const skipped = seq - this.#last - 1;
      if (skipped > 0) this.#deps.onGap(one.gap, skipped);
      this.#last = Math.max(this.#last, seq);
      this.#deps.onPayload(one, isLate);
    }
    if (error === undefined) return;
    const culprit = run[received.length]!;
    const held = this.#held.get(culprit.seq)!.filter(({ id }) => id !== culprit.id);
    if (held.length > 0) this.#held.set(culprit.seq, held);
    else this.#held.delete(culprit.seq);
    if (error instanceof AlteredToken) reject("altered", culprit);
    else if (error instanceof ReplayedMessage) reject("replayed", culprit);
    else throw conversationFailure(error);
  }

  #remember(seq: number, id: string): void {
    this.#opened.set(seq, id);
    if (this.#opened.size > MAX_OPENED) this.#opened.delete(this.#opened.keys().next().value!);
  }

  #madeRoom(): void {
    if (!this.#isLeftOut) return;
    this.#isLeftOut = false;
    this.#deps.requestRead();
  }

  /** True when something genuine waits behind what has not come. */
  get #isGap(): boolean {
    return !this.#held.has(this.#next) &&
      (this.#isFar || [...this.#held.keys()].some((seq) => seq > this.#next));
  }

  #giveUpGap(): void {
    const ahead = Math.min(...[...this.#held.keys()].filter((seq) => seq > this.#next));
    if (!Number.isFinite(ahead)) {
      throw new Failure("gap-too-wide");
    }
    for (let seq = this.#next; seq < ahead; seq++) this.#givenUp.add(seq);
    for (const oldest of this.#givenUp) {
      if (this.#givenUp.size <= MAX_GIVEN_UP) break;
      this.#givenUp.delete(oldest);
    }
    this.#next = ahead;
  }
}

/** What a conversation cannot go on with; any other error is thrown as it is. */
function conversationFailure(error: unknown): Failure {
  if (error instanceof TooFarAhead) return new Failure("gap-too-wide", {}, { cause: error });
  if (error instanceof MalformedPayload) return new Failure("peer-malformed", {}, { cause: error });
  throw error;
}

/** Ids that were dealt with; of too many, the oldest are forgotten. */
export class SeenIds {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#ids.size;
  }

  /** True for an id that was added, and was not forgotten since. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Remembers an id. */
  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size > this.#limit) this.#ids.delete(this.#ids.keys().next().value!);
  }
}

/**
 * Establishes that a message is missing: not before a grace is over, and not unless a complete read
 * that began afterwards does not show it.
 */
class GapDetector {
  readonly #deps: Pick<ReceiverDeps, "clock" | "readsBegun" | "requestRead">;
  /** What is waited for; each gap has a grace of its own. */
  #missing: number | undefined;
  #timer: Timer | undefined;
  /** Once the grace is over: the first read that decides. */
  #decidingRead: number | undefined;

  constructor(deps: Pick<ReceiverDeps, "clock" | "readsBegun" | "requestRead">) {
    this.#deps = deps;
  }

  /** Waits for number `missing`; undefined when nothing is waited for. */
  waitFor(missing: number | undefined): void {
    if (missing === this.#missing) return;
    this.close();
    this.#missing = missing;
    if (missing === undefined) return;
    this.#timer = this.#deps.clock.after(GAP_GRACE_MS, () => {
      this.#decidingRead = this.#deps.readsBegun() + 1;
      this.#deps.requestRead();
    });
  }

  /** True when `read` did not bring `missing`, and would have, had it been there. */
  isConfirmed(missing: number, read: ReadMark | undefined): boolean {
    return missing === this.#missing && this.#decidingRead !== undefined &&
      read !== undefined && read.number >= this.#decidingRead && read.upTo >= missing;
  }

  /** Stops waiting. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#missing = undefined;
    this.#decidingRead = undefined;
  }
}
