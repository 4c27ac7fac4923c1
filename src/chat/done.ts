/**
 * Envelopes done with, remembered as long as the relay may still hand them over: until their removal
 * is confirmed and a read that began afterwards has come back.
 *
 * @module
 */

/**
 * Rejected envelopes remembered at once. Whoever may write to the relay can cause as many as it likes;
 * one that is forgotten too early is rejected and counted once more, and does no other harm.
 */
export const MAX_REJECTED = 4_096;

/** Reads that had begun when the relay confirmed the removal; undefined before. */
type Mark = number | undefined;

/** One inbox's memory of what it is done with. */
export class Done {
  /** Read by us: only the peer can make these, so that nobody else can make them many. */
  readonly #opened = new Map<string, Mark>();
  readonly #rejected = new Map<string, Mark>();

  /** How many are remembered. */
  get size(): number {
    return this.#opened.size + this.#rejected.size;
  }

  /** True for an envelope that was done with and may still be on the relay. */
  has(id: string): boolean {
    return this.#opened.has(id) || this.#rejected.has(id);
  }

  /** Remembers one that was opened. */
  opened(id: string): void {
    this.#opened.set(id, undefined);
  }

  /** Remembers one that was thrown away. */
  rejected(id: string): void {
    this.#rejected.set(id, undefined);
    for (const oldest of this.#rejected.keys()) {
      if (this.#rejected.size <= MAX_REJECTED) break;
      this.#rejected.delete(oldest);
    }
  }

  /** The relay confirmed a removal, after `reads` reads had begun. */
  removed(ids: readonly string[], reads: number): void {
    for (const marks of [this.#opened, this.#rejected]) {
      for (const id of ids) if (marks.has(id)) marks.set(id, reads);
    }
  }

  /** The `number`th read has come back: what was gone before it began is gone. */
  readCame(number: number): void {
    for (const marks of [this.#opened, this.#rejected]) {
      for (const [id, mark] of marks) if (mark !== undefined && mark < number) marks.delete(id);
    }
  }
}
