/**
 * Standard output without waiting: a reader that is slow, or has gone, holds nothing else up.
 *
 * @module
 */

/** Where bytes go. */
export interface Sink {
  /** Writes some of `bytes`, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes in order, as fast as they are taken. */
export class OutputQueue {
  readonly #sink: Sink;
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #isLost = false;
  #lost: (() => void) | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Calls `listener` when nobody reads any more. */
  onLost(listener: () => void): void {
    this.#lost = listener;
    if (this.#isLost) listener();
  }

  /** Takes text or bytes. */
  write(data: string | Uint8Array): void {
    if (this.#isLost) return;
    this.#pending.push(typeof data === "string" ? new TextEncoder().encode(data) : data);
    // One write for all that is said in one turn: the second would wait until the first is done.
    this.#writing ??= Promise.resolve().then(() => this.#drain());
  }

  /** Resolves when everything is written, nobody takes it any more, or `withinMs` are over. */
  async flush({ withinMs }: { withinMs?: number } = {}): Promise<void> {
    if (!this.#writing) return;
    if (withinMs === undefined) return await this.#writing;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, withinMs));
    await Promise.race([this.#writing, late]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        let rest = join(this.#pending.splice(0));
        while (rest.length > 0) rest = rest.subarray(await this.#sink.write(rest));
      }
    } catch {
      // A pipe without a reader, a terminal that was closed.
      this.#isLost = true;
      this.#pending = [];
      this.#lost?.();
    } finally {
      this.#writing = undefined;
    }
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
