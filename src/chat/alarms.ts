/**
 * The alarms, rate limited. A hostile relay can cause any number; the first of a kind is reported at
 * once, and those that follow within a few seconds together.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { MAX_GUESSES } from "../protocol/handshake.ts";
import type { AlarmKind, Listener } from "./events.ts";

/** Alarms of one kind within this time of the last are reported as one. */
const COOLDOWN_MS = 5_000;

/** Kinds of which every single one is reported. */
type Rare = "gap" | "guess" | "rollback";
type Frequent = Exclude<AlarmKind, Rare>;

/** Raises alarms. */
export class Alarms {
  readonly #clock: Clock;
  readonly #emit: Listener;
  readonly #cooldowns = new Map<Frequent, { timer: Timer; count: number }>();

  constructor({ clock, emit }: { clock: Clock; emit: Listener }) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Raises an alarm for `count` documents or attempts of a kind that can come by the thousand. */
  raise(kind: Frequent, count = 1): void {
    const cooldown = this.#cooldowns.get(kind);
    if (cooldown) {
      cooldown.count += count;
      return;
    }
    this.#report(kind, count);
    this.#startCooldown(kind);
  }

  /** A wrong guess at the code, the `count`th of this epoch. */
  guess(count: number): void {
    const attemptsLeft = MAX_GUESSES - count;
    this.#emit({ event: "alarm", kind: "guess", count, attemptsLeft });
  }

  /** Messages, or (without a range) `count` payloads of the program itself, that never came. */
  gap(messages: readonly [number, number] | undefined, count: number): void {
    if (!messages) return this.#emit({ event: "alarm", kind: "gap", count });
    const [first, last] = messages;
    this.#emit({ event: "alarm", kind: "gap", count: last - first + 1, first, last });
  }

  /** The relay went back to an earlier state. */
  rollback(): void {
    this.#emit({ event: "alarm", kind: "rollback", count: 1 });
  }

  /** Reports what is pending, and stops. */
  close(): void {
    for (const [kind, { timer, count }] of this.#cooldowns) {
      timer.cancel();
      if (count > 0) this.#report(kind, count);
    }
    this.#cooldowns.clear();
  }

  #startCooldown(kind: Frequent): void {
    const timer = this.#clock.after(COOLDOWN_MS, () => {
      const count = this.#cooldowns.get(kind)?.count ?? 0;
      this.#cooldowns.delete(kind);
      if (count === 0) return;
      this.#report(kind, count);
      this.#startCooldown(kind);
    });
    this.#cooldowns.set(kind, { timer, count: 0 });
  }

  #report(kind: Frequent, count: number): void {
    this.#emit({ event: "alarm", kind, count });
  }
}
