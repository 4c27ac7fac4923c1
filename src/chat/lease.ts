/**
 * One's own seat, kept by renewing it, and the peer's, as the relay sees it.
 *
 * @module
 */
import { type Clock, sleep } from "../clock.ts";
import { type Failure, untranslated } from "../errors.ts";
import type { RoomView, Seat } from "../relay/relay.ts";
import { isOverdue, nextLook } from "./presence.ts";
import type { RelayConnection } from "./retry.ts";

/** Three renewals fit in a lease. */
const RENEW_MS = 10_000;
/**
 * When one's own renewal was as late as this, so may be the peer's, for it goes the same way: as long
 * as this afterwards, a lease that it has not renewed says nothing about it.
 */
const OUTAGE_MS = RENEW_MS + 5_000;
/** How often what waits for somebody who is away gets a new expiry; the shortest linger is 60 s. */
const KEEP_MS = 30_000;

/** What a lease needs and whom it tells. */
export interface LeaseDeps {
  readonly connection: RelayConnection;
  readonly seat: Seat;
  readonly clock: Clock;
  /** True while something of ours waits on the relay to be read. */
  isWaiting(): boolean;
  /** `askedAt`: when the relay was asked, by the monotonic clock. */
  seen(view: RoomView, askedAt: number): void;
  rolledBack(): void;
}

/** One epoch's lease. */
export class Lease {
  readonly #deps: LeaseDeps;
  #revision = 0;
  #lookNow: (() => void) | undefined;

  constructor(deps: LeaseDeps) {
    this.#deps = deps;
  }

  /**
   * Renews until the signal.
   *
   * @throws {Failure} `evicted` when the seat is no longer held, or what {@link RelayConnection.run} throws.
   */
  async run(signal: AbortSignal): Promise<never> {
    const { connection, seat, clock } = this.#deps;
    let keptAt = clock.monotonic();
    let seenAt = keptAt;
    let graceUntil = -Infinity;
    for (;;) {
      const keep = this.#deps.isWaiting() && clock.monotonic() - keptAt >= KEEP_MS;
      if (keep) keptAt = clock.monotonic();
      let askedAt = clock.monotonic();
      const view = await connection.run(
        "renew",
        ({ relay, signal }) => {
          askedAt = clock.monotonic();
          return relay.renew(seat, { keep, signal });
        },
        signal,
      );
      if (!view) throw evicted();
      if (view.revision < this.#revision) this.#deps.rolledBack();
      this.#revision = view.revision;
      const now = clock.monotonic();
      if (now - seenAt > OUTAGE_MS) graceUntil = now + OUTAGE_MS;
      seenAt = now;
      const isExcused = now < graceUntil && view.peer && isOverdue(view.peer.leaseLeftMs);
      if (!isExcused) this.#deps.seen(view, askedAt);
      await this.#pause(nextLook(view.peer?.leaseLeftMs, RENEW_MS), signal);
    }
  }

  /** Looks at once, when something was heard of a peer that seemed to be away. */
  look(): void {
    this.#lookNow?.();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const early = new AbortController();
    this.#lookNow = () => early.abort();
    try {
      await sleep(this.#deps.clock, ms, AbortSignal.any([signal, early.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      this.#lookNow = undefined;
    }
  }
}

/** The failure of a seat that somebody else has, or of a room that is gone. */
export function evicted(): Failure {
  return untranslated(
    "evicted",
    "Your seat in this room is gone: it was given away, or the room has expired.",
    "Ask the other one for a fresh code, or begin a new chat.",
  );
}
