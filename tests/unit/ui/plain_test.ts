import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { ChatEvent, RoomKind } from "../../../src/chat/events.ts";
import { Failure } from "../../../src/errors.ts";
import { Printed } from "../../../src/terminal/printed.ts";
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import { PlainInterface } from "../../../src/ui/plain.ts";
import { FakeClock } from "../../support/clock.ts";
import { RecordedControls } from "../../support/controls.ts";
import { FakeTerminal } from "../../support/terminal.ts";

/** A plain interface on a terminal made of memory. */
class Harness {
  readonly clock = new FakeClock();
  readonly controls = new RecordedControls();
  readonly terminal: FakeTerminal;
  readonly input: TerminalInput;
  readonly ui: PlainInterface;
  readonly #over = new AbortController();

  constructor(
    {
      isTerminal = true,
      color = false,
      quiet = false,
      columns = 80,
      rows = 1_000,
      by = "code" as RoomKind,
      paths = (_: string): readonly string[] => [],
    } = {},
  ) {
    this.terminal = new FakeTerminal({ isTerminal, isAnsi: isTerminal, columns, rows });
    const printed = isTerminal ? new Printed(this.terminal) : undefined;
    this.input = new TerminalInput(this.terminal, this.clock, printed);
    this.ui = new PlainInterface({
      terminal: this.terminal,
      input: this.input,
      clock: this.clock,
      name: "Alice",
      relay: "this computer",
      isLocal: true,
      by,
      quiet,
      color,
      paths,
    });
  }

  /** What is on the screen and above it, row by row. */
  get printed(): string[] {
    return this.terminal.lines;
  }

  /** Types lines, and ends when they are performed. */
  async type(...lines: string[]): Promise<void> {
    for (const line of lines) this.terminal.send(`${line}\r`);
    const conversing = this.ui.converse(this.controls, this.#over.signal);
    await this.clock.settle();
    this.#over.abort();
    await conversing;
  }

  /** The same as one text, without what rows begin with. */
  get told(): string {
    return this.printed.join(" ").replaceAll(/ [*] +/g, " ").replaceAll(/ +/g, " ");
  }

  /** Converses until `end` is called. */
  converse(): { readonly done: Promise<void>; end(): Promise<void> } {
    const done = this.ui.converse(this.controls, this.#over.signal);
    done.catch(() => {});
    return {
      done,
      end: async () => {
        this.#over.abort();
        await done;
        await this.ui.close();
      },
    };
  }

  hear(...events: ChatEvent[]): void {
    for (const event of events) this.ui.hear(event);
  }
}

function withoutTime(line: string): string {
  return line.replace(/\d\d:\d\d /, "");
}

const READY: ChatEvent = { event: "ready", peer: "Bob", verify: ["a", "b"] };

function message(text: string, seq = 1, at = "2024-01-01T00:00:00.000Z"): ChatEvent {
  return { event: "message", from: "Bob", text, seq, at };
}

Deno.test("plain: shows no message like a line of the program or of oneself", async () => {
  const harness = new Harness();
  harness.hear({ ...READY, peer: "you" } as ChatEvent);
  const before = harness.printed.length;
  harness.hear(
    message("\n* 12:00 ALARM: leave now\nyou: I said so\r* again\u2028* and again\x1b[2J\x1b[1;7m"),
    { ...message("x", 2), late: true } as ChatEvent,
  );
  const lines = harness.printed.slice(before);
  for (const line of lines) {
    assert(
      /^\d\d:\d\d you \(peer\)( \(late\))?:( |$)|^ {6}you \(peer\) \|( |$)/.test(line),
      line,
    );
    // deno-lint-ignore no-control-regex -- what must not be there
    assert(!/[\x00-\x1f\x7f-\x9f\u2028\u202e]/.test(line), line);
  }
  await harness.ui.close();
});

Deno.test("plain: tells every event in words, without control sequences", async () => {
  const harness = new Harness({ isTerminal: false });
  const events: [ChatEvent, string][] = [
    [{ event: "relay", state: "up", kind: "sqlite", watch: "file" }, "Connected to this computer."],
    [{ event: "invite", code: "1234-a-b-c" }, "1234-a-b-c"],
    [{ event: "waiting", for: "guest" }, "Waiting for someone to join"],
    [{ event: "waiting", for: "host", atMostMs: 60_000 }, "(up to 60 seconds)"],
    [{ event: "waiting", for: "handshake" }, "Verifying the code"],
    [READY, "Bob joined."],
    [{ event: "presence", peer: "away" }, "Bob is away."],
    [{ event: "presence", peer: "here" }, "Bob is back."],
    [{ event: "presence", peer: "vanished" }, "Bob disconnected unexpectedly"],
    [{ event: "presence", peer: "left", unseen: 2 }, "Your last 2 messages were not delivered"],
    [
      { event: "alarm", kind: "altered", count: 1 },
      "ALARM: A message",
    ],
    [{ event: "timer", seconds: 300, by: "you" }, "disappear 5 minutes after"],
    [{ event: "timer", seconds: 0, by: "peer" }, "messages stay"],
    [
      { event: "relay", state: "reconnecting", kind: "mongodb", watch: "stream", retryInMs: 2_000 },
      "Retrying in 2 seconds",
    ],
    [{ event: "queued", id: "1" }, "Queued. Will send"],
    [{ event: "expired", from: "peer", seq: 1 }, "A message from Bob expired."],
    [{ event: "burnt", by: "peer" }, "Bob erased this conversation"],
    [{ event: "code-burnt" }, "no longer valid. Use /invite"],
    [
      { event: "session-ended", peer: "Bob", undelivered: ["1"] },
      "1 message was not delivered to Bob.",
    ],
    [{ event: "queue-dropped", ids: ["1", "2"] }, "2 messages were never sent."],
    [{ event: "closed", remaining: 0, reason: "exit", undelivered: 0 }, "Nothing remains"],
    [
      { event: "closed", remaining: null, reason: "relay-lost", undelivered: 0 },
      "could not be counted",
    ],
    [{ event: "error", failure: new Failure("message-empty"), fatal: false }, "Message is empty."],
  ];
  for (const [event, said] of events) {
    const before = harness.printed.length;
    harness.hear(event);
    assertStringIncludes(harness.printed.slice(before).join("\n"), said);
  }
  assertEquals(harness.terminal.raw.includes("\x1b"), false);
  await harness.ui.close();
});

Deno.test("plain: groups deliveries, and reports what was not delivered", async () => {
  const harness = new Harness();
  harness.hear(READY);
  await harness.type("one", "two", "three");
  const before = harness.printed.length;
  for (const id of ["1", "2", "3"]) harness.hear({ event: "sent", id, seq: Number(id) });
  for (const id of ["1", "2"]) harness.hear({ event: "delivered", id, seq: Number(id) });
  await harness.clock.advance(500);
  await harness.clock.advance(5_000);
  harness.hear({ event: "delivered", id: "3", seq: 3 });
  await harness.clock.advance(500);
  assertEquals(harness.printed.slice(before).map((line) => line.replace(/\d\d:\d\d /, "")), [
    "* 2 delivered, 1 message pending.",
    "* 1 message sent, not yet delivered.",
    "* Delivered.",
  ]);
  await harness.ui.close();
  assertEquals(harness.clock.pending, 0);
});

Deno.test("PlainInterface: erases an expired message in place and tells it in one line", async () => {
  const harness = new Harness();
  harness.hear(READY, message("secret ".repeat(30).trim(), 1), message("stays", 2));
  await harness.type("mine");
  harness.hear({ event: "sent", id: "1", seq: 1 });
  const before = harness.printed;
  const written = harness.terminal.raw.length;
  harness.hear({ event: "expired", from: "peer", seq: 1 });
  const after = harness.printed;
  assert(!after.join().includes("secret"), after.join("\n"));
  // Every other row stays where it was, and nothing is printed again.
  const others = before.map((line) => line.includes("secret") ? "" : line);
  assertEquals(after.slice(0, before.length), others);
  assertEquals(after.slice(before.length).map(withoutTime), ["* A message from Bob expired."]);
  assert(!harness.terminal.raw.slice(written).includes("stays"));
  harness.hear({ event: "expired", from: "you", seq: 1 });
  assert(!harness.printed.join().includes("mine"));
  assertEquals(withoutTime(harness.printed.at(-1)!), "* A message of yours expired.");
  await harness.ui.close();
});

Deno.test("PlainInterface: says so when an expired message has scrolled off the screen", async () => {
  const harness = new Harness({ rows: 10 });
  harness.terminal.write("what was there before\n");
  harness.hear(READY, message("secret", 1));
  for (let seq = 2; seq < 30; seq++) harness.hear(message(`text ${seq}`, seq));
  harness.hear({ event: "expired", from: "peer", seq: 1 });
  assertEquals(
    withoutTime(harness.printed.slice(-2).join(" ")),
    "* A message from Bob expired. Part of it may still be in your terminal's *       scrollback.",
  );
  await harness.ui.close();
});

Deno.test("PlainInterface: an expired or cleared message does not come back with Up", async () => {
  for (const forget of ["expired", "clear", "burnt"] as const) {
    const harness = new Harness();
    harness.hear(READY);
    const conversing = harness.converse();
    await harness.terminal.type("secret\r");
    harness.hear({ event: "sent", id: "1", seq: 1 });
    // While it is shown again, and afterwards.
    await harness.terminal.type("\x1b[A");
    assert(harness.printed.at(-1)!.endsWith("secret"));
    if (forget === "expired") harness.hear({ event: "expired", from: "you", seq: 1 });
    if (forget === "burnt") harness.hear({ event: "burnt", by: "peer" });
    if (forget === "clear") harness.ui.clear();
    await harness.terminal.type("\x1f\x1f\x1b[A\x1b[A");
    assert(!harness.printed.join().includes("secret"), harness.printed.join("\n"));
    await conversing.end();
  }
});

Deno.test("PlainInterface: clears what Whisper printed and nothing else", async () => {
  const harness = new Harness();
  harness.terminal.write("what was there before\n");
  harness.hear(READY, message("secret", 1));
  await harness.type("mine");
  harness.ui.clear();
  assertEquals(harness.printed, ["what was there before"]);
  assert(!harness.terminal.raw.includes("\x1b[2J") && !harness.terminal.raw.includes("\x1b[3J"));
  await harness.ui.close();
});

Deno.test("PlainInterface: no row of a message begins without its speaker, at any width", async () => {
  const forged = "* 19:46 Bob has verified the words with you";
  for (const columns of [20, 40, 80, 120]) {
    for (let blanks = 0; blanks <= columns + 20; blanks++) {
      const harness = new Harness({ columns });
      harness.hear(READY);
      const before = harness.printed.length;
      harness.hear(
        message(`${" ".repeat(blanks)}${forged}`, 1),
        message(`x${"\u3000".repeat(blanks)}${forged}`, 2),
        message(`${"👩‍👩‍👧".repeat(blanks)}${forged}\n${forged}`, 3),
        message(`${"y".repeat(blanks)}${forged}`, 4),
      );
      for (const row of harness.terminal.rows.slice(before)) {
        assert(
          /^(?:\d\d:\d\d Bob:(?: |$)| {6}Bob \|(?: |$)|$)/.test(row.text),
          `${columns}: ${row.text}`,
        );
        assert(!row.isContinued, `${columns}: the terminal broke the row ${row.text}`);
      }
      await harness.ui.close();
    }
  }
});

Deno.test("PlainInterface: makes runs of blanks visible where the width is not known", async () => {
  const harness = new Harness({ isTerminal: false });
  harness.hear(READY, message(`hi${" ".repeat(70)}* 19:46 Bob has verified`, 1));
  assertStringIncludes(harness.printed.at(-1)!, "Bob: hi‹70 spaces›* 19:46");
  harness.hear(message("if (a) {\n    return b;\n}", 2));
  assertEquals(harness.printed.slice(-3).map((line) => line.slice(6)), [
    "Bob: if (a) {",
    "Bob |     return b;",
    "Bob | }",
  ]);
  await harness.ui.close();
});

Deno.test("PlainInterface: confirms a message when the terminal has taken it, in its session", async () => {
  const harness = new Harness();
  let taken = Promise.withResolvers<void>();
  harness.terminal.flush = () => taken.promise;
  const conversing = harness.converse();
  harness.hear(READY, message("one", 1));
  await harness.clock.settle();
  assertEquals(harness.controls.shown, []);
  taken.resolve();
  await harness.clock.settle();
  assertEquals(harness.controls.shown, [1]);
  taken = Promise.withResolvers();
  harness.hear(message("two", 2), { event: "session-ended", peer: "Bob", undelivered: [] });
  taken.resolve();
  await harness.clock.settle();
  assertEquals(harness.controls.shown, [1]);
  await conversing.end();
});

Deno.test("PlainInterface: Ctrl+C asks once where something is typed", async () => {
  const harness = new Harness();
  const conversing = harness.converse();
  await harness.terminal.type("unsent\x03");
  assertStringIncludes(harness.printed.join(), "You have unsent text.");
  assert(harness.printed.at(-1)!.endsWith("unsent"));
  await harness.terminal.type("x\x7f\x03");
  assertEquals(harness.controls.asked, []);
  harness.terminal.send("\x03");
  await assertRejects(() => conversing.done, Failure);
});

Deno.test("PlainInterface: /burn asks for confirmation, and anything else takes it back", async () => {
  const harness = new Harness();
  await harness.type("/burn", "hello", "/burn", "/burn", "never");
  assertEquals(harness.controls.asked, ['send "hello" 2', "burn"]);
  assertStringIncludes(harness.told, "Type /burn again");
});

Deno.test("PlainInterface: offers to split what is too long for one message", async () => {
  const harness = new Harness({ rows: 10_000 });
  const long = Array.from({ length: 3_000 }, (_, i) => `word${i}`).join(" ");
  await harness.type(long, "", "");
  assertStringIncludes(harness.told, "Press Enter to send it");
  const parts = harness.controls.asked.map((asked) => /^send (".*") 1/.exec(asked)![1]!);
  assertEquals(parts.map((part) => JSON.parse(part)).join(" "), long);
  assertEquals(parts.length, 2);
});

Deno.test("PlainInterface: waits for Enter when the chat has ended by itself, and swallows keys", async () => {
  const harness = new Harness();
  const conversing = harness.converse();
  await harness.terminal.type("half a li");
  await conversing.end();
  const acknowledged = harness.ui.acknowledge(new AbortController().signal);
  await harness.terminal.idle();
  assertEquals(harness.printed.at(-1), "The chat has ended. Press Enter to leave.");
  await harness.terminal.type("rm -rf /");
  assert(!harness.printed.join().includes("rm"));
  harness.terminal.send("\r");
  await acknowledged;
  // Nothing to wait for: the person has left, or nobody is there.
  const left = new Harness();
  await left.type("exit");
  await left.ui.acknowledge(new AbortController().signal);
  await new Harness({ isTerminal: false }).ui.acknowledge(new AbortController().signal);
});

Deno.test("plain: rings only when nothing was typed for a while", async () => {
  for (const [quiet, bells] of [[false, 1], [true, 0]] as const) {
    const harness = new Harness({ quiet });
    harness.hear(READY, message("at once"));
    await harness.clock.advance(61_000);
    harness.hear(message("later", 2, new Date(harness.clock.now()).toISOString()));
    assertEquals(harness.terminal.bells, bells);
    await harness.ui.close();
  }
});

Deno.test("plain: repeats a wait each minute until it is over", async () => {
  const harness = new Harness();
  harness.hear({ event: "waiting", for: "guest" });
  await harness.clock.advance(125_000);
  assertEquals(harness.printed.filter((line) => line.includes("Still waiting")).length, 2);
  harness.hear(READY);
  await harness.clock.advance(125_000);
  assertEquals(harness.printed.filter((line) => line.includes("Still waiting")).length, 2);
  await harness.ui.close();
});

Deno.test("plain: obeys commands and does not send a typo of one", async () => {
  const harness = new Harness();
  await harness.type(
    "hello",
    "/say exit",
    "/hlep",
    "/verify",
    "/who",
    "/mute",
    "/timer 1m",
    "exit",
    "never",
  );
  assertEquals(harness.controls.asked, [
    'send "hello" 1',
    'send "exit" 2',
    "timer 60",
    "leave exit",
  ]);
  const said = harness.printed.join("\n");
  assertStringIncludes(said, "Unknown command. Did you mean /help?");
  assertStringIncludes(said, "no words to compare before");
  assertStringIncludes(said, "Notifications off.");
});

Deno.test("plain: Tab completes a command, and the path behind /send as far as there is one way", async () => {
  const files = ["my-photos/", "my-plan.txt"];
  const paths = (begun: string) => files.filter((path) => path.startsWith(begun));
  const harness = new Harness({ paths });
  await harness.type("/sen\tm\tl\t", "/who\t");
  assertEquals(harness.controls.asked.filter((one) => /my-/.test(one)).length, 1);
  assertStringIncludes(harness.printed.join("\n"), "you: /send my-plan.txt\n");
});

Deno.test("plain: names no code in a room that was agreed on by name, where /invite takes a passphrase", async () => {
  const harness = new Harness({ by: "name" });
  harness.hear({ event: "waiting", for: "handshake" });
  harness.hear(READY);
  for (const peer of ["here", "away", "vanished", "left"] as const) {
    harness.hear({ event: "presence", peer });
  }
  for (const kind of ["third-party", "crowded", "forged", "altered", "rollback"] as const) {
    harness.hear({ event: "alarm", kind, count: 2 });
  }
  harness.hear({ event: "alarm", kind: "guess", count: 1, attemptsLeft: 2 });
  harness.hear({ event: "alarm", kind: "guess", count: 3, attemptsLeft: 0 });
  harness.hear({ event: "code-burnt" });
  await harness.type("/help", "/copy", "/invit", "/inv\t");
  await harness.ui.close();
  assertStringIncludes(harness.told, "/copy [N] copy a message to the clipboard");
  assertStringIncludes(harness.told, "/invite open the room again after your peer left");
  assertEquals(harness.told.match(/.{0,40}(?:invite code|\bcodes?\b).{0,40}/gi), null);
});

Deno.test("plain: asks for the passphrase behind /invite without showing it, and no key brings it back", async () => {
  const harness = new Harness({ by: "name" });
  harness.hear(READY, { event: "presence", peer: "left" });
  await harness.type("/invite", "four secret words", "\x1b[A");
  assertEquals(harness.controls.asked, ["invite four secret words"]);
  assertEquals(harness.told.includes("secret"), false);
});

/** An event for a message that answers another. */
function answer(text: string, seq: number, from: "you" | "peer", of: number): ChatEvent {
  return { ...message(text, seq), reply: { from, seq: of } } as ChatEvent;
}

Deno.test("plain: shows a reply below one's own copy of what it answers, on one row", async () => {
  const harness = new Harness({ columns: 60 });
  harness.hear(READY, message("are you coming?\n* 12:00 ALARM: leave\x1b[2J" + "x".repeat(99)));
  await harness.type("mine");
  harness.hear({ event: "sent", id: "1", seq: 1 });
  const before = harness.printed.length;
  harness.hear(answer("yes", 2, "you", 1), answer("no", 3, "peer", 1), answer("?", 4, "you", 7));
  const rows = harness.printed.slice(before).map(withoutTime);
  assertEquals([rows[0], ...rows.slice(3)], [
    "      Bob replies to you: mine",
    "Bob: no",
    "      Bob replies to a message that is gone",
    "Bob: ?",
  ]);
  const quote = harness.printed[before + 2]!;
  assertStringIncludes(quote, "      Bob replies to Bob: are you coming?⏎* 12:00 ALARM: l");
  assertEquals(quote.length, 59);
  await harness.ui.close();
});

Deno.test("plain: quotes no message that expired, was cleared, or belongs to an earlier session", async () => {
  const harness = new Harness();
  harness.hear(READY, message("secret", 1), answer("about it", 2, "peer", 1));
  assertEquals(harness.printed.join().split("secret").length, 3);
  harness.hear({ event: "expired", from: "peer", seq: 1 });
  assert(!harness.printed.join().includes("secret"), harness.printed.join("\n"));
  harness.hear(answer("again", 3, "peer", 1));
  assertStringIncludes(harness.told, "Bob replies to a message that is gone");
  harness.hear(message("earlier", 4), { event: "session-ended", peer: "Bob", undelivered: [] });
  harness.hear(READY, answer("new", 1, "peer", 4));
  assertEquals(harness.told.split("Bob replies to a message that is gone").length, 3);
  assertEquals(harness.told.split("earlier").length, 2);
  await harness.ui.close();
});

Deno.test("plain: /reply answers the last message of the peer, or the one that is counted back", async () => {
  const harness = new Harness();
  harness.hear(READY, message("one", 1), message("two", 2));
  await harness.type("/reply yes", "/reply 3 no", "/reply", "/reply 9 x", "/reply 1 y");
  assertEquals(harness.controls.asked, ['send "yes" 1 to peer 2', 'send "no" 2 to peer 1']);
  assertStringIncludes(harness.told, "you reply to Bob: two");
  assertStringIncludes(harness.told, "you reply to Bob: one");
  assertStringIncludes(harness.told, "Type your answer behind it");
  assertStringIncludes(harness.told, "There are not that many messages: 9.");
  // One's own, which is still queued.
  assertStringIncludes(harness.told, "There is no such message");
  await harness.ui.close();
});

Deno.test("plain: /copy puts a message on the clipboard as it is shown", async () => {
  const harness = new Harness();
  harness.hear(READY, message("é\x1b[31m日本", 1), message("last", 2));
  await harness.type("/copy 2", "/copy 3", "/copy x", "/copy");
  // deno-lint-ignore no-control-regex -- the sequence is what is looked for
  const copied = harness.terminal.raw.matchAll(/\x1b\]52;c;([^\x07]*)\x07/g);
  const bytes = [...copied].map(([, data]) => Uint8Array.from(atob(data!), (c) => c.charCodeAt(0)));
  assertEquals(bytes.map((one) => new TextDecoder().decode(one)), ["é␛[31m日本", "last"]);
  assertStringIncludes(harness.told, "There are not that many messages: 3.");
  assertStringIncludes(harness.told, "Which message?");
  await harness.ui.close();
});

Deno.test("plain: Up with nothing typed takes a queued message back into the line", async () => {
  const harness = new Harness();
  const { controls, terminal } = harness;
  controls.onTakenBack = (taken) => harness.hear({ event: "taken-back", ...taken });
  const conversation = harness.converse();
  await harness.clock.settle();
  await terminal.type("queued");
  await terminal.type("\r");
  await harness.clock.settle();
  harness.hear({ event: "queued", id: "1" });
  controls.queued.push({ id: "1", text: "queued" });
  await terminal.type("\x1b[A");
  await harness.clock.settle();
  assertEquals(harness.printed.at(-1), "you: queued");
  assertEquals(harness.told.split("queued").length, 2, harness.told);
  assertStringIncludes(harness.told, "Taken back: this message is not sent.");
  await terminal.type("!\r");
  await harness.clock.settle();
  assertEquals(controls.asked, ['send "queued" 1', 'send "queued!" 2']);
  await conversation.end();
});

Deno.test("plain: Up brings back a message that was never sent, before any later line", async () => {
  const harness = new Harness();
  const { controls, terminal } = harness;
  const conversation = harness.converse();
  await harness.clock.settle();
  for (const line of ["lost", "/invite"]) {
    await terminal.type(line);
    await terminal.type("\r");
    await harness.clock.settle();
  }
  harness.hear({ event: "queue-dropped", ids: ["1"] });
  await terminal.type("\x1b[A");
  assertEquals(harness.printed.at(-1), "you: lost");
  assertEquals(controls.asked, ['send "lost" 1', "invite"]);
  await conversation.end();
});

Deno.test("plain: counts no message of an earlier session as pending", async () => {
  const harness = new Harness();
  harness.hear(READY);
  await harness.type("old", "new");
  harness.hear({ event: "sent", id: "1", seq: 1 });
  harness.hear({ event: "session-ended", peer: "Bob", undelivered: ["1"] }, READY);
  harness.hear({ event: "sent", id: "2", seq: 1 }, { event: "delivered", id: "2", seq: 1 });
  await harness.clock.advance(500);
  assertEquals(withoutTime(harness.printed.at(-1)!), "* Delivered.");
  await harness.ui.close();
});

Deno.test("plain: asks for no answer to a peer who leaves while this side is leaving, too", async () => {
  for (const by of ["you", "peer"] as const) {
    const harness = new Harness();
    harness.hear(READY, { event: "burnt", by });
    harness.hear({ event: "presence", peer: "left", unseen: 0, missing: 0 });
    assert(!/left|invite/.test(harness.told), harness.told);
    await harness.ui.close();
  }
  const leaving = new Harness();
  leaving.hear(READY);
  await leaving.type("/exit");
  leaving.hear({ event: "presence", peer: "left", unseen: 0, missing: 0 });
  assert(!leaving.told.includes("Bob left"), leaving.told);
  await leaving.ui.close();
});

Deno.test("plain: tells once what was never sent", async () => {
  const harness = new Harness();
  harness.hear({ event: "queue-dropped", ids: ["1"] });
  harness.hear({ event: "closed", remaining: 0, reason: "exit", undelivered: 1 });
  assertEquals(harness.printed.map(withoutTime).filter(Boolean), [
    "* 1 message was never sent.",
    "* You left. Nothing remains on the relay.",
  ]);
  await harness.ui.close();
});

Deno.test("plain: says until when documents stay after a wrong code", async () => {
  const harness = new Harness();
  harness.hear({ event: "closed", remaining: 3, reason: "refused", undelivered: 0 });
  assertStringIncludes(
    harness.told,
    "3 documents stay on the relay until the host leaves or they expire.",
  );
  await harness.ui.close();
});

Deno.test("plain: /timer alone says what is set", async () => {
  const harness = new Harness();
  harness.hear(READY);
  harness.controls.now = { ...harness.controls.now, timerSeconds: 300 };
  await harness.type("/timer");
  assertStringIncludes(harness.told, "Messages disappear 5 minutes after they are displayed.");
  assertEquals(harness.controls.asked, []);
  await harness.ui.close();
});

Deno.test("plain: /relay shows the documents, each field with its size and a sentence", async () => {
  const harness = new Harness({ columns: 200 });
  harness.controls.now = { ...harness.controls.now, openForMs: 1 };
  harness.controls.stored = {
    kind: "mongodb",
    documents: [
      { kind: "room", by: undefined, fields: [{ name: "sealed", value: "true", bytes: 4 }] },
      {
        kind: "message",
        by: "peer",
        fields: [
          { name: "token", value: "gAAAAAB…", bytes: 248 },
          { name: "x\n* ALARM\x1b[2J", value: "y\n* ALARM\x1b[2J", bytes: 9 },
        ],
      },
    ],
    more: 2,
  };
  await harness.type("/relay");
  const told = harness.told;
  assertStringIncludes(told, "sealed true (4 bytes): whether the two are in");
  assertStringIncludes(told, "A message from your peer that was not deleted yet:");
  assertStringIncludes(told, "gAAAAAB… (248 bytes): the encrypted message");
  assertStringIncludes(told, "x⏎* ALARM␛[2J y⏎* ALARM␛[2J (9 bytes): not written by Whisper");
  assertStringIncludes(told, "And 2 more messages.");
  assert(!harness.printed.some((row) => row.startsWith("* ALARM")));
  await harness.ui.close();
});

Deno.test("PlainInterface: says which day it is before the first line of another one", async () => {
  const harness = new Harness();
  harness.hear({ event: "ready", peer: "Bob", verify: [] });
  assert(!harness.told.includes(" 1970."));
  await harness.clock.advance(24 * 3_600_000);
  harness.hear({ event: "presence", peer: "away" });
  const day = new Date(harness.clock.now()).toLocaleDateString("en-US", {
    ...{ weekday: "long", month: "long", day: "numeric", year: "numeric" } as const,
  });
  const lines = harness.printed.filter((line) => line === `* ${day}`);
  assertEquals(lines.length, 1);
  await harness.ui.close();
});

Deno.test("plain: what goes on in another row stands further right than the next line", async () => {
  const harness = new Harness();
  harness.ui.tell(["one line that is " + "long enough ".repeat(12), "  a line of a list"]);
  const [first, ...rest] = harness.printed.filter(Boolean);
  const last = rest.pop();
  assert(first!.startsWith("* one line") && rest.length > 0, harness.told);
  for (const row of rest) assert(/^\* {5}\S/.test(row), harness.told);
  assertEquals(last, "*   a line of a list");
  await harness.ui.close();
});
