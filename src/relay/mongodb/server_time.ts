/**
 * The server's clock between two of its answers.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";

/** By how much the two clocks of this computer may disagree on the time since the last answer. */
const MAX_DISAGREEMENT_MS = 1_000;

/**
 * What the server's clock shows, from what it showed last and the time since. A computer's steady
 * clock stands still while it sleeps, and its other clock can be set: where the two do not agree, no
 * time is told.
 */
export class ServerTime {
  readonly #clock: Clock;
  #learned: { readonly server: number; readonly wall: number; readonly steady: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in what the server's clock showed a moment ago, in milliseconds since 1970. */
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
