/**
 * Standard output without waiting: a reader that is slow, or has gone, holds nothing else up.
 *
 * @module
 */
import type { FactsOf } from "../failure_reasons.ts";

/** Where bytes go. */
export interface Sink {
  /** Writes some of `bytes`, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Why output can no longer be written. */
export type OutputLoss = FactsOf<"output-lost">["why"];

/** Writes in order, as fast as they are taken. */
export class OutputQueue {
  readonly #sink: Sink;
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #loss: OutputLoss | undefined;
  #onLost: (() => void) | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Why writing failed; undefined as long as it works. */
  get loss(): OutputLoss | undefined {
    return this.#loss;
  }

  /** Calls `listener` when the output can no longer be written. */
  onLost(listener: () => void): void {
    this.#onLost = listener;
    if (this.#loss !== undefined) listener();
  }

  /** Takes the error of a write, here or by another way to the same output; the rest is dropped. */
  lose(error: unknown): void {
    if (this.#loss !== undefined) return;
    this.#loss = outputLoss(error);
    this.#pending = [];
    this.#onLost?.();
  }

  /** Takes text or bytes. */
  write(data: string | Uint8Array): void {
    if (this.#loss !== undefined) return;
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
    } catch (error) {
      this.lose(error);
    } finally {
      this.#writing = undefined;
    }
  }
}

/** What an error of a write says about the output. */
export function outputLoss(error: unknown): OutputLoss {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EPIPE":
      return "no-reader";
    case "ENOSPC":
    case "EDQUOT":
      return "no-space";
    case "EIO":
    case "ENXIO":
    case "EBADF":
      return "closed";
    default:
      return "other";
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
