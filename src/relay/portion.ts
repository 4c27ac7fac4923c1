/**
 * How much one request carries: what passes in about a second, on any link. What is too much for a slow
 * link runs into the deadline, is sent again, and so never gets through; what is too little for a fast
 * one costs round trips.
 *
 * @module
 */
import { ENVELOPE_BYTES } from "./envelope.ts";
import { MAX_BATCH, MAX_READ_BYTES } from "./relay.ts";

/** At first: 1.5 s at 256 kbit/s, and six at 64. */
const START_BYTES = 48 * 1024;
/** Of a slow link. Where requests fail, a single item may be all that passes. */
const LEAST_BYTES = 4 * 1024;
/** A full request that took less than this is doubled, and one that took more than that is halved. */
const FAST_MS = 500;
const SLOW_MS = 2_000;

/** The bytes of one kind of request, learned from those before. */
export class Portion {
  #bytes = START_BYTES;
  /** Of what came last, the bytes of one. */
  #typical: number;

  /** `typical`: bytes of one item, as long as none is known. */
  constructor({ typical = ENVELOPE_BYTES }: { typical?: number } = {}) {
    this.#typical = typical;
  }

  /** Bytes for the next request; one item goes even if it is larger. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many items to ask for, of which only those before are known: 1 to {@link MAX_BATCH}. */
  get count(): number {
    return Math.max(1, Math.min(MAX_BATCH, Math.floor(this.#bytes / this.#typical)));
  }

  /** A request that carried `count` items of `bytes` in all was answered after `ms` milliseconds. */
  passed({ bytes, count, ms }: { bytes: number; count: number; ms: number }): void {
    if (count === 0) return;
    this.#typical = Math.max(ENVELOPE_BYTES, Math.ceil(bytes / count));
    if (2 * bytes < this.#bytes) return;
    if (ms <= FAST_MS) this.#bytes = Math.min(MAX_READ_BYTES, 2 * this.#bytes);
    if (ms > SLOW_MS) this.#bytes = Math.max(LEAST_BYTES, this.#bytes / 2);
  }

  /** A request got no answer in time. */
  failed(): void {
    this.#bytes = Math.max(this.#typical, this.#bytes / 8);
  }
}
