/**
 * Numbers of things.
 *
 * @module
 */

/** `1 message`, `2 messages`; for nouns with a plain plural. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
