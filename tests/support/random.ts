/**
 * Randomness that repeats, for tests alone: its whole output follows from a number.
 *
 * @module
 */
import type { Random } from "../../src/clock.ts";

/** A generator (sfc32, public domain) that gives the same bytes for the same seed. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 ^ seed, b = 0x243f6a88, c = 0xb7e15162, counter = 1;
  const next = () => {
    const result = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result | 0;
    return result;
  };
  // The first outputs of near seeds are alike.
  for (let i = 0; i < 15; i++) next();
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = next() >>> 24;
    return bytes;
  };
}
