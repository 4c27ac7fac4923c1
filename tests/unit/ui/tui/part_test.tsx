import { assertEquals } from "@std/assert";
import { render } from "ink-testing-library";
import { Frames } from "../../../../src/ui/tui/frame.tsx";
import { Part } from "../../../../src/ui/tui/part.tsx";
import { paint } from "../../../../src/ui/tui/theme.ts";
import { message, ready, Story, UP, withoutStyles } from "./states.ts";

Deno.test("Part keeps its height, from the top and from the bottom", () => {
  const props = { rows: ["one", "two"], columns: 20, height: 4 };
  const { lastFrame, rerender, unmount, cleanup } = render(<Part {...props} />);
  assertEquals(lastFrame()!.split("\n"), ["one", "two", "", ""]);
  rerender(<Part {...props} fromBottom />);
  assertEquals(lastFrame()!.split("\n"), ["", "", "one", "two"]);
  rerender(<Part {...props} rows={["one", "", "three"]} />);
  assertEquals(lastFrame()!.split("\n"), ["one", "", "three", ""]);
  unmount();
  cleanup();
});

Deno.test("Part shows rows in the colours of a theme, cut at its edge", () => {
  const peer = [{ role: "peer", text: "Bob" }] as const;
  const rows = [paint(peer, "none"), paint(peer, "dark"), "x".repeat(30)];
  const { lastFrame, unmount, cleanup } = render(<Part rows={rows} columns={10} height={3} />);
  assertEquals(lastFrame()!.split("\n"), [
    "\x1b[1mBob\x1b[22m",
    "\x1b[1m\x1b[38;5;215mBob\x1b[39m\x1b[22m",
    "xxxxxxxxx…",
  ]);
  unmount();
  cleanup();
});

Deno.test("Frames show a conversation from the header to the status", () => {
  const story = new Story({ columns: 60, rows: 8 }).hear(UP, ready(), message("hello"));
  const lines = new Frames().of(story.state).lines.map((line) => withoutStyles(line).trimEnd());
  assertEquals(lines, [
    " Whisper 4821 │ locked, not verified │ here: Bob",
    "· 14:02 Connected to MongoDB.",
    "* 14:02 Bob is here. What you say is encrypted for the two",
    "        of you alone.",
    "  14:02 Bob │ hello",
    "─".repeat(60),
    "> Type and press Enter. /help lists all.",
    " Relay: MongoDB",
  ]);
});

Deno.test("Frames lay out again what looks otherwise, and nothing else", () => {
  const frames = new Frames();
  const story = new Story().hear(UP, ready(), message("hello"));
  const before = frames.of(story.state).lines;
  const after = frames.of(story.type("x").state).lines;
  assertEquals(before.map((line, i) => line !== after[i]).filter(Boolean).length, 1);
  story.type("\x7f").hear(message("more", 2));
  const later = frames.of(story.state).lines;
  assertEquals(later.at(-2), before.at(-2));
  assertEquals(withoutStyles(later.at(-4)!), "  14:02 Bob │ more");
});
