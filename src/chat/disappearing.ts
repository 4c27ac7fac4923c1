/**
 * Disappearing messages, under one rule for both: a message expires the agreed time after it was
 * displayed to the person who reads it, and a change of that time holds once both programs agree.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { Listener } from "./events.ts";

/** What it needs. */
export interface DisappearingMessagesDeps {
  readonly clock: Clock;
  readonly emit: Listener;
  /** Tells the peer; false without one. */
  propose(seconds: number, agreed: boolean): boolean;
  isHost(): boolean;
}

/** The timer of one chat. */
export class DisappearingMessages {
  readonly #deps: DisappearingMessagesDeps;
  readonly #running = new Set<Timer>();
  #seconds = 0;
  #proposed: number | undefined;

  constructor(deps: DisappearingMessagesDeps) {
    this.#deps = deps;
  }

  /** Seconds that a message stays; 0: until the chat ends. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Proposes a time; false without a peer. */
  propose(seconds: number): boolean {
    if (!this.#deps.propose(seconds, false)) return false;
    this.#proposed = seconds;
    return true;
  }

  /** Takes in the peer's proposal or agreement. */
  onProposal(seconds: number, agreed: boolean): void {
    if (agreed) {
      if (seconds === this.#proposed) this.#set(seconds, "you");
      return;
    }
    // Two proposals that cross: the host's holds on both sides.
    if (this.#proposed !== undefined && this.#deps.isHost()) return;
    this.#proposed = undefined;
    this.#deps.propose(seconds, true);
    this.#set(seconds, "peer");
  }

  /** Message `seq` was displayed to the person who reads it: its time starts. */
  onDisplayed(from: "you" | "peer", seq: number): void {
    if (this.#seconds === 0) return;
    const timer = this.#deps.clock.after(this.#seconds * 1_000, () => {
      this.#running.delete(timer);
      this.#deps.emit({ event: "expired", from, seq });
    });
    this.#running.add(timer);
  }

  /** Forgets the agreement and every running time. */
  reset(): void {
    for (const timer of this.#running) timer.cancel();
    this.#running.clear();
    this.#seconds = 0;
    this.#proposed = undefined;
  }

  #set(seconds: number, by: "you" | "peer"): void {
    this.#seconds = seconds;
    this.#proposed = undefined;
    this.#deps.emit({ event: "timer", seconds, by });
  }
}
