/**
 * A bound for what cannot be bounded itself: a promise of a driver that may stay open for ever.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import { Failure, RelayUnavailable } from "./errors.ts";

/**
 * The outcome of `action`, unless the time is over or a signal is aborted before. Then the signal that
 * `action` was given is aborted too: what it still does has an unknown outcome, and is not repeated.
 *
 * @throws {RelayUnavailable} after `ms` milliseconds, or the reason of an aborted signal at once.
 */
export async function withDeadline<T>(
  clock: Clock,
  bound: { ms: number; signals?: readonly (AbortSignal | undefined)[] },
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const expired = new AbortController();
  const signal = anyOf([expired.signal, ...bound.signals ?? []]);
  signal.throwIfAborted();
  const timer = clock.after(
    bound.ms,
    () => expired.abort(new RelayUnavailable(timedOut(bound.ms))),
  );
  try {
    return await untilAborted(signal, action(signal));
  } finally {
    timer.cancel();
  }
}

/** A signal that is aborted with the first of `signals`. */
export function anyOf(signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

/** The outcome of `work`, unless `signal` is aborted before: then its reason. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The failure of a relay that has not answered for `ms` milliseconds. */
export function timedOut(ms: number): Failure {
  return new Failure("relay-timeout", { seconds: Math.round(ms / 1_000) });
}
