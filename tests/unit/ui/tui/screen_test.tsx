import { assertEquals, assertStringIncludes } from "@std/assert";
import { render } from "ink-testing-library";
import { Part, Screen } from "../../../../src/ui/tui/screen.tsx";
import { message, ready, Story, UP, withoutStyles } from "./states.ts";

Deno.test("Part keeps its height, from the top and from the bottom", () => {
  const rows = [[{ role: "plain", text: "one" }], [{ role: "plain", text: "two" }]] as const;
  const top = render(<Part rows={rows} height={4} theme="none" />);
  assertEquals(top.lastFrame()!.split("\n"), ["one", "two", "", ""]);
  const bottom = render(<Part rows={rows} height={4} theme="none" fromBottom />);
  assertEquals(bottom.lastFrame()!.split("\n"), ["", "", "one", "two"]);
  for (const { unmount, cleanup } of [top, bottom]) {
    unmount();
    cleanup();
  }
});

Deno.test("Part paints rows in the colours of its theme", () => {
  const rows = [[{ role: "peer", text: "Bob" }]] as const;
  const themes = { none: "\x1b[1mBob\x1b[22m", dark: "\x1b[1m\x1b[38;5;215mBob\x1b[39m\x1b[22m" };
  for (const [theme, expected] of Object.entries(themes)) {
    const { lastFrame, unmount, cleanup } = render(
      <Part rows={rows} height={1} theme={theme as keyof typeof themes} />,
    );
    assertEquals(lastFrame(), expected);
    unmount();
    cleanup();
  }
});

Deno.test("Screen shows a conversation from the header to the status, and follows it", () => {
  const story = new Story({ columns: 60, rows: 8 }).hear(UP, ready(), message("hello"));
  const { lastFrame, rerender, unmount, cleanup } = render(<Screen state={story.state} />);
  const lines = withoutStyles(lastFrame()!).split("\n").map((line) => line.trimEnd());
  assertEquals(
    lines,
    [
      " Whisper 4821 │ locked, not verified │ here: Bob",
      "* 14:02 Bob is here. What you say is encrypted for the two",
      "        of you alone.",
      "  14:02 Bob │ hello",
      "─".repeat(60),
      "> Type and press Enter. /help lists all.",
      " Relay: MongoDB",
    ].toSpliced(1, 0, "· 14:02 Connected to MongoDB."),
  );
  rerender(<Screen state={story.type("typing").state} />);
  assertStringIncludes(lastFrame()!, "typing");
  unmount();
  cleanup();
});
