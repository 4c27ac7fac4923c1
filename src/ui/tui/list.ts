/**
 * A list that never changes: each change makes a new one, which shares with the old one all but the
 * chunk that changed. Copying an array for each message would take longer with every message.
 *
 * @module
 */

/** Long enough for few chunks, short enough to copy one for each message. */
const CHUNK = 256;

/** An immutable list. */
export class List<T> {
  /** All have {@link CHUNK} items but the last, which has at least one. */
  readonly #chunks: readonly (readonly T[])[];
  readonly length: number;

  private constructor(chunks: readonly (readonly T[])[], length: number) {
    this.#chunks = chunks;
    this.length = length;
  }

  /** A list of these items. */
  static from<T>(items: Iterable<T>): List<T> {
    const all = [...items];
    const chunks = Array.from(
      { length: Math.ceil(all.length / CHUNK) },
      (_, index) => all.slice(index * CHUNK, (index + 1) * CHUNK),
    );
    return new List(chunks, all.length);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The item at a place, from the end where it is negative. */
  at(index: number): T | undefined {
    const place = index < 0 ? this.length + index : index;
    return this.#chunks[Math.floor(place / CHUNK)]?.[place % CHUNK];
  }

  /** With one more at the end. */
  append(item: T): List<T> {
    const last = this.#chunks.at(-1);
    const chunks = last === undefined || last.length === CHUNK
      ? [...this.#chunks, [item]]
      : this.#chunks.with(-1, [...last, item]);
    return new List(chunks, this.length + 1);
  }

  /** With another item at a place of the list. */
  with(index: number, item: T): List<T> {
    const chunk = Math.floor(index / CHUNK);
    const changed = this.#chunks[chunk]!.with(index % CHUNK, item);
    return new List(this.#chunks.with(chunk, changed), this.length);
  }

  /** The place of the last item that `matches`; -1 without any. */
  findLastIndex(matches: (item: T) => boolean): number {
    for (let chunk = this.#chunks.length - 1; chunk >= 0; chunk--) {
      const index = this.#chunks[chunk]!.findLastIndex(matches);
      if (index >= 0) return chunk * CHUNK + index;
    }
    return -1;
  }

  /** The last item that `matches`. */
  findLast(matches: (item: T) => boolean): T | undefined {
    const index = this.findLastIndex(matches);
    return index < 0 ? undefined : this.at(index);
  }
}
