import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Draft,
  edit,
  EMPTY_DRAFT,
  insert,
  move,
  textOf,
} from "../../../src/terminal/editor.ts";
import type { KeyAction } from "../../../src/terminal/keys.ts";
import { safeLine } from "../../../src/terminal/safe_text.ts";
import { ShownLine } from "../../../src/terminal/shown_line.ts";
import { inRawMode, tty } from "../../../src/terminal/terminal_text.ts";
import { FakeTerminal } from "../../support/terminal.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 10_000 : 400;

/** What the screen of a terminal of this width shows that was written to once, and its cursor. */
function written(columns: number, prompt: string, before: string, after: string) {
  const terminal = new FakeTerminal({ columns });
  terminal.isRaw = true;
  terminal.write(tty`${inRawMode(prompt)}${safeLine(before)}`);
  const cursor = terminal.next;
  terminal.write(safeLine(after));
  return { lines: terminal.lines, cursor, end: terminal.next };
}

/** The last row of a line, which leaves room for the mark of what is left out. */
const LAST_ROW = 7;

const KEYS = [
  ...["left", "right", "word-left", "word-right", "home", "end", "backspace", "delete"],
  ...["delete-word", "delete-to-start", "delete-to-end", "undo", "redraw"],
] as const;
type Key = { readonly text: string } | { readonly key: KeyAction };
type Step = Key | { readonly print: string } | { readonly resize: number };

/** What a key makes of a draft: a prompt has one line, so Home and End go on at the edge of a row. */
function pressed(draft: Draft, key: Key): Draft {
  if ("text" in key) return insert(draft, key.text);
  const next = edit(draft, key.key) ?? draft;
  const isAtEdge = next.before === draft.before;
  if (key.key === "home" && isAtEdge) return move(draft, 0);
  return key.key === "end" && isAtEdge ? move(draft, textOf(draft).length) : next;
}

function press(line: ShownLine, key: Key): void {
  if ("text" in key) line.insert(key.text);
  else line.press(key.key);
}

const letter = fc.constantFrom("a", "b", " ", "é", "世", "👍", "🇩🇪", "한", "\n", "\t", "ｱ");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: letter.map((text) => ({ text })) },
  {
    weight: 2,
    arbitrary: fc.string({ unit: letter, minLength: 2, maxLength: 20 }).map((text) => ({ text })),
  },
  { weight: 5, arbitrary: fc.constantFrom(...KEYS).map((key: KeyAction) => ({ key })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("Bob: hi", "Bob: 世界\nagain").map((print) => ({ print })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 4, max: 30 }).map((resize) => ({ resize })) },
);

Deno.test("shown line: the screen is what one writing of the line would have made it", () => {
  const prompt = fc.constantFrom("", "> ", "you: ", "Where?\n> ", "日本> ");
  fc.assert(
    fc.property(
      prompt,
      fc.integer({ min: 4, max: 30 }),
      fc.array(step, { maxLength: 40 }),
      (prompt, columns, steps) => {
        const terminal = new FakeTerminal({ columns });
        terminal.isRaw = true;
        const line = new ShownLine(terminal, { prompt });
        let model = EMPTY_DRAFT;
        const printed: string[] = [];
        line.show();
        for (const step of steps) {
          if ("print" in step) {
            line.erase();
            terminal.write(inRawMode(`${step.print}\n`));
            line.show();
            printed.push(step.print);
          } else if ("resize" in step) {
            terminal.resize(step.resize);
            line.press("redraw");
          } else {
            model = pressed(model, step);
            press(line, step);
          }
          const width = terminal.size().columns;
          const above = written(width, printed.map((text) => `${text}\n`).join(""), "", "");
          const begins = above.cursor.row;
          const expected = written(width, prompt, model.before, model.after);
          // A longer line is shown in part; that has tests of its own.
          const { row, column } = expected.end;
          if (row > LAST_ROW || (row === LAST_ROW && column > width - 2)) continue;
          assertEquals(terminal.lines.slice(begins), expected.lines, JSON.stringify(steps));
          assertEquals(
            { ...terminal.cursor, row: terminal.cursor.row - begins },
            expected.cursor,
            JSON.stringify(steps),
          );
        }
        assertEquals(line.text, textOf(model));
        line.finish();
        assertEquals(terminal.cursor.column, 0);
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("shown line: a line too long for the screen keeps to its rows, with the cursor in them", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 30 }),
      fc.integer({ min: 3, max: 12 }),
      fc.string({ unit: letter, minLength: 100, maxLength: 600 }),
      fc.array(step, { maxLength: 60 }),
      (columns, rows, text, steps) => {
        const terminal = new FakeTerminal({ columns, rows });
        terminal.isRaw = true;
        terminal.write(tty`above\r\n`);
        const line = new ShownLine(terminal, { prompt: "> " });
        let model = EMPTY_DRAFT;
        const above = terminal.cursor.row;
        line.show();
        const paste = { text } as const;
        for (const key of [paste, ...steps]) {
          if ("print" in key || "resize" in key) continue;
          model = pressed(model, key);
          press(line, key);
          const shown = terminal.lines.slice(above);
          assert(shown.length <= Math.max(2, Math.min(8, rows - 1)), terminal.screen);
          assert(
            shown[0]!.startsWith(">") && terminal.lines[0]!.startsWith("abov"),
            terminal.screen,
          );
          // What is around the cursor is what is around it in the line.
          const near = safeLine(model.before).slice(-1);
          if (near.trim() !== "") assert(shown.join("").includes(near), terminal.screen);
        }
        assertEquals(line.text, textOf(model));
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("shown line: nothing of a hidden line is ever written", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const terminal = new FakeTerminal();
      terminal.isRaw = true;
      const line = new ShownLine(terminal, { prompt: "Password: ", hidden: true });
      line.show();
      for (const step of steps) {
        if ("key" in step || "text" in step) press(line, step);
      }
      assertEquals([terminal.screen, terminal.cursor.column], ["Password:", 10]);
    }),
    { numRuns: RUNS },
  );
});
