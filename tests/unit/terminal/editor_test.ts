import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Draft,
  edit,
  EMPTY_DRAFT,
  forgetPast,
  insert,
  MAX_DRAFT_CHARS,
  replace,
  textOf,
} from "../../../src/terminal/editor.ts";
import { type KeyAction, SEQUENCES } from "../../../src/terminal/keys.ts";

const FAMILY = "👩‍👩‍👧";

function typed(text: string, ...keys: KeyAction[]): Draft {
  return keys.reduce((draft, key) => edit(draft, key)!, insert(EMPTY_DRAFT, text));
}

/** The text with a bar where the cursor is. */
function shown({ before, after }: Draft): string {
  return `${before}|${after}`;
}

Deno.test("edit: moves over and deletes whole graphemes, words and lines", () => {
  const cases: [string, KeyAction[], string][] = [
    [`a${FAMILY}`, ["backspace"], "a|"],
    [`a${FAMILY}`, ["left"], `a|${FAMILY}`],
    ["e\u0301", ["backspace"], "|"],
    ["日本", ["left", "left", "right"], "日|本"],
    ["שלום", ["left"], "שלו|ם"],
    [`a${FAMILY}b`, ["left", "left", "delete"], "a|b"],
    ["one two  three", ["delete-word"], "one two  |"],
    ["one two  ", ["delete-word"], "one |"],
    ["one two", ["word-left", "word-left"], "|one two"],
    ["one two", ["home", "word-right"], "one| two"],
    ["a\nbc", ["home"], "a\n|bc"],
    ["a\nbc", ["home", "left", "home", "end"], "a|\nbc"],
    ["a\nbc", ["left", "delete-to-start"], "a\n|c"],
    ["ab\nc", ["left", "left", "left", "delete-to-end"], "a|\nc"],
    ["a\nb", ["delete-to-start", "delete-to-start"], "a|"],
    ["a\nb", ["home", "left", "delete-to-end"], "a|b"],
    ["one  two ", ["word-left", "word-left", "word-right"], "one|  two "],
    ["👨‍👩‍👧‍👦🇩🇪e\u0301", ["left", "left"], "👨‍👩‍👧‍👦|🇩🇪e\u0301"],
    ["👨‍👩‍👧‍👦🇩🇪e\u0301", ["home", "right", "right"], "👨‍👩‍👧‍👦🇩🇪|e\u0301"],
    ["a👍🏽", ["backspace"], "a|"],
    ["a", ["newline"], "a\n|"],
    ["", ["backspace", "delete", "left", "right", "undo"], "|"],
  ];
  for (const [text, keys, expected] of cases) {
    assertEquals(shown(typed(text, ...keys)), expected, `${text}: ${keys}`);
  }
});

Deno.test("undo: takes back letters by the word, everything else one by one", () => {
  let draft = EMPTY_DRAFT;
  for (const letter of "one two") draft = insert(draft, letter);
  draft = edit(draft, "undo")!;
  assertEquals(shown(draft), "one |");
  draft = edit(draft, "undo")!;
  draft = edit(draft, "undo")!;
  assertEquals(shown(draft), "|");
  draft = replace(insert(EMPTY_DRAFT, "abc"), "x");
  assertEquals(shown(edit(draft, "undo")!), "abc|");
});

Deno.test("insert: keeps to the bound, and ends with a whole character", () => {
  const room = insert(EMPTY_DRAFT, "a".repeat(MAX_DRAFT_CHARS - 1));
  assertEquals(textOf(insert(room, "b")).length, MAX_DRAFT_CHARS);
  assertEquals(textOf(insert(room, "🦊")).length, MAX_DRAFT_CHARS - 1);
  assertEquals(textOf(insert(insert(room, "b"), "c")).length, MAX_DRAFT_CHARS);
});

Deno.test("undo: as many steps lead back to an empty draft", () => {
  const keys = (Object.keys(SEQUENCES) as KeyAction[])
    .filter((key) => key !== "undo" && edit(EMPTY_DRAFT, key) !== undefined);
  const press = fc.oneof(
    fc.constantFrom(...keys).map((key) => (draft: Draft) => edit(draft, key)!),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 }).map((text) => (draft: Draft) =>
      insert(draft, text)
    ),
  );
  fc.assert(fc.property(fc.array(press, { maxLength: 60 }), (presses) => {
    let draft = presses.reduce((draft, press) => press(draft), EMPTY_DRAFT);
    for (let i = 0; i < presses.length; i++) draft = edit(draft, "undo")!;
    assertEquals(textOf(draft), "");
  }));
});

Deno.test("undo: goes back a hundred steps", () => {
  let draft = EMPTY_DRAFT;
  for (let i = 0; i < 150; i++) draft = insert(draft, "a ");
  for (let i = 0; i < 200; i++) draft = edit(draft, "undo")!;
  assertEquals(textOf(draft).length, 100);
});

Deno.test("delete-word: deletes a word of a million letters as one", () => {
  const draft = edit(
    edit(insert(EMPTY_DRAFT, `${"a".repeat(1_000_000)} b`), "delete-word")!,
    "delete-word",
  )!;
  assertEquals(textOf(draft), "");
});

Deno.test("yank: inserts what was deleted by a word or more, deletions in a row together", () => {
  assertEquals(shown(typed("one two", "delete-to-start", "yank", "yank")), "one twoone two|");
  assertEquals(
    shown(typed("one two three", "delete-word", "delete-word", "yank")),
    "one two three|",
  );
  assertEquals(
    shown(typed("one two", "home", "delete-next-word", "delete-next-word", "end", "yank")),
    "one two|",
  );
  assertEquals(
    shown(typed("one two", "home", "delete-next-word", "end", "delete-word", "yank")),
    " two|",
    "a movement begins another deletion",
  );
  assertEquals(shown(typed("ab", "backspace", "yank")), "a|", "a character is not held");
  assertEquals(shown(typed("ab", "yank")), "ab|");
});

Deno.test("forgetPast: leaves nothing to yank", () => {
  const draft = forgetPast(typed("secret", "delete-to-start"));
  assertEquals(shown(edit(draft, "yank")!), "|");
});

Deno.test("forgetPast: leaves the text and nothing to undo", () => {
  const draft = forgetPast(replace(insert(EMPTY_DRAFT, "secret"), "shown"));
  assertEquals(shown(edit(draft, "undo")!), "shown|");
});

Deno.test("edit: movements change no text, and stand between graphemes", () => {
  const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const movements = ["left", "right", "word-left", "word-right", "home", "end"] as const;
  const deletions = [
    ...["backspace", "delete", "delete-word", "delete-to-start", "delete-to-end"] as const,
  ];
  const step = fc.oneof(
    fc.constantFrom("e", "\u0301", "👍", "\u200d", "🏽", "🇩", "🇪", " ", "\n").map((text) => ({
      text,
    })),
    fc.constantFrom(...movements, ...deletions).map((action) => ({ action })),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    let draft = EMPTY_DRAFT;
    for (const step of steps) {
      const was = textOf(draft);
      draft = "text" in step ? insert(draft, step.text) : edit(draft, step.action)!;
      const is = textOf(draft);
      if ("text" in step) assertEquals(is.length, was.length + step.text.length);
      else if (deletions.some((name) => name === step.action)) assert(is.length <= was.length);
      else {
        assertEquals(is, was);
        const isBoundary = draft.after === "" || draft.before === "" ||
          graphemes.segment(is).containing(draft.before.length)?.index === draft.before.length;
        // A word may end before an accent that follows a space.
        assert(isBoundary || step.action.startsWith("word"), JSON.stringify([is, draft.before]));
      }
    }
  }));
});
