/**
 * What becomes of one's own texts, in as few sentences as tell it: a burst that is delivered is one
 * sentence, and so is what takes long.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** A text that is on the relay, and after this time still not on the other screen, is worth a word. */
const UNSEEN_AFTER_MS = 3_000;
/** Deliveries are gathered for this long. */
const GATHER_MS = 400;

/** Texts under way, by what they are called here. */
export class Deliveries {
  readonly #clock: Clock;
  readonly #tell: (sentence: string) => void;
  /** With a timer while nobody has been told that they take long. */
  readonly #underWay = new Map<string, Timer | undefined>();
  #delivered = 0;
  #gathering: Timer | undefined;
  #isWaiting = false;

  constructor({ clock, tell }: { clock: Clock; tell: (sentence: string) => void }) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** A text waits; `until` says for what. */
  queued(id: string, until: string): void {
    if (this.#underWay.has(id)) return;
    this.#underWay.set(id, undefined);
    // Said once for all that follow, until something goes out again.
    if (!this.#isWaiting) this.#tell(`Kept until ${until}.`);
    this.#isWaiting = true;
  }

  /** A text is on the relay. */
  sent(id: string): void {
    this.#isWaiting = false;
    this.#underWay.get(id)?.cancel();
    this.#underWay.set(id, this.#clock.after(UNSEEN_AFTER_MS, () => this.#tellUnseen()));
  }

  /** A text is on the other screen. */
  delivered(id: string): void {
    this.#underWay.get(id)?.cancel();
    this.#underWay.delete(id);
    this.#delivered++;
    this.#gathering ??= this.#clock.after(GATHER_MS, () => this.#tellDelivered());
  }

  /** Tells nothing more. */
  close(): void {
    this.#gathering?.cancel();
    for (const timer of this.#underWay.values()) timer?.cancel();
  }

  #tellUnseen(): void {
    let count = 0;
    for (const [id, timer] of this.#underWay) {
      if (!timer) continue;
      timer.cancel();
      this.#underWay.set(id, undefined);
      count++;
    }
    this.#tell(`On the relay, not yet on the other screen: ${texts(count)}.`);
  }

  #tellDelivered(): void {
    this.#gathering = undefined;
    const [done, open] = [this.#delivered, this.#underWay.size];
    this.#delivered = 0;
    const rest = open > 0 ? `, ${texts(open)} under way` : "";
    this.#tell(`${done === 1 ? "Delivered" : `${done} delivered`}${rest}.`);
  }
}

function texts(count: number): string {
  return count === 1 ? "1 text" : `${count} texts`;
}
