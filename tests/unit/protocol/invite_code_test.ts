import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import fc from "fast-check";
import { type Random, systemRandom } from "../../../src/clock.ts";
import { Failure } from "../../../src/errors.ts";
import type { InvalidCode } from "../../../src/failure_reasons.ts";
import {
  completions,
  drawCode,
  drawPassword,
  formatCode,
  MAX_PASSPHRASE_CHARS,
  normalizePassphrase,
  parseCode,
} from "../../../src/protocol/invite_code.ts";
import { describeFailure } from "../../../src/ui/messages/failures.ts";
import { seededRandom } from "../../support/random.ts";

/** Gives these 32-bit numbers in turn, then zeros. */
function given(...numbers: number[]): Random {
  return (length) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, numbers.shift() ?? 0);
    return bytes;
  };
}

/** What is wrong with a code. */
function problemOf(text: string): InvalidCode {
  const failure = assertThrows(() => parseCode(text), Failure) as Failure<"invalid-code">;
  assertEquals([failure.reason, failure.code], ["invalid-code", "usage"]);
  return failure.facts.problem;
}

/** The sentence of what is wrong with a code. */
const sentenceOf = (text: string) =>
  describeFailure(new Failure("invalid-code", { problem: problemOf(text) })).message;

const RIGHT = { nameplate: "4821", password: "river-canyon-ocean" };

Deno.test("drawCode: draws a number and three words of the list", () => {
  for (let i = 0; i < 200; i++) {
    const code = drawCode(systemRandom);
    assertMatch(code.nameplate, /^[1-9][0-9]{3}$/);
    const words = code.password.split("-");
    assertEquals(words.length, 3);
    assert(words.every((word) => wordlist.includes(word)));
    assertEquals(parseCode(formatCode(code)), code);
  }
});

Deno.test("drawCode: adds a digit after every three collisions, up to nine", () => {
  const digits = [0, 2, 3, 5, 6, 14, 15, 16, 1_000].map((taken) =>
    drawCode(seededRandom(taken), taken).nameplate.length
  );
  assertEquals(digits, [4, 4, 5, 5, 6, 8, 9, 9, 9]);
});

Deno.test("drawCode: reaches every number of its length", () => {
  for (const [taken, digits] of [[0, 4], [3, 5], [15, 9]] as const) {
    const count = 9 * 10 ** (digits - 1);
    assertEquals(drawCode(given(0), taken).nameplate, "1" + "0".repeat(digits - 1));
    assertEquals(drawCode(given(count - 1), taken).nameplate, "9".repeat(digits));
    assertEquals(drawCode(given(count), taken).nameplate, "1" + "0".repeat(digits - 1));
  }
});

Deno.test("drawCode: draws again instead of favoring low numbers", () => {
  const limit = Math.floor(2 ** 32 / 9_000) * 9_000;
  assertEquals(drawCode(given(limit - 1)).nameplate, "9999");
  assertEquals(drawCode(given(limit, 7)).nameplate, "1007");
  assertEquals(drawCode(given(2 ** 32 - 1, limit, 7)).nameplate, "1007");
});

Deno.test("drawPassword: reaches every word in every place", () => {
  assertEquals(drawPassword(given(0, 2_047, 2_048)), "abandon-zoo-abandon");
  assertEquals(drawPassword(given(2 ** 32 - 1, 1, 2 ** 32 - 2_048)), "zoo-ability-abandon");
});

Deno.test("parseCode: accepts case, separators, prefixes and full-width forms", () => {
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

Deno.test("parseCode: accepts a code in quotation marks, with minus signs, or behind its command", () => {
  const code = "4821-river-canyon-ocean";
  for (
    const text of [
      ...[`"${code}"`, `'${code}'`, `“${code}”`, `«${code}»`, "`" + code + "`"],
      code.replaceAll("-", "\u2212"),
      ...[`whisper join ${code}`, `whisper-chat join ${code}`, `./setup.sh chat join ${code}`],
      ...[`setup.bat chat join ${code}`, `  whisper join "${code}"`],
    ]
  ) {
    assertEquals(parseCode(text), RIGHT, text);
  }
});

Deno.test("parseCode: completes words from four letters on and not from three", () => {
  assertEquals(new Set(wordlist.map((word) => word.slice(0, 4))).size, wordlist.length);
  for (const word of wordlist) {
    const code = `1-${word.slice(0, 4)}-${word}-${word.slice(0, 5)}`;
    assertEquals(parseCode(code).password, `${word}-${word}-${word}`);
  }
  // Three letters that begin one word alone are not enough: a slip may have made them.
  assertEquals(completions("zeb"), ["zebra"]);
  assertEquals(problemOf("1-zeb-river-ocean").kind, "unknown-word");
  // "act" is a word, and begins three others.
  assertEquals(parseCode("1-act-acti-actu").password, "act-action-actual");
});

Deno.test("parseCode: says what is wrong with a code", () => {
  for (
    const [text, state] of [
      ["", "it is empty"],
      [" -,_ ", "it is empty"],
      ["river-canyon-ocean", "it does not start with a number"],
      ["48a1-river-canyon-ocean", "it does not start with a number"],
      ["٤٨٢١-river-canyon-ocean", "it does not start with a number"],
      ["+4821-river-canyon-ocean", "it does not start with a number"],
      ["4821", "the three words after the number are missing"],
      ["4821-river", "it has 1 word after the number, not 3"],
      ["4821-river-canyon", "it has 2 words after the number"],
      ["4821-river-canyon-ocean-river", "it has 4 words after the number"],
      ["4821-river-canyon-oceanriver", '"oceanriver" is not in the word list'],
      ["4821-riv-canyon-ocean", '"riv" is not in the word list'],
      ["4821-river-canyon-<b>", '"?b?" is not in the word list'],
    ] as const
  ) {
    assertStringIncludes(sentenceOf(text), state);
  }
});

Deno.test("parseCode: suggests the nearest word for a typo", () => {
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
    assertEquals(problemOf(`1-${typed}-river-ocean`), {
      kind: "unknown-word",
      typed,
      suggestion: meant,
    });
    assertStringIncludes(sentenceOf(`1-${typed}-river-ocean`), `Did you mean "${meant}"?`);
  }
  const typed = "qqqqqq";
  assertEquals(problemOf(`1-${typed}-river-ocean`), {
    kind: "unknown-word",
    typed,
    suggestion: undefined,
  });
  assert(!sentenceOf(`1-${typed}-river-ocean`).includes("Did you mean"));
});

Deno.test("parseCode: quotes only the wrong word of a code", () => {
  const failure = assertThrows(() => parseCode("4821-river-canyon-xqzwv"), Failure);
  const sentence = sentenceOf("4821-river-canyon-xqzwv");
  for (const part of ["4821", "river", "canyon"]) {
    assert(!failure.message.includes(part) && !sentence.includes(part));
  }
});

Deno.test("parseCode: limits the length of a code: 199, 200, 201", () => {
  const padded = (length: number) => "4821-river-canyon-ocean".padEnd(length, " ");
  assertEquals(parseCode(padded(199)), RIGHT);
  assertEquals(parseCode(padded(200)), RIGHT);
  assertEquals(problemOf(padded(201)).kind, "too-long");
});

Deno.test("parseCode: limits the length of the number: 8, 9, 10 digits", () => {
  for (const digits of [1, 8, 9]) {
    const nameplate = "9".repeat(digits);
    assertEquals(parseCode(`${nameplate}-river-canyon-ocean`).nameplate, nameplate);
  }
  assertEquals(problemOf(`${"9".repeat(10)}-river-canyon-ocean`).kind, "number-too-long");
});

Deno.test("parseCode: quotes words of up to 20 letters", () => {
  const quoted = (typed: string) => sentenceOf(`1-river-canyon-${typed}`).includes(typed);
  assert(quoted("q".repeat(19)));
  assert(quoted("q".repeat(20)));
  assert(!quoted("q".repeat(21)));
});

Deno.test("completions: returns the words with a prefix", () => {
  assertEquals(completions("RIV"), ["rival", "river"]);
  assertEquals(completions("zz"), []);
  assertEquals(completions("").length, 2_048);
});

Deno.test("parseCode: accepts or refuses any text, and its result parses to itself", () => {
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

Deno.test("normalizePassphrase: gives one form for every way to type a passphrase", () => {
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

Deno.test("normalizePassphrase: refuses invalid passphrases without quoting them", () => {
  for (
    const [typed, state] of [
      ["", "empty"],
      [" \t\u3000\n", "empty"],
      ["secret\ud800", "not valid Unicode"],
      ["secret".repeat(1_000), "too long"],
    ] as const
  ) {
    const failure = assertThrows(() => normalizePassphrase(typed), Failure);
    assertEquals([failure.reason, failure.code], ["invalid-passphrase", "usage"]);
    const { message, hint } = describeFailure(failure);
    assertStringIncludes(message, state);
    assert(!`${failure.message} ${message} ${hint}`.includes("secret"));
  }
});

Deno.test("normalizePassphrase: limits the length: n-1, n, n+1", () => {
  for (const length of [MAX_PASSPHRASE_CHARS - 1, MAX_PASSPHRASE_CHARS]) {
    assertEquals(normalizePassphrase("a".repeat(length)).length, length);
  }
  assertThrows(() => normalizePassphrase("a".repeat(MAX_PASSPHRASE_CHARS + 1)), Failure);
});
