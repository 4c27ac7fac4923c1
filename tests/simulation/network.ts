/**
 * A network with faults between one client and the relay, driven by one seeded source of chance.
 *
 * @module
 */
import { type Clock, sleep } from "../../src/clock.ts";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import type { Envelope, Listener, Relay, Seat } from "../../src/relay/relay.ts";
import { intercept } from "../scenario/hostile.ts";

/** Chance that follows from a seed alone. */
export interface Chance {
  /** A number from 0 to `below`, exclusive. */
  integer(below: number): number;
  /** True once in `of` times. */
  once(of: number): boolean;
}

/** What can go wrong with an operation. */
export const FAULTS = [
  "refused",
  "answer lost",
  "slow",
  "slow answer",
  "repeated later",
  "outage",
  "standstill",
  "crash",
] as const;

/** A kind of fault. */
export type FaultKind = typeof FAULTS[number];

/** How long a slow operation may take: less than a reader waits for what is missing. */
const SLOW_MS = 3_000;
const LATE_MS = 60_000;

/** What a network needs. */
export interface NetworkDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  /** One operation in so many has a fault of its own. */
  readonly rarity: number;
  count(kind: FaultKind): void;
}

/** The network of one client. */
export class Network {
  readonly #deps: NetworkDeps;
  readonly #listeners = new Set<Listener>();
  /** Resolves at the end of a standstill. */
  #standstill: { readonly over: Promise<void>; end(): void } | undefined;
  #isOut = false;
  #isDead = false;
  /** True where single operations no longer fail. */
  isFair = false;

  constructor(deps: NetworkDeps) {
    this.#deps = deps;
  }

  /** True while nothing gets through. */
  get isDown(): boolean {
    return this.#isOut || this.#standstill !== undefined;
  }

  /** The relay through this network. */
  over(relay: Relay): Relay {
    return intercept((operation, args, proceed) => {
      if (operation === "watch") return this.#watch(relay, args as Parameters<Relay["watch"]>);
      return this.#pass(operation, args, proceed as () => Promise<unknown>);
    }, relay);
  }

  /** Every operation fails at once, and the watch breaks. */
  fail(): void {
    this.#deps.count("outage");
    this.#isOut = true;
    const cause = unavailable().failure;
    for (const listener of this.#listeners) {
      listener.state({ state: "reconnecting", retryInMs: 1_000, cause });
    }
  }

  /** Nothing is answered, and what is under way takes effect when it is over. */
  stall(): void {
    this.#deps.count("standstill");
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.#standstill = { over, end };
  }

  /** Everything gets through again. */
  heal(): void {
    const wasOut = this.#isOut;
    this.#isOut = false;
    this.#standstill?.end();
    this.#standstill = undefined;
    for (const listener of this.#listeners) {
      if (wasOut) listener.state({ state: "up", watch: "poll" });
      listener.wake();
    }
  }

  /** The client is gone: nothing of it is heard any more. */
  crash(): void {
    this.#deps.count("crash");
    this.#isDead = true;
  }

  async #pass(
    operation: string,
    args: unknown[],
    proceed: () => Promise<unknown>,
  ): Promise<unknown> {
    const { clock, chance, rarity, count } = this.#deps;
    if (this.#isDead) return await new Promise(() => {});
    if (this.#standstill) await this.#standstill.over;
    if (this.#isOut) throw unavailable();
    if (this.isFair || rarity === Infinity || !chance.once(rarity)) return await proceed();
    const kind = FAULTS[chance.integer(5)]!;
    count(kind);
    switch (kind) {
      case "refused":
        throw unavailable();
      case "answer lost":
        await proceed();
        throw unavailable();
      case "slow":
        await sleep(clock, chance.integer(SLOW_MS));
        return await proceed();
      case "slow answer": {
        const answer = await proceed();
        await sleep(clock, chance.integer(SLOW_MS));
        return answer;
      }
      default:
        clock.after(chance.integer(LATE_MS), () => this.#repeat(operation, args, proceed));
        return await proceed();
    }
  }

  /** Does again what was done before. A repeated envelope says so, and signals of old have no say. */
  #repeat(operation: string, args: unknown[], proceed: () => Promise<unknown>): void {
    if (operation === "post") {
      const again = (args[1] as Envelope[]).map((one) => ({ ...one, attempt: one.attempt + 1 }));
      args[1] = again;
    }
    delete (args.at(-1) as { signal?: AbortSignal } | undefined)?.signal;
    proceed().catch(() => {});
  }

  #watch(relay: Relay, [seat, listener, signal]: [Seat, Listener, AbortSignal]): void {
    const guarded: Listener = {
      push: (envelopes) => this.#isDead || this.isDown ? undefined : listener.push(envelopes),
      wake: () => this.#isDead || this.isDown || listener.wake(),
      state: (state) => this.#isDead || listener.state(state),
    };
    this.#listeners.add(guarded);
    signal.addEventListener("abort", () => this.#listeners.delete(guarded), { once: true });
    relay.watch(seat, guarded, signal);
  }
}

function unavailable(): RelayUnavailable {
  return new RelayUnavailable(new Failure("connection-lost"));
}
