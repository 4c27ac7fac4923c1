import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { verificationWords, VERIFY_WORDS, verifyKey } from "../../../src/protocol/verify.ts";
import { seededRandom } from "../../support/random.ts";
import { shakeHands, talk } from "./support.ts";

const names = { host: "Alice", guest: "Bob" };
const random = seededRandom(1);
const [isk, transcript] = [random(64), random(32)];

Deno.test("the words are twelve of the list, and always the same", () => {
  const words = verificationWords(verifyKey(isk, transcript), names);
  assertEquals(words.length, VERIFY_WORDS);
  assertEquals(VERIFY_WORDS, 12);
  assert(words.every((word) => wordlist.includes(word)));
  assertEquals(verificationWords(verifyKey(isk, transcript), names), words);
});

Deno.test("other words for another key, transcript, name, or order or division of names", () => {
  const key = () => verifyKey(isk, transcript);
  const all = [
    verificationWords(key(), names),
    verificationWords(verifyKey(random(64), transcript), names),
    verificationWords(verifyKey(isk, random(32)), names),
    verificationWords(key(), { host: "Bob", guest: "Alice" }),
    verificationWords(key(), { host: "AliceB", guest: "ob" }),
    verificationWords(key(), { host: "Alice", guest: "Bob " }),
  ].map((words) => words.join());
  assertEquals(new Set(all).size, all.length);
});

Deno.test("every word of the list comes up: 11 bits of each, none fixed", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 4_000; i++) {
    for (const word of verificationWords(verifyKey(random(64), transcript), names)) seen.add(word);
  }
  assertEquals(seen.size, wordlist.length);
});

Deno.test("two who talk have the same words, and have them once", async () => {
  const { host, guest } = await talk(1);
  const words = host.takeVerificationWords("Alice", "Bob");
  assertEquals(guest.takeVerificationWords("Bob", "Alice"), words);
  for (const side of [host, guest]) {
    let failed = false;
    try {
      side.takeVerificationWords("Alice", "Bob");
    } catch {
      failed = true;
    }
    assert(failed);
    side.close();
  }
});

Deno.test("somebody in between who knows the code brings about other words", async () => {
  // Two handshakes under one code: the guest's with the one in between, and that one's with the host.
  const [left, right] = [await shakeHands(1), await shakeHands(2)];
  assertEquals(left.terms.password, right.terms.password);
  const words = [left, right].map(({ host }) =>
    verificationWords(verifyKey(host.established.isk.bytes, host.established.transcript), names)
  );
  assertNotEquals(words[0], words[1]);
});
