/**
 * Tells what becomes of one's own messages in as few sentences as possible: a burst that is delivered
 * is one sentence, and so is what takes long.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { DELIVERY_TEXTS } from "./messages/plain.ts";

/** A message that was sent and is not delivered after this many milliseconds is mentioned. */
const SLOW_AFTER_MS = 3_000;
/** Deliveries are gathered for this many milliseconds. */
const GATHER_MS = 400;

/** One's own messages that are not delivered yet. */
export class Deliveries {
  readonly #clock: Clock;
  readonly #tell: (sentence: string) => void;
  /** By id, with a timer until it is mentioned that they take long. */
  readonly #pending = new Map<string, Timer | undefined>();
  #delivered = 0;
  #gathering: Timer | undefined;
  #isQueueTold = false;

  constructor({ clock, tell }: { clock: Clock; tell: (sentence: string) => void }) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** A message waits; `sentence` tells for what. */
  queued(id: string, sentence: string): void {
    if (this.#pending.has(id)) return;
    this.#pending.set(id, undefined);
    // Told once for all that follow, until something is sent again.
    if (!this.#isQueueTold) this.#tell(sentence);
    this.#isQueueTold = true;
  }

  /** A message is on the relay. */
  sent(id: string): void {
    this.#isQueueTold = false;
    this.#pending.get(id)?.cancel();
    this.#pending.set(id, this.#clock.after(SLOW_AFTER_MS, () => this.#tellSlow()));
  }

  /** A message was displayed. */
  delivered(id: string): void {
    this.forget(id);
    this.#delivered++;
    this.#gathering ??= this.#clock.after(GATHER_MS, () => this.#tellDelivered());
  }

  /** Nothing more will become of a message. */
  forget(id: string): void {
    this.#pending.get(id)?.cancel();
    this.#pending.delete(id);
  }

  /** Tells nothing more. */
  close(): void {
    this.#gathering?.cancel();
    for (const timer of this.#pending.values()) timer?.cancel();
  }

  #tellSlow(): void {
    let count = 0;
    for (const [id, timer] of this.#pending) {
      if (!timer) continue;
      timer.cancel();
      this.#pending.set(id, undefined);
      count++;
    }
    this.#tell(DELIVERY_TEXTS.sent(count));
  }

  #tellDelivered(): void {
    this.#gathering = undefined;
    const delivered = this.#delivered;
    this.#delivered = 0;
    this.#tell(DELIVERY_TEXTS.delivered(delivered, this.#pending.size));
  }
}
