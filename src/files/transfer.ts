/**
 * Which chunk of a file is next, on either side: two state machines without any input or output
 * (docs/PROTOCOL.md §6).
 *
 * @module
 */
import { CHUNK_BYTES, MAX_FILE_BYTES } from "../limits.ts";

/**
 * Chunks that are sent and not accepted, at most: 4 MB on the relay, so that a peer who is away fills
 * no small database, and a free cluster of 512 MB holds a hundred files under way.
 */
export const MAX_WINDOW = 90;

/** What a sender does next. */
export type Due = { readonly send: "chunk"; readonly n: number } | { readonly send: "end" };

/** The sending side of one file. */
export class Sending {
  /** The first chunk that the receiver does not have. */
  #wanted = 1;
  /** The next chunk to send. */
  #next = 1;
  /** The first chunk that was never sent. */
  #unsent = 1;
  /** How many chunks there are, once known. */
  #count: number | undefined;
  #isAccepted = false;
  #isEndSent = false;
  #wasEndSent = false;

  /** @param size in bytes; undefined for a stream. */
  constructor(size: number | undefined) {
    this.#count = size === undefined ? undefined : chunkCount(size);
  }

  /** True from the first `accept` on. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** The first chunk that the receiver does not have. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Chunks sent that no `accept` covers. */
  get inFlight(): number {
    return this.#next - this.#wanted;
  }

  /**
   * The receiver has everything before `from`. The same number again asks for a repetition; it may have
   * been asked for too early, while chunks were on the way.
   *
   * @returns false for what it cannot have.
   */
  accept(from: number): boolean {
    if (from > this.#unsent) return false;
    if (from === this.#wanted && this.#isAccepted) {
      this.#next = from;
      this.#isEndSent = false;
    }
    this.#isAccepted = true;
    this.#wanted = Math.max(this.#wanted, from);
    this.#next = Math.max(this.#next, from);
    return true;
  }

  /** What to send now, with `window` chunks in flight at most; undefined: wait. */
  due(window: number): Due | undefined {
    if (!this.#isAccepted) return undefined;
    if (this.#count !== undefined && this.#next > this.#count) {
      return this.#isEndSent ? undefined : { send: "end" };
    }
    return this.inFlight < Math.min(window, MAX_WINDOW)
      ? { send: "chunk", n: this.#next }
      : undefined;
  }

  /**
   * Chunk `n` goes out.
   *
   * @returns false when the place has moved meanwhile: then it must not.
   */
  chunkSent(n: number): boolean {
    if (n !== this.#next) return false;
    this.#next++;
    this.#unsent = Math.max(this.#unsent, this.#next);
    return true;
  }

  /** Of a stream: there are no more than `count` chunks. */
  foundEnd(count: number): void {
    this.#count ??= count;
  }

  /** The end is on its way. */
  endSent(): void {
    this.#isEndSent = this.#wasEndSent = true;
  }

  /** True from the first end on: the receiver may have everything. */
  get mayBeDelivered(): boolean {
    return this.#wasEndSent;
  }

  /** True while everything was sent and the answer is missing. */
  get isWaitingForAnswer(): boolean {
    return this.#isEndSent;
  }

  /** The answer did not come: the end is sent again. */
  repeatEnd(): void {
    this.#isEndSent = false;
  }
}

/** What a receiver does with a chunk or an end. */
export type Verdict =
  /** The next chunk: store it. */
  | "store"
  /** It came before, or it is ahead of one that was asked for already. */
  | "ignore"
  /** Something before it is missing: ask for that. */
  | "ask"
  /** Everything is here. */
  | "complete"
  /** An honest sender does not send that. */
  | "impossible";

/** The receiving side of one file. */
export class Receiving {
  readonly #size: number | undefined;
  #next = 1;
  #bytes = 0;
  /** The chunk ahead that came last; 0: none since the last one that was stored. */
  #ahead = 0;
  /** A chunk of a stream was short: no other follows. */
  #hasEnded = false;

  /** @param size in bytes; undefined for a stream. */
  constructor(size: number | undefined) {
    this.#size = size;
  }

  /** The next chunk that is wanted. */
  get next(): number {
    return this.#next;
  }

  /** Bytes stored. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Judges a chunk; one that is to be stored counts as stored. */
  chunk(n: number, length: number): Verdict {
    if (n < this.#next) return "ignore";
    if (this.#size !== undefined && n > chunkCount(this.#size)) return "impossible";
    if (n > this.#next) return this.#onAhead(n);
    const left = (this.#size ?? MAX_FILE_BYTES) - this.#bytes;
    const isRight = this.#size === undefined
      ? !this.#hasEnded && length <= Math.min(left, CHUNK_BYTES)
      : length === Math.min(left, CHUNK_BYTES);
    if (!isRight) return "impossible";
    this.#hasEnded = this.#size === undefined && length < CHUNK_BYTES;
    this.#next++;
    this.#bytes += length;
    this.#ahead = 0;
    return "store";
  }

  /** Judges an end. */
  end(size: number): Verdict {
    if (size < this.#bytes || (this.#size !== undefined && size !== this.#size)) {
      return "impossible";
    }
    // Behind all chunks: it can be ahead of what is missing, too.
    return size === this.#bytes ? "complete" : this.#onAhead(Infinity);
  }

  /** Asks once for each time that the sender goes through what is ahead. */
  #onAhead(n: number): Verdict {
    const isAskedFor = this.#ahead !== 0 && n > this.#ahead;
    this.#ahead = n;
    return isAskedFor ? "ignore" : "ask";
  }
}

/** How many chunks a file has. */
function chunkCount(size: number): number {
  return Math.ceil(size / CHUNK_BYTES);
}
