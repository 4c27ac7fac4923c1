/**
 * How much of a file is under way at a time: enough to use the connection, and no more, because a
 * message that is written meanwhile waits behind it. It grows until answers come later than they need
 * to, as the delay of a queue tells (the idea of LEDBAT, RFC 6817). While messages are being written
 * less of a queue is tolerated, because they would wait in it.
 *
 * @module
 */
import { MAX_WINDOW } from "./transfer.ts";

/** One chunk is being sent while another is being read. */
const MIN_WINDOW = 2;
/** Where a transfer begins. */
const START_WINDOW = 9;
/** Answers that take this much longer than the fastest come from a queue. */
const QUEUED = 2;
/** Milliseconds more than that go unnoticed, where no message waits behind them. */
const UNNOTICED_MS = 30;
/** The same as long as messages are being written: on a fast connection hardly anything is under way. */
const QUEUED_TALKING = 1.25;
/** The fastest answer counts for this many milliseconds: networks change. */
const REMEMBER_MS = 20_000;
/** A batch is sealed and posted at once, at most: 360 kB. */
const MAX_BATCH = 8;

/** The pace of one file. Times are monotonic milliseconds. */
export class Pace {
  #window = START_WINDOW;
  /** When each chunk under way was sent. */
  readonly #sentAt = new Map<number, number>();
  #least = Infinity;
  #leastAt = 0;

  /** Chunks that may be under way. */
  get window(): number {
    return Math.floor(this.#window);
  }

  /** Chunks to send together. */
  get batch(): number {
    return Math.max(1, Math.min(MAX_BATCH, Math.floor(this.#window / 3)));
  }

  /** Chunk `n` is on its way. */
  onSent(n: number, now: number): void {
    this.#sentAt.set(n, now);
  }

  /** Everything before `from` has arrived. `isTalking`: messages are being written. */
  onAccept(from: number, now: number, { isTalking = false } = {}): void {
    const sentAt = this.#sentAt.get(from - 1);
    for (const n of this.#sentAt.keys()) if (n < from) this.#sentAt.delete(n);
    if (sentAt === undefined) return;
    const delay = now - sentAt;
    if (this.#least !== Infinity && now - this.#leastAt > REMEMBER_MS) {
      // Half as much shows how fast answers are without a queue.
      this.#window = Math.max(MIN_WINDOW, this.#window / 2);
      this.#least = Infinity;
    }
    if (delay < this.#least) {
      this.#least = delay;
      this.#leastAt = now;
    }
    const isQueued = isTalking
      ? delay > QUEUED_TALKING * this.#least
      : delay > QUEUED * this.#least + UNNOTICED_MS;
    this.#window = isQueued
      ? Math.max(MIN_WINDOW, this.#window * 0.9)
      : Math.min(MAX_WINDOW, this.#window + 1);
  }

  /** What is under way is sent again. */
  restart(): void {
    this.#sentAt.clear();
  }
}
