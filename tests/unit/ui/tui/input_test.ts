import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Input, InputReader } from "../../../../src/ui/tui/input.ts";
import { KEYS } from "../../../../src/ui/keys.ts";

function take(...pieces: string[]): Input[] {
  const reader = new InputReader();
  const found = pieces.flatMap((piece) => reader.take(piece));
  return [...found, ...reader.settle()];
}

const text = (text: string): Input => ({ input: "text", text });

Deno.test("input: each sequence of the table of keys is its key, whole or letter by letter", () => {
  for (const { sends } of KEYS) {
    for (const [action, sequences] of Object.entries(sends)) {
      for (const sequence of sequences) {
        const expected = [{ input: "key", action }] as Input[];
        assertEquals(take(sequence), expected, JSON.stringify(sequence));
        assertEquals(take(...sequence), expected, `${JSON.stringify(sequence)} in pieces`);
      }
    }
  }
});

Deno.test("input: no sequence is in the table of keys twice", () => {
  const all = KEYS.flatMap(({ sends }) => Object.values(sends).flat());
  assertEquals(all.length, new Set(all).size);
});

Deno.test("input: what is pasted is one paste, however it comes", () => {
  const pasted = "one\rtwo\r\nthree\x1b[A 👩‍👩‍👧";
  const expected: Input[] = [{ input: "paste", text: "one\ntwo\nthree\x1b[A 👩‍👩‍👧" }, text("x")];
  const sent = `\x1b[200~${pasted}\x1b[201~x`;
  assertEquals(take(sent), expected);
  assertEquals(take(...sent.match(/[^]/gu)!), expected);
});

Deno.test("input: a paste whose end is lost ends with Ctrl+C", () => {
  assertEquals(take("\x1b[200~abc", "def\x03"), [
    { input: "paste", text: "abcdef" },
    { input: "key", action: "leave" },
  ]);
});

Deno.test("input: several lines in one piece are a paste, where a terminal has no brackets", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  assertEquals(take(lines.join("\r")), [{ input: "paste", text: lines.join("\n") }]);
  // What was typed while a network held its breath is what it is.
  assertEquals(take("one\rtwo\rthree").length, 5);
  assertEquals(take("one\r"), [text("one"), { input: "key", action: "submit" }]);
  assertEquals(take("one\rtwo"), [
    text("one"),
    { input: "key", action: "submit" },
    text("two"),
  ]);
});

Deno.test("input: focus and the colour of the background are told", () => {
  assertEquals(take("\x1b[Ia\x1b[O"), [
    { input: "focus", isFocused: true },
    text("a"),
    { input: "focus", isFocused: false },
  ]);
  assertEquals(take("\x1b]11;rgb:ffff/ffff/ffff\x1b\\"), [{
    input: "background",
    brightness: 1,
  }]);
  assertEquals(take("\x1b]11;rgb:00/00/00\x07"), [{ input: "background", brightness: 0 }]);
});

Deno.test("input: what means nothing here is nothing, and loses nothing beside it", () => {
  assertEquals(take("a\x1b[99~b\x1b[?1;2cc\x1bOZd\x00e"), ["a", "b", "c", "d", "e"].map(text));
});

Deno.test("input: pieces of any size make the same text and keys", () => {
  const part = fc.constantFrom("a", "é", "日", "👩‍👩‍👧", "\x1b[A", "\x1b[1;5C", "\r", "\x7f", "\x1bb");
  fc.assert(fc.property(
    fc.array(part, { maxLength: 12 }),
    fc.array(fc.nat(40), { maxLength: 6 }),
    (parts, cuts) => {
      // Several lines in one piece would be a paste.
      const sent = parts.join("").replaceAll("\r", "\x1b\r");
      const places = [0, ...cuts.map((cut) => Math.min(cut, sent.length)), sent.length]
        .sort((a, b) => a - b);
      const pieces = places.slice(1).map((place, i) => sent.slice(places[i], place));
      assertEquals(joined(take(...pieces)), joined(take(sent)));
    },
  ));
});

/** Neighbouring texts as one. */
function joined(inputs: readonly Input[]): Input[] {
  const all: Input[] = [];
  for (const input of inputs) {
    const last = all.at(-1);
    if (input.input === "text" && last?.input === "text") {
      all[all.length - 1] = text(last.text + input.text);
    } else all.push(input);
  }
  return all;
}
