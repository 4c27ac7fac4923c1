/**
 * The connection to the relay: the only place that decides how often an operation is tried, how long
 * one attempt may take, how much is asked for at once, when the client is replaced, and whether the
 * relay is up.
 *
 * Every operation of a {@link Relay} is a single attempt that obeys its signal. Repeating one is safe
 * because every operation is idempotent, by seat token or by envelope id.
 *
 * @module
 */
import { backoff, type Clock, pause, type Random, sleep } from "../clock.ts";
import { timedOut, withDeadline } from "../deadline.ts";
import { type Failure, RelayUnavailable } from "../errors.ts";
import { sizeOf, sizeOfAll } from "../relay/envelope.ts";
import { Portion } from "../relay/portion.ts";
import type {
  Envelope,
  Listener as WatchListener,
  Relay,
  Seat,
  WatchKind,
} from "../relay/relay.ts";
import type { Listener } from "./events.ts";

/** Longest time of one attempt: a server is chosen within 8 s, and an election takes less. */
const ATTEMPT_MS = 9_000;
/** A failing attempt is reported after this time while it is still running: an election is over by then. */
const SLOW_MS = 3_000;
/** A client through which nothing got for this long is replaced: longer than election, DNS and timeout. */
const RECONNECT_AFTER_MS = 30_000;
/**
 * How often another client is tried while no server answers the present one, and how long each may take
 * to connect: seven round trips of 285 ms.
 */
const TRIAL_EVERY_MS = 2_250;
const TRIAL_MS = 2_000;
/** Steps of the backoff that a throttled client skips: it waits four times as long. */
const THROTTLED_STEPS = 2;

/** One attempt at an operation; the relay takes it for its options. */
export interface Attempt {
  /** Aborted when nobody waits for this attempt any more. */
  readonly signal: AbortSignal;
  /** Attempts before this one. */
  readonly number: number;
}

/** What is asked of the relay, by attempt. */
export type Operation<T> = (relay: Relay, attempt: Attempt) => Promise<T>;

/** Dependencies and callbacks of a connection. */
export interface RelayConnectionDeps {
  readonly relay: Relay;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Listener;
}

/** The connection of one chat to its relay. */
export class RelayConnection {
  readonly #deps: RelayConnectionDeps;
  /** What is failing: operations by name, and the watch. */
  readonly #failing = new Set<string>();
  /** Aborted, and replaced, when the relay answers again, so that other operations retry at once. */
  #recovered = new AbortController();
  #watchKind: WatchKind | undefined;
  /** Of the watch that came up last: once it is aborted, nothing is pushed until the next is up. */
  #watchSignal: AbortSignal | undefined;
  #lastReported: "up" | "reconnecting" | undefined;
  /** When the first attempt failed of those that failed since one succeeded. */
  #failingSince: number | undefined;
  #reconnecting: Promise<void> | undefined;
  /** When another client was tried last. */
  #triedAt = -Infinity;
  #isHurried = false;
  readonly #posting = new Portion();

  constructor(deps: RelayConnectionDeps) {
    this.#deps = deps;
  }

  /** True while nothing is known to fail. */
  get isUp(): boolean {
    return this.#failing.size === 0;
  }

  /** True while the relay pushes what it stores: then a read brings nothing new. */
  get isPushed(): boolean {
    return this.#watchKind === "stream" && this.#watchSignal?.aborted === false && this.isUp;
  }

  /**
   * Runs `operation` until an attempt succeeds.
   *
   * @throws {Failure} that trying again does not help, or the reason of the aborted `signal`.
   * @example
   * ```ts
   * await connection.run("seal", (relay, attempt) => relay.seal(seat, attempt), until);
   * ```
   */
  async run<T>(name: string, operation: Operation<T>, signal: AbortSignal): Promise<T> {
    const ended = new AbortController();
    try {
      for (let number = 0;; number++) {
        const outcome = await this.#attempt(name, operation, { number, signal });
        if (!(outcome instanceof RelayUnavailable)) return outcome.result;
        if (number === 0) this.#tryOthers(AbortSignal.any([signal, ended.signal])).catch(() => {});
        // What failed is gone.
        if (outcome.failure.reason === "relay-reconnected") continue;
        // A broken connection or an election is usually over by now: no report, no wait.
        if (number === 0 && this.isUp && !outcome.throttled) continue;
        const repeats = this.#isHurried ? 0 : Math.max(0, number - 1);
        const step = repeats + (outcome.throttled ? THROTTLED_STEPS : 0);
        const retryInMs = backoff(step, this.#deps.random);
        this.#markFailing(name, outcome.failure, retryInMs);
        await pause(this.#deps.clock, retryInMs, { signal, wake: this.#recovered.signal });
      }
    } catch (error) {
      this.#failing.delete(name);
      throw error;
    } finally {
      ended.abort();
    }
  }

  /**
   * Runs one attempt, for what a person asks for and can ask for again: it says nothing about the
   * connection.
   *
   * @throws {Failure} where it does not succeed.
   */
  async once<T>(operation: Operation<T>, signal: AbortSignal): Promise<T> {
    const { relay, clock } = this.#deps;
    try {
      const bound = { ms: ATTEMPT_MS, signals: [signal] };
      return await withDeadline(clock, bound, (signal) => operation(relay, { signal, number: 0 }));
    } catch (error) {
      throw error instanceof RelayUnavailable ? error.failure : error;
    }
  }

  /** Stores envelopes, in order, in batches of what the network takes. */
  async post(seat: Seat, envelopes: readonly Envelope[], signal: AbortSignal): Promise<void> {
    let repeats = 0;
    for (let from = 0; from < envelopes.length;) {
      from += await this.run("post", async (relay, { signal, number }) => {
        if (number > 0) {
          repeats++;
          this.#posting.failed();
        }
        const batch = firstOf(envelopes.slice(from), this.#posting.bytes);
        const bytes = sizeOfAll(batch);
        // Later ones may have been stored by an attempt whose answer was lost: they are repeats too.
        const marked = batch.map((one) => repeats === 0 ? one : { ...one, attempt: repeats });
        const { clock } = this.#deps;
        const began = clock.monotonic();
        await relay.post(seat, marked, { signal });
        this.#posting.passed({ bytes, count: batch.length, ms: clock.monotonic() - began });
        return batch.length;
      }, signal);
    }
  }

  /** Watches the room until `signal`; what the watch reports of itself is taken into account here. */
  watch(
    seat: Seat,
    listener: Omit<WatchListener, "state"> & { down(cause: Failure): void },
    signal: AbortSignal,
  ): void {
    this.#deps.relay.watch(seat, {
      ...listener,
      state: (state) => {
        if (state.state === "down") return listener.down(state.cause);
        if (state.state === "reconnecting") {
          return this.#markFailing("watch", state.cause, state.retryInMs);
        }
        const hasChanged = this.#watchKind !== state.watch;
        this.#watchKind = state.watch;
        this.#watchSignal = signal;
        this.#markHealthy("watch", hasChanged);
      },
    }, signal);
  }

  /** Retries at once and without growing waits from now on: leaving has little time. */
  hurry(): void {
    this.#isHurried = true;
    this.#wakeOthers();
  }

  /** Reports that the relay is given up. */
  giveUp(cause: Failure): void {
    const { emit, relay } = this.#deps;
    const watch = this.#watchKind ?? "poll";
    emit({ event: "relay", state: "down", kind: relay.kind, watch, cause });
  }

  async #attempt<T>(
    name: string,
    operation: Operation<T>,
    { number, signal }: { number: number; signal: AbortSignal },
  ): Promise<{ result: T } | RelayUnavailable> {
    const { relay, clock } = this.#deps;
    signal.throwIfAborted();
    const slow = clock.after(SLOW_MS, () => this.#markFailing(name, timedOut(SLOW_MS)));
    try {
      const result = await withDeadline(
        clock,
        { ms: ATTEMPT_MS, signals: [signal] },
        (signal) => operation(relay, { signal, number }),
      );
      this.#failingSince = undefined;
      this.#markHealthy(name);
      if (relay.isCrippled?.()) this.#reconnect();
      return { result };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RelayUnavailable)) throw error;
      if (!error.throttled) this.#reconnectWhenStuck();
      return error;
    } finally {
      slow.cancel();
    }
  }

  /** Replaces the client when nothing got through it for long. */
  #reconnectWhenStuck(): void {
    const now = this.#deps.clock.monotonic();
    this.#failingSince ??= now;
    if (now - this.#failingSince < RECONNECT_AFTER_MS || this.#deps.relay.isCutOff?.()) return;
    // If that fails as well, the next attempt is as far away as this one was.
    this.#failingSince = now;
    this.#reconnect();
  }

  /**
   * Tries other clients while no server answers the present one: its connections may hang in what the
   * network made of them, as behind a captive portal, for long after the network is well again.
   */
  async #tryOthers(signal: AbortSignal): Promise<void> {
    const { relay, clock } = this.#deps;
    while (relay.isCutOff) {
      await sleep(clock, TRIAL_EVERY_MS, signal);
      const isDue = clock.monotonic() - this.#triedAt >= TRIAL_EVERY_MS;
      if (!isDue || !relay.isCutOff()) continue;
      this.#triedAt = clock.monotonic();
      this.#reconnect(TRIAL_MS, signal);
    }
  }

  #reconnect(ms = RECONNECT_AFTER_MS, signal?: AbortSignal): void {
    const { relay, clock } = this.#deps;
    if (!relay.reconnect) return;
    const bound = { ms, signals: [signal] };
    this.#reconnecting ??= withDeadline(clock, bound, (signal) => relay.reconnect!({ signal }))
      .catch(() => {})
      .finally(() => this.#reconnecting = undefined);
  }

  #markFailing(what: string, cause: Failure, retryInMs?: number): void {
    this.#failing.add(what);
    this.#lastReported = "reconnecting";
    this.#deps.emit({
      event: "relay",
      state: "reconnecting",
      kind: this.#deps.relay.kind,
      watch: this.#watchKind ?? "poll",
      ...retryInMs !== undefined && { retryInMs: Math.round(retryInMs) },
      cause,
    });
  }

  #wakeOthers(): void {
    this.#recovered.abort();
    this.#recovered = new AbortController();
  }

  #markHealthy(what: string, watchChanged = false): void {
    // Only what was failing says something about the others: one of them may fail for its own reasons.
    if (this.#failing.delete(what) && this.#failing.size > 0) this.#wakeOthers();
    if (this.#failing.size > 0 || this.#watchKind === undefined) return;
    if (this.#lastReported === "up" && !watchChanged) return;
    this.#lastReported = "up";
    const { emit, relay } = this.#deps;
    emit({ event: "relay", state: "up", kind: relay.kind, watch: this.#watchKind });
  }
}

/** The first of `envelopes`, up to `bytes`; at least one. */
function firstOf(envelopes: readonly Envelope[], bytes: number): readonly Envelope[] {
  let size = 0;
  const end = envelopes.findIndex((envelope, i) => (size += sizeOf(envelope)) > bytes && i > 0);
  return end < 0 ? envelopes : envelopes.slice(0, end);
}
