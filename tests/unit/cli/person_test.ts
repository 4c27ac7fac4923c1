import { parseDuration } from "../../../src/duration.ts";
import { MAX_NAME_BYTES, MAX_NAME_GRAPHEMES } from "../../../src/limits.ts";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import {
  checkLinger,
  checkName,
  DEFAULT_LINGER_MS,
  MAX_LINGER_MS,
  MIN_LINGER_MS,
} from "../../../src/cli/person.ts";
import { Failure } from "../../../src/errors.ts";
import { assertWellSaid, refused } from "./support.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 300;

Deno.test("checkName: accepts names of people in any script", () => {
  const names = [
    "Alice",
    "Zoë",
    "李小龍",
    "محمد",
    "می‌خواهم",
    "श्री",
    "👨‍👩‍👧‍👦",
    "O'Neil-Smith 2nd",
    "😀",
    "42",
  ];
  for (const name of names) assertEquals(checkName(name), name);
  assertEquals(checkName("  Bob \t"), "Bob");
  assertEquals(checkName("e\u0301"), "é");
});

Deno.test("checkName: refuses an empty name", () => {
  for (const name of ["", " ", "\t\n ", "\u3000"]) {
    refused(() => checkName(name), "Your name is empty", "at least one letter");
  }
});

Deno.test("checkName: has exact limits of characters and bytes", () => {
  assertEquals(checkName("a".repeat(MAX_NAME_GRAPHEMES)).length, 64);
  assertEquals(checkName("👍".repeat(MAX_NAME_BYTES / 4)).length, 128);
  const tooLong = [
    "a".repeat(MAX_NAME_GRAPHEMES + 1),
    "👨‍👩‍👧‍👦".repeat(11),
    "世".repeat(65),
    `e${"\u0301".repeat(200)}`,
    "a".repeat(1_025),
    "x".repeat(10_000),
    "\u0301".repeat(1_000_000),
  ];
  for (const name of tooLong) {
    refused(() => checkName(name), "Your name is too long", "64 characters and 256 bytes", {
      never: [name.slice(0, 10)],
    });
  }
});

Deno.test("checkName: refuses what cannot be shown and does not repeat it", () => {
  const characters = [
    ..."\x00\x07\x1b\x7f\x9b\r\n\u2028\u2029\ud800",
    ..."\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    ..."\u00ad\u115f\u1160\u180e\u200b\u2060\u2064\u206f\u2800\u3164\ufeff\uffa0\ufff9",
  ];
  for (const character of characters) {
    const code = character.codePointAt(0)!.toString(16);
    refused(() => checkName(`Al${character}ice`), "a character that cannot be shown", "by hand", {
      never: [`Al${character}`, code.padStart(4, "0")],
    });
  }
});

Deno.test("name: refuses a name without anything visible", () => {
  for (const name of ["\u200b", "\u2060\u200d", "\u3164", "\u0301", "\u2800\u2800", "\ufe0f"]) {
    refused(
      () => checkName(name, "the name of the room"),
      "The name of the room contains nothing visible",
      "letter or digit",
    );
  }
});

Deno.test("checkName: returns a name that can be shown or fails, for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
      try {
        const name = checkName(text);
        assertEquals(checkName(name), name);
        // deno-lint-ignore no-control-regex -- none of them
        assert(!/[\x00-\x1f\x7f-\x9f]/.test(name) && name === name.trim());
        assert(new TextEncoder().encode(name).length <= MAX_NAME_BYTES);
      } catch (error) {
        assertInstanceOf(error, Failure);
        assertWellSaid(error);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("parseDuration: reads hours, minutes and seconds, alone and together", () => {
  const cases: [text: string, ms: number | undefined][] = [
    ["90s", 90_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["1h30m", 5_400_000],
    ["1H 30M 5s", 5_405_000],
    ["0s", 0],
    ["999999h", 3_599_996_400_000],
    ["1000000s", undefined],
    ["", undefined],
    ["10", undefined],
    ["m", undefined],
    ["1.5h", undefined],
    ["-5m", undefined],
    ["+5m", undefined],
    ["1e3s", undefined],
    ["5d", 432_000_000],
    ["2d12h", 216_000_000],
    ["٣m", undefined],
    ["1s".repeat(513), undefined],
  ];
  for (const [text, ms] of cases) assertEquals(parseDuration(text), ms, text);
});

Deno.test("checkLinger: takes a minute to a day, to the second", () => {
  assertEquals(checkLinger("1m", "--linger"), MIN_LINGER_MS);
  assertEquals(checkLinger("60s", "--linger"), MIN_LINGER_MS);
  assertEquals(checkLinger("61s", "--linger"), MIN_LINGER_MS + 1_000);
  assertEquals(checkLinger("24h", "--linger"), MAX_LINGER_MS);
  assertEquals(checkLinger("23h59m59s", "--linger"), MAX_LINGER_MS - 1_000);
  assertEquals(checkLinger("10m", "--linger"), DEFAULT_LINGER_MS);
  for (const text of ["59s", "0s", "24h1s", "86401s", "999999h"]) {
    refused(
      () => checkLinger(text, "WHISPER_LINGER"),
      "WHISPER_LINGER is out of range",
      "1m to 24h",
    );
  }
  for (const text of ["", "soon", "10", "x".repeat(10_000)]) {
    refused(() => checkLinger(text, "--linger"), "--linger is not a duration", "1m to 24h");
  }
});
