/**
 * X25519 (RFC 7748) through Web Crypto, for the asymmetric half of the ratchet. Private keys are
 * non-extractable: this program itself cannot read them.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";
import type { Key } from "./chain.ts";

/** Our ratchet public key. */
export type OwnRatchetKey = Key<"ratchet public key, own">;
/** Theirs. */
export type PeerRatchetKey = Key<"ratchet public key, peer">;

/** One of our key pairs. */
export interface RatchetKeyPair {
  readonly publicKey: OwnRatchetKey;
  readonly privateKey: CryptoKey;
}

/** Length of a public key, in bytes. */
export const RATCHET_KEY_BYTES = 32;

/** Makes a key pair with the operating system's randomness. */
export async function generateRatchetKeyPair(): Promise<RatchetKeyPair> {
  const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
  const { publicKey, privateKey } = pair as CryptoKeyPair;
  const raw = await crypto.subtle.exportKey("raw", publicKey);
  return { publicKey: new Uint8Array(raw) as OwnRatchetKey, privateKey };
}

/**
 * Takes bytes for the peer's public key.
 *
 * @throws {RangeError} unless they are 32. Older Denos (2.4 is one) import a key of another length and
 * then die of it, beyond any `catch`; so no other function here takes plain bytes.
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
 * @throws {DOMException} `OperationError` when the result is all zeros, which a public key of small order
 * brings about: it would take our randomness out of the next root key.
 */
export async function diffieHellman(own: RatchetKeyPair, peer: PeerRatchetKey): Promise<Bytes> {
  const publicKey = await crypto.subtle.importKey("raw", peer, { name: "X25519" }, false, []);
  const algorithm = { name: "X25519", public: publicKey };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, own.privateKey, 256));
}
