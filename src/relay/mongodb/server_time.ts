/**
 * The server's clock between two of its answers.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";

/** By how much the two clocks of this computer may disagree on the time since the last answer. */
const MAX_DISAGREEMENT_MS = 1_000;

/**
 * The server's time, from its last answer and the time since. A computer's monotonic clock stops
 * while it sleeps, and its wall clock can be set: where the two disagree, there is no time.
 */
export class ServerTime {
  readonly #clock: Clock;
  #learned: { readonly server: number; readonly wall: number; readonly steady: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the time of the answer that has just come, in milliseconds since 1970. */
  learn(server: number): void {
    this.#learned = { server, wall: this.#clock.now(), steady: this.#clock.monotonic() };
  }

  /** Milliseconds since 1970 by the server's clock; undefined when that is not certain. */
  now(): number | undefined {
    if (!this.#learned) return undefined;
    const { server, wall, steady } = this.#learned;
    const elapsed = this.#clock.monotonic() - steady;
    const disagreement = this.#clock.now() - wall - elapsed;
    return Math.abs(disagreement) > MAX_DISAGREEMENT_MS ? undefined : server + elapsed;
  }
}
