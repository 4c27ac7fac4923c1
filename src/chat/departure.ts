/**
 * The way out of a room, in bounded time: what was said goes out first, then the goodbye, then the
 * seat, and with the last one everything.
 *
 * @module
 */
import { atMost, type Clock } from "../clock.ts";
import { Failure } from "../errors.ts";
import type { EarlyTexts } from "./early_texts.ts";
import type { Listener } from "./events.ts";
import { tooLate } from "./failures.ts";
import type { Pairing } from "./pairing.ts";
import type { RelayConnection } from "./retry.ts";
import type { Seating } from "./seating.ts";

/** A goodbye that takes longer than this is shown, with the time it may take. */
const SHOWN_AFTER_MS = 1_000;

/** A relay full of somebody's rubbish is not read to its end. */
const CATCH_UP_MS = 1_000;

/** What is left behind. */
export interface Departed {
  /** Documents left on the relay; null where nobody knows. */
  readonly remaining: number | null;
  /** Why the seat could not be given up. */
  readonly lost?: Failure;
}

/** What leaving needs. */
export interface DepartureDeps {
  readonly clock: Clock;
  readonly emit: Listener;
  readonly connection: RelayConnection;
  readonly seating: Seating;
  readonly pairing: Pairing | undefined;
  readonly early: EarlyTexts;
  /** False for somebody who fails, and has nothing more to say. */
  readonly isPolite: boolean;
  /** Aborted when the time is over, which is after `withinMs` at the latest. */
  readonly deadline: AbortSignal;
  readonly withinMs: number;
}

/** Leaves the room. Never rejects. */
export async function depart(deps: DepartureDeps): Promise<Departed> {
  const { clock, emit, connection, seating, pairing, isPolite, deadline, withinMs } = deps;
  const shownAfter = connection.isUp ? SHOWN_AFTER_MS : 0;
  const shown = clock.after(
    shownAfter,
    () => emit({ event: "waiting", for: "goodbye", atMostMs: withinMs - shownAfter }),
  );
  try {
    if (isPolite && pairing) await Promise.race([sayGoodbye(pairing, deps), aborted(deadline)]);
    pairing?.stop();
    return { remaining: await seating.giveUp(deadline) };
  } catch (error) {
    return { remaining: null, lost: error instanceof Failure ? error : tooLate() };
  } finally {
    shown.cancel();
  }
}

async function sayGoodbye(
  pairing: Pairing,
  { clock, early }: Pick<DepartureDeps, "clock" | "early">,
): Promise<void> {
  // Somebody is coming in: what was said to them beforehand is worth the wait.
  if (pairing.isShakingHands) await early.emptied();
  await pairing.settle();
  if (!pairing.peer) return;
  // What was said to us at the same moment is shown first: the goodbye tells how far we have read.
  await atMost(clock, CATCH_UP_MS, pairing.caughtUp());
  if (pairing.presence !== "left") pairing.send({ kind: "bye" });
  await pairing.settle();
  // And what came while it went out; that it was shown, nobody can be told any more.
  await atMost(clock, CATCH_UP_MS, pairing.caughtUp());
}

/** Rejects with the reason of the signal. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
