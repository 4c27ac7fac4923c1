import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ChatEvent } from "../../../../src/chat/events.ts";
import { textOf } from "../../../../src/terminal/editor.ts";
import { view } from "../../../../src/ui/tui/view.ts";
import { alarm, failureSaying, message, ready, Story, UP } from "./states.ts";

Deno.test("update: shows the code large until a peer joins", () => {
  const story = new Story().hear(UP, { event: "invite", code: "4821-river-candle-ocean" });
  story.hear({ event: "waiting", for: "guest" }).do({
    action: "noted",
    facts: { now: 42_000, wall: 0 },
  });
  assertStringIncludes(story.text, "    4821-river-candle-ocean");
  assertStringIncludes(story.text, "Tell it to them by voice if you can");
  assertStringIncludes(story.text, "Waiting for someone to join, 42 s (Ctrl+C to cancel)");
  assertStringIncludes(story.lines[0]!, "waiting for peer");
  story.hear(ready());
  assert(!story.text.includes("river"), story.text);
  assertStringIncludes(story.lines[0]!, "Whisper 4821 │ encrypted · unverified │ here: Bob");
});

Deno.test("update: shows what it waits for, for how long, and how to cancel", () => {
  const story = new Story().do({ action: "noted", facts: { now: 5_000, wall: 0 } });
  assertStringIncludes(story.text, "Connecting to MongoDB, 5 s (Ctrl+C to cancel)");
  story.hear(UP, { event: "waiting", for: "host", atMostMs: 60_000 });
  story.do({ action: "noted", facts: { now: 8_000, wall: 0 } });
  assertStringIncludes(story.text, "Waiting for the host, 3 s of at most 60 s (Ctrl+C to cancel)");
  story.hear({ event: "waiting", for: "goodbye", atMostMs: 10_000 });
  assertStringIncludes(story.text, "Cleaning up, 0 s of at most 10 s (Ctrl+C to leave at once)");
});

Deno.test("update: counts down to the next retry, and reports an outage once", () => {
  const away = {
    ...UP,
    state: "reconnecting",
    retryInMs: 4_000,
    cause: failureSaying("It is away."),
  } as const;
  const story = new Story().hear(UP, ready(), away).say("1", "stays");
  assertStringIncludes(story.text, "Disconnected from MongoDB · retrying in 4 s · 1 queued");
  story.do({ action: "noted", facts: { now: 3_000, wall: 0 } });
  assertStringIncludes(story.text, "retrying in 1 s");
  story.do({ action: "noted", facts: { now: 4_500, wall: 0 } });
  assertStringIncludes(story.text, "· retrying ·");
  story.hear(away, away, UP);
  assertEquals(story.text.match(/It is away\./g)?.length, 1);
  assertStringIncludes(story.text, "Connected to MongoDB");
});

Deno.test("update: shows alarms until they are dismissed", () => {
  const story = new Story().hear(ready(), alarm("forged"), alarm("replayed"));
  assertMatch(story.lines[2]!, /^ 2 ALARMS, the last: An old message was sent again/);
  story.hear(...Array.from({ length: 50 }, (_, i) => message(`text ${i}`, i)));
  assertMatch(story.lines[2]!, /^ 2 ALARMS, the last: An old message was sent again/);
  story.type("\x1b");
  assert(!story.text.includes("ALARM"), story.text);
  assertEquals([...story.state.log.entries].filter((one) => one.kind === "program").length, 3);
});

Deno.test("update: counts new messages without moving a view that is scrolled back", () => {
  const story = new Story().hear(
    ready(),
    ...Array.from({ length: 60 }, (_, i) => message(`t${i}`, i)),
  );
  story.type("\x1b[5~");
  const before = story.lines.slice(2, 21);
  story.hear(message("new 1", 60), message("new 2", 61));
  assertEquals(story.lines.slice(2, 21), before);
  assertStringIncludes(story.text, "2 new below · Ctrl+End");
  story.type("\x1b[1;5F");
  assertStringIncludes(story.text, "new 2");
  assert(!story.text.includes("new below"));
  story.type("\x1b[1;5H");
  assertStringIncludes(story.text, "Bob joined.");
  story.type("\x1b[6~").type("\x1b[6~").type("\x1b[6~").type("\x1b[6~").type("\x1b[6~");
  assertStringIncludes(story.text, "new 2");
});

Deno.test("update: shows a long answer from its beginning", () => {
  const story = new Story({ rows: 12 }).hear(UP, ready());
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  story.do({ action: "told", weight: "news", lines });
  assertEquals(story.lines[1], "* 14:02 line 0");
  assertStringIncludes(story.text, "more below · PgDn");
  story.do({ action: "told", weight: "news", lines: ["short"] });
  assertEquals(story.lines.at(-4), "* 14:02 short");
});

Deno.test("update: moves in the row first and then in the conversation on Home and End", () => {
  const story = new Story().hear(
    ready(),
    ...Array.from({ length: 60 }, (_, i) => message(`t${i}`, i)),
  );
  story.type("abc", "\x1b[H");
  assertEquals(story.cursor.column, 2);
  assertStringIncludes(story.text, "t59");
  story.type("\x1b[H");
  assertStringIncludes(story.text, "t0");
  story.type("\x1b[F");
  assertEquals(story.cursor.column, 5);
  story.type("\x1b[F");
  assertStringIncludes(story.text, "t59");
});

Deno.test("update: moves in the draft first and then through earlier messages on the arrows", () => {
  const story = new Story();
  for (const [index, line] of ["first", "second\ntwo"].entries()) {
    story.do({ action: "submitted", id: String(index), line });
  }
  const draft = () => textOf(story.state.draft);
  story.type("draft", "\x1b[A");
  assertEquals(draft(), "second\ntwo");
  story.type("\x1b[A");
  assertEquals(draft(), "first");
  story.type("\x1b[A");
  assertEquals(draft(), "first");
  story.type("\x1b[B", "\x1b[B");
  assertEquals(draft(), "draft");
  story.type("\x1b\r", "日本 row", "\x1b[A");
  assertEquals(story.state.draft.before, "draft");
  story.type("\x1b[B");
  assertEquals(story.state.draft.before, "draft\n日本 ");
});

Deno.test("pasted: a paste of several lines is a marker that expands on sending", () => {
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
  const story = new Story().hear(UP, ready());
  story.type("before ", `\x1b[200~${lines}\x1b[201~`, " after");
  assertStringIncludes(story.text, "> before [paste, 40 lines] after");
  assertStringIncludes(story.lines.at(-1)!, "Tab: show the paste");
  assertEquals(textOf(story.state.draft), `before ${lines} after`);
  // The marker is one character to every key.
  story.type(...Array(6).fill("\x1b[D"), "\x7f");
  assertStringIncludes(story.text, "> before  after");
  story.type("\x1f");
  assertStringIncludes(story.text, "> before [paste, 40 lines] after");
  story.type("\t");
  assertStringIncludes(story.text, "\n  line 39 after");
  story.do({ action: "submitted", id: "1", line: textOf(story.state.draft) });
  assertEquals(story.state.history, [{ id: "1", line: `before ${lines} after` }]);
  assertEquals(textOf(story.state.draft), "");
});

Deno.test("pasted: one long line is a marker, too, and several pastes are several", () => {
  const story = new Story().type(
    `\x1b[200~${"x".repeat(2_000)}\x1b[201~`,
    "\x1b[200~a\nb\x1b[201~",
  );
  assertStringIncludes(story.text, "> [paste, 2,000 characters][paste, 2 lines]");
  assertEquals(textOf(story.state.draft), `${"x".repeat(2_000)}a\nb`);
  for (let i = 0; i < 40; i++) story.type("\x1b[200~a\nb\x1b[201~");
  assertEquals(textOf(story.state.draft), `${"x".repeat(2_000)}${"a\nb".repeat(41)}`);
});

Deno.test("pasted: no text that is typed or pasted can pass for a marker", () => {
  const story = new Story().type("\ufdd0", "\x1b[200~\ufdd1\n\ufdd0\x1b[201~");
  assertEquals(textOf(story.state.draft), "\ufffd\ufffd\n\ufffd");
  story.type("\x15", "\x19");
  assertEquals(textOf(story.state.draft), "\ufffd\ufffd\n\ufffd");
});

Deno.test("update: takes a short paste of one line as typed", () => {
  const story = new Story().type("\x1b[200~https://example.org\x1b[201~");
  assertEquals(textOf(story.state.draft), "https://example.org");
});

Deno.test("update: completes a command and explains it while it is typed", () => {
  const story = new Story().type("/ti");
  assertStringIncludes(story.lines.at(-1)!, "/timer [30s, 5m, 1h or off]: messages disappear");
  story.type("\t");
  assertEquals(textOf(story.state.draft), "/timer ");
  story.type("\x15", "/");
  assertStringIncludes(story.lines.at(-1)!, "/help /who /verify");
});

Deno.test("update: removes what has expired or was erased", () => {
  const story = new Story().hear(ready(), message("uno", 1), message("dos", 2)).say("1", "mine");
  story.hear({ event: "sent", id: "1", seq: 1 });
  story.hear({ event: "expired", from: "peer", seq: 1 });
  assert(!story.text.includes("uno") && story.text.includes("dos"));
  story.hear({ event: "expired", from: "you", seq: 1 });
  assert(!story.text.includes("mine"));
  story.hear({ event: "burnt", by: "peer" });
  assert(!story.text.includes("dos"));
  assertEquals(story.state.farewell, ["Your peer erased this conversation on both sides."]);
});

Deno.test("update: marks a message that will never be delivered", () => {
  const story = new Story().hear(UP, { event: "queued", id: "1" }).say("1", "early");
  assertStringIncludes(story.text, "early  · queued");
  story.hear({ event: "queue-dropped", ids: ["1"] });
  assertStringIncludes(story.text, "early  · not delivered");
});

Deno.test("update: names no one in the last sentence", () => {
  const story = new Story().hear(ready("Zoe"), message("secret"));
  story.hear({ event: "presence", peer: "left", unseen: 0 });
  story.hear({ event: "closed", remaining: 0, reason: "exit", undelivered: 0 });
  assertEquals(story.state.farewell, ["You left. Nothing remains on the relay."]);
});

Deno.test("update: starts over with a new code", () => {
  const story = new Story().hear(ready());
  story.hear({ event: "verified", by: "peer", same: true, both: true });
  assertStringIncludes(story.lines[0]!, "encrypted · verified");
  story.hear({ event: "presence", peer: "left" }, { event: "invite", code: "4821-a-b-c" });
  assertStringIncludes(story.lines[0]!, "waiting for peer");
  story.hear(ready("Bob"));
  assertStringIncludes(story.lines[0]!, "unverified");
});

Deno.test("update: follows the background in its colors, unless colors are off", () => {
  const input = { input: "background", brightness: 0.9 } as const;
  const story = new Story().do({ action: "input", input });
  assertEquals(story.state.theme, "none");
  story.state = { ...story.state, theme: "either", followsTheme: true };
  assertEquals(story.do({ action: "input", input }).state.theme, "light");
});

Deno.test("pressKey: Ctrl+R finds what was sent, and Enter lets it be edited", () => {
  const story = new Story().hear(ready());
  for (const line of ["first line", "second", "third line"]) {
    story.do({ action: "submitted", id: line, line });
  }
  story.type("draft", "\x12", "LINE");
  assertStringIncludes(story.text, "? Search: LINE\n  third line\n Ctrl+R: older");
  story.type("\x12");
  assertStringIncludes(story.text, "? Search: LINE\n  first line\n");
  story.type("\x12", "\x1b[B");
  assertStringIncludes(story.text, "\n  third line\n");
  story.type("x");
  assertStringIncludes(story.text, "\n  Nothing found.\n");
  story.type("\x1b");
  assertEquals(textOf(story.state.draft), "draft");
  story.type("\x12", "sec", "\r", "!");
  assertEquals(textOf(story.state.draft), "second!");
});

Deno.test("expired: a part of a long line takes the line out of the history", () => {
  const story = new Story().hear(ready());
  story.do({ action: "submitted", id: "1", line: "one two" });
  story.say("1", "one").say("1.2", "two");
  story.hear({ event: "sent", id: "1", seq: 1 }, { event: "sent", id: "1.2", seq: 2 });
  story.type("\x1b[A").hear({ event: "expired", from: "you", seq: 2 });
  assert(!JSON.stringify(story.state).includes("two"));
});

Deno.test("forgetAll: brings nothing expired, cleared or erased back with Up, search, yank or undo", () => {
  for (const forget of ["expired", "cleared", "burnt"] as const) {
    const story = new Story().hear(ready());
    for (const [id, line] of [["1", "secret"], ["2", "other"]] as const) {
      story.do({ action: "submitted", id, line }).say(id, line);
      story.hear({ event: "sent", id, seq: Number(id) });
    }
    // While the message is shown again in the composer, and afterwards.
    story.type("\x1b[A", "\x1b[A", "\x15", "draft", "\x1b[A", "\x1b[A");
    assertEquals(textOf(story.state.draft), "secret");
    if (forget === "expired") story.hear({ event: "expired", from: "you", seq: 1 });
    if (forget === "burnt") story.hear({ event: "burnt", by: "peer" });
    if (forget === "cleared") story.do({ action: "cleared" });
    assertEquals(textOf(story.state.draft), "draft");
    const keys = [
      "\x19",
      "\x1f",
      "\x1f",
      "\x1b[A",
      "\x1b[A",
      "\x1b[B",
      "\x12",
      "secre",
      "\x12",
      "\r",
    ];
    for (const key of keys) {
      story.type(key);
      assert(!JSON.stringify(story.state).includes("secret"), `${forget} ${JSON.stringify(key)}`);
      assert(!story.text.includes("secret"), `${forget} ${JSON.stringify(key)}`);
    }
  }
});

Deno.test("expired: undo does not bring a sent message back", () => {
  const story = new Story().hear(ready());
  story.do({ action: "submitted", id: "1", line: "secret" }).say("1", "secret");
  story.hear({ event: "sent", id: "1", seq: 1 }).type("\x1b[A", "!");
  story.type("\x15").hear({ event: "expired", from: "you", seq: 1 });
  assert(!JSON.stringify(story.state).includes("secret"));
});

Deno.test("session-ended: what was not displayed is not delivered; names stay", () => {
  const story = new Story().hear(UP, ready("Dorothy")).say("1", "lost").say("2", "read");
  story.hear({ event: "sent", id: "1", seq: 1 }, { event: "sent", id: "2", seq: 2 });
  story.hear({ event: "delivered", id: "2", seq: 2 }, message("from Dorothy"));
  story.hear(
    { event: "presence", peer: "vanished" },
    { event: "session-ended", peer: "Dorothy", undelivered: ["1"] },
    { event: "invite", code: "4821-a-b-c" },
  );
  assertStringIncludes(story.text, "lost  · not delivered");
  assertStringIncludes(story.text, "read  · delivered");
  assertStringIncludes(story.text, "Dorothy │ from Dorothy");
});

Deno.test("statusRow: counts the bytes of a draft that comes close to the longest message", () => {
  const story = new Story();
  story.do({ action: "input", input: { input: "text", text: "x".repeat(12_000) } });
  assert(!story.text.includes("bytes"));
  story.do({ action: "input", input: { input: "text", text: "é".repeat(300) } });
  assertStringIncludes(story.lines.at(-1)!, "12,600 of 16,384 bytes");
});

Deno.test("pressKey: Ctrl+C with a draft asks first, and any other key takes it back", () => {
  const story = new Story().type("draft", "\x03");
  assertStringIncludes(story.lines.at(-1)!, "You have unsent text. Press Ctrl+C again to leave.");
  story.type("x");
  assertEquals(story.state.isLeaveAsked, false);
  story.type("\x03", "\x1b[I");
  assertEquals(story.state.isLeaveAsked, true);
});

Deno.test("hint: names the key for a new line once, and only where Shift+Enter does not reach us", () => {
  const story = new Story().hear(UP, ready());
  assertStringIncludes(story.text, "Ctrl+J: new line");
  story.do({ action: "submitted", id: "1", line: "hello" });
  assertStringIncludes(story.text, "> Type and press Enter. /help");
  const modern = new Story().hear(UP, ready()).type("\x1b[?1u");
  assertStringIncludes(modern.text, "> Type and press Enter. /help");
});

/** A message that answers another. */
function answer(text: string, seq: number, from: "you" | "peer", of: number): ChatEvent {
  return { ...message(text, seq), reply: { from, seq: of } } as ChatEvent;
}

Deno.test("update: shows a reply below one's own copy of what it answers, behind a bar of its own", () => {
  const story = new Story().hear(ready()).say("1", "are you coming?");
  story.hear({ event: "sent", id: "1", seq: 1 });
  story.hear(answer("yes\n╭ you: forged", 1, "you", 1), answer("?", 2, "you", 9));
  const rows = story.lines.filter((line) => /╭|│ (?:yes|\?)/.test(line)).map((row) => row.trim());
  assertEquals(rows, [
    "╭ you: are you coming?",
    "14:02 Bob │ yes",
    "│ ╭ you: forged",
    "╭ a message that is gone",
    "14:02 Bob │ ?",
  ]);
  const narrow = new Story({ columns: 40 }).hear(ready(), message("x\n".repeat(99), 1));
  narrow.do({ action: "said", id: "1", text: "mine", reply: { from: "peer", seq: 1 } });
  const quotes = narrow.lines.filter((line) => line.includes("╭"));
  assertEquals(quotes.map((row) => row.trim()), [`╭ Bob: ${"x⏎".repeat(11)}x⏎x…`]);
});

Deno.test("update: quotes nothing that expired, was cleared, or belongs to an earlier session", () => {
  const story = new Story().hear(ready(), message("secret", 1), answer("about it", 2, "peer", 1));
  assertEquals(story.text.split("secret").length, 3);
  story.hear({ event: "expired", from: "peer", seq: 1 });
  assert(!story.text.includes("secret"), story.text);
  assertStringIncludes(story.text, "╭ a message that is gone");
  story.hear(message("shown", 3)).do({ action: "cleared" }).hear(answer("again", 4, "peer", 3));
  assert(!story.text.includes("shown"), story.text);
  story.say("1", "mine").hear({ event: "sent", id: "1", seq: 1 });
  story.hear({ event: "session-ended", peer: "Bob", undelivered: [] }, ready());
  story.hear(answer("new", 1, "you", 1), answer("newer", 2, "peer", 4));
  assert(!/╭.*(?:mine|again)/.test(story.text), story.text);
});

Deno.test("update: brings a message that was never sent back with Up, before any later line", () => {
  const story = new Story().hear(ready());
  story.do({ action: "submitted", id: "1", line: "lost" }).say("1", "lost");
  story.do({ action: "submitted", id: "2", line: "/invite" });
  story.hear({ event: "queue-dropped", ids: ["1"] });
  story.type("\x1b[A");
  assertStringIncludes(story.lines.at(-2)!, "> lost");
});

Deno.test("update: is verified only by an event that says that both have confirmed", () => {
  const story = new Story().hear(ready());
  story.hear({ event: "verified", by: "peer", same: true, both: false });
  assertStringIncludes(story.lines[0]!, "unverified");
  story.hear({ event: "verified", by: "you", same: true, both: true });
  assertStringIncludes(story.lines[0]!, "encrypted · verified");
  story.hear({ event: "verified", by: "peer", same: false, both: false });
  assertStringIncludes(story.lines[0]!, "unverified");
  assertStringIncludes(story.text, "Bob says that the words differ.");
});

Deno.test("update: asks for no answer to a peer who leaves while this side is leaving, too", () => {
  for (
    const story of [
      new Story().hear(ready(), { event: "burnt", by: "peer" }),
      new Story().hear(ready()).do({ action: "noted", facts: { isLeaving: true } }),
    ]
  ) {
    story.hear({ event: "presence", peer: "left", unseen: 0 });
    assert(!story.text.includes("Bob left"), story.text);
  }
});

Deno.test("find: shows the newest message with a text, then older ones, and marks the text", () => {
  const story = new Story({ rows: 20 }).hear(UP, ready());
  for (let seq = 1; seq <= 60; seq++) {
    story.hear(message(seq % 20 === 5 ? `Apple number ${seq}` : `text ${seq}`, seq));
  }
  const find = (text: string) => story.do({ action: "find", text });
  assertStringIncludes(find("apple").text, '"apple": 1 of 3 · /find: older');
  assertStringIncludes(story.text, "Apple number 45");
  assert(view(story.state).rows.some(({ raw }) => raw.includes("\x1b[7mApple\x1b[0m number 45")));
  assertStringIncludes(find("").text, "Apple number 25");
  assertStringIncludes(find("apple").text, "Apple number 5");
  assertStringIncludes(find("apple").text, "Apple number 45");
  find("nowhere");
  assertEquals(story.state.find, undefined);
  find("APPLE").type("\x1b");
  assertEquals(story.state.find, undefined);
  find("apple").do({ action: "said", id: "1", text: "an answer" });
  assertEquals(story.state.find, undefined, "the newest is in the window again");
});

Deno.test("find: shows nothing expired, cleared or erased", () => {
  for (const forget of ["expired", "cleared", "burnt"] as const) {
    const story = new Story().hear(ready(), message("a secret", 1), message("other", 2));
    story.do({ action: "find", text: "secret" });
    if (forget === "expired") story.hear({ event: "expired", from: "peer", seq: 1 });
    if (forget === "cleared") story.do({ action: "cleared" });
    if (forget === "burnt") story.hear({ event: "burnt", by: "peer" });
    if (forget !== "expired") assertEquals(story.state.find, undefined, forget);
    story.do({ action: "find", text: "secret" });
    assertEquals(story.state.find, undefined, forget);
    assert(!story.text.includes("a secret"), forget);
  }
});

Deno.test("log: another day begins with a line, also when its first message expires", () => {
  const evening = new Date(2026, 10, 28, 23, 59).getTime();
  const story = new Story().do({ action: "noted", facts: { now: 0, wall: evening } }).hear(
    ready(),
    message("late", 1),
  );
  assert(!story.text.includes("2026"));
  story.do({ action: "noted", facts: { now: 0, wall: evening + 120_000 } });
  story.hear(message("early", 2), message("second", 3));
  const days = () => story.lines.filter((line) => line.includes("─ Sunday, November 29, 2026 ─"));
  assertEquals(days().length, 1);
  assert(story.text.indexOf("late") < story.text.indexOf("Sunday"));
  assert(story.text.indexOf("Sunday") < story.text.indexOf("early"));
  story.hear({ event: "expired", from: "peer", seq: 2 });
  assertEquals(days().length, 1);
  assert(story.text.indexOf("Sunday") < story.text.indexOf("second"));
});
