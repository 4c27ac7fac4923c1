/**
 * A client that has got nothing through for a while is given up, and another one opened in its place:
 * addresses change, and a driver can lose its way in a cluster that fell apart and came together again.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { type Failure, RelayUnavailable, untranslated } from "../../errors.ts";
import type {
  Claim,
  Departure,
  Envelope,
  Listener,
  Operations,
  OpOptions,
  Relay,
  RoomId,
  RoomView,
  Seat,
} from "../relay.ts";

/** Longer than an election, a look-up and a timeout take together. */
const HOPELESS_MS = 30_000;

/** A watch, and what ends it at the client that has it now. */
interface Watch {
  readonly seat: Seat;
  readonly listener: Listener;
  readonly signal: AbortSignal;
  stop: AbortController;
}

/** A relay whose client is replaced when nothing else helps. */
export class ReconnectingRelay implements Relay {
  readonly kind = "mongodb";
  readonly #clock: Clock;
  readonly #open: (signal: AbortSignal) => Promise<Relay>;
  readonly #closed = new AbortController();
  readonly #watches = new Set<Watch>();
  #inner: Relay;
  /** What the clients that were given up had asked. */
  #asked: Record<string, number> = {};
  /** When the first operation failed of those that failed since one succeeded. */
  #failingSince: number | undefined;
  #renewing: Promise<void> | undefined;

  /** `open` opens a client like `first`. */
  constructor(
    first: Relay,
    { open, clock }: { open: (signal: AbortSignal) => Promise<Relay>; clock: Clock },
  ) {
    this.#inner = first;
    this.#open = open;
    this.#clock = clock;
  }

  create(
    room: RoomId,
    seat: { token: string; epoch: string; lingerMs: number },
    options?: OpOptions,
  ): Promise<{ seat: Seat } | { refused: "taken" }> {
    return this.#run((relay) => relay.create(room, seat, options), options);
  }

  claim(room: RoomId, token: string, options?: OpOptions): Promise<Claim> {
    return this.#run((relay) => relay.claim(room, token, options), options);
  }

  renew(seat: Seat, options?: OpOptions & { keep?: boolean }): Promise<RoomView | undefined> {
    return this.#run((relay) => relay.renew(seat, options), options);
  }

  seal(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#run((relay) => relay.seal(seat, options), options);
  }

  vacate(seat: Seat, guestToken: string, options?: OpOptions): Promise<void> {
    return this.#run((relay) => relay.vacate(seat, guestToken, options), options);
  }

  burn(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#run((relay) => relay.burn(seat, options), options);
  }

  reopen(
    seat: Seat,
    next: { token: string; epoch: string },
    options?: OpOptions,
  ): Promise<Seat | undefined> {
    return this.#run((relay) => relay.reopen(seat, next, options), options);
  }

  post(seat: Seat, envelopes: readonly Envelope[], options?: OpOptions): Promise<void> {
    return this.#run((relay) => relay.post(seat, envelopes, options), options);
  }

  read(
    seat: Seat,
    options?: OpOptions & { most?: number },
  ): Promise<{ envelopes: Envelope[]; malformed: number }> {
    return this.#run((relay) => relay.read(seat, options), options);
  }

  remove(seat: Seat, ids: readonly string[], options?: OpOptions): Promise<void> {
    return this.#run((relay) => relay.remove(seat, ids, options), options);
  }

  leave(seat: Seat, options?: OpOptions): Promise<Departure> {
    return this.#run((relay) => relay.leave(seat, options), options);
  }

  watch(seat: Seat, listener: Listener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const watch = { seat, listener, signal, stop: new AbortController() };
    this.#watches.add(watch);
    signal.addEventListener("abort", () => this.#watches.delete(watch), { once: true });
    this.#follow(watch);
  }

  operations(): Operations {
    return added(this.#asked, this.#inner.operations());
  }

  async close(): Promise<void> {
    this.#closed.abort(new DOMException("The relay was closed", "AbortError"));
    await this.#inner.close();
    await this.#renewing;
  }

  async #run<T>(operation: (relay: Relay) => Promise<T>, options?: OpOptions): Promise<T> {
    const relay = this.#inner;
    try {
      const result = await operation(relay);
      this.#failingSince = undefined;
      return result;
    } catch (error) {
      options?.signal?.throwIfAborted();
      // Its client was given up under it: whether it took effect is as unknown as ever.
      if (relay !== this.#inner) throw new RelayUnavailable(givenUp(), { cause: error });
      if (error instanceof RelayUnavailable && !error.throttled) this.#failed();
      throw error;
    }
  }

  #failed(): void {
    const now = this.#clock.monotonic();
    this.#failingSince ??= now;
    if (now - this.#failingSince < HOPELESS_MS) return;
    // If that fails as well, the next attempt is as far away as this one was.
    this.#failingSince = now;
    this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
  }

  /** Never rejects: a relay that cannot be opened anew is one that is still out of reach. */
  async #renew(): Promise<void> {
    let next: Relay;
    try {
      next = await this.#open(this.#closed.signal);
    } catch {
      return;
    }
    if (this.#closed.signal.aborted) return await next.close();
    const last = this.#inner;
    this.#inner = next;
    this.#failingSince = undefined;
    this.#asked = added(this.#asked, last.operations());
    for (const watch of this.#watches) {
      watch.stop.abort();
      this.#follow(watch);
    }
    await last.close();
  }

  #follow(watch: Watch): void {
    watch.stop = new AbortController();
    const until = AbortSignal.any([watch.signal, watch.stop.signal]);
    this.#inner.watch(watch.seat, watch.listener, until);
  }
}

function added(a: Operations, b: Operations): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

function givenUp(): Failure {
  return untranslated(
    "relay-unreachable",
    "The connection to the relay was given up, and another one opened.",
    "It is tried again by itself.",
  );
}
