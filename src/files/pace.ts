/**
 * How much of a file is under way at a time: enough to use the connection, and no more, because a
 * message that is written meanwhile waits behind it. It grows until answers come later than they need
 * to, as the delay of a queue tells (the idea of LEDBAT, RFC 6817).
 *
 * While messages are being written, one batch is under way at a time, and after its answer the file rests
 * for longer than the batch took: most messages find nothing before them.
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
/** Milliseconds more than that go unnoticed: no message waits behind them. */
const UNNOTICED_MS = 100;
/** While messages are being written a batch takes this many milliseconds at most, if it is not a single one. */
const TALKING_MS = 100;
/** And the pause behind it is this many times as long as it took. */
const REST = 1.5;
/** Of the longest pause, in milliseconds: a file goes on through the slowest connection. */
const MAX_REST_MS = 3_000;
/** One chunk more for so many that arrived without a queue. */
const GROW_EVERY = 2;
/** The fastest answer counts for this many milliseconds: networks change. */
const REMEMBER_MS = 20_000;
/**
 * A batch is sealed and posted at once, at most: 786 kB. Each costs every node of a replica set a round
 * of work, whatever its size.
 */
const MAX_BATCH = 16;

/** The pace of one file. Times are monotonic milliseconds. */
export class Pace {
  #window = START_WINDOW;
  #isTalking = false;
  /** When each chunk under way was sent. */
  readonly #sentAt = new Map<number, number>();
  #least = Infinity;
  #leastAt = 0;

  /** Chunks that may be under way. */
  get window(): number {
    return this.#isTalking ? this.batch : Math.floor(this.#window);
  }

  /** Chunks to send together. */
  get batch(): number {
    return Math.max(1, Math.min(MAX_BATCH, Math.floor(this.#window / 2)));
  }

  /** Chunk `n` is on its way. */
  onSent(n: number, now: number): void {
    this.#sentAt.set(n, now);
  }

  /**
   * Everything before `from` has arrived. `isTalking`: messages are being written.
   *
   * @returns the milliseconds for which nothing more should be sent.
   */
  onAccept(from: number, now: number, { isTalking = false } = {}): number {
    this.#isTalking = isTalking;
    const sentAt = this.#sentAt.get(from - 1);
    const arrived = [...this.#sentAt.keys()].filter((n) => n < from);
    for (const n of arrived) this.#sentAt.delete(n);
    if (sentAt === undefined) return 0;
    const delay = now - sentAt;
    if (isTalking) {
      if (delay > TALKING_MS) this.#shrink(0.9);
      return Math.min(MAX_REST_MS, REST * delay);
    }
    if (this.#least !== Infinity && now - this.#leastAt > REMEMBER_MS) {
      // Half as much shows how fast answers are without a queue.
      this.#shrink(0.5);
      this.#least = Infinity;
    }
    if (delay < this.#least) {
      this.#least = delay;
      this.#leastAt = now;
    }
    if (delay > QUEUED * this.#least + UNNOTICED_MS) this.#shrink(0.9);
    else this.#window = Math.min(MAX_WINDOW, this.#window + arrived.length / GROW_EVERY);
    return 0;
  }

  #shrink(to: number): void {
    this.#window = Math.max(MIN_WINDOW, this.#window * to);
  }
}
