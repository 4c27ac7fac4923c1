import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { decodeBase64Url, encodeBase64Url } from "../../../src/base64url.ts";
import { concat, decodeUtf8, encodeUtf8 } from "../../../src/crypto/bytes.ts";
import {
  decrypt,
  encrypt,
  type FernetKey,
  generateKey,
  importFernetKey,
  InvalidToken,
} from "../../../src/crypto/fernet.ts";
import { hmacSha256 } from "../../../src/crypto/kdf.ts";
import { seededRandom } from "../../support/random.ts";
import generateVectors from "../../vectors/fernet/generate.json" with { type: "json" };
import invalidVectors from "../../vectors/fernet/invalid.json" with { type: "json" };
import verifyVectors from "../../vectors/fernet/verify.json" with { type: "json" };

const random = seededRandom(1);
const SECRET = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const NOW = 1_700_000_000;
/** Refused for their age alone. */
const AGED = ["far-future TS (unacceptable clock skew)", "expired TTL"];

const seconds = (date: string) => Date.parse(date) / 1000;

function tokenAt(now: number, key: FernetKey): Promise<string> {
  return encrypt(key, encodeUtf8("hello"), { now, random });
}

/** The token with its bytes changed, and with a right HMAC over them if `secret` is given. */
function rewrite(
  token: string,
  change: (bytes: Uint8Array) => Uint8Array,
  secret?: string,
): string {
  const changed = change(decodeBase64Url(token, { padded: true }));
  if (!secret) return encodeBase64Url(changed, { padded: true });
  const signed = changed.subarray(0, -32);
  const key = decodeBase64Url(secret, { padded: true }).subarray(0, 16);
  return encodeBase64Url(concat(signed, hmacSha256(key, signed)), { padded: true });
}

for (const { token, now, iv, src, secret } of generateVectors) {
  Deno.test(`encrypt: makes the specification's token of ${src}`, async () => {
    const key = await importFernetKey(secret);
    const made = await encrypt(key, encodeUtf8(src), {
      now: seconds(now),
      random: () => new Uint8Array(iv),
    });
    assertEquals(made, token);
  });
}

for (const { token, now, ttl_sec: ttl, src, secret } of verifyVectors) {
  Deno.test(`decrypt: opens the specification's token of ${src}`, async () => {
    const key = await importFernetKey(secret);
    assertEquals(decodeUtf8(await decrypt(key, token, { ttl, now: seconds(now) })), src);
  });
}

for (const { desc, token, now, ttl_sec: ttl, secret } of invalidVectors) {
  Deno.test(`decrypt: refuses the specification's ${desc}`, async () => {
    const key = await importFernetKey(secret);
    await assertRejects(() => decrypt(key, token, { ttl, now: seconds(now) }), InvalidToken);
    if (AGED.includes(desc)) assertEquals(decodeUtf8(await decrypt(key, token)), "");
    else await assertRejects(() => decrypt(key, token), InvalidToken);
  });
}

Deno.test("Fernet: decrypts to the same bytes at every length around a block", async () => {
  const key = await importFernetKey(generateKey(random));
  for (const length of [0, 1, 15, 16, 17, 31, 32, 255, 20_479]) {
    const plaintext = random(length);
    const token = await encrypt(key, plaintext, { now: NOW, random });
    assertEquals(await decrypt(key, token), plaintext);
    assertEquals(token.length % 4, 0);
  }
});

Deno.test("Fernet: runs a hundred calls at once without mixing them up", async () => {
  const key = await importFernetKey(random(32));
  const plaintexts = Array.from({ length: 100 }, (_, i) => random(i));
  const tokens = await Promise.all(
    plaintexts.map((plaintext) => encrypt(key, plaintext, { now: NOW, random })),
  );
  assertEquals(await Promise.all(tokens.map((token) => decrypt(key, token))), plaintexts);
  assertEquals(new Set(tokens).size, tokens.length);
});

Deno.test("decrypt: refuses a token with one bit of any byte flipped", async () => {
  const key = await importFernetKey(SECRET);
  const token = await tokenAt(NOW, key);
  const length = decodeBase64Url(token, { padded: true }).length;
  for (let i = 0; i < length; i++) {
    const altered = rewrite(token, (bytes) => bytes.with(i, bytes[i]! ^ (1 << (i % 8))));
    await assertRejects(() => decrypt(key, altered), InvalidToken, "", `byte ${i}`);
  }
});

Deno.test("decrypt: refuses a token with any character replaced, dropped or doubled", async () => {
  const key = await importFernetKey(SECRET);
  const token = await tokenAt(NOW, key);
  for (let i = 0; i < token.length; i++) {
    const [before, at, after] = [token.slice(0, i), token[i]!, token.slice(i + 1)];
    for (const other of [at === "A" ? "B" : "A", "", at + at, " ", "%"]) {
      if (at + at === "==" && other === "==") continue;
      await assertRejects(() => decrypt(key, before + other + after), InvalidToken);
    }
  }
});

Deno.test("decrypt: refuses every other spelling of the same bytes", async () => {
  const key = await importFernetKey(SECRET);
  const token = generateVectors[0]!.token;
  assert(token.endsWith("DA=="));
  for (
    const other of [
      `${token}\n`,
      ` ${token}`,
      token.replace("DA==", "DB=="),
      token.replace("DA==", "DA"),
      `${token}=`,
      `${token}AAAA`,
      token.replaceAll("-", "+").replaceAll("_", "/"),
      "",
      "====",
    ]
  ) {
    assertNotEquals(other, token);
    await assertRejects(() => decrypt(key, other), InvalidToken);
  }
});

Deno.test("decrypt: refuses a wrong version, length or padding under a valid HMAC", async () => {
  const key = await importFernetKey(SECRET);
  const token = await tokenAt(NOW, key);
  const resigned = (change: (bytes: Uint8Array) => Uint8Array) => rewrite(token, change, SECRET);
  assertEquals(decodeUtf8(await decrypt(key, resigned((bytes) => bytes))), "hello");
  const faults: Record<string, (bytes: Uint8Array) => Uint8Array> = {
    "version 0x81": (bytes) => bytes.with(0, 0x81),
    "no time": (bytes) => concat(bytes.subarray(0, 5), bytes.subarray(-32)),
    "no ciphertext": (bytes) => concat(bytes.subarray(0, 25), bytes.subarray(-32)),
    "part of a block": (bytes) => concat(bytes.subarray(0, 40), bytes.subarray(-32)),
    "another padding": (bytes) => bytes.with(24, bytes[24]! ^ 0x7f),
  };
  for (const [name, fault] of Object.entries(faults)) {
    const age = { ttl: 60, now: NOW };
    await assertRejects(() => decrypt(key, resigned(fault)), InvalidToken, "", name);
    await assertRejects(() => decrypt(key, resigned(fault), age), InvalidToken, "", name);
  }
});

Deno.test("decrypt: enforces the time to live to the second", async () => {
  const key = await importFernetKey(SECRET);
  const token = await tokenAt(NOW, key);
  for (const now of [NOW - 60, NOW, NOW + 9, NOW + 10]) await decrypt(key, token, { ttl: 10, now });
  for (const now of [NOW - 61, NOW + 11, NaN, -Infinity, Infinity]) {
    await assertRejects(
      () => decrypt(key, token, { ttl: 10, now }),
      InvalidToken,
      "",
      `${now - NOW}`,
    );
  }
  await assertRejects(() => decrypt(key, token, { ttl: NaN, now: NOW }), InvalidToken);
});

Deno.test("encrypt: accepts time 0 and the largest time, and refuses invalid ones", async () => {
  const key = await importFernetKey(SECRET);
  for (const now of [0, Number.MAX_SAFE_INTEGER]) {
    assertEquals(decodeUtf8(await decrypt(key, await tokenAt(now, key), { ttl: 0, now })), "hello");
  }
  for (const now of [-1, 0.5, NaN, Infinity, Number.MAX_SAFE_INTEGER + 1]) {
    await assertRejects(() => tokenAt(now, key), RangeError);
  }
});

Deno.test("decrypt: refuses every other key", async () => {
  const token = await tokenAt(NOW, await importFernetKey(SECRET));
  for (let i = 0; i < 32; i++) {
    const other = decodeBase64Url(SECRET, { padded: true });
    other[i]! ^= 1;
    const key = await importFernetKey(other);
    await assertRejects(() => decrypt(key, token), InvalidToken, "", `byte ${i}`);
  }
});

Deno.test("importFernetKey: takes 32 bytes or their 44 characters, and its errors do not repeat them", async () => {
  const texts = [
    SECRET.slice(0, -1),
    `${SECRET}\n`,
    SECRET.slice(4),
    `${SECRET}AAAA`,
    "",
    "!".repeat(44),
  ];
  for (const key of [...texts, random(31), random(33), new Uint8Array()]) {
    const error = await assertRejects(() => importFernetKey(key), TypeError);
    assert(key.length === 0 || !`${error.message} ${error.stack}`.includes(String(key)));
  }
});

Deno.test("generateKey: writes 32 bytes of the given randomness", async () => {
  const made = generateKey(seededRandom(7));
  assertEquals(decodeBase64Url(made, { padded: true }), seededRandom(7)(32));
  await importFernetKey(made);
});

Deno.test("importFernetKey: wipes the bytes, and Web Crypto does not export the key or show it", async () => {
  const bytes = decodeBase64Url(SECRET, { padded: true });
  const raw = bytes.slice();
  const key = await importFernetKey(raw);
  assertEquals(raw, new Uint8Array(32));
  assertEquals(
    decodeUtf8(await decrypt(key, await tokenAt(NOW, await importFernetKey(SECRET)))),
    "hello",
  );
  const shown = Deno.inspect(key, { depth: 10, showHidden: true }) + JSON.stringify(key);
  for (const half of [bytes.subarray(0, 16), bytes.subarray(16)]) {
    assert(!shown.includes(half.subarray(0, 4).join(", ")));
  }
  for (const half of [key.signing, key.encryption]) {
    assertEquals(half.extractable, false);
    for (const format of ["raw", "jwk"] as const) {
      await assertRejects(() => crypto.subtle.exportKey(format as "raw", half), DOMException);
    }
  }
});

Deno.test("decrypt: throws the same error for every fault", async () => {
  const key = await importFernetKey(SECRET);
  const token = await tokenAt(NOW, key);
  const refusals = [
    decrypt(key, "%"),
    decrypt(key, rewrite(token, (bytes) => bytes.with(60, bytes[60]! ^ 1))),
    decrypt(key, token, { ttl: 1, now: NOW + 2 }),
    decrypt(key, rewrite(token, (bytes) => bytes.with(24, bytes[24]! ^ 0x7f), SECRET)),
  ];
  const errors = (await Promise.allSettled(refusals)).map((result) =>
    result.status === "rejected" && [result.reason.name, result.reason.message, result.reason.cause]
  );
  assertEquals(new Set(errors.map(String)).size, 1);
  assert(errors[0]);
});
