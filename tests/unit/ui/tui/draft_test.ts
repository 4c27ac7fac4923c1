import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Draft,
  edit,
  EMPTY,
  insert,
  MAX_DRAFT_CHARS,
  replace,
  textOf,
} from "../../../../src/ui/tui/draft.ts";
import { type KeyAction, KEYS } from "../../../../src/ui/keys.ts";

const FAMILY = "👩‍👩‍👧";

function typed(text: string, ...keys: KeyAction[]): Draft {
  return keys.reduce((draft, key) => edit(draft, key)!, insert(EMPTY, text));
}

/** The text with a bar where the cursor is. */
function shown({ before, after }: Draft): string {
  return `${before}|${after}`;
}

Deno.test("draft: keys move and take away whole letters, words and rows", () => {
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
    ["a", ["newline"], "a\n|"],
    ["", ["backspace", "delete", "left", "right", "undo"], "|"],
  ];
  for (const [text, keys, expected] of cases) {
    assertEquals(shown(typed(text, ...keys)), expected, `${text}: ${keys}`);
  }
});

Deno.test("draft: letters are undone by the word, everything else one by one", () => {
  let draft = EMPTY;
  for (const letter of "one two") draft = insert(draft, letter);
  draft = edit(draft, "undo")!;
  assertEquals(shown(draft), "one |");
  draft = edit(draft, "undo")!;
  draft = edit(draft, "undo")!;
  assertEquals(shown(draft), "|");
  draft = replace(insert(EMPTY, "abc"), "x");
  assertEquals(shown(edit(draft, "undo")!), "abc|");
});

Deno.test("draft: one is no longer than its bound, and ends with a whole letter", () => {
  const room = insert(EMPTY, "a".repeat(MAX_DRAFT_CHARS - 1));
  assertEquals(textOf(insert(room, "b")).length, MAX_DRAFT_CHARS);
  assertEquals(textOf(insert(room, "🦊")).length, MAX_DRAFT_CHARS - 1);
  assertEquals(textOf(insert(insert(room, "b"), "c")).length, MAX_DRAFT_CHARS);
});

Deno.test("draft: whatever is pressed, as much undoing leads back to nothing", () => {
  const keys = KEYS.flatMap(({ sends }) => Object.keys(sends) as KeyAction[])
    .filter((key) => key !== "undo" && edit(EMPTY, key) !== undefined);
  const press = fc.oneof(
    fc.constantFrom(...keys).map((key) => (draft: Draft) => edit(draft, key)!),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 }).map((text) => (draft: Draft) =>
      insert(draft, text)
    ),
  );
  fc.assert(fc.property(fc.array(press, { maxLength: 60 }), (presses) => {
    let draft = presses.reduce((draft, press) => press(draft), EMPTY);
    for (let i = 0; i < presses.length; i++) draft = edit(draft, "undo")!;
    assertEquals(textOf(draft), "");
  }));
});
