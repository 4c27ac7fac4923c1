import { assertEquals } from "@std/assert";
import { notification, notifierFor } from "../../../src/terminal/notification.ts";

Deno.test("notifierFor: knows the way of each terminal, in tmux and screen too", () => {
  const cases: [Record<string, string>, string, string | undefined][] = [
    [{}, "bell", undefined],
    [{ TERM: "linux" }, "bell", undefined],
    [{ TERM: "xterm-256color" }, "osc777", undefined],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "WezTerm" }, "osc9", undefined],
    [{ TERM: "xterm-kitty" }, "osc9", undefined],
    [{ TERM: "tmux-256color", TERM_PROGRAM: "tmux", TMUX: "1" }, "osc777", "tmux"],
    [{ TERM: "tmux-256color", TMUX: "1", KITTY_WINDOW_ID: "1" }, "osc99", "tmux"],
    [{ TERM: "tmux-256color", TMUX: "1", LC_TERMINAL: "iTerm2" }, "osc9", "tmux"],
    [{ TERM: "screen", STY: "1", WEZTERM_PANE: "0" }, "osc9", "screen"],
  ];
  for (const [variables, kind, multiplexer] of cases) {
    assertEquals(
      notifierFor((name) => variables[name]),
      { kind, multiplexer } as unknown as ReturnType<
        typeof notifierFor
      >,
      JSON.stringify(variables),
    );
  }
});

Deno.test("notification: is one sequence and the bell", () => {
  const text = { text: "New message", id: "a" };
  const raw = (kind: "osc99" | "osc9" | "osc777" | "bell", multiplexer?: "tmux" | "screen") =>
    notification({ kind, multiplexer }, text).raw;
  assertEquals(raw("bell"), "\x07");
  assertEquals(raw("osc99"), "\x1b]99;i=a;Whisper: New message\x07\x07");
  assertEquals(raw("osc9", "screen"), "\x1bP\x1b]9;Whisper: New message\x07\x1b\\\x07");
  assertEquals(
    raw("osc777", "tmux"),
    "\x1bPtmux;\x1b\x1b]777;notify;Whisper;New message\x07\x1b\\\x07",
  );
});
