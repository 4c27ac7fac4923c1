/**
 * A clock that stands still until a test moves it.
 *
 * @module
 */
import type { Clock, Timer } from "../../src/clock.ts";

interface Due {
  readonly at: number;
  readonly action: () => void;
}

/** Time and timers in the hands of a test. */
export class FakeClock implements Clock {
  #elapsed = 0;
  readonly #timers = new Set<Due>();
  readonly #start: number;
  /** Real turns of the event loop after each timer; what waits for Web Crypto may need more. */
  readonly #turns: number;

  constructor(options: { start?: number; turns?: number } = {}) {
    this.#start = options.start ?? Date.UTC(2024, 0, 1);
    this.#turns = options.turns ?? 3;
  }

  now(): number {
    return Math.floor(this.#start + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, action: () => void): Timer {
    const due = { at: this.#elapsed + Math.max(0, ms), action };
    this.#timers.add(due);
    return { cancel: () => this.#timers.delete(due) };
  }

  /** Timers that have neither run nor been canceled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time by `ms`, running each timer at its own moment and letting what it started settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await this.settle();
    for (let due = this.#next(end); due; due = this.#next(end)) {
      this.#run(due);
      await this.settle();
    }
    this.#elapsed = end;
    await this.settle();
  }

  /**
   * Moves time from timer to timer until `condition` holds.
   *
   * @throws {Error} when it does not hold after `withinMs` of this clock (default: an hour).
   */
  async until(condition: () => boolean, options: { withinMs?: number } = {}): Promise<void> {
    const end = this.#elapsed + (options.withinMs ?? 3_600_000);
    for (let idle = 0; !condition();) {
      await this.settle();
      if (condition()) return;
      const due = this.#next(end);
      if (due) {
        this.#run(due);
        idle = 0;
      } else if (++idle > 1_000) {
        throw new Error("The condition did not come true within the time given");
      }
    }
  }

  /** Lets promises that are ready, and what they start, run. */
  async settle(): Promise<void> {
    for (let i = 0; i < this.#turns; i++) await new Promise((next) => setTimeout(next, 0));
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#timers) if (!first || due.at < first.at) first = due;
    return first && first.at <= end ? first : undefined;
  }

  #run(due: Due): void {
    this.#timers.delete(due);
    this.#elapsed = Math.max(this.#elapsed, due.at);
    due.action();
  }
}
