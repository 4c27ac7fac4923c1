/**
 * Time and randomness as arguments, so that tests own both.
 *
 * @module
 */

/** A running timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** The only clock the program looks at. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970 (for showing, never for deciding). */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary start (for deciding). */
  monotonic(): number;
  /** Runs `action` once after `ms` milliseconds. */
  after(ms: number, action: () => void): Timer;
}

/** Returns `length` random bytes, fit for keys. */
export type Random = (length: number) => Uint8Array<ArrayBuffer>;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, action) {
    const id = setTimeout(action, ms);
    return { cancel: () => clearTimeout(id) };
  },
};

/** The operating system's generator, through Web Crypto. */
export const systemRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

/**
 * Resolves after `ms` milliseconds.
 *
 * @throws the signal's reason as soon as `signal` is aborted.
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal!.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Resolves after `ms` milliseconds, or as soon as `wake` is aborted.
 *
 * @throws the reason of `signal` as soon as that is aborted.
 */
export async function pause(
  clock: Clock,
  ms: number,
  { signal, wake }: { readonly signal: AbortSignal; readonly wake: AbortSignal },
): Promise<void> {
  try {
    await sleep(clock, ms, AbortSignal.any([signal, wake]));
  } catch {
    signal.throwIfAborted();
  }
}

/** Resolves when `work` is done, or after `ms` milliseconds; rejects if it does before. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = clock.after(ms, timeout.resolve);
  try {
    await Promise.race([work, timeout.promise]);
  } finally {
    timer.cancel();
  }
}

/** First and longest wait between two attempts, in milliseconds. */
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

/**
 * Milliseconds to wait after the failed attempt number `attempt` (from 0): exponential, with jitter, so
 * that two who lost the relay together do not return together.
 */
export function backoff(attempt: number, random: Random): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (ceiling / 2) * (random(1)[0]! / 255);
}
