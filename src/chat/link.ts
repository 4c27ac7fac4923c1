/**
 * Patience: repeats what the relay could not do now, with backoff and jitter, and says once when the
 * relay is in trouble and once when it is well again.
 *
 * Repeating is safe because every relay operation is idempotent by token or by identity.
 *
 * @module
 */
import { type Clock, type Random, sleep } from "../clock.ts";
import { Failure, RelayUnavailable } from "../errors.ts";
import type { Relay, WatchKind, WatchState } from "../relay/relay.ts";
import type { Listener } from "./events.ts";

/** First wait and longest wait between two tries, in milliseconds. */
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;
/**
 * An operation that takes longer is said to be in trouble while it is still under way: an election is
 * over by then, and nobody waits longer without asking why.
 */
const SLOW_MS = 3_000;

/** The state of the way to the relay, and the only place that tries again. */
export class Link {
  readonly #relay: Relay;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #emit: Listener;
  /** What is in trouble: operations by name, and the watch. */
  readonly #troubled = new Set<string>();
  /** Aborted, and replaced, when the relay answers again: whoever waits for the next try need not. */
  #recovered = new AbortController();
  #watch: WatchKind | undefined;
  #said: "up" | "reconnecting" | undefined;

  constructor(deps: { relay: Relay; clock: Clock; random: Random; emit: Listener }) {
    this.#relay = deps.relay;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#emit = deps.emit;
  }

  /** True while nothing is known to be wrong. */
  get isUp(): boolean {
    return this.#troubled.size === 0;
  }

  /** How changes are noticed, once known. */
  get watch(): WatchKind | undefined {
    return this.#watch;
  }

  /**
   * Runs `operation` until it succeeds.
   *
   * @throws {Failure} that trying again does not help, or the reason of the aborted `signal`.
   */
  async run<T>(
    name: string,
    operation: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      for (let attempt = 0;; attempt++) {
        const outage = await this.#attempt(name, operation, signal);
        if (!(outage instanceof RelayUnavailable)) return outage.result;
        const retryInMs = this.#backoff(attempt + (outage.throttled ? 2 : 0));
        this.#trouble(name, outage.failure.message, retryInMs);
        await this.#pause(retryInMs, signal);
      }
    } catch (error) {
      // Nobody waits any more for what is given up.
      this.#troubled.delete(name);
      throw error;
    }
  }

  async #attempt<T>(
    name: string,
    operation: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ result: T } | RelayUnavailable> {
    signal.throwIfAborted();
    const slow = this.#clock.after(SLOW_MS, () => this.#trouble(name, SLOW));
    try {
      const result = await operation(signal);
      this.#well(name);
      return { result };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RelayUnavailable) return error;
      throw error;
    } finally {
      slow.cancel();
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(this.#clock, ms, AbortSignal.any([signal, this.#recovered.signal]));
    } catch {
      signal.throwIfAborted();
    }
  }

  /** Takes in what the watch reports of itself. */
  watchState(state: WatchState): void {
    if (state.state === "up") {
      const first = this.#watch !== state.watch;
      this.#watch = state.watch;
      this.#well("watch", first);
    } else if (state.state === "reconnecting") {
      this.#trouble("watch", state.cause.message, state.retryInMs);
    }
  }

  /** Says that the relay is given up. */
  down(cause: Failure): void {
    this.#emit({
      event: "relay",
      state: "down",
      kind: this.#relay.kind,
      watch: this.#watch ?? "poll",
      message: cause.message,
    });
  }

  #backoff(attempt: number): number {
    const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, 10));
    // Between half and all of it, so that two who lost the relay together do not return together.
    return ceiling / 2 + (ceiling / 2) * (this.#random(1)[0]! / 255);
  }

  #trouble(what: string, message: string, retryInMs?: number): void {
    this.#troubled.add(what);
    this.#said = "reconnecting";
    this.#emit({
      event: "relay",
      state: "reconnecting",
      kind: this.#relay.kind,
      watch: this.#watch ?? "poll",
      ...retryInMs !== undefined && { retryInMs: Math.round(retryInMs) },
      message,
    });
  }

  #well(what: string, changed = false): void {
    // What was never in trouble tells nothing of the others: one of them may fail for its own reasons.
    if (this.#troubled.delete(what) && this.#troubled.size > 0) {
      this.#recovered.abort();
      this.#recovered = new AbortController();
    }
    if (this.#troubled.size > 0 || this.#watch === undefined) return;
    if (this.#said === "up" && !changed) return;
    this.#said = "up";
    this.#emit({ event: "relay", state: "up", kind: this.#relay.kind, watch: this.#watch });
  }
}

const SLOW = `The relay has not answered for ${SLOW_MS / 1_000} seconds.`;
