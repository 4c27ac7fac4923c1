import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { systemRandom } from "../../../src/clock.ts";
import { type Bytes, concat } from "../../../src/crypto/bytes.ts";
import {
  ENCAPSULATION_KEY_BYTES,
  isEncapsulationKey,
  type Kem,
  kem,
  KEM_CIPHERTEXT_BYTES,
  nobleKem,
  webCryptoKem,
} from "../../../src/crypto/mlkem.ts";
import vectors from "../../vectors/mlkem/acvp.json" with { type: "json" };

/** Web Crypto has ML-KEM from Deno 2.8.2 on. */
const hasWebCrypto = "encapsulateBits" in crypto.subtle;
const skip = hasWebCrypto ? "" : " (skipped: no ML-KEM in Web Crypto)";
const KEMS: Record<string, Kem> = hasWebCrypto
  ? { "Web Crypto": webCryptoKem, "noble": nobleKem }
  : { "noble": nobleKem };

/** What the tests need of Web Crypto beyond the types of the library. */
interface KemSubtle {
  importKey(
    format: string,
    data: Bytes,
    algorithm: string,
    extractable: boolean,
    usages: string[],
  ): Promise<CryptoKey>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
  getPublicKey(key: CryptoKey, usages: string[]): Promise<CryptoKey>;
  decapsulateBits(algorithm: string, key: CryptoKey, data: Bytes): Promise<ArrayBuffer>;
}

Deno.test("mlkem: NIST's key generation vectors", () => {
  for (const { tcId, d, z, ek, dk } of vectors.keyGen) {
    const { publicKey, secretKey } = ml_kem768.keygen(
      concat(Uint8Array.fromHex(d), Uint8Array.fromHex(z)),
    );
    assertEquals(publicKey.toHex(), ek, `${tcId}`);
    assertEquals(secretKey.toHex(), dk, `${tcId}`);
    assert(isEncapsulationKey(Uint8Array.fromHex(ek)));
  }
});

Deno.test("mlkem: NIST's encapsulation vectors", () => {
  for (const { tcId, ek, m, c, k } of vectors.encapsulation) {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(
      Uint8Array.fromHex(ek),
      Uint8Array.fromHex(m),
    );
    assertEquals([cipherText.toHex(), sharedSecret.toHex()], [c, k], `${tcId}`);
  }
});

Deno.test("mlkem: NIST's decapsulation vectors, altered ciphertexts among them", () => {
  const dk = Uint8Array.fromHex(vectors.decapsulation.dk);
  for (const { tcId, c, k, reason } of vectors.decapsulation.tests) {
    assertEquals(ml_kem768.decapsulate(Uint8Array.fromHex(c), dk).toHex(), k, `${tcId}: ${reason}`);
  }
  const reasons = new Set(vectors.decapsulation.tests.map(({ reason }) => reason));
  assertEquals(reasons.size, 2);
});

Deno.test({
  name: `mlkem: Web Crypto and noble agree${skip}`,
  ignore: !hasWebCrypto,
  async fn() {
    const subtle = crypto.subtle as unknown as KemSubtle;
    for (const { d, z, ek } of vectors.keyGen) {
      // The same public key from the same seed.
      const seed = concat(Uint8Array.fromHex(d), Uint8Array.fromHex(z));
      const usages = ["decapsulateBits"];
      const key = await subtle.importKey("raw-seed", seed, "ML-KEM-768", false, usages);
      const publicKey = await subtle.getPublicKey(key, ["encapsulateBits"]);
      assertEquals(new Uint8Array(await subtle.exportKey("raw-public", publicKey)).toHex(), ek);
      // Each opens what the other made, and an altered ciphertext gives both the same other secret.
      const { secretKey } = ml_kem768.keygen(seed);
      for (const by of [webCryptoKem, nobleKem]) {
        const { secret, ciphertext } = (await by.encapsulate(Uint8Array.fromHex(ek)))!;
        for (const sent of [ciphertext, ciphertext.with(700, ciphertext[700]! ^ 1)]) {
          const theirs = new Uint8Array(await subtle.decapsulateBits("ML-KEM-768", key, sent));
          assertEquals(theirs, new Uint8Array(ml_kem768.decapsulate(sent, secretKey)));
          assertEquals(theirs.toHex() === secret.toHex(), sent === ciphertext);
        }
      }
    }
    for (const [owner, peer] of [[webCryptoKem, nobleKem], [nobleKem, webCryptoKem]] as const) {
      const pair = await owner.generateKeyPair();
      const { secret, ciphertext } = (await peer.encapsulate(pair.encapsulationKey))!;
      assertEquals(await pair.decapsulate(ciphertext), secret);
    }
  },
});

Deno.test("mlkem: the platform's implementation is used where there is one", () => {
  assertEquals(kem === webCryptoKem, hasWebCrypto);
});

for (const [name, kem] of Object.entries(KEMS)) {
  Deno.test(`${name}: both sides get the same secret, and another each time`, async () => {
    const pair = await kem.generateKeyPair();
    assertEquals(pair.encapsulationKey.length, ENCAPSULATION_KEY_BYTES);
    const made = [1, 2].map(() => kem.encapsulate(pair.encapsulationKey));
    const [a, b] = await Promise.all(made);
    for (const one of [a!, b!]) {
      assertEquals([one.secret.length, one.ciphertext.length], [32, KEM_CIPHERTEXT_BYTES]);
      assertEquals(await pair.decapsulate(one.ciphertext), one.secret);
    }
    assertNotEquals(a!.secret, b!.secret);
    assertNotEquals((await kem.generateKeyPair()).encapsulationKey, pair.encapsulationKey);
  });

  Deno.test(`${name}: refuses keys and ciphertexts as FIPS 203 section 7 requires`, async () => {
    const pair = await kem.generateKeyPair();
    const { encapsulationKey: key } = pair;
    const { ciphertext } = (await kem.encapsulate(key))!;
    for (const bytes of [key.slice(1), concat(key, new Uint8Array(1)), new Uint8Array()]) {
      assertEquals(await kem.encapsulate(bytes), undefined);
    }
    for (const bytes of [ciphertext.slice(1), concat(ciphertext, new Uint8Array(1))]) {
      assertEquals(await pair.decapsulate(bytes), undefined);
    }
    for (let coefficient = 0; coefficient < 768; coefficient += 59) {
      assert(await kem.encapsulate(withCoefficient(key, coefficient, 3_328)));
      assertEquals(await kem.encapsulate(withCoefficient(key, coefficient, 3_329)), undefined);
      assertEquals(await kem.encapsulate(withCoefficient(key, coefficient, 4_095)), undefined);
    }
    // The seed at the end may be anything.
    assert(await kem.encapsulate(key.with(1_152, 255).with(1_183, 255)));
  });

  Deno.test(`${name}: a wiped key decapsulates nothing, and shows nothing before`, async () => {
    const pair = await kem.generateKeyPair();
    const { ciphertext } = (await kem.encapsulate(pair.encapsulationKey))!;
    const { encapsulationKey: _, ...secret } = pair;
    const shown = Deno.inspect(secret, { depth: 10, showHidden: true }) + JSON.stringify(secret);
    assert(!/\d+, \d+, \d+/.test(shown), shown);
    pair.wipe();
    pair.wipe();
    await assertRejects(() => pair.decapsulate(ciphertext), TypeError, "wiped");
  });
}

Deno.test("isEncapsulationKey: checks the first and the last coefficient", () => {
  const key = new Uint8Array(systemRandom(ENCAPSULATION_KEY_BYTES)).fill(0, 0, 1_152);
  for (const coefficient of [0, 1, 766, 767]) {
    assert(isEncapsulationKey(withCoefficient(key, coefficient, 3_328)));
    assert(!isEncapsulationKey(withCoefficient(key, coefficient, 3_329)));
  }
});

/** The key with one of its 768 numbers of 12 bits replaced. */
function withCoefficient(key: Bytes, index: number, value: number): Bytes {
  const bytes = key.slice();
  const at = Math.floor(index / 2) * 3;
  if (index % 2 === 0) {
    bytes[at] = value & 0xff;
    bytes[at + 1] = bytes[at + 1]! & 0xf0 | value >> 8;
  } else {
    bytes[at + 1] = bytes[at + 1]! & 0x0f | (value & 0x0f) << 4;
    bytes[at + 2] = value >> 4;
  }
  return bytes;
}
