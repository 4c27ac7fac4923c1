/**
 * Ratchet key pairs from seeds, for tests alone: the program's own come from the operating system.
 *
 * @module
 */
import { createPrivateKey } from "node:crypto";
import { Buffer } from "node:buffer";
import { x25519 } from "@noble/curves/ed25519.js";
import type { Random } from "../../src/clock.ts";
import { concat } from "../../src/crypto/bytes.ts";
import type { OwnRatchetKey, RatchetKeyPair } from "../../src/crypto/ratchet_keys.ts";

/** PKCS#8 of an X25519 private key (RFC 8410), up to its 32 bytes. */
const PKCS8_HEAD = new Uint8Array(
  [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20],
);

/** The key pair of a 32-byte private key. */
export function ratchetKeyPairOf(seed: Uint8Array): RatchetKeyPair {
  const key = Buffer.from(concat(PKCS8_HEAD, seed));
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return { publicKey: new Uint8Array(x25519.getPublicKey(seed)) as OwnRatchetKey, privateKey };
}

/** A source of key pairs that repeats with `random`. */
export function seededKeyPairs(random: Random): () => RatchetKeyPair {
  return () => ratchetKeyPairOf(random(32));
}
