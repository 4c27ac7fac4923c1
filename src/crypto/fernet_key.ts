/**
 * A Fernet key and what its two halves do: HMAC-SHA-256 signs, AES-128-CBC encrypts.
 *
 * Short inputs are dealt with on the spot. Web Crypto does its work on another thread, and the way there
 * and back, for a key, a cipher and a tag, takes ten times as long as that work on what people say to each
 * other; on more than that it is the faster one, and holds nothing else up.
 *
 * @module
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { type Bytes, concat } from "./bytes.ts";
import { hmacSha256 } from "./kdf.ts";
import { Secret } from "./secret.ts";

/** Length of a key, in bytes: a half for signing, and a half for encrypting. */
export const FERNET_KEY_BYTES = 32;
/**
 * Inputs up to this many bytes are short. Some hundred words fit in, and what needs more is faster by
 * the other way as soon as several are under way together (`tests/bench/fernet.ts`).
 */
export const SHORT_BYTES = 1_100;

const CIPHER = "aes-128-cbc";

/** One key. Nothing of it shows when it is printed, logged or turned into JSON. */
export class FernetKey {
  readonly #secret: Secret;
  #imported: Promise<{ signing: CryptoKey; encryption: CryptoKey }> | undefined;

  /** Takes over `bytes`, which must be {@link FERNET_KEY_BYTES}. */
  constructor(bytes: Bytes) {
    this.#secret = new Secret(bytes);
  }

  /** The tag of `data`: 32 bytes. */
  sign(data: Bytes): Bytes | Promise<Bytes> {
    if (data.length > SHORT_BYTES) return this.#signLong(data);
    return hmacSha256(this.#signing, data);
  }

  /** Encrypts `plaintext`, padded as PKCS#7 says, to whole blocks. */
  encrypt(iv: Bytes, plaintext: Bytes): Bytes | Promise<Bytes> {
    if (plaintext.length > SHORT_BYTES) return this.#encryptLong(iv, plaintext);
    const cipher = createCipheriv(CIPHER, this.#encryption, iv);
    return concat(cipher.update(plaintext), cipher.final());
  }

  /**
   * Decrypts whole blocks.
   *
   * @throws {Error} for a wrong padding, at once or in the promise.
   */
  decrypt(iv: Bytes, ciphertext: Bytes): Bytes | Promise<Bytes> {
    if (ciphertext.length > SHORT_BYTES) return this.#decryptLong(iv, ciphertext);
    const decipher = createDecipheriv(CIPHER, this.#encryption, iv);
    return concat(decipher.update(ciphertext), decipher.final());
  }

  /** Overwrites the key: what is under way goes on, nothing new can begin. */
  wipe(): void {
    this.#secret.wipe();
  }

  get #signing(): Bytes {
    return this.#secret.bytes.subarray(0, FERNET_KEY_BYTES / 2);
  }

  get #encryption(): Bytes {
    return this.#secret.bytes.subarray(FERNET_KEY_BYTES / 2);
  }

  async #signLong(data: Bytes): Promise<Bytes> {
    const { signing } = await this.#forWebCrypto();
    return new Uint8Array(await crypto.subtle.sign("HMAC", signing, data));
  }

  async #encryptLong(iv: Bytes, plaintext: Bytes): Promise<Bytes> {
    const { encryption } = await this.#forWebCrypto();
    return new Uint8Array(
      await crypto.subtle.encrypt({ name: "AES-CBC", iv }, encryption, plaintext),
    );
  }

  async #decryptLong(iv: Bytes, ciphertext: Bytes): Promise<Bytes> {
    const { encryption } = await this.#forWebCrypto();
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: "AES-CBC", iv }, encryption, ciphertext),
    );
  }

  #forWebCrypto() {
    return this.#imported ??= importHalves(this.#signing, this.#encryption);
  }
}

async function importHalves(signing: Bytes, encryption: Bytes) {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const [signingKey, encryptionKey] = await Promise.all([
    crypto.subtle.importKey("raw", signing, hmac, false, ["sign"]),
    crypto.subtle.importKey("raw", encryption, "AES-CBC", false, ["encrypt", "decrypt"]),
  ]);
  return { signing: signingKey, encryption: encryptionKey };
}
