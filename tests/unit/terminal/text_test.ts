import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import stringWidth from "string-width";
import { clip, lay, pad, placeIn, widthOf, wrap, wrapRows } from "../../../src/terminal/text.ts";

Deno.test("wrap: breaks at words, and inside words that are too long", () => {
  const cases: [string, number, string[]][] = [
    ["", 10, [""]],
    ["one two three", 7, ["one two", "three"]],
    ["one two three", 8, ["one two", "three"]],
    ["  code { }", 20, ["  code { }"]],
    ["a\n\nb", 10, ["a", "", "b"]],
    ["abcdefghij", 4, ["abcd", "efgh", "ij"]],
    ["see abcdefghij", 4, ["see", "abcd", "efgh", "ij"]],
    ["日本語です", 4, ["日本", "語で", "す"]],
    ["日本語です", 5, ["日本", "語で", "す"]],
    ["a 👩‍👩‍👧 b", 4, ["a 👩‍👩‍👧", "b"]],
    ["e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]],
    ["שלום עולם", 5, ["שלום", "עולם"]],
    ["   ", 2, [""]],
    // A run of spaces that is longer than a row still parts the words.
    ["one            two", 8, ["one", "two"]],
    ["            one", 8, ["one"]],
  ];
  for (const [text, width, rows] of cases) {
    assertEquals(wrap(text, width), rows, JSON.stringify(text));
  }
});

Deno.test("wrap: makes no row too wide and loses no character", () => {
  const letters = fc.string({
    unit: fc.constantFrom("a", "b", " ", "日", "👩‍👩‍👧", "e\u0301", "ש", "\n"),
    maxLength: 80,
  });
  fc.assert(fc.property(letters, fc.integer({ min: 2, max: 20 }), (text, width) => {
    const rows = wrap(text, width);
    for (const row of rows) assert(widthOf(row) <= width, row);
    assertEquals(rows.join("").replaceAll(/\s/g, ""), text.replaceAll(/\s/g, ""));
    for (const row of wrapRows(text, width)) {
      assertEquals(row.text, text.slice(row.start, row.start + row.text.length));
    }
  }));
});

Deno.test("clip, pad: count columns, not characters", () => {
  assertEquals(clip("abcdef", 6), "abcdef");
  assertEquals(clip("abcdef", 5), "abcd…");
  assertEquals(clip("日本語", 5), "日本…");
  assertEquals(clip("日本語", 4), "日…");
  assertEquals(clip("abc", 0), "");
  assertEquals(pad("日", 4), "日  ");
});

Deno.test("lay: places the cursor where the next character goes", () => {
  const cases: [string, number, [number, number]][] = [
    ["", 0, [0, 0]],
    ["abc", 3, [0, 3]],
    ["abc", 1, [0, 1]],
    ["abcd", 4, [1, 0]],
    ["abcd", 3, [0, 3]],
    ["abcde", 4, [1, 0]],
    ["a\nb", 1, [0, 1]],
    ["a\nb", 2, [1, 0]],
    ["abcd\n", 4, [0, 3]],
    ["日本語", 2, [1, 0]],
    ["a👩‍👩‍👧b", 9, [0, 3]],
    // Within a letter: where a combining mark has joined what is before the cursor.
    ["ae\u0301b", 2, [0, 2]],
  ];
  for (const [text, cut, [row, column]] of cases) {
    const laid = lay(text, cut, 4);
    assertEquals([laid.row, laid.column], [row, column], JSON.stringify([text, cut, laid.rows]));
  }
});

Deno.test("lay: lays plain text and graphemes alike", () => {
  fc.assert(fc.property(
    fc.string({ unit: fc.constantFrom("a", "b", " ", "\n"), maxLength: 40 }),
    fc.nat(40),
    (text, cut) => {
      const at = Math.min(cut, text.length);
      const plain = lay(text, at, 5);
      const looked = lay(`${text} é`, at, 5);
      assertEquals([looked.row, looked.column], [plain.row, plain.column]);
    },
  ));
});

Deno.test("lay: begins each row at its offset", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", " ", "日", "👩‍👩‍👧", "\n"), maxLength: 40 });
  fc.assert(fc.property(letters, (text) => {
    const { rows, starts } = lay(text, 0, 5);
    rows.forEach((row, i) => assertEquals(text.slice(starts[i], starts[i]! + row.length), row));
  }));
});

Deno.test("placeIn: finds the character at a column, and the end of the row beyond it", () => {
  const cases: [string, number, number][] = [["abc", 1, 1], ["日本", 2, 1], ["日本", 1, 0], [
    "a👩‍👩‍👧b",
    3,
    9,
  ], [
    "ab",
    9,
    2,
  ]];
  for (const [row, column, place] of cases) assertEquals(placeIn(row, column), place, row);
});

Deno.test("widthOf: sums the widths of the characters", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (text) => {
    assertEquals(widthOf(text), stringWidth(text));
  }));
});
