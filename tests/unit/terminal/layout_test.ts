import { assertEquals } from "@std/assert";
import { ORIGIN, placeAfter, standsAlone } from "../../../src/terminal/layout.ts";
import { visible } from "../../../src/terminal/visible.ts";

Deno.test("layout: a row is full before the next one begins", () => {
  assertEquals(placeAfter("", ORIGIN, 10), ORIGIN);
  assertEquals(placeAfter("123456789", ORIGIN, 10), { row: 0, column: 9 });
  assertEquals(placeAfter("1234567890", ORIGIN, 10), { row: 0, column: 10 });
  assertEquals(placeAfter("12345678901", ORIGIN, 10), { row: 1, column: 1 });
  assertEquals(placeAfter("1", { row: 0, column: 10 }, 10), { row: 1, column: 1 });
  assertEquals(placeAfter("12345678901", { row: 2, column: 9 }, 10), { row: 3, column: 10 });
});

Deno.test("layout: wide letters do not stand in two rows", () => {
  assertEquals(placeAfter("世世", ORIGIN, 4), { row: 0, column: 4 });
  assertEquals(placeAfter("世世", ORIGIN, 3), { row: 1, column: 2 });
  assertEquals(placeAfter("a世世", ORIGIN, 4), { row: 1, column: 2 });
  assertEquals(placeAfter("世a", ORIGIN, 1), { row: 1, column: 1 });
});

Deno.test("layout: marks and colours take no room, line breaks begin a row", () => {
  assertEquals(placeAfter("e\u0301\u200b", ORIGIN, 4), { row: 0, column: 1 });
  assertEquals(placeAfter("\x1b[1;32mab\x1b[0m", ORIGIN, 4), { row: 0, column: 2 });
  assertEquals(placeAfter("é\nab\r\n", ORIGIN, 4), { row: 2, column: 0 });
});

Deno.test("layout: what joins the letter before it does not stand alone", () => {
  for (const [before, added] of [["e", "\u0301"], ["👍", "🏽"], ["👨\u200d", "👩"], ["🇩", "🇪"]]) {
    assertEquals(standsAlone(before!, added!), false, before! + added!);
  }
  for (const [before, added] of [["", "a"], ["a", "b"], ["世", "界"], ["e\u0301", "x"]]) {
    assertEquals(standsAlone(before!, added!), true, before! + added!);
  }
});

Deno.test("visible: every control character has a stand-in of one column", () => {
  for (let code = 0; code < 0xa0; code++) {
    const character = String.fromCharCode(code);
    const isControl = code < 0x20 || code >= 0x7f;
    const shown = visible(`a${character}b`);
    assertEquals(shown === `a${character}b`, !isControl, `U+${code.toString(16)}`);
    assertEquals(placeAfter(shown, ORIGIN, 9), { row: 0, column: 3 });
  }
  assertEquals(visible("a\nb\tc"), "a⏎b⇥c");
  assertEquals(visible("a\u202eb\u2066c\ud800d\u2028"), "a\ufffdb\ufffdc\ufffdd\ufffd");
  assertEquals(visible("👨‍👩‍👧‍👦 é \u0915\u094d\u200d\u0937"), "👨‍👩‍👧‍👦 é \u0915\u094d\u200d\u0937");
});
