import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  rawOf,
  restOfRow,
  styled,
  type TerminalText,
  tty,
} from "../../../../src/terminal/terminal_text.ts";
import { changes } from "../../../../src/ui/tui/render.ts";
import { view } from "../../../../src/ui/tui/view.ts";
import { MemoryScreen } from "../../../support/screen.ts";
import { message, ready, Story, UP } from "./states.ts";

/** The most bytes that a key may write beside rows that were not on the screen before. */
const MAX_KEY_BYTES = 120;

function bytes(text: TerminalText): number {
  return new TextEncoder().encode(rawOf(text)).length;
}

/**
 * Types a key, and returns what it writes, in bytes, without the rows that it uncovers: all of their text
 * has to be written.
 */
function typist(story: Story): (key: string) => number {
  let shown = view(story.state).rows;
  return (key) => {
    story.type(key);
    const next = view(story.state);
    const known = new Set(shown.map(rawOf));
    const uncovered = next.rows.filter((row, index) =>
      index !== next.cursor.row && !known.has(rawOf(row))
    );
    const written = bytes(changes(shown, next));
    shown = next.rows;
    return uncovered.reduce((sum, row) => sum - bytes(row), written);
  };
}

Deno.test("changes: a key writes at most 120 bytes in a row of the composer", () => {
  for (const theme of ["dark", "light", "none"] as const) {
    for (const letter of ["a", "ж", "é"]) {
      const story = new Story({ columns: 120, rows: 40 }).hear(UP, ready(), message("hello"));
      story.state = { ...story.state, theme };
      story.type("x");
      const bytesOfKey = typist(story);
      for (let i = 0; i < 115; i++) {
        const written = bytesOfKey(letter);
        assert(written <= MAX_KEY_BYTES, `${letter}, key ${i}: ${written} bytes`);
      }
      const keys = ["\x7f", "\x1b[D", "\x1b[D", "\x1b[3~", "\x1b[D", "\x7f", "\x1b[F", "\x17"];
      for (const key of keys) assert(bytesOfKey(key) <= MAX_KEY_BYTES);
    }
  }
});

Deno.test("changes: a key that changes the height of the composer writes at most 120 bytes", () => {
  for (const theme of ["dark", "none"] as const) {
    for (const [columns, rows] of [[120, 40], [80, 24], [40, 12]] as const) {
      const story = new Story({ columns, rows }).hear(UP, ready());
      story.state = { ...story.state, theme };
      for (let i = 1; i <= 40; i++) story.hear(message(`Message ${i}, with a few words more.`, i));
      story.do({ action: "noted", facts: { undisplayed: [] } });
      const bytesOfKey = typist(story);
      const press = (key: string) => {
        const written = bytesOfKey(key);
        const what = `${columns}: ${JSON.stringify(key)}: ${written} bytes`;
        assert(written <= MAX_KEY_BYTES, what);
      };
      for (let i = 0; i < 3 * columns; i++) press(i % 6 === 5 ? " " : "a");
      for (let i = 0; i < 20; i++) press("\n");
      for (let i = 0; i < 20 + 3 * columns - 1; i++) press("\x7f");
    }
  }
});

Deno.test("restOfRow: leaves an accent with its letter", () => {
  const rest = (shown: string, next: string) => restOfRow(tty`${shown}`, tty`${next}`);
  for (const [shown, next] of [["abe", "abe\u0301"], ["abe\u0301", "abe"]] as const) {
    assertEquals(rest(shown, next).column, 2);
  }
  assertEquals(rest("a👍b", "a👍c").column, 0, "a terminal may count an emoji otherwise");
});

Deno.test("changes: what is on the screen is the frame, whatever was there before", () => {
  const piece = fc.record({
    style: fc.constantFrom("", "1", "38;5;245"),
    text: fc.string({
      unit: fc.constantFrom("a", "b", " ", "é", "ж", "日", "👍", "e\u0301", "│"),
      maxLength: 8,
    }),
  });
  const row = fc.array(piece, { maxLength: 3 })
    .map((pieces) => tty`${pieces.map(({ style, text }) => styled(style, text))}`);
  const height = 12;
  // Rows that stay, move and come, as in a conversation.
  const pool = fc.array(row, { minLength: 1, maxLength: 10 });
  const frame = fc.record({
    from: fc.nat(20),
    changed: fc.array(fc.tuple(fc.nat(height - 1), row)),
  });
  const run = fc.property(pool, fc.array(frame, { minLength: 2, maxLength: 8 }), (pool, frames) => {
    const screen = new MemoryScreen({ columns: 80, rows: height });
    const cursor = { row: 0, column: 0 };
    screen.write(tty`\x1b[?1049h`);
    let shown: TerminalText[] = [];
    for (const { from, changed } of frames) {
      const rows = Array.from(
        { length: height },
        (_, index) => pool[(from + index) % pool.length]!,
      );
      for (const [index, row] of changed) rows[index] = row;
      screen.write(changes(shown, { rows, cursor, displayed: [] }));
      const whole = new MemoryScreen({ columns: 80, rows: height });
      whole.write(tty`\x1b[?1049h${changes([], { rows, cursor, displayed: [] })}`);
      assertEquals(screen.text, whole.text);
      shown = rows;
    }
  });
  fc.assert(run, { numRuns: Deno.env.get("SOAK") === "1" ? 5_000 : 200 });
});
