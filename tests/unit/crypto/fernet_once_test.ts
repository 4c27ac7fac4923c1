/**
 * Keys that serve once: the same tokens as with imported keys, made and opened without waiting.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { concat, decodeBase64Url, encodeBase64Url, encodeUtf8 } from "../../../src/crypto/bytes.ts";
import {
  decrypt,
  decryptOnce,
  encrypt,
  encryptOnce,
  importFernetKey,
  InvalidToken,
} from "../../../src/crypto/fernet.ts";
import { hmacSha256 } from "../../../src/crypto/kdf.ts";
import { seededRandom } from "../../support/random.ts";
import generateVectors from "../../vectors/fernet/generate.json" with { type: "json" };
import invalidVectors from "../../vectors/fernet/invalid.json" with { type: "json" };
import verifyVectors from "../../vectors/fernet/verify.json" with { type: "json" };

const random = seededRandom(7);
const NOW = 1_700_000_000;
/** Refused for their age alone, at which nobody looks here. */
const AGED = ["far-future TS (unacceptable clock skew)", "expired TTL"];

const keyOf = (secret: string) => decodeBase64Url(secret, { padded: true });

Deno.test("a key that serves once makes and opens the specification's tokens", () => {
  for (const { token, now, iv, src, secret } of generateVectors) {
    const options = { now: Date.parse(now) / 1000, random: () => new Uint8Array(iv) };
    assertEquals(encryptOnce(keyOf(secret), encodeUtf8(src), options), token);
  }
  for (const { token, src, secret } of verifyVectors) {
    assertEquals(decryptOnce(keyOf(secret), token), encodeUtf8(src));
  }
  for (const { desc, token, secret } of invalidVectors) {
    if (AGED.includes(desc)) continue;
    assertThrows(() => decryptOnce(keyOf(secret), token), InvalidToken, "", desc);
  }
});

Deno.test("a key that serves once and an imported one open each other's tokens, of any length", async () => {
  const key = random(32);
  const imported = await importFernetKey(key);
  for (const length of [0, 1, 15, 16, 17, 31, 32, 127, 255, 4_095, 20_479, 65_536]) {
    const plaintext = random(length);
    const token = encryptOnce(key, plaintext, { now: NOW, random });
    assertEquals(await decrypt(imported, token), plaintext);
    const other = await encrypt(imported, plaintext, { now: NOW, random });
    assertEquals(decryptOnce(key, other), plaintext);
  }
});

Deno.test("a token under a key that served once does not open when any one bit is turned", () => {
  const key = random(32);
  const bytes = keyOf(encryptOnce(key, encodeUtf8("hello"), { now: NOW, random }));
  for (let i = 0; i < bytes.length; i++) {
    const altered = bytes.with(i, bytes[i]! ^ (1 << (i % 8)));
    const token = encodeBase64Url(altered, { padded: true });
    assertThrows(() => decryptOnce(key, token), InvalidToken, "", `byte ${i}`);
  }
});

Deno.test("padding that is none is refused under a right HMAC too", async () => {
  const key = random(32);
  const cipher = await crypto.subtle.importKey("raw", key.subarray(16), "AES-CBC", false, [
    "encrypt",
  ]);
  const iv = random(16);
  for (const ending of [[0], [17], [255], [2, 3, 3], [15, 16]]) {
    const block = new Uint8Array(16).fill(1);
    block.set(ending, 16 - ending.length);
    // The block of padding that Web Crypto adds behind is cut off: what was in `block` is then last.
    const encrypted = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, cipher, block);
    const head = new Uint8Array([0x80, ...new Uint8Array(8), ...iv]);
    const signed = concat(head, new Uint8Array(encrypted, 0, 16));
    const tag = hmacSha256(key.subarray(0, 16), signed);
    const token = encodeBase64Url(concat(signed, tag), { padded: true });
    assertThrows(() => decryptOnce(key, token), InvalidToken, "", ending.join());
  }
});

Deno.test("a time that is no whole number of seconds is refused", () => {
  for (const now of [-1, 0.5, NaN, Number.MAX_SAFE_INTEGER + 1]) {
    assertThrows(() => encryptOnce(random(32), new Uint8Array(), { now, random }), RangeError);
  }
});
