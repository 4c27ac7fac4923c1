import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { encodeBase64Url } from "../../../src/base64url.ts";
import {
  diffieHellman,
  generateRatchetKeyPair,
  SmallOrder,
  toPeerRatchetKey,
} from "../../../src/crypto/ratchet_keys.ts";
import { ratchetKeyPairOf } from "../../support/ratchet_keys.ts";

Deno.test("diffieHellman: matches RFC 7748 section 6.1", () => {
  const alice = ratchetKeyPairOf(
    Uint8Array.fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
  );
  const bob = ratchetKeyPairOf(
    Uint8Array.fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
  );
  const secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  assertEquals(
    [alice, bob].map(({ publicKey }) => publicKey.toHex()),
    [
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ],
  );
  for (const [own, peer] of [[alice, bob], [bob, alice]] as const) {
    const shared = diffieHellman(own, toPeerRatchetKey(peer.publicKey));
    assertEquals(shared.toHex(), secret);
  }
});

Deno.test("generateRatchetKeyPair: makes pairs that differ, agree and never export the private key", () => {
  const [a, b] = [generateRatchetKeyPair(), generateRatchetKeyPair()];
  assertNotEquals(a.publicKey, b.publicKey);
  assertEquals(
    diffieHellman(a, toPeerRatchetKey(b.publicKey)),
    diffieHellman(b, toPeerRatchetKey(a.publicKey)),
  );
  const info = a.privateKey.export({ type: "pkcs8", format: "der" });
  const secret = new Uint8Array(info.subarray(-32));
  for (const shown of [Deno.inspect(a, { depth: 20, showHidden: true }), JSON.stringify(a)]) {
    for (const form of [secret.toHex(), encodeBase64Url(secret), [...secret].join(", ")]) {
      assert(!shown.includes(form));
    }
  }
});

Deno.test("toPeerRatchetKey: refuses a public key of another length before the runtime sees it", () => {
  for (const length of [0, 1, 31, 33, 64]) {
    assertThrows(() => toPeerRatchetKey(new Uint8Array(length)), RangeError, `${length} bytes`);
  }
  assertEquals(toPeerRatchetKey(new Uint8Array(32)).length, 32);
});

/** The points of small order on the curve and its twist, reduced and not (RFC 7748 section 7). */
const SMALL_ORDER = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
];

Deno.test("diffieHellman: refuses a public key of small order", () => {
  const own = generateRatchetKeyPair();
  for (const hex of SMALL_ORDER) {
    const peer = toPeerRatchetKey(Uint8Array.fromHex(hex));
    assertThrows(() => diffieHellman(own, peer), SmallOrder, "", hex);
  }
});
