import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isAmbiguous, type Key, takeKey, takePasted } from "../../../src/terminal/keys.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 300;

/** All keys of an input, and what is left. */
function keysOf(input: string): { keys: Key[]; rest: string } {
  const keys: Key[] = [];
  let rest = input;
  for (let taken = takeKey(rest); taken; taken = takeKey(rest)) {
    assert(taken.rest.length < rest.length, "every key makes progress");
    keys.push(taken.key);
    rest = taken.rest;
  }
  return { keys, rest };
}

function named(input: string): string[] {
  return keysOf(input).keys.map((key) => key.key === "text" ? `"${key.text}"` : key.key);
}

Deno.test("keys: what terminals send for each key", () => {
  const sent: Record<string, readonly string[]> = {
    "enter": ["\r", "\n", "\r\n"],
    "interrupt": ["\x03"],
    "end-of-input": ["\x04"],
    "backspace": ["\x7f", "\x08"],
    "delete": ["\x1b[3~"],
    "delete-word": ["\x17", "\x1b\x7f"],
    "delete-to-start": ["\x15"],
    "delete-to-end": ["\x0b"],
    "left": ["\x02", "\x1b[D", "\x1bOD"],
    "right": ["\x06", "\x1b[C", "\x1bOC"],
    "word-left": ["\x1b[1;5D", "\x1b[1;3D", "\x1bb"],
    "word-right": ["\x1b[1;5C", "\x1b[1;3C", "\x1bf"],
    "home": ["\x01", "\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"],
    "end": ["\x05", "\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"],
    "up": ["\x10", "\x1b[A", "\x1bOA"],
    "down": ["\x0e", "\x1b[B", "\x1bOB"],
    "tab": ["\t"],
    "redraw": ["\x0c"],
    "undo": ["\x1f", "\x1a"],
    "paste-start": ["\x1b[200~"],
    "other": [
      "\x1b[15~",
      "\x1bOP",
      "\x1b[201~",
      "\x1b[I",
      "\x1bx",
      "\x1b[<0;1;1M",
      "\x00",
      "\x1b世",
    ],
  };
  for (const [key, inputs] of Object.entries(sent)) {
    for (const input of inputs) {
      assertEquals(named(`${input}a`), [key, '"a"'], JSON.stringify(input));
    }
  }
});

Deno.test("keys: text comes in one piece up to the next key", () => {
  assertEquals(named("añ世👍🏽\r"), ['"añ世👍🏽"', "enter"]);
  assertEquals(keysOf(""), { keys: [], rest: "" });
});

Deno.test("keys: Alt with a letter of two units takes both", () => {
  assertEquals(named("\x1b👍a"), ["other", '"a"']);
});

Deno.test("keys: Escape before a control character is a key of its own", () => {
  assertEquals(named("\x1b\r"), ["other", "enter"]);
  assertEquals(named("\x1b\x03"), ["other", "interrupt"]);
  assertEquals(named("\x1b\x1b[A"), ["other", "up"]);
});

Deno.test("keys: a sequence that is not whole is waited for", () => {
  for (const input of ["\x1b", "\x1b[", "\x1bO", "\x1b[1;", "\x1b[20", "\x1b[1;5", "\x1b[!"]) {
    assertEquals(takeKey(input), undefined, JSON.stringify(input));
  }
  for (const input of ["\x1b", "\x1b[", "\x1bO"]) assert(isAmbiguous(input));
  for (const input of ["", "a", "\x1b[1", "\x1b[A"]) assert(!isAmbiguous(input));
});

Deno.test("keys: a sequence that never ends is not waited for for ever", () => {
  const numbers = "1".repeat(31);
  assertEquals(takeKey(`\x1b[${numbers}`), undefined);
  assertEquals(named(`\x1b[${numbers}1`), ["other", `"[${numbers}1"`]);
});

Deno.test("keys: whatever comes, text is neither lost nor changed", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\x1b", "\x1b[", "\x1b[1;5", "\x1bO", "\r\n", "\x1b[200~", "\x1b[201~", "👍"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const input = pieces.join("");
      const { keys, rest } = keysOf(input);
      let at = 0;
      for (const key of keys) {
        if (key.key !== "text") continue;
        // deno-lint-ignore no-control-regex -- text has none
        assert(!/[\x00-\x1f\x7f]/.test(key.text));
        at = input.indexOf(key.text, at);
        assert(at >= 0, "texts come in the order of the input");
        at += key.text.length;
      }
      assert(input.endsWith(rest));
      assert(rest === "" || (rest.startsWith("\x1b") && rest.length <= 33));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("keys: text without control characters is taken as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      // deno-lint-ignore no-control-regex -- none of them
      fc.pre(!/[\x00-\x1f\x7f]/.test(text));
      assertEquals(takeKey(text), { key: { key: "text", text }, rest: "" });
    }),
    { numRuns: RUNS },
  );
});

Deno.test("keys: pasted text is taken up to its end, line breaks as line feeds", () => {
  assertEquals(takePasted("a\rb\r\nc\nd\x1b[201~\r"), {
    ...{ text: "a\nb\nc\nd", rest: "\r", isOver: true },
  });
  assertEquals(takePasted("\x1b[201~"), { text: "", rest: "", isOver: true });
  assertEquals(takePasted("abc\x03d"), { text: "abc", rest: "\x03d", isOver: true });
  assertEquals(takePasted("a\x03b\x1b[201~"), { text: "a\x03b", rest: "", isOver: true });
});

Deno.test("keys: a paste is the same text, in whatever pieces it comes", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "\r", "\n", "\x1b", "[", "2", "0", "1", "世"),
  });
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 5 })), (text, sizes) => {
      fc.pre(!`${text}\x1b`.includes("\x1b[201~"));
      const input = `${text}\x1b[201~`;
      let [got, pending, at, isOver] = ["", "", 0, false];
      for (const size of [...sizes, input.length]) {
        pending += input.slice(at, at + size);
        at += size;
        const taken = takePasted(pending);
        got += taken.text;
        pending = taken.rest;
        isOver = taken.isOver;
        if (isOver) break;
      }
      assert(isOver);
      assertEquals([got, pending], [text.replaceAll(/\r\n?/g, "\n"), ""]);
    }),
    { numRuns: RUNS },
  );
});
