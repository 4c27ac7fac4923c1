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
import type { Clock } from "../clock.ts";
import { type Failure, untranslated } from "../errors.ts";
import {
  AlteredToken,
  type Conversation,
  type Received,
  ReplayedMessage,
  TooFarAhead,
} from "../protocol/conversation.ts";
import { MalformedPayload } from "../protocol/payload.ts";
import { type Envelope, MAX_BATCH } from "../relay/relay.ts";
import { Done } from "./done.ts";
import { GapWatch, type ReadMark } from "./gap.ts";

/**
 * Envelopes ahead of a missing one that are held: as far as the ratchet can skip. What is further
 * ahead stays on the relay until it is nearer.
 */
export const MAX_HELD_AHEAD = 256;
/**
 * Envelopes that claim one place and are held at a time. Only one is true, and anybody may copy its
 * head; what finds no room stays on the relay and is read again once these are dealt with. With
 * {@link MAX_HELD_AHEAD} and the largest token it bounds what is held to 32 MiB.
 */
export const MAX_HELD_PER_SEQ = 2;
/** Numbers given up that may still be filled: as many as the ratchet keeps keys for. */
const MAX_GIVEN_UP = 512;
/**
 * Envelopes remembered once they are opened: the last ones, and the last of those that came more than
 * once, or may. That takes an outage of the relay or of the network, after which a burst comes. One that is
 * forgotten and comes again raises an alarm for nothing.
 */
const MAX_REMEMBERED = 1_024;

/** How to remove something from the relay: `patiently` what holds no word, together with others. */
export interface Removal {
  readonly patiently?: boolean;
}

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
  remove(id: string, options?: Removal): void;
  /** Asks for a complete read soon. */
  requestRead(): void;
}

/** One epoch's incoming side. Calls of `take` must not overlap. */
export class Inbox {
  readonly #deps: InboxDeps;
  /** The lowest sequence number that is neither opened nor given up. */
  #next = 1;
  readonly #held = new Map<number, Envelope[]>();
  /** Sequence numbers given up as missing. */
  readonly #givenUp = new Set<number>();
  readonly #done = new Done();
  /** Opened lately: a repetition of one is its sender's, who got no answer. */
  readonly #recent = new Set<string>();
  /** Opened, and sent more than once: one of them may hang in a network, and land much later. */
  readonly #repeated = new Set<string>();
  /** Something true is further ahead than may be held. */
  #isFar = false;
  /** Something found no room and is still on the relay. */
  #isLeftOut = false;
  readonly #gap: GapWatch;
  /** The highest sequence number opened: what is missing before it has been told. */
  #last = 0;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
    this.#gap = new GapWatch(deps);
  }

  /** Envelopes in memory, and the numbers and identities remembered; all bounded. */
  get held(): number {
    let held = this.#done.size + this.#givenUp.size + this.#recent.size +
      this.#repeated.size;
    for (const envelopes of this.#held.values()) held += envelopes.length;
    return held;
  }

  /** Takes envelopes of the peer's messages. With `read`, they are what is on the relay. */
  async take(envelopes: readonly Envelope[], read?: ReadMark): Promise<void> {
    if (read) this.#done.readCame(read.number);
    const rejected = new Map<"forged" | "altered" | "replayed", number>();
    const reject: Reject = (kind, { id }) => {
      rejected.set(kind, (rejected.get(kind) ?? 0) + 1);
      this.#done.rejected(id);
      this.#deps.remove(id);
      this.#madeRoom();
    };
    try {
      let leftOut = false;
      for (const envelope of envelopes) {
        if (this.#sort(envelope, read !== undefined, reject)) continue;
        // Opening what is next makes room, and what is far comes nearer.
        await this.#openNext(reject);
        leftOut = !this.#sort(envelope, read !== undefined, reject) || leftOut;
      }
      await this.#openLate(reject);
      await this.#openNext(reject);
      this.#isLeftOut ||= leftOut;
      if (this.#isGap && this.#gap.isCertain(this.#next, read)) {
        this.#giveUpGap();
        await this.#openNext(reject);
      }
    } finally {
      for (const [kind, count] of rejected) this.#deps.alarm(kind, count);
    }
    this.#gap.waitFor(this.#isGap ? this.#next : undefined);
  }

  /** Notes that the relay confirmed a removal, after `reads` reads had begun. */
  removed(ids: readonly string[], reads: number): void {
    this.#done.removed(ids, reads);
  }

  /** Stops the timer. */
  close(): void {
    this.#gap.close();
    this.#held.clear();
  }

  /** Puts an envelope where it belongs; false when there is no room for it now. */
  #sort(envelope: Envelope, isTruth: boolean, reject: Reject): boolean {
    if (this.#done.has(envelope.id)) return true;
    const seq = this.#deps.conversation.headerSeq(envelope);
    if (seq === undefined) reject("forged", envelope);
    else if (seq !== envelope.seq) reject("altered", envelope);
    else if (seq < this.#next && !this.#givenUp.has(seq)) {
      if (this.#isEcho(envelope)) this.#finish(envelope.id);
      else if (isTruth) reject("replayed", envelope);
      else this.#deps.requestRead();
    } else return this.#hold(envelope, reject);
    return true;
  }

  /** Either of the two may be the one that landed late: a sender marks every repetition. */
  #isEcho({ id, attempt }: Envelope): boolean {
    if (this.#repeated.has(id)) return true;
    if (attempt === 0 || !this.#recent.has(id)) return false;
    remember(this.#repeated, id);
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
      // An identity is a hash of what is said: the very same under two is nobody's honest repetition.
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
   * What is next, one for each place. A place that several claim stands alone, so that a false one
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
      const { id, seq, attempt } = run[i]!;
      this.#held.get(seq)?.forEach((other) => other.id !== id && reject("altered", other));
      this.#held.delete(seq);
      this.#givenUp.delete(seq);
      if (seq >= this.#next) {
        this.#next = seq + 1;
        this.#isFar = false;
      }
      remember(attempt > 0 ? this.#repeated : this.#recent, id);
      this.#finish(id, { patiently: one.payload.kind === "receipt" });
      // Given up is not told yet: what turns up before a later one was opened comes in its place.
      const isLate = seq < this.#last;
      const skipped = seq - this.#last - 1;
      if (skipped > 0) this.#deps.gap(one.gap, skipped);
      this.#last = Math.max(this.#last, seq);
      this.#deps.deliver(one, isLate);
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

  #finish(id: string, options?: Removal): void {
    this.#done.opened(id);
    this.#deps.remove(id, options);
    this.#madeRoom();
  }

  #madeRoom(): void {
    if (!this.#isLeftOut) return;
    this.#isLeftOut = false;
    this.#deps.requestRead();
  }

  /** The `number`th read begins. */
  readBegins(number: number): void {
    this.#gap.readBegins(number);
  }

  /** True when something true waits behind what has not come. */
  get #isGap(): boolean {
    return !this.#held.has(this.#next) &&
      (this.#isFar || [...this.#held.keys()].some((seq) => seq > this.#next));
  }

  #giveUpGap(): void {
    const ahead = Math.min(...[...this.#held.keys()].filter((seq) => seq > this.#next));
    if (!Number.isFinite(ahead)) {
      throw protocolFailure(new TooFarAhead("Cannot go on: more is missing than can be skipped"));
    }
    for (let seq = this.#next; seq < ahead; seq++) this.#givenUp.add(seq);
    for (const oldest of this.#givenUp) {
      if (this.#givenUp.size <= MAX_GIVEN_UP) break;
      this.#givenUp.delete(oldest);
    }
    this.#next = ahead;
  }
}

type Reject = (kind: "forged" | "altered" | "replayed", envelope: Envelope) => void;

/** Adds to what is remembered; of too many, the first is forgotten. */
function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  if (ids.size > MAX_REMEMBERED) ids.delete(ids.keys().next().value!);
}

function protocolFailure(error: unknown): Failure {
  const state = error instanceof TooFarAhead
    ? "too many messages are missing to go on"
    : error instanceof MalformedPayload
    ? "the other program sent something that this one does not understand"
    : undefined;
  if (!state) throw error;
  return untranslated(
    "protocol",
    `The conversation cannot go on: ${state}.`,
    "Begin a new chat, both with the newest Whisper.",
    { cause: error },
  );
}
