/**
 * X25519 (RFC 7748) for DH ratchet steps.
 *
 * Synchronous like the rest of the ratchet: by the asynchronous Web Crypto a step takes two to three
 * times as long, and other operations could run in between.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  createPublicKey,
  diffieHellman as agree,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { type Bytes, concat, constantTimeEqual, type KeyBytes, wipe } from "./bytes.ts";

/** Our ratchet public key. */
export type OwnRatchetKey = KeyBytes<"ratchet public key, own">;
/** The peer's ratchet public key. */
export type PeerRatchetKey = KeyBytes<"ratchet public key, peer">;

/** One of our key pairs. Its private half does not show when it is printed, logged or serialized. */
export interface RatchetKeyPair {
  readonly publicKey: OwnRatchetKey;
  readonly privateKey: KeyObject;
}

/** Length of a public key, in bytes. */
export const RATCHET_KEY_BYTES = 32;
/** What a SubjectPublicKeyInfo of X25519 has before the 32 bytes of the key (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b656e032100");
const ZEROS = new Uint8Array(32);

/** The peer's key would give a secret that anyone can compute. */
export class SmallOrder extends Error {
  override readonly name = "SmallOrder";
}

/** Makes a key pair with the operating system's randomness. */
export function generateRatchetKeyPair(): RatchetKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  const info = publicKey.export({ type: "spki", format: "der" });
  return {
    publicKey: new Uint8Array(info.subarray(SPKI_PREFIX.length)) as OwnRatchetKey,
    privateKey,
  };
}

/**
 * Takes bytes for the peer's public key.
 *
 * @throws {RangeError} unless they are 32; no other function here takes plain bytes.
 */
export function toPeerRatchetKey(bytes: Bytes): PeerRatchetKey {
  if (bytes.length !== RATCHET_KEY_BYTES) {
    throw new RangeError(`Cannot use ratchet key: it has ${bytes.length} bytes instead of 32`);
  }
  return bytes as PeerRatchetKey;
}

/**
 * The shared secret of our private and their public key, 32 bytes.
 *
 * @throws {SmallOrder} when the result is all zeros, which a public key of small order brings about: it
 * would take our randomness out of the next root key.
 */
export function diffieHellman(own: RatchetKeyPair, peer: PeerRatchetKey): Bytes {
  const publicKey = createPublicKey({
    key: Buffer.from(concat(SPKI_PREFIX, peer).buffer),
    format: "der",
    type: "spki",
  });
  let agreed: Uint8Array;
  try {
    agreed = agree({ privateKey: own.privateKey, publicKey });
  } catch (cause) {
    // Newer Denos refuse the result themselves.
    throw new SmallOrder("Cannot agree on a secret: the key is of small order", { cause });
  }
  const secret = new Uint8Array(agreed);
  wipe(agreed);
  if (constantTimeEqual(secret, ZEROS)) {
    throw new SmallOrder("Cannot agree on a secret: the key is of small order");
  }
  return secret;
}
