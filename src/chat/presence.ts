/**
 * Whether the other one is there, told once per change: a pure state machine over what the relay says
 * of the lease (in the relay's clock) and what the peer itself has said (authenticated).
 *
 * @module
 */
import { LEASE_MS } from "../relay/relay.ts";
import type { Presence } from "./events.ts";

/** Two of the three renewals that fit in a lease were missed: one may be late on any slow network. */
const AWAY_LEASE_LEFT_MS = LEASE_MS - 25_000;

/** What is learnt about the peer. */
export type Sign =
  /** The relay's word: milliseconds left of the lease, or undefined when the seat is empty. */
  | { readonly sign: "lease"; readonly leftMs: number | undefined }
  /** An authenticated message came. */
  | { readonly sign: "heard" }
  /** An authenticated goodbye came. */
  | { readonly sign: "goodbye" };

/** The next presence. A goodbye is final within an epoch: only a fresh code brings somebody back. */
export function nextPresence(now: Presence, sign: Sign): Presence {
  if (now === "left") return "left";
  switch (sign.sign) {
    case "goodbye":
      return "left";
    case "heard":
      return "here";
    case "lease":
      // An empty seat without a goodbye: the goodbye was lost or withheld.
      if (sign.leftMs === undefined || sign.leftMs <= 0) return "vanished";
      if (isOverdue(sign.leftMs)) return now === "vanished" ? "vanished" : "away";
      return "here";
  }
}

/** True for a lease, with `leftMs` left of it, that its holder should have renewed by now. */
export function isOverdue(leftMs: number): boolean {
  return leftMs <= AWAY_LEASE_LEFT_MS;
}

/** Milliseconds after which the lease should be looked at again, at most `usual`. */
export function nextLook(leftMs: number | undefined, usual: number): number {
  if (leftMs === undefined || leftMs <= 0) return usual;
  // A little past the threshold, so that one look is enough.
  const edge = leftMs > AWAY_LEASE_LEFT_MS ? leftMs - AWAY_LEASE_LEFT_MS : leftMs;
  return Math.min(usual, edge + 100);
}
