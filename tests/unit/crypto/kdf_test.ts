import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { concat, encodeUtf8 } from "../../../src/crypto/bytes.ts";
import {
  expand,
  hkdfSha256,
  hmacSha256,
  hmacSha512,
  LABELS,
  sha256,
  sha512,
} from "../../../src/crypto/kdf.ts";

const fill = (byte: number, length: number) => new Uint8Array(length).fill(byte);
const count = (first: number, length: number) => Uint8Array.from({ length }, (_, i) => first + i);

Deno.test("sha256, sha512: match FIPS 180", () => {
  assertEquals(
    sha256(encodeUtf8("abc")).toHex(),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assertEquals(
    sha512(encodeUtf8("abc")).toHex(),
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  );
});

/** RFC 4231, test cases 1 to 4, 6 and 7 (case 5 is about truncation). */
const RFC_4231 = [
  {
    key: fill(0x0b, 20),
    data: encodeUtf8("Hi There"),
    sha256: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    sha512: "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" +
      "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
  },
  {
    key: encodeUtf8("Jefe"),
    data: encodeUtf8("what do ya want for nothing?"),
    sha256: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    sha512: "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
      "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
  },
  {
    key: fill(0xaa, 20),
    data: fill(0xdd, 50),
    sha256: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    sha512: "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39" +
      "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
  },
  {
    key: count(1, 25),
    data: fill(0xcd, 50),
    sha256: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    sha512: "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db" +
      "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
  },
  {
    key: fill(0xaa, 131),
    data: encodeUtf8("Test Using Larger Than Block-Size Key - Hash Key First"),
    sha256: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    sha512: "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352" +
      "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
  },
  {
    key: fill(0xaa, 131),
    data: encodeUtf8(
      "This is a test using a larger than block-size key and a larger than block-size data. " +
        "The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    sha256: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    sha512: "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944" +
      "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
  },
];

Deno.test("hmacSha256, hmacSha512: matches RFC 4231", () => {
  for (const { key, data, ...expected } of RFC_4231) {
    assertEquals(hmacSha256(key, data).toHex(), expected.sha256);
    assertEquals(hmacSha512(key, data).toHex(), expected.sha512);
  }
});

/** RFC 5869, appendix A.1 to A.3. */
const RFC_5869 = [
  {
    ikm: fill(0x0b, 22),
    salt: count(0x00, 13),
    info: count(0xf0, 10),
    okm: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  },
  {
    ikm: count(0x00, 80),
    salt: count(0x60, 80),
    info: count(0xb0, 80),
    okm: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c" +
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71" +
      "cc30c58179ec3e87c14c01d5c1f3434f1d87",
  },
  {
    ikm: fill(0x0b, 22),
    info: new Uint8Array(),
    okm: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  },
];

Deno.test("hkdfSha256: matches RFC 5869", () => {
  for (const { ikm, okm, ...options } of RFC_5869) {
    assertEquals(hkdfSha256(ikm, { ...options, length: okm.length / 2 }).toHex(), okm);
  }
});

Deno.test("expand: is HKDF of the length-prefixed label and the context", () => {
  const [ikm, salt, context] = [count(1, 32), count(2, 32), count(3, 5)];
  const label = LABELS.message;
  const info = concat(new Uint8Array([label.length]), encodeUtf8(label), context);
  assertEquals(
    expand(ikm, { salt, label, context, length: 48 }),
    hkdfSha256(ikm, { salt, info, length: 48 }),
  );
  assertEquals(Uint8Array.fromHex(expand(ikm, { label, length: 7 }).toHex()).length, 7);
});

Deno.test("expand: gives other bytes for another key, salt, label or context", () => {
  const base = {
    salt: count(2, 32),
    label: LABELS.root,
    context: count(3, 5),
    length: 32,
  } as const;
  const all = [
    expand(count(1, 32), base),
    expand(count(2, 32), base),
    expand(count(1, 32), { ...base, salt: count(3, 32) }),
    expand(count(1, 32), { ...base, label: LABELS.rootStep }),
    expand(count(1, 32), { ...base, context: count(3, 6) }),
    expand(count(1, 32), { label: base.label, context: base.context, length: 32 }),
  ];
  assertEquals(new Set(all.map((one) => one.toHex())).size, all.length);
  assertNotEquals(all[0]!.toHex(), "00".repeat(32));
});

Deno.test("LABELS: are unique, and name the protocol and its version", () => {
  const labels = Object.values(LABELS);
  assertEquals(new Set(labels).size, labels.length);
  assert(labels.every((label) => /^whisper\/[12] /.test(label)));
});
