import { assert, assertEquals } from "@std/assert";
import { render } from "ink-testing-library";
import { Frames } from "../../../../src/ui/tui/frame.tsx";
import { Rows } from "../../../../src/ui/tui/rows_view.tsx";
import { paint } from "../../../../src/ui/tui/theme.ts";
import { message, ready, Story, UP, withoutStyles } from "./states.ts";

Deno.test("Rows are one below the other, and an empty one takes its place", () => {
  const { lastFrame, rerender, unmount, cleanup } = render(<Rows rows={["one"]} columns={20} />);
  assertEquals(lastFrame()!.split("\n"), ["one"]);
  rerender(<Rows rows={["one", "", "three", ""]} columns={20} />);
  assertEquals(lastFrame()!.split("\n"), ["one", "", "three", ""]);
  unmount();
  cleanup();
});

Deno.test("Rows are in the colours of a theme, and cut at their edge", () => {
  const peer = [{ role: "peer", text: "Bob" }] as const;
  const rows = [paint(peer, "none"), paint(peer, "dark"), "x".repeat(30)];
  const { lastFrame, unmount, cleanup } = render(<Rows rows={rows} columns={10} />);
  assertEquals(lastFrame()!.split("\n"), [
    "\x1b[1mBob\x1b[22m",
    "\x1b[1m\x1b[38;5;215mBob\x1b[39m\x1b[22m",
    "xxxxxxxxx…",
  ]);
  unmount();
  cleanup();
});

Deno.test("Frames show a conversation from the header to the status", () => {
  const story = new Story({ columns: 60, rows: 9 }).hear(UP, ready(), message("hello"));
  const lines = new Frames().of(story.state).lines.map((line) => withoutStyles(line).trimEnd());
  assertEquals(lines, [
    " Whisper 4821 │ locked, not verified │ here: Bob",
    "",
    "· 14:02 Connected to MongoDB.",
    "* 14:02 Bob is here. What you say is encrypted for the two",
    "        of you alone.",
    "  14:02 Bob │ hello",
    "─".repeat(60),
    "> Type and press Enter. /help lists all.",
    " Relay: MongoDB",
  ]);
});

Deno.test("Frames that follow each other are the same as frames that were made alone", () => {
  const frames = new Frames();
  const story = new Story().hear(UP, ready());
  const steps = [
    () => story.hear(message("hello")),
    () => story.type("x"),
    () => story.type("\x7f"),
    () => story.do({ action: "resize", columns: 40, rows: 10 }),
    () => story.hear(message("hello\nhello", 2)),
    () => story.type("\x1b[5~"),
    () => story.do({ action: "resize", columns: 90, rows: 30 }),
  ];
  for (const step of steps) {
    const { state } = step();
    assertEquals(frames.of(state), new Frames().of(state));
  }
});

Deno.test("Frames of ten thousand texts differ in what is new, and take no longer to make", () => {
  const frames = new Frames();
  const story = new Story().hear(UP, ready());
  for (let seq = 0; seq < 10_000; seq++) story.hear(message(`text ${seq}`, seq));
  const before = frames.of(story.state).lines;
  const after = frames.of(story.type("x").state).lines;
  assertEquals(before.filter((line, i) => line !== after[i]).length, 1);
  assert(withoutStyles(after.at(-4)!).endsWith("text 9999"));
});
