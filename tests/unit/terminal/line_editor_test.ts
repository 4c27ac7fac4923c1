import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Key } from "../../../src/terminal/keys.ts";
import { LineEditor, MAX_LINE_CHARS } from "../../../src/terminal/line_editor.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 500;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The line with the cursor as a bar, after these keys. */
function after(initial: string, ...keys: Exclude<Key["key"], "text">[]): string {
  const line = new LineEditor(initial);
  for (const key of keys) line.press({ key });
  return `${line.before}|${line.after}`;
}

Deno.test("line editor: the cursor moves by graphemes and by words", () => {
  assertEquals(after("ab", "left"), "a|b");
  assertEquals(after("ab", "left", "left", "left", "right"), "a|b");
  assertEquals(after("ab", "right"), "ab|");
  assertEquals(after("👨‍👩‍👧‍👦🇩🇪e\u0301", "left", "left"), "👨‍👩‍👧‍👦|🇩🇪e\u0301");
  assertEquals(after("👨‍👩‍👧‍👦🇩🇪e\u0301", "home", "right", "right"), "👨‍👩‍👧‍👦🇩🇪|e\u0301");
  assertEquals(after("one  two ", "word-left"), "one  |two ");
  assertEquals(after("one  two ", "word-left", "word-left", "word-right"), "one|  two ");
  assertEquals(after("one", "home", "word-left", "end", "word-right"), "one|");
});

Deno.test("line editor: what is deleted is whole", () => {
  assertEquals(after("a👍🏽", "backspace"), "a|");
  assertEquals(after("👍🏽a", "home", "delete"), "|a");
  assertEquals(after("", "backspace", "delete", "delete-word", "delete-to-end"), "|");
  assertEquals(after("one two  ", "delete-word"), "one |");
  assertEquals(after("one two", "left", "delete-to-end"), "one tw|");
  assertEquals(after("one two", "left", "delete-to-start"), "|o");
});

Deno.test("line editor: undo takes back step by step, a word at a time", () => {
  const line = new LineEditor("kept ");
  for (const text of [..."one two", "PASTED TEXT"]) line.insert(text);
  line.press({ key: "home" });
  line.press({ key: "delete" });
  const steps: string[] = [];
  for (let i = 0; i < 6; i++) {
    steps.push(line.text);
    line.press({ key: "undo" });
  }
  assertEquals(steps, [
    "ept one twoPASTED TEXT",
    "kept one twoPASTED TEXT",
    "kept one two",
    "kept one ",
    "kept one",
    "kept ",
  ]);
  assertEquals([line.before, line.after], ["kept ", ""]);
});

Deno.test("line editor: undo goes back a hundred steps", () => {
  const line = new LineEditor();
  for (let i = 0; i < 150; i++) line.insert("ab");
  for (let i = 0; i < 200; i++) line.press({ key: "undo" });
  assertEquals(line.text.length, 100);
});

Deno.test("line editor: a line holds so much and no half character more", () => {
  const line = new LineEditor("x".repeat(MAX_LINE_CHARS - 1));
  line.insert("👍");
  assertEquals(line.text.length, MAX_LINE_CHARS - 1);
  line.insert("yz");
  assertEquals([line.text.length, line.text.at(-1)], [MAX_LINE_CHARS, "y"]);
  line.insert("z");
  assertEquals(line.text.length, MAX_LINE_CHARS);
  assertEquals(new LineEditor("x".repeat(MAX_LINE_CHARS + 1)).text.length, MAX_LINE_CHARS);
});

Deno.test("line editor: a word of a million letters is deleted as one", () => {
  const line = new LineEditor(`${"a".repeat(1_000_000)} b`);
  line.press({ key: "delete-word" });
  line.press({ key: "delete-word" });
  assertEquals(line.text, "");
});

Deno.test("line editor: whatever is pressed, nothing moves but what a key is for", () => {
  const movements = ["left", "right", "word-left", "word-right", "home", "end"] as const;
  const deletions = [
    ...["backspace", "delete", "delete-word", "delete-to-start", "delete-to-end"] as const,
  ];
  const key: fc.Arbitrary<Key> = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => ({ key: "text" as const, text })),
    fc.constantFrom("e", "\u0301", "👍", "\u200d", "🏽", "🇩", "🇪", " ", "\n").map((text) => ({
      key: "text" as const,
      text,
    })),
    fc.constantFrom(...movements, ...deletions, "undo" as const, "tab" as const, "up" as const)
      .map((key) => ({ key })),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
      const line = new LineEditor();
      const texts = [""];
      for (const key of keys) {
        const was = line.text;
        line.press(key);
        const is = line.text;
        if (key.key === "text") assertEquals(is.length, was.length + key.text.length);
        else if (deletions.some((name) => name === key.key)) assert(is.length <= was.length);
        else if (key.key === "undo") assert(texts.includes(is));
        else assertEquals(is, was);
        if (movements.some((name) => name === key.key)) {
          const isBoundary = line.after === "" || line.before === "" ||
            graphemes.segment(is).containing(line.before.length)?.index === line.before.length;
          // Where words end is not the graphemes' business: a mark may follow a space.
          assert(isBoundary || key.key.startsWith("word"), JSON.stringify([is, line.before]));
        }
        texts.push(is);
      }
    }),
    { numRuns: RUNS },
  );
});
