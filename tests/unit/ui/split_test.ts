import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytesOf } from "../../../src/limits.ts";
import { splitText } from "../../../src/ui/split.ts";

Deno.test("splitText: leaves what fits as one message", () => {
  for (const text of ["", "hello", "two\nlines", "x".repeat(16_384)]) {
    assertEquals(splitText(text), text === "" ? [] : [text]);
  }
});

Deno.test("splitText: cuts at line breaks, else between words, else between graphemes", () => {
  assertEquals(splitText("long\nab cd", 8), ["long", "ab cd"]);
  assertEquals(splitText("one two three", 8), ["one two", "three"]);
  assertEquals(splitText("abcdefghij", 4), ["abcd", "efgh", "ij"]);
  assertEquals(splitText("👩‍👩‍👧👩‍👩‍👧", 20), ["👩‍👩‍👧", "👩‍👩‍👧"]);
  assertEquals(splitText("a👩‍👩‍👧", 8).join(""), "a👩‍👩‍👧");
});

Deno.test("splitText: loses nothing but the gap at each cut, and no part is too long", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "word", " ", "\n", "é", "世", "👩‍👩‍👧", "e\u0301"),
    maxLength: 120,
  });
  fc.assert(fc.property(text, fc.integer({ min: 4, max: 40 }), (text, most) => {
    const parts = splitText(text, most);
    for (const part of parts) assert(bytesOf(part) <= most, JSON.stringify(part));
    const bare = (value: string) => value.replaceAll(/[ \n]/g, "");
    assertEquals(bare(parts.join("")), bare(text));
  }));
});
