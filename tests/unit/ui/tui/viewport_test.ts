import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EMPTY_LOG, type Entry, heard, type Log } from "../../../../src/ui/tui/log.ts";
import { rowsOf } from "../../../../src/ui/tui/rows.ts";
import {
  type Scroll,
  scrolled,
  scrolledToFirst,
  visible,
  type Window,
} from "../../../../src/ui/tui/viewport.ts";

const geometry = { columns: 40, nameWidth: 3 };

function conversation(texts: readonly string[]): Log {
  return texts.reduce(
    (log, text, seq) => heard(log, { who: "Bob", text, seq, notes: [], at: 0 }),
    EMPTY_LOG,
  );
}

function window(log: Log, height: number): Window {
  return { entries: log.entries, geometry, height };
}

function shown(window: Window, scroll: Scroll): string[] {
  return visible(window, scroll).rows.map((row) => row.map(({ text }) => text).join(""));
}

Deno.test("viewport: moves by as many rows as asked", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 1, max: 12 }),
    fc.array(fc.integer({ min: -15, max: 15 }), { maxLength: 12 }),
    (sizes, height, moves) => {
      const log = conversation(sizes.map((size, i) => Array(size).fill(`text ${i}`).join("\n")));
      const all = [...log.entries].flatMap((entry) => rowsOf(entry, geometry))
        .map((row) => row.map(({ text }) => text).join(""));
      const view = window(log, height);
      let scroll: Scroll = "tail";
      let bottom = all.length;
      for (const by of moves) {
        scroll = scrolled(view, scroll, by);
        bottom = Math.min(all.length, Math.max(Math.min(height, all.length), bottom + by));
        assertEquals(shown(view, scroll), all.slice(Math.max(0, bottom - height), bottom));
      }
      assertEquals(shown(view, scrolledToFirst(view)), all.slice(0, height));
    },
  ));
});

Deno.test("viewport: stays on the same messages when others arrive or expire", () => {
  const log = conversation(Array.from({ length: 30 }, (_, i) => `text ${i}`));
  const scroll = scrolled(window(log, 5), "tail", -10);
  const before = shown(window(log, 5), scroll);
  const more = heard(log, { who: "Bob", text: "new", seq: 31, notes: [], at: 0 });
  assertEquals(shown(window(more, 5), scroll), before);
  const gone = [...more.entries].toSpliced(2, 3);
  assertEquals(shown({ entries: gone, geometry, height: 5 }, scroll), before);
  assert(scroll !== "tail");
  const without = [...more.entries].filter(({ id }) => id !== scroll.id);
  assertEquals(shown({ entries: without, geometry, height: 4 }, scroll), before.slice(0, 4));
});

Deno.test("viewport: lays out only the visible part of a long conversation", () => {
  const log = conversation(Array.from({ length: 10_000 }, (_, i) => `text ${i}`));
  let looks = 0;
  const entries = {
    length: log.entries.length,
    at(index: number) {
      looks++;
      return log.entries.at(index);
    },
  };
  assertEquals(shown({ entries, geometry, height: 20 }, "tail").length, 20);
  assert(looks < 100, `${looks} entries were looked at`);
});

Deno.test("viewport: is empty without messages", () => {
  const empty = window(EMPTY_LOG, 10);
  assertEquals(visible(empty, "tail"), { rows: [], entries: [] });
  assertEquals(scrolled(empty, "tail", -5), "tail");
  assertEquals(scrolled(empty, "tail", 5), "tail");
  assertEquals(scrolledToFirst(empty), "tail");
});

Deno.test("rowsOf: remembers the layout of what is looked at, and not of all there is", () => {
  const entry = (id: number): Entry => (
    { kind: "peer", id, at: 0, who: "Bob", text: `text ${id}`, seq: id, notes: [] }
  );
  const seen = entry(0);
  const rows = rowsOf(seen, geometry);
  const unseen = entry(1);
  const forgotten = rowsOf(unseen, geometry);
  for (let id = 2; id < 5_000; id++) {
    rowsOf(entry(id), geometry);
    assert(rowsOf(seen, geometry) === rows);
  }
  assert(rowsOf(unseen, geometry) !== forgotten);
  assertEquals(rowsOf(unseen, geometry), forgotten);
});
