/**
 * Presence: one's own seat, held by renewing its lease, and the peer's, as the relay reports it. Being
 * here or away is the relay's word; only a goodbye is authenticated.
 *
 * @module
 */
import { type Clock, pause } from "../clock.ts";
import { Failure } from "../errors.ts";
import { LEASE_MS, type RoomView, type Seat } from "../relay/relay.ts";
import type { Presence } from "./events.ts";
import type { RelayConnection } from "./retry.ts";

/** Three renewals fit in a lease. */
const RENEW_MS = 10_000;
/** A seat that was just taken needs none; the handshake has the connections for itself. */
const FIRST_RENEWAL_MS = 2_000;
/**
 * When one's own renewal was as late as this, so may be the peer's, for it goes the same way: for as
 * long as this afterwards, a lease that it has not renewed says nothing about it.
 */
const OUTAGE_MS = RENEW_MS + 5_000;
/** How often what waits for a peer who is away gets a new expiry; the shortest linger is 60 s. */
const KEEP_MS = 30_000;
/** Two of the three renewals that fit in a lease were missed: one may be late on any slow network. */
const AWAY_LEASE_LEFT_MS = LEASE_MS - 25_000;

/** Dependencies and callbacks of a heartbeat. */
export interface HeartbeatDeps {
  readonly connection: RelayConnection;
  readonly seat: Seat;
  readonly clock: Clock;
  /** True while something of ours waits on the relay to be read. */
  isWaiting(): boolean;
  /** `askedAt`: when the relay was asked, by the monotonic clock. */
  onView(view: RoomView, askedAt: number): void;
  /** The relay's count of changes fell. */
  onRollback(): void;
}

/** Renews one epoch's lease. */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #revision = 0;
  /** Ends the pause before the next renewal. */
  #early = new AbortController();

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /**
   * Renews until the signal.
   *
   * @throws {Failure} `evicted` when the seat is no longer held, or what {@link RelayConnection.run}
   * throws.
   */
  async run(signal: AbortSignal): Promise<never> {
    const { connection, seat, clock } = this.#deps;
    let extendedAt = clock.monotonic();
    let viewedAt = extendedAt;
    let viewedAtWall = clock.now();
    let graceUntil = -Infinity;
    await this.#pause(FIRST_RENEWAL_MS, signal);
    for (;;) {
      const keep = this.#deps.isWaiting() && clock.monotonic() - extendedAt >= KEEP_MS;
      if (keep) extendedAt = clock.monotonic();
      let askedAt = clock.monotonic();
      const view = await connection.run(
        "renew",
        (relay, { signal }) => {
          askedAt = clock.monotonic();
          return relay.renew(seat, { keep, signal });
        },
        signal,
      );
      if (!view) throw new Failure("evicted");
      if (view.revision < this.#revision) this.#deps.onRollback();
      this.#revision = view.revision;
      const now = clock.monotonic();
      // While a computer sleeps, some systems stop the monotonic clock.
      const sinceLastMs = Math.max(now - viewedAt, clock.now() - viewedAtWall);
      if (sinceLastMs > OUTAGE_MS) graceUntil = now + OUTAGE_MS;
      viewedAt = now;
      viewedAtWall = clock.now();
      const inGracePeriod = now < graceUntil && view.peer && isOverdue(view.peer.leaseLeftMs);
      if (!inGracePeriod) this.#deps.onView(view, askedAt);
      await this.#pause(nextView(view.peer?.leaseLeftMs), signal);
    }
  }

  /** Renews at once, when something was received from a peer that seemed to be away. */
  renewNow(): void {
    this.#early.abort();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    this.#early = new AbortController();
    await pause(this.#deps.clock, ms, { signal, wake: this.#early.signal });
  }
}

/** What is learned about the peer. */
export type Sign =
  /** From the relay: milliseconds left of the lease, or undefined when the seat is empty. */
  | { readonly sign: "lease"; readonly leftMs: number | undefined }
  /** An authenticated goodbye came. */
  | { readonly sign: "goodbye" };

/** The next presence. A goodbye is final within an epoch: only a new code brings someone back. */
export function nextPresence(now: Presence, sign: Sign): Presence {
  if (now === "left" || sign.sign === "goodbye") return "left";
  // An empty seat without a goodbye: the goodbye was lost or withheld.
  if (sign.leftMs === undefined || sign.leftMs <= 0) return "vanished";
  if (isOverdue(sign.leftMs)) return now === "vanished" ? "vanished" : "away";
  return "here";
}

/** True for a lease, with `leftMs` left of it, that its holder should have renewed by now. */
function isOverdue(leftMs: number): boolean {
  return leftMs <= AWAY_LEASE_LEFT_MS;
}

/** Milliseconds after which a lease, with `leftMs` left of it, should be looked at again. */
function nextView(leftMs: number | undefined): number {
  if (leftMs === undefined || leftMs <= 0) return RENEW_MS;
  // A little past the threshold, so that one look is enough.
  const edge = leftMs > AWAY_LEASE_LEFT_MS ? leftMs - AWAY_LEASE_LEFT_MS : leftMs;
  return Math.min(RENEW_MS, edge + 100);
}
