/**
 * Patience: repeats what the relay could not do now, with backoff and jitter, and says once when the
 * relay is in trouble and once when it is well again.
 *
 * Repeating is safe because every mailbox operation is idempotent by token or by identity.
 *
 * @module
 */
import { type Clock, type Random, sleep } from "../clock.ts";
import { Failure, RelayUnavailable } from "../errors.ts";
import type { Mailbox, WatchKind, WatchState } from "../store/mailbox.ts";
import type { Listener } from "./events.ts";

/** First wait and longest wait between two tries, in milliseconds. */
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

/** The state of the way to the relay, and the only place that tries again. */
export class Link {
  readonly #mailbox: Mailbox;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #emit: Listener;
  /** What is in trouble: operations by name, and the watch. */
  readonly #troubled = new Set<string>();
  #watch: WatchKind | undefined;
  #said: "up" | "reconnecting" | undefined;

  constructor(deps: { mailbox: Mailbox; clock: Clock; random: Random; emit: Listener }) {
    this.#mailbox = deps.mailbox;
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
    for (let attempt = 0;; attempt++) {
      signal.throwIfAborted();
      try {
        const result = await operation(signal);
        this.#well(name);
        return result;
      } catch (error) {
        if (!(error instanceof RelayUnavailable) || signal.aborted) {
          this.#troubled.delete(name);
          throw signal.aborted ? signal.reason : error;
        }
        const retryInMs = this.#backoff(attempt + (error.throttled ? 2 : 0));
        this.#trouble(name, error.failure, retryInMs);
        await sleep(this.#clock, retryInMs, signal);
      }
    }
  }

  /** Takes in what the watch reports of itself. */
  watchState(state: WatchState): void {
    if (state.state === "up") {
      const first = this.#watch !== state.watch;
      this.#watch = state.watch;
      this.#well("watch", first);
    } else if (state.state === "reconnecting") {
      this.#trouble("watch", state.cause, state.retryInMs);
    }
  }

  /** Says that the relay is given up. */
  down(cause: Failure): void {
    this.#emit({
      event: "relay",
      state: "down",
      kind: this.#mailbox.kind,
      watch: this.#watch ?? "poll",
      message: cause.message,
    });
  }

  #backoff(attempt: number): number {
    const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, 10));
    // Between half and all of it, so that two who lost the relay together do not return together.
    return ceiling / 2 + (ceiling / 2) * (this.#random(1)[0]! / 255);
  }

  #trouble(what: string, cause: Failure, retryInMs: number): void {
    this.#troubled.add(what);
    this.#said = "reconnecting";
    this.#emit({
      event: "relay",
      state: "reconnecting",
      kind: this.#mailbox.kind,
      watch: this.#watch ?? "poll",
      retryInMs: Math.round(retryInMs),
      message: cause.message,
    });
  }

  #well(what: string, changed = false): void {
    this.#troubled.delete(what);
    if (this.#troubled.size > 0 || this.#watch === undefined) return;
    if (this.#said === "up" && !changed) return;
    this.#said = "up";
    this.#emit({ event: "relay", state: "up", kind: this.#mailbox.kind, watch: this.#watch });
  }
}
