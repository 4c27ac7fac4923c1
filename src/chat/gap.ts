/**
 * When a message that has not come is missing: not before a grace is over, and not unless a complete
 * read that was begun afterwards does not show it. So a slow network raises no alarm.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/**
 * How long what is missing may take to turn up: senders post in order, so on an honest relay nothing
 * overtakes; this covers a reader of a secondary or a store that lags.
 */
const GAP_GRACE_MS = 1_500;

/** A read that began as the `number`th and left nothing out up to the sequence number `upTo`. */
export interface ReadMark {
  readonly number: number;
  readonly upTo: number;
}

/** Watches over the first number that has not come. */
export class GapWatch {
  readonly #clock: Clock;
  readonly #requestRead: () => void;
  /** What is waited for; each gap has a grace of its own. */
  #missing: number | undefined;
  #timer: Timer | undefined;
  /** Set when the grace is over: a read begun after this one decides. */
  #afterRead: number | undefined;

  constructor({ clock, requestRead }: { clock: Clock; requestRead: () => void }) {
    this.#clock = clock;
    this.#requestRead = requestRead;
  }

  /** Waits for number `missing`; undefined when nothing is waited for. */
  waitFor(missing: number | undefined): void {
    if (missing === this.#missing) return;
    this.close();
    this.#missing = missing;
    if (missing === undefined) return;
    this.#timer = this.#clock.after(GAP_GRACE_MS, () => {
      this.#afterRead = Infinity;
      this.#requestRead();
    });
  }

  /** The number of the read that is begun now, told so that an older one does not decide. */
  readBegins(number: number): void {
    if (this.#afterRead === Infinity) this.#afterRead = number;
  }

  /** True when `read` did not bring `missing` and must have, had it been there. */
  isCertain(missing: number, read: ReadMark | undefined): boolean {
    return missing === this.#missing && this.#afterRead !== undefined &&
      read !== undefined && read.number >= this.#afterRead && read.upTo >= missing;
  }

  /** Stops waiting. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#missing = undefined;
    this.#afterRead = undefined;
  }
}
