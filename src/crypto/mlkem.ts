/**
 * ML-KEM-768 (FIPS 203), by Web Crypto where the runtime has it (Deno 2.8.2 and newer) and by
 * `@noble/post-quantum` elsewhere. No other module knows which.
 *
 * @module
 */
import { type Bytes, wipe } from "./bytes.ts";

/** Length of an encapsulation key, in bytes. */
export const ENCAPSULATION_KEY_BYTES = 1_184;
/** Length of a ciphertext, in bytes. */
export const KEM_CIPHERTEXT_BYTES = 1_088;

/** A key pair. Nothing of the decapsulation key shows when it is printed or logged. */
export interface KemKeyPair {
  /** The public half, {@link ENCAPSULATION_KEY_BYTES}. */
  readonly encapsulationKey: Bytes;
  /**
   * The shared secret in `ciphertext`, 32 bytes. For an altered ciphertext it is another, unpredictable
   * secret (implicit rejection).
   *
   * @returns undefined unless the ciphertext has {@link KEM_CIPHERTEXT_BYTES} (section 7.3).
   */
  decapsulate(ciphertext: Bytes): Promise<Bytes | undefined>;
  /** Drops the decapsulation key, and wipes it where its bytes are in reach. */
  wipe(): void;
}

/** A shared secret, 32 bytes, and the ciphertext that carries it. */
export interface Encapsulated {
  readonly secret: Bytes;
  readonly ciphertext: Bytes;
}

/** The three algorithms of a key encapsulation mechanism. */
export interface Kem {
  /** Generates a key pair with the operating system's randomness. */
  generateKeyPair(): Promise<KemKeyPair>;
  /**
   * Makes a shared secret for the owner of `encapsulationKey`.
   *
   * @returns undefined for a key that {@link isEncapsulationKey} refuses.
   */
  encapsulate(encapsulationKey: Bytes): Promise<Encapsulated | undefined>;
}

const ALGORITHM = "ML-KEM-768";
/** The modulus q. */
const MODULUS = 3_329;
/** What an encapsulation key has before its last 32 bytes, the seed: 768 coefficients of 12 bits. */
const COEFFICIENT_BYTES = 1_152;

/**
 * The input check of FIPS 203 section 7.2: the length, and that every coefficient is reduced modulo q.
 */
export function isEncapsulationKey(bytes: Uint8Array): boolean {
  if (bytes.length !== ENCAPSULATION_KEY_BYTES) return false;
  for (let i = 0; i < COEFFICIENT_BYTES; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1]!, bytes[i + 2]!];
    if ((a | (b & 0x0f) << 8) >= MODULUS || (b >> 4 | c << 4) >= MODULUS) return false;
  }
  return true;
}

/** What Web Crypto has beyond the types of TypeScript's library. */
interface KemSubtle {
  generateKey(algorithm: string, extractable: boolean, usages: string[]): Promise<CryptoKeyPair>;
  importKey(
    format: string,
    data: Bytes,
    algorithm: string,
    extractable: boolean,
    usages: string[],
  ): Promise<CryptoKey>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
  encapsulateBits(
    algorithm: string,
    key: CryptoKey,
  ): Promise<{ sharedKey: ArrayBuffer; ciphertext: ArrayBuffer }>;
  decapsulateBits(algorithm: string, key: CryptoKey, data: Bytes): Promise<ArrayBuffer>;
}

/** ML-KEM-768 by Web Crypto. The decapsulation key is not extractable. */
export const webCryptoKem: Kem = {
  async generateKeyPair() {
    const subtle = crypto.subtle as unknown as KemSubtle;
    const { publicKey, privateKey } = await subtle.generateKey(ALGORITHM, false, [
      "encapsulateBits",
      "decapsulateBits",
    ]);
    const encapsulationKey = new Uint8Array(await subtle.exportKey("raw-public", publicKey));
    let decapsulationKey: CryptoKey | undefined = privateKey;
    return {
      encapsulationKey,
      async decapsulate(ciphertext) {
        if (!decapsulationKey) throw wiped();
        if (ciphertext.length !== KEM_CIPHERTEXT_BYTES) return undefined;
        const secret = await subtle.decapsulateBits(ALGORITHM, decapsulationKey, ciphertext);
        return new Uint8Array(secret);
      },
      wipe: () => decapsulationKey = undefined,
    };
  },

  async encapsulate(encapsulationKey) {
    if (!isEncapsulationKey(encapsulationKey)) return undefined;
    const subtle = crypto.subtle as unknown as KemSubtle;
    const key = await subtle.importKey("raw-public", encapsulationKey, ALGORITHM, false, [
      "encapsulateBits",
    ]);
    const { sharedKey, ciphertext } = await subtle.encapsulateBits(ALGORITHM, key);
    return { secret: new Uint8Array(sharedKey), ciphertext: new Uint8Array(ciphertext) };
  },
};

/** ML-KEM-768 by `@noble/post-quantum`, which is loaded at first use: newer runtimes never need it. */
export const nobleKem: Kem = {
  async generateKeyPair() {
    const { ml_kem768 } = await import("@noble/post-quantum/ml-kem.js");
    const { publicKey, secretKey } = ml_kem768.keygen();
    let decapsulationKey: Uint8Array | undefined = secretKey;
    return {
      encapsulationKey: new Uint8Array(publicKey),
      decapsulate(ciphertext) {
        if (!decapsulationKey) return Promise.reject(wiped());
        if (ciphertext.length !== KEM_CIPHERTEXT_BYTES) return Promise.resolve(undefined);
        return Promise.resolve(
          new Uint8Array(ml_kem768.decapsulate(ciphertext, decapsulationKey)),
        );
      },
      wipe() {
        wipe(secretKey);
        decapsulationKey = undefined;
      },
    };
  },

  async encapsulate(encapsulationKey) {
    if (!isEncapsulationKey(encapsulationKey)) return undefined;
    const { ml_kem768 } = await import("@noble/post-quantum/ml-kem.js");
    const { sharedSecret, cipherText } = ml_kem768.encapsulate(encapsulationKey);
    return { secret: new Uint8Array(sharedSecret), ciphertext: new Uint8Array(cipherText) };
  },
};

/** The implementation in use. */
export const kem: Kem = "encapsulateBits" in crypto.subtle ? webCryptoKem : nobleKem;

function wiped(): TypeError {
  return new TypeError("Cannot decapsulate: the key is wiped");
}
