/**
 * How often to poll a relay without change streams: often while people chat, seldom while they do not.
 *
 * @module
 */
import type { Clock, Random } from "../../clock.ts";

/** Between two polls: in a conversation, after a pause, and after a minute of silence. */
export const ACTIVE_MS = 250;
const QUIET_MS = 1_000;
const IDLE_MS = 3_000;
/** How long after the last envelope a conversation counts as one, and a pause as one. */
const ACTIVE_FOR_MS = 10_000;
const QUIET_FOR_MS = 60_000;
/** Two clients that began together drift apart by this fraction either way. */
const JITTER = 0.2;
/**
 * By how much each other operation postpones the next poll: a free cluster counts them all, and two
 * people should not take more than ten a second from it. It is limited, so that they still read.
 */
const OPERATION_MS = 200;
const MAX_POSTPONED_MS = 1_000;
/** How long a throttled client asks half as often. */
const THROTTLED_FOR_MS = 60_000;

/** The pace of one client's polling. */
export class Pace {
  readonly #clock: Clock;
  readonly #random: Random;
  #activeAt: number;
  #throttledAt = -Infinity;
  #postponedMs = 0;

  constructor(deps: { clock: Clock; random: Random }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#activeAt = deps.clock.monotonic();
  }

  /** A message was sent or received. */
  activity(): void {
    this.#activeAt = this.#clock.monotonic();
  }

  /** True in a conversation: the next poll is near anyway. */
  get isActive(): boolean {
    return this.#clock.monotonic() - this.#activeAt < ACTIVE_FOR_MS;
  }

  /** The relay was asked for something other than new envelopes. */
  operation(): void {
    this.#postponedMs = Math.min(MAX_POSTPONED_MS, this.#postponedMs + OPERATION_MS);
  }

  /** The relay asked for fewer operations. */
  throttled(): void {
    this.#throttledAt = this.#clock.monotonic();
  }

  /** Milliseconds until the next poll, which the caller then makes. */
  next(): number {
    const now = this.#clock.monotonic();
    const silence = now - this.#activeAt;
    const base = silence < ACTIVE_FOR_MS ? ACTIVE_MS : silence < QUIET_FOR_MS ? QUIET_MS : IDLE_MS;
    const rate = now - this.#throttledAt < THROTTLED_FOR_MS ? 2 : 1;
    const jitter = 1 - JITTER + 2 * JITTER * (this.#random(1)[0]! / 255);
    const postponed = this.isActive ? this.#postponedMs : 0;
    this.#postponedMs = 0;
    return (base * jitter + postponed) * rate;
  }
}
