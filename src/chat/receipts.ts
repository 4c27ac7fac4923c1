/**
 * When to confirm what was shown: soon, and once for many.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** A receipt waits this long for something to ride on: too short to notice, enough for a burst. */
const DELAY_MS = 40;
/** Texts that come in quick succession share receipts this far apart. */
const APART_MS = 250;
/** So many are confirmed at once: their sender may wait for it in order to go on. */
const MANY = 64;

/** One epoch's receipts. */
export class Receipts {
  readonly #clock: Clock;
  readonly #send: () => void;
  #owed = 0;
  #timer: Timer | undefined;
  #sentAt = -Infinity;

  /** `send` queues a receipt, on which {@link paid} is called. */
  constructor({ clock, send }: { clock: Clock; send: () => void }) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Something was shown that its sender wants to know of. */
  owe(): void {
    if (++this.#owed >= MANY) return this.#pay();
    const apart = this.#sentAt + APART_MS - this.#clock.monotonic();
    this.#timer ??= this.#clock.after(Math.max(DELAY_MS, apart), () => this.#pay());
  }

  /** Something that confirms all so far is about to be posted. */
  paid(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#owed = 0;
  }

  #pay(): void {
    this.paid();
    this.#sentAt = this.#clock.monotonic();
    this.#send();
  }
}
