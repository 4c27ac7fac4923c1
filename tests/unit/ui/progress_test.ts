import { assertEquals, assertMatch } from "@std/assert";
import type { FileEvent } from "../../../src/chat/events.ts";
import { widthOf } from "../../../src/terminal/text.ts";
import { ProgressBar } from "../../../src/ui/progress.ts";

function progress(name: string, bytes: number): FileEvent {
  return { event: "file", state: "progress", from: "you", id: "1", name, size: 1e9, bytes };
}

Deno.test("ProgressBar: shows how far a file has come, whatever its name and the window", () => {
  for (const name of ["a", "a long name of a file".repeat(12), "日本".repeat(60), "a\x1b[2Jb\n"]) {
    const bar = new ProgressBar();
    bar.text(progress(name, 1e8), { now: 0, columns: 79 });
    for (const columns of [119, 79, 39]) {
      const text = bar.text(progress(name, 2e8), { now: 1_000, columns });
      assertMatch(text, /20% of 1\.0 GB, 100 MB\/s, 8 s left$/);
      assertEquals(widthOf(text) <= columns, true, text);
    }
    assertEquals(bar.text(progress(name, 2e8), { now: 1_000, columns: 12 }), "20% of 1.0 …");
  }
});

Deno.test("ProgressBar: measures the rate from the end of a pause", () => {
  const bar = new ProgressBar();
  const text = (bytes: number, now: number) =>
    bar.text(progress("a", bytes), { now, columns: 79 }).replace(/^.*\] /, "");
  text(0, 0);
  assertEquals(text(1e8, 1_000), "10% of 1.0 GB, 100 MB/s, 9 s left");
  assertEquals(text(2e8, 71_000), "20% of 1.0 GB");
  assertEquals(text(3e8, 72_000), "30% of 1.0 GB, 100 MB/s, 7 s left");
});
