/**
 * A bound for what cannot be bounded itself: a driver's promise that may stay open for ever.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { RelayUnavailable, untranslated } from "../../errors.ts";

/**
 * The outcome of `action`, unless the time is over or a signal is aborted before. What `action` does
 * afterwards is nobody's: it may still take effect, and can ask whether it is still waited for.
 *
 * @throws {RelayUnavailable} after `ms` milliseconds, or the reason of an aborted signal at once.
 */
export async function within<T>(
  clock: Clock,
  bound: { ms: number; signals?: readonly (AbortSignal | undefined)[] },
  action: (isOver: () => boolean) => Promise<T>,
): Promise<T> {
  const signals = (bound.signals ?? []).filter((signal) => signal !== undefined);
  for (const signal of signals) signal.throwIfAborted();
  let isOver = false;
  let settle = () => {};
  const end = new Promise<never>((_, reject) => {
    const listeners = signals.map((signal) => {
      const listener = () => reject(signal.reason);
      signal.addEventListener("abort", listener, { once: true });
      return () => signal.removeEventListener("abort", listener);
    });
    const timer = clock.after(bound.ms, () => reject(silent(bound.ms)));
    settle = () => {
      isOver = true;
      timer.cancel();
      for (const remove of listeners) remove();
    };
  });
  const outcome = action(() => isOver);
  outcome.catch(() => {});
  try {
    return await Promise.race([outcome, end]);
  } finally {
    settle();
  }
}

function silent(ms: number): RelayUnavailable {
  return new RelayUnavailable(
    untranslated(
      "relay-unreachable",
      `The relay did not answer within ${Math.round(ms / 1_000)} seconds.`,
      "Check the network; some block port 27017.",
    ),
  );
}
