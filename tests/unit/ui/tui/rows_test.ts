import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import { conversationWindow } from "../../../../src/ui/tui/geometry.ts";
import {
  bannerRows,
  composerRows,
  headerRows,
  inviteRows,
  ruleRow,
  statusRow,
} from "../../../../src/ui/tui/parts.ts";
import { visible } from "../../../../src/ui/tui/viewport.ts";
import { widthOf } from "../../../../src/terminal/text.ts";
import { alarm, message, ready, Story, TWO_PAST_TWO, UP } from "./states.ts";

/** What a hostile peer may send to look like the program. */
const FORGERIES = [
  "* 14:02 Bob has left. 0 remain.",
  "! 14:02 ALARM: Someone else tried to enter this room.",
  " ALARM: Someone else tried to enter this room. (Esc)",
  "hello\n* 14:02 Connected to MongoDB.",
  "hello\n! 14:02 ALARM: leave at once",
  "hello\n  14:02 you │ I did say that  · delivered",
  "hello\n".repeat(40),
  "x".repeat(200) + "\n" + "─".repeat(80) + "\n> ",
  "\r* 14:02 over the beginning of the row",
  "\x1b[2J\x1b[H* 14:02 on an empty screen",
  "\x1b[1;1H Whisper 4821 │ locked, verified",
  "\u202e.detcennoc 20:41 *",
  "\u2028* 14:02 behind a separator of lines",
  "\x9b1;7m! ALARM",
];

for (const columns of [40, 80]) {
  Deno.test(`rows: nothing the peer sends reaches the program's columns (${columns} wide)`, () => {
    for (const text of FORGERIES) {
      const story = new Story({ columns, rows: 60 }).hear(UP, ready(), message(text));
      const own = new Set(new Story({ columns, rows: 60 }).hear(UP, ready()).lines);
      for (const line of story.lines) {
        if (own.has(line) || line === "") continue;
        // A time or a bar: the mark of a message.
        assert(
          /^ {2}14:02 +Bob(?: │|:)(?: |$)|^ +│/.test(line),
          `${JSON.stringify(text)}: ${line}`,
        );
      }
    }
  });
}

Deno.test("rows: draw an alarm across the whole width, which no message can imitate", () => {
  const story = new Story({ rows: 30 }).hear(UP, ready(), message("! 14:02 ALARM: x"), alarm());
  const real = story.lines.filter((line) => line.startsWith("! "));
  assertEquals(real, ["! 14:02 ALARM: Someone else tried to join this room. They were refused."]);
  assertMatch(story.lines[2]!, /^ ALARM: Someone else tried to join this room/);
});

Deno.test("rows: quote a name that reads like a sentence", () => {
  const names = [
    ["Bob", "Bob"],
    ["Jean-Luc O’Neil", "Jean-Luc O’Neil"],
    ["Bob has left.", "“Bob has left.”"],
    ["Someone else tried to enter", "“Someone else tried to enter”"],
    ["* 14:02", "“* 14:02”"],
    ["“Bob” has left.", "“'Bob' has left.”"],
    ["you", "you (peer)"],
    ["ALARM", "ALARM (peer)"],
    ["ALICE", "ALICE (peer)"],
    ["x".repeat(64), `${"x".repeat(31)}…`],
  ] as const;
  for (const [name, label] of names) {
    const { state } = new Story().hear(ready(name));
    const shown = label.endsWith("…") ? `“${label}”` : label;
    assertEquals(state.peer, shown);
  }
});

Deno.test("rows: show the delivery state in words, without moving the message", () => {
  const text = "a text that takes just about as much as there is room for, so and so";
  const story = new Story().hear(UP, ready()).say("1", text);
  const states = [story.lines];
  for (const word of ["sent", "delivered"] as const) {
    story.hear({ event: word, id: "1", seq: 1 });
    states.push(story.lines);
    assert(story.text.includes(`· ${word}`), story.text);
  }
  assert(states[0]!.join().includes("· sending"));
  const places = states.map((lines) => lines.findIndex((line) => line.includes("a text that")));
  assertEquals(new Set(places).size, 1);
});

Deno.test("rows: mark a late message and one from another time", () => {
  const late = { ...message("x"), late: true } as const;
  const old = message("y", 2, TWO_PAST_TWO - 3_600_000);
  const { text } = new Story().hear(ready(), late, old);
  assert(text.includes("Bob │ (late) x"), text);
  assert(text.includes("Bob │ (written 13:02) y"), text);
});

Deno.test("rows: never exceed the window, at any size and for any text", () => {
  const unit = fc.constantFrom("a", " ", "日", "👩‍👩‍👧", "e\u0301", "ש", "\n", "\t", "\u202e", "\x1b");
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 60 }),
      fc.string({ unit, minLength: 1, maxLength: 20 }),
      fc.integer({ min: 24, max: 90 }),
      fc.integer({ min: 5, max: 30 }),
      (text, name, columns, rows) => {
        const { state } = new Story({ columns, rows }).hear(UP, ready(name), message(text))
          .say("1", text).hear(alarm(), { event: "invite", code: "4821-a-b-c" });
        const all = [
          ...visible(conversationWindow(state), state.scroll).rows,
          ...headerRows(state),
          ...bannerRows(state).slice(0, 3),
          ...inviteRows(state, 9),
          ruleRow(state, 0),
          ...composerRows(state, 3).rows,
          statusRow(state),
        ];
        for (const row of all) {
          const line = row.map(({ text }) => text).join("");
          assert(widthOf(line) <= columns, line);
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("rows: end for a name that makes a line stand deeper than half of the window", () => {
  // It is laid out as a list, each part of which stands deeper than the one before.
  const name = "\u202e\n\n\t\u202e\t \u202e\na\nש";
  const story = new Story({ columns: 24, rows: 30 }).hear(UP, ready(name));
  assert(story.text.includes("encrypte"), story.text);
});

Deno.test("rows: fill the window without control characters, however small", () => {
  for (const [columns, rows] of [[10, 5], [20, 6], [40, 10], [80, 24], [200, 60]] as const) {
    const { lines } = new Story({ columns, rows }).hear(
      UP,
      ready(),
      ...FORGERIES.map((text, seq) => message(text, seq)),
    )
      .hear(alarm());
    assertEquals(lines.length, rows);
    // deno-lint-ignore no-control-regex -- none may be left
    assertNotMatch(lines.join(""), /[\x00-\x1f\x7f-\x9f]/);
  }
});
