/**
 * The symmetric half of the Double Ratchet (`KDF_CK` of section 5.2): a chain key makes a message key
 * and the next chain key, and neither leads back.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";
import { hmacSha256 } from "./kdf.ts";

declare const kind: unique symbol;

/** Secret bytes of one kind: a key of another kind does not pass for it. */
export type KeyBytes<Kind extends string> = Bytes & { readonly [kind]: Kind };

/** The state of a chain; one for what we send and one for what they send. */
export type ChainKey<Direction extends "sending" | "receiving"> = KeyBytes<`chain, ${Direction}`>;

/** The key of exactly one message. */
export type MessageKey = KeyBytes<"message">;

const MESSAGE = new Uint8Array([0x01]);
const NEXT = new Uint8Array([0x02]);

/** Takes a step: the key of the message at hand, and the chain behind it. `chain` stays as it is. */
export function step<Direction extends "sending" | "receiving">(
  chain: ChainKey<Direction>,
): { key: MessageKey; next: ChainKey<Direction> } {
  return {
    key: hmacSha256(chain, MESSAGE) as MessageKey,
    next: hmacSha256(chain, NEXT) as ChainKey<Direction>,
  };
}
