import { assert, assertEquals } from "@std/assert";
import { view } from "../../../../src/ui/tui/view.ts";
import { alarm, message, ready, Story, UP, withoutStyles } from "./states.ts";

Deno.test("view: shows a conversation from the header to the status line", () => {
  const story = new Story({ columns: 60, rows: 9 }).hear(UP, ready(), message("hello"));
  const lines = view(story.state).rows.map(({ raw }) => withoutStyles(raw).trimEnd());
  assertEquals(lines, [
    " Whisper 4821 │ encrypted · unverified │ here: Bob",
    "",
    "",
    "· 14:02 Connected to MongoDB.",
    "* 14:02 Bob joined. Messages are end-to-end encrypted.",
    "  14:02 Bob │ hello",
    "─".repeat(60),
    "> Type and press Enter. Ctrl+J: new line. /help lists comma…",
    " Connected to MongoDB",
  ]);
});

Deno.test("view: one key changes one row of a conversation of ten thousand messages", () => {
  const story = new Story().hear(UP, ready());
  for (let seq = 0; seq < 10_000; seq++) story.hear(message(`text ${seq}`, seq));
  const before = view(story.state).rows.map(({ raw }) => raw);
  const after = view(story.type("x").state).rows.map(({ raw }) => raw);
  assertEquals(before.filter((line, i) => line !== after[i]).length, 1);
  assert(withoutStyles(after.at(-4)!).endsWith("text 9999"));
});

Deno.test("view: shows dots for a passphrase behind /invite, and no key brings it back", () => {
  const shown = ({ state }: Story) =>
    view(state).rows.map(({ raw }) => withoutStyles(raw)).join("\n");
  const story = new Story({ by: "name" }).hear(ready(), { event: "presence", peer: "left" });
  story.type("/invite four secret words");
  assert(shown(story).includes(`> /invite ${"•".repeat("four secret words".length)}`));
  story.type("\x1b[D".repeat(5));
  assertEquals(/secret|words/.test(shown(story)), false);
  story.do({ action: "submitted", id: "1", line: "/invite four secret words" });
  story.type("\x1b[A");
  assertEquals(/secret|four/.test(shown(story) + JSON.stringify(story.state.draft)), false);
  assertEquals(story.state.history, []);
  story.type("\x1f", "\x19");
  assertEquals(/secret|four/.test(JSON.stringify(story.state.draft)), false);
  // Where there are codes there is nothing to hide.
  assert(shown(new Story().type("/invite me")).includes("> /invite me"));
});

Deno.test("view: names no code in a room that was agreed on by name", () => {
  const NAMED = /invite code|\bcodes?\b/i;
  const story = () => new Story({ by: "name" });
  const screens = {
    empty: story(),
    handshake: story().hear({ event: "waiting", for: "handshake" }),
    left: story().hear(ready(), { event: "presence", peer: "left" }),
    vanished: story().hear(ready(), { event: "presence", peer: "vanished" }),
    crowded: story().hear(alarm("crowded")),
    guess: story().hear({ event: "alarm", kind: "guess", count: 3, attemptsLeft: 0 }),
    burnt: story().hear({ event: "code-burnt" }),
    command: story().hear(ready()).type("/"),
    completed: story().hear(ready()).type("/inv", "\t"),
  };
  for (const [name, { state }] of Object.entries(screens)) {
    const { rows } = view(state);
    const text = rows.map(({ raw }) => withoutStyles(raw)).join("\n");
    assertEquals(NAMED.exec(text), null, `${name}:\n${text}`);
  }
});
