/**
 * The symmetric-key ratchet (`KDF_CK` of the Double Ratchet, section 5.2): a chain key gives a message
 * key and the next chain key, and neither leads back to it.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";
import { hmacSha256 } from "./kdf.ts";

declare const kind: unique symbol;

/** Bytes of one kind of key. The type checker refuses a key of another kind in its place. */
export type KeyBytes<Kind extends string> = Bytes & { readonly [kind]: Kind };

/** The current key of a chain: one chain for sending, one for receiving. */
export type ChainKey<Direction extends "sending" | "receiving"> = KeyBytes<`chain, ${Direction}`>;

/** The key of one message. */
export type MessageKey = KeyBytes<"message">;

const MESSAGE = new Uint8Array([0x01]);
const NEXT = new Uint8Array([0x02]);

/** `KDF_CK`: the key of the message at hand and the next chain key. `chain` is left as it is. */
export function kdfChainKey<Direction extends "sending" | "receiving">(
  chain: ChainKey<Direction>,
): { key: MessageKey; next: ChainKey<Direction> } {
  return {
    key: hmacSha256(chain, MESSAGE) as MessageKey,
    next: hmacSha256(chain, NEXT) as ChainKey<Direction>,
  };
}
