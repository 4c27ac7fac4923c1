/**
 * ML-KEM-768 from seeds, for tests only: the program's own randomness comes from the operating system.
 *
 * @module
 */
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { Random } from "../../src/clock.ts";
import { isEncapsulationKey, type Kem, type KemKeyPair } from "../../src/crypto/mlkem.ts";

/** The key pair of a seed of 64 bytes: d and z of FIPS 203. */
export function kemKeyPairOf(seed: Uint8Array): KemKeyPair {
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  return {
    encapsulationKey: new Uint8Array(publicKey),
    decapsulate: (ciphertext) =>
      Promise.resolve(
        ciphertext.length === 1_088
          ? new Uint8Array(ml_kem768.decapsulate(ciphertext, secretKey))
          : undefined,
      ),
    wipe: () => {
      secretKey.fill(0);
    },
  };
}

/** A KEM whose key pairs and encapsulations repeat with `random`. */
export function seededKem(random: Random): Kem {
  return {
    generateKeyPair: () => Promise.resolve(kemKeyPairOf(random(64))),
    encapsulate(encapsulationKey) {
      if (!isEncapsulationKey(encapsulationKey)) return Promise.resolve(undefined);
      const made = ml_kem768.encapsulate(encapsulationKey, random(32));
      return Promise.resolve({
        secret: new Uint8Array(made.sharedSecret),
        ciphertext: new Uint8Array(made.cipherText),
      });
    },
  };
}
