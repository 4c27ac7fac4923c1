/**
 * Disappearing texts, under one rule for both: a text vanishes the agreed time after it was on the
 * screen of the one who reads it, and a change of that time holds once both have agreed.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { Listener } from "./events.ts";

/** What it needs. */
export interface VanishingDeps {
  readonly clock: Clock;
  readonly emit: Listener;
  /** Tells the peer; false when nobody is there. */
  propose(seconds: number, agreed: boolean): boolean;
  isHost(): boolean;
}

/** The timer of one chat. */
export class Vanishing {
  readonly #deps: VanishingDeps;
  readonly #running = new Set<Timer>();
  #seconds = 0;
  #proposed: number | undefined;

  constructor(deps: VanishingDeps) {
    this.#deps = deps;
  }

  /** Seconds a text stays; 0: until the end. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Proposes a time; false when nobody is there to agree. */
  propose(seconds: number): boolean {
    if (!this.#deps.propose(seconds, false)) return false;
    this.#proposed = seconds;
    return true;
  }

  /** Takes in the peer's proposal or agreement. */
  heard(seconds: number, agreed: boolean): void {
    if (agreed) {
      if (seconds === this.#proposed) this.#hold(seconds, "you");
      return;
    }
    // Two proposals that cross: the host's holds on both sides.
    if (this.#proposed !== undefined && this.#deps.isHost()) return;
    this.#proposed = undefined;
    this.#deps.propose(seconds, true);
    this.#hold(seconds, "peer");
  }

  /** Message `seq` is in front of the person who reads it: its time starts. */
  displayed(from: "you" | "peer", seq: number): void {
    this.#start(from, seq);
  }

  /** Forgets the agreement and every running time. */
  reset(): void {
    for (const timer of this.#running) timer.cancel();
    this.#running.clear();
    this.#seconds = 0;
    this.#proposed = undefined;
  }

  #hold(seconds: number, by: "you" | "peer"): void {
    this.#seconds = seconds;
    this.#proposed = undefined;
    this.#deps.emit({ event: "timer", seconds, by });
  }

  #start(from: "you" | "peer", seq: number): void {
    if (this.#seconds === 0) return;
    const timer = this.#deps.clock.after(this.#seconds * 1_000, () => {
      this.#running.delete(timer);
      this.#deps.emit({ event: "expired", from, seq });
    });
    this.#running.add(timer);
  }
}
