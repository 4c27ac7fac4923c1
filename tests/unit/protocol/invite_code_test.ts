import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import fc from "fast-check";
import { type Random, systemRandom } from "../../../src/clock.ts";
import { Failure } from "../../../src/errors.ts";
import {
  completions,
  drawCode,
  drawPassword,
  formatCode,
  MAX_PASSPHRASE_CHARS,
  normalizePassphrase,
  parseCode,
} from "../../../src/protocol/invite_code.ts";
import { seededRandom } from "../../support/random.ts";

/** Gives these 32-bit numbers in turn, then zeros. */
function given(...numbers: number[]): Random {
  return (length) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, numbers.shift() ?? 0);
    return bytes;
  };
}

const RIGHT = { nameplate: "4821", password: "river-canyon-ocean" };

Deno.test("a code is a number and three words of the list", () => {
  for (let i = 0; i < 200; i++) {
    const code = drawCode(systemRandom);
    assertMatch(code.nameplate, /^[1-9][0-9]{3}$/);
    const words = code.password.split("-");
    assertEquals(words.length, 3);
    assert(words.every((word) => wordlist.includes(word)));
    assertEquals(parseCode(formatCode(code)), code);
  }
});

Deno.test("a number grows by a digit with every three that were taken, up to nine digits", () => {
  const digits = [0, 2, 3, 5, 6, 14, 15, 16, 1_000].map((taken) =>
    drawCode(seededRandom(taken), taken).nameplate.length
  );
  assertEquals(digits, [4, 4, 5, 5, 6, 8, 9, 9, 9]);
});

Deno.test("every number of its length can be drawn, the lowest and the highest alike", () => {
  for (const [taken, digits] of [[0, 4], [3, 5], [15, 9]] as const) {
    const count = 9 * 10 ** (digits - 1);
    assertEquals(drawCode(given(0), taken).nameplate, "1" + "0".repeat(digits - 1));
    assertEquals(drawCode(given(count - 1), taken).nameplate, "9".repeat(digits));
    assertEquals(drawCode(given(count), taken).nameplate, "1" + "0".repeat(digits - 1));
  }
});

Deno.test("a draw from the incomplete last run is drawn anew, so that no number is likelier", () => {
  const limit = Math.floor(2 ** 32 / 9_000) * 9_000;
  assertEquals(drawCode(given(limit - 1)).nameplate, "9999");
  assertEquals(drawCode(given(limit, 7)).nameplate, "1007");
  assertEquals(drawCode(given(2 ** 32 - 1, limit, 7)).nameplate, "1007");
});

Deno.test("every word can be drawn in every place, from one draw each", () => {
  assertEquals(drawPassword(given(0, 2_047, 2_048)), "abandon-zoo-abandon");
  assertEquals(drawPassword(given(2 ** 32 - 1, 1, 2 ** 32 - 2_048)), "zoo-ability-abandon");
});

Deno.test("a code is read forgivingly", () => {
  for (
    const text of [
      "4821-river-canyon-ocean",
      "4821 river canyon ocean",
      "  4821-RIVER-Canyon-oCEAN\n",
      "4821.river,canyon_ocean",
      "4821 – river — canyon ‑ ocean",
      "4821--river--canyon--ocean--",
      "4821-rive-cany-ocea",
      "4821-rive-canyo-ocean",
      "４８２１－ｒｉｖｅｒ－canyon-ocean",
      "4821\triver\u00a0canyon\u3000ocean",
    ]
  ) {
    assertEquals(parseCode(text), RIGHT, text);
  }
});

Deno.test("the list is unique in four letters, and a word of three is itself, not a prefix", () => {
  assertEquals(new Set(wordlist.map((word) => word.slice(0, 4))).size, wordlist.length);
  for (const word of wordlist) {
    const code = `1-${word.slice(0, 4)}-${word}-${word.slice(0, 5)}`;
    assertEquals(parseCode(code).password, `${word}-${word}-${word}`);
  }
  // Three letters that begin one word alone are not enough: a slip may have made them.
  assertEquals(completions("zeb"), ["zebra"]);
  assertThrows(() => parseCode("1-zeb-river-ocean"), Failure, "not one of the words");
  // "act" is a word, and begins three others.
  assertEquals(parseCode("1-act-acti-actu").password, "act-action-actual");
});

Deno.test("what is no code says what is wrong with it", () => {
  for (
    const [text, state] of [
      ["", "it is empty"],
      [" -,_ ", "it is empty"],
      ["river-canyon-ocean", "it does not begin with a number"],
      ["48a1-river-canyon-ocean", "it does not begin with a number"],
      ["٤٨٢١-river-canyon-ocean", "it does not begin with a number"],
      ["+4821-river-canyon-ocean", "it does not begin with a number"],
      ["4821", "it has 0 words after the number"],
      ["4821-river", "it has 1 word after the number"],
      ["4821-river-canyon", "it has 2 words after the number"],
      ["4821-river-canyon-ocean-river", "it has 4 words after the number"],
      ["4821-river-canyon-oceanriver", '"oceanriver" is not one of the words'],
      ["4821-riv-canyon-ocean", '"riv" is not one of the words'],
      ["4821-river-canyon-<b>", '"?b?" is not one of the words'],
    ] as const
  ) {
    const failure = assertThrows(() => parseCode(text), Failure, state);
    assertEquals(failure.code, "usage");
  }
});

Deno.test("a word that is nearly one is answered with the one that was meant", () => {
  for (
    const [typed, meant] of [
      ["rivr", "river"],
      ["rivver", "river"],
      ["riber", "river"],
      ["irver", "river"],
      ["oceaan", "ocean"],
      ["occaen", "ocean"],
      ["abandom", "abandon"],
      ["zooo", "zoo"],
    ] as const
  ) {
    assertThrows(() => parseCode(`1-${typed}-river-ocean`), Failure, `did you mean "${meant}"?`);
  }
  const failure = assertThrows(() => parseCode("1-qqqqqq-river-ocean"), Failure);
  assert(!failure.message.includes("did you mean"), failure.message);
});

Deno.test("of the words of a code, a failure quotes at most the one that is none", () => {
  const failure = assertThrows(() => parseCode("4821-river-canyon-xqzwv"), Failure);
  for (const part of ["4821", "river", "canyon"]) assert(!failure.message.includes(part));
});

Deno.test("the length of a code is limited: 199, 200, 201", () => {
  const padded = (length: number) => "4821-river-canyon-ocean".padEnd(length, " ");
  assertEquals(parseCode(padded(199)), RIGHT);
  assertEquals(parseCode(padded(200)), RIGHT);
  assertThrows(() => parseCode(padded(201)), Failure, "too long");
});

Deno.test("the length of a number is limited: 8, 9, 10 digits", () => {
  for (const digits of [1, 8, 9]) {
    const nameplate = "9".repeat(digits);
    assertEquals(parseCode(`${nameplate}-river-canyon-ocean`).nameplate, nameplate);
  }
  assertThrows(
    () => parseCode(`${"9".repeat(10)}-river-canyon-ocean`),
    Failure,
    "number is too long",
  );
});

Deno.test("a word that is quoted back is limited: 20, 21 letters", () => {
  const quoted = (typed: string) =>
    assertThrows(() => parseCode(`1-river-canyon-${typed}`), Failure).message.includes(typed);
  assert(quoted("q".repeat(19)));
  assert(quoted("q".repeat(20)));
  assert(!quoted("q".repeat(21)));
});

Deno.test("completions are the words that begin so", () => {
  assertEquals(completions("RIV"), ["rival", "river"]);
  assertEquals(completions("zz"), []);
  assertEquals(completions("").length, 2_048);
});

Deno.test("any text is a code or a failure of usage, and a code is its own normal form", () => {
  const part = fc.oneof(fc.string(), fc.constantFrom(...wordlist.slice(0, 20), "4821", "-", " "));
  fc.assert(fc.property(fc.array(part), (parts) => {
    try {
      const code = parseCode(parts.join("-"));
      assertEquals(parseCode(formatCode(code)), code);
    } catch (error) {
      assert(error instanceof Failure && error.code === "usage", String(error));
    }
  }));
});

Deno.test("a passphrase is the same on two keyboards", () => {
  for (
    const [typed, normal] of [
      ["correct horse", "correct horse"],
      ["  correct horse\n", "correct horse"],
      ["cafe\u0301", "café"],
      ["ｐａｓｓ", "pass"],
      ["ﬁsh", "fish"],
      ["\u00a0a b\u3000", "a b"],
      ["A  b", "A  b"],
    ] as const
  ) {
    assertEquals(normalizePassphrase(typed), normal);
    assertEquals(normalizePassphrase(normal), normal);
  }
});

Deno.test("a passphrase that is none is refused, and never quoted", () => {
  for (
    const [typed, state] of [
      ["", "empty"],
      [" \t\u3000\n", "empty"],
      ["secret\ud800", "not valid Unicode"],
      ["secret".repeat(1_000), "too long"],
    ] as const
  ) {
    const failure = assertThrows(() => normalizePassphrase(typed), Failure, state);
    assertEquals(failure.code, "usage");
    assert(!failure.message.includes("secret"));
  }
});

Deno.test("the length of a passphrase is limited: n-1, n, n+1", () => {
  for (const length of [MAX_PASSPHRASE_CHARS - 1, MAX_PASSPHRASE_CHARS]) {
    assertEquals(normalizePassphrase("a".repeat(length)).length, length);
  }
  assertThrows(() => normalizePassphrase("a".repeat(MAX_PASSPHRASE_CHARS + 1)), Failure);
});
