import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { ChatEvent } from "../../../../src/chat/events.ts";
import { Failure } from "../../../../src/errors.ts";
import { Printed } from "../../../../src/terminal/printed.ts";
import { TerminalInput } from "../../../../src/terminal/prompt.ts";
import { tty } from "../../../../src/terminal/terminal_text.ts";
import { FullScreen, type FullScreenParts } from "../../../../src/ui/tui/screen.ts";
import { FakeClock } from "../../../support/clock.ts";
import { RecordedControls } from "../../../support/controls.ts";
import { MemoryScreen, SCREEN_PARTS } from "../../../support/screen.ts";
import { alarm, message, ready, UP } from "./states.ts";

/** The interface on a terminal made of memory. */
class Harness {
  readonly clock = new FakeClock({ turns: 1 });
  readonly screen: MemoryScreen;
  readonly controls = new RecordedControls();
  readonly ui: FullScreen;
  readonly over = new AbortController();
  readonly conversing: Promise<void>;

  constructor(
    parts: Partial<FullScreenParts> & {
      columns?: number;
      rows?: number;
      terminal?: MemoryScreen;
    } = {},
  ) {
    const { columns = 80, rows = 24, terminal, ...rest } = parts;
    this.screen = terminal ?? new MemoryScreen({ columns, rows });
    this.ui = new FullScreen({
      ...SCREEN_PARTS,
      terminal: this.screen,
      input: new TerminalInput(this.screen, this.clock, new Printed(this.screen)),
      clock: this.clock,
      notifier: { kind: "osc777", multiplexer: undefined },
      ...rest,
    });
    this.conversing = this.ui.converse(this.controls, this.over.signal);
    this.conversing.catch(() => {});
  }

  hear(...events: ChatEvent[]): void {
    for (const event of events) this.ui.hear(event);
  }

  /** Presses keys one by one, and waits until what they do is on the screen. */
  async type(...pieces: string[]): Promise<void> {
    for (const piece of pieces) {
      this.screen.type(piece);
      await this.clock.advance(60);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.over.abort();
    await this.conversing.catch(() => {});
    await this.ui.close();
    assertEquals(this.clock.pending, 0, "no timer is left");
  }
}

Deno.test("full screen: sends what is typed and shows its delivery", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready());
  await harness.type("hello", "\r");
  assertEquals(harness.controls.asked, ['send "hello" 1']);
  harness.hear({ event: "sent", id: "1", seq: 1 });
  await harness.clock.advance(40);
  assertStringIncludes(harness.screen.text, "you │ hello  · sent");
  harness.hear({ event: "delivered", id: "1", seq: 1 });
  await harness.clock.advance(40);
  assertStringIncludes(harness.screen.text, "you │ hello  · delivered");
});

Deno.test("full screen: shows the latency of the relay without its outages", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready());
  await harness.type("one", "\r");
  await harness.clock.advance(40);
  harness.hear({ event: "sent", id: "1", seq: 1 });
  await harness.clock.advance(40);
  assertStringIncludes(harness.screen.text, "Connected to MongoDB, 100 ms");
  await harness.type("two", "\r");
  harness.hear({ ...UP, state: "reconnecting", retryInMs: 500 });
  await harness.clock.advance(17_000);
  harness.hear(UP, { event: "sent", id: "2", seq: 2 });
  await harness.clock.advance(40);
  assertStringIncludes(harness.screen.text, "Connected to MongoDB, 100 ms");
});

Deno.test("full screen: sends several lines as one message, and no commands or typos of commands", async () => {
  await using harness = new Harness();
  await harness.type("one", "\n", "two", "\x1b\r", "three", "\r");
  await harness.type("/dance", "\r", "//dance", "\r", "/timer 30s", "\r", "exit", "\r");
  assertEquals(harness.controls.asked, [
    'send "one\\ntwo\\nthree" 1',
    'send "/dance" 3',
    "timer 30",
    "leave exit",
  ]);
  assertStringIncludes(harness.screen.text, "Unknown command.");
});

Deno.test("full screen: sends a paste of 16 KiB as one message, shown as a marker", async () => {
  await using harness = new Harness();
  const paste = Array.from({ length: 1_024 }, (_, i) => `line ${i}`.padEnd(15, ".")).join("\n");
  // The line break at the end of the last line begins no other.
  await harness.type(`\x1b[200~${paste.replaceAll("\n", "\r")}\r\x1b[201~`);
  assertEquals(harness.controls.asked, []);
  assertStringIncludes(harness.screen.text, "> [paste, 1,024 lines]");
  await harness.type("\r");
  assertEquals(harness.controls.asked, [`send ${JSON.stringify(paste)} 1`]);
});

Deno.test("full screen: sends a paste as text when it looks like a command", async () => {
  await using harness = new Harness();
  await harness.type("\x1b[200~/burn\rnow\x1b[201~", "\r", "\x1b[200~ /exit\r\x1b[201~", "\r");
  assertEquals(harness.controls.asked, ['send "/burn\\nnow" 1', 'send " /exit" 2']);
});

Deno.test("full screen: drops no key and does not jump when 200 messages a second arrive", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready());
  const sentence = "The quick brown fox jumps over 👩‍👩‍👧 and 日本語. ";
  const typed = sentence.repeat(2);
  const letters = [...new Intl.Segmenter().segment(typed)].map(({ segment }) => segment);
  let seq = 0;
  let cursor = harness.screen.cursor;
  for (const letter of letters) {
    // Ten letters a second, twenty texts between two of them.
    harness.screen.type(letter);
    for (let burst = 0; burst < 4; burst++) {
      for (let i = 0; i < 5; i++) harness.hear(message(`text ${++seq}`, seq));
      await harness.clock.advance(25);
    }
    const { row } = harness.screen.cursor;
    // The composer is at the bottom; it grows upwards, and never moves otherwise.
    assert(row === 22 || row === cursor.row, `the cursor went to row ${row}`);
    cursor = harness.screen.cursor;
  }
  await harness.clock.advance(50);
  const shown = harness.screen.lines.slice(-5, -1).map((line) => line.replace(/^(?:> | {2})/, ""))
    .filter((line) => !line.startsWith("─") && !line.includes("│")).join("");
  assertEquals(shown.replaceAll(" ", ""), typed.replaceAll(" ", ""));
  assertStringIncludes(harness.screen.text, `text ${seq}`);
  await harness.type("\r");
  assertEquals(harness.controls.asked, [`send ${JSON.stringify(typed)} 1`]);
});

Deno.test("full screen: writes nothing more to a terminal that takes nothing", async () => {
  await using harness = new Harness();
  harness.hear(ready());
  await harness.clock.advance(50);
  harness.screen.isStuck = true;
  harness.hear(message("first", 1));
  await harness.clock.advance(50);
  const { length } = harness.screen.written;
  for (let seq = 2; seq < 500; seq++) harness.hear(message(`text ${seq}`, seq));
  await harness.clock.advance(1_000);
  assertEquals(harness.screen.written.length, length);
  harness.screen.unstick();
  await harness.clock.advance(50);
  assertStringIncludes(harness.screen.text, "text 499");
});

Deno.test("full screen: leaves when the terminal stands still", async () => {
  await using harness = new Harness();
  harness.hear(ready());
  harness.screen.isStuck = true;
  harness.hear(message("never seen"));
  await harness.clock.advance(50);
  await harness.ui.close();
  assertEquals(harness.screen.modes.get("1049"), false);
});

for (
  const { how, dispatch, ms } of [
    { how: "at once when a signal tells of a new size", dispatch: true, ms: 40 },
    { how: "within a second when the window changes without a signal", dispatch: false, ms: 1_040 },
  ]
) {
  Deno.test(`full screen: redraws ${how}`, async () => {
    await using harness = new Harness();
    harness.hear(
      UP,
      ready(),
      message("a text that is long enough for two rows in a narrow window"),
    );
    await harness.clock.advance(50);
    for (const [columns, rows] of [[40, 10], [120, 40], [80, 24]] as const) {
      harness.screen.resize(columns, rows);
      if (dispatch) dispatchEvent(new Event("resize"));
      await harness.clock.advance(ms);
      assertEquals(harness.screen.cursor.row, rows - 2);
      assertStringIncludes(harness.screen.text, "Bob");
      assertStringIncludes(harness.screen.lines.at(-3)!, "─".repeat(columns));
    }
  });
}

Deno.test("full screen: a window of three rows shows what is typed and how the chat is", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("hello"));
  await harness.type("typed");
  for (const rows of [3, 4]) {
    harness.screen.resize(30, rows);
    dispatchEvent(new Event("resize"));
    await harness.clock.advance(50);
    assertEquals(harness.screen.lines.slice(-2).map((line) => line.slice(0, 10)), [
      "> typed",
      " Connected",
    ]);
    assertEquals(harness.screen.cursor.row, rows - 2);
    assertEquals(harness.screen.text.includes("hello"), rows === 4);
  }
});

Deno.test("full screen: restores the terminal and leaves the last sentence only", async () => {
  const harness = new Harness();
  assertEquals(
    ["1049", "2004", "1004", "7"].map((mode) => harness.screen.modes.get(mode)),
    [true, true, true, false],
  );
  harness.hear(UP, ready("Zoe"), message("a secret"));
  harness.hear({ event: "closed", remaining: 0, reason: "exit", undelivered: 0 });
  await harness[Symbol.asyncDispose]();
  const { screen } = harness;
  assertEquals(
    ["1049", "2004", "1004", "7", "25"].map((mode) => screen.modes.get(mode)),
    [false, false, false, true, true],
  );
  assertEquals(screen.isRaw, false);
  assertEquals(screen.normal, "You left. Nothing remains on the relay.\n");
  const end = screen.written.slice(screen.written.lastIndexOf("\x1b[?1049l"));
  assert(end.startsWith("\x1b[?1049l\x1b[?25h"), JSON.stringify(end));
  // Twice is once.
  await harness.ui.close();
  assertEquals(screen.written.slice(screen.written.lastIndexOf("\x1b[?1049l")), end);
});

Deno.test("full screen: restores the terminal when the process ends at once", async () => {
  const harness = new Harness();
  dispatchEvent(new Event("unload"));
  assertEquals([harness.screen.modes.get("1049"), harness.screen.isRaw], [false, false]);
  harness.over.abort();
  await harness.conversing;
  await harness.ui.close();
});

Deno.test("full screen: ends the chat, not the process, on an uncaught error", async () => {
  await using harness = new Harness();
  const error = new ErrorEvent("error", { error: new Error("lost"), cancelable: true });
  dispatchEvent(error);
  assert(error.defaultPrevented);
  await assertRejects(() => harness.conversing, Error, "lost");
});

Deno.test("full screen: leaves by key, by Ctrl+D in an empty line, and when the terminal closes", async () => {
  await using harness = new Harness();
  await harness.type("ab", "\x1b[D", "\x04", "\x15", "\x04", "\x03", "\x03");
  harness.screen.type(null);
  await harness.conversing;
  assertEquals(harness.controls.asked, [
    "leave exit",
    "leave interrupted",
    "leave interrupted",
    "leave exit",
  ]);
});

Deno.test("full screen: says who erased the conversation when the peer did", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("a secret"), { event: "burnt", by: "peer" });
  await harness.type("");
  assertStringIncludes(harness.screen.text, "erased this conversation");
  assertEquals(harness.screen.text.includes("a secret"), false);
  // What the peer does later is not told, and nothing is offered any more.
  harness.hear({ event: "presence", peer: "left", unseen: 0, missing: 0 });
  await harness.type("");
  assertEquals(/Bob left|\/invite|\/help|\/exit/.test(harness.screen.text), false);
});

Deno.test("full screen: says what cannot be done, and what to do", async () => {
  await using harness = new Harness();
  harness.controls.failure = new Failure("no-peer-for-timer");
  await harness.type("/timer 5m", "\r");
  assertStringIncludes(
    harness.screen.text,
    "No peer connected. Set the timer once your peer has joined.",
  );
});

Deno.test("full screen: rings and notifies without content when the terminal is not in focus", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("seen at once"));
  assertEquals(harness.screen.bells, 0);
  await harness.type("\x1b[O");
  harness.hear(message("secret"), message("secret"));
  assertEquals(harness.screen.bells, 1, "one for what comes together");
  assertEquals(harness.screen.commands.at(-1), "777;notify;Whisper;New message");
  await harness.clock.advance(11_000);
  await harness.type("/mute", "\r");
  harness.hear(message("secret"));
  assertEquals(harness.screen.bells, 1);
  await harness.type("/mute", "\r", "\x1b[I");
  harness.hear(message("looked at"));
  assertEquals(harness.screen.bells, 1);
  harness.hear(alarm());
  assertEquals(harness.screen.bells, 2);
  assert(!harness.screen.commands.join().includes("secret"));
});

Deno.test("full screen: notifies once about a peer and each kind of news when not in focus", async () => {
  await using harness = new Harness({ notifier: { kind: "osc9", multiplexer: undefined } });
  await harness.type("\x1b[O");
  harness.hear(UP, ready("Zoe"), message("secret"), message("secret"), alarm());
  assertEquals(harness.screen.commands.filter((command) => command.startsWith("9;")), [
    "9;Whisper: Peer connected",
    "9;Whisper: New message",
    "9;Whisper: Alarm",
  ]);
});

Deno.test("full screen: copies the code only when asked", async () => {
  await using harness = new Harness();
  const code = "4821-river-candle-ocean";
  harness.controls.now = { ...harness.controls.now, code };
  harness.hear(UP, { event: "invite", code }, { event: "waiting", for: "guest" });
  await harness.clock.advance(5_000);
  assert(!harness.screen.commands.some((command) => command.startsWith("52;")));
  await harness.type("/copy", "\r");
  assertEquals(harness.screen.commands.at(-1), `52;c;${btoa(code)}`);
});

Deno.test("full screen: shows only the program's name in the title", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("secret"));
  await harness.clock.advance(2_000);
  assertEquals(harness.screen.commands, ["2;Whisper", "99;i=whisper:p=?;"]);
});

Deno.test("FullScreen: takes over what was typed at the questions before it", async () => {
  const screen = new MemoryScreen();
  const input = new TerminalInput(screen, new FakeClock(), new Printed(screen));
  const line = input.readLine();
  screen.type("answer\rearly");
  assertEquals(await line, "answer");
  await using harness = new Harness({ terminal: screen, input });
  screen.type(" bird\r");
  await harness.clock.advance(60);
  assertEquals(harness.controls.asked, ['send "early bird" 1']);
});

Deno.test("FullScreen: erases the questions before it, and nothing that was there before", async () => {
  const screen = new MemoryScreen();
  const input = new TerminalInput(screen, new FakeClock(), new Printed(screen));
  const line = input.readLine({ prompt: "Code? " });
  screen.type("4821-a-b-c\r");
  await line;
  await using _ = new Harness({ terminal: screen, input });
  assert(screen.written.includes("\x1b[1A\r\x1b[J\x1b[22;2t"), JSON.stringify(screen.written));
  assert(!screen.written.includes("\x1b[3J"));
});

Deno.test("FullScreen: a message is displayed when its end is in the window of a terminal in focus", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("one", 1));
  await harness.clock.advance(50);
  assertEquals(harness.controls.shown, [1]);
  await harness.type("\x1b[O");
  harness.hear(message("two", 2));
  await harness.clock.advance(1_000);
  assertEquals(harness.controls.shown, [1]);
  await harness.type("\x1b[I");
  assertEquals(harness.controls.shown, [1, 2]);
  // While the help is in the window, and an older part of the conversation.
  await harness.type("/help", "\r");
  harness.hear(message("three", 3));
  await harness.clock.advance(1_000);
  await harness.type("\x1b[5~");
  assertEquals(harness.controls.shown, [1, 2]);
  await harness.type("\x1b[1;5F");
  assertEquals(harness.controls.shown, [1, 2, 3]);
  // Once, and never one of an earlier peer.
  harness.hear({ event: "presence", peer: "left" }, ready());
  await harness.clock.advance(1_000);
  assertEquals(harness.controls.shown, [1, 2, 3]);
});

Deno.test("FullScreen: says how many messages scrolled past without having been displayed", async () => {
  await using harness = new Harness();
  const unread = () => /\d+ unread above · PgUp/.exec(harness.screen.text)?.[0];
  harness.hear(UP, ready());
  await harness.type("\x1b[O");
  harness.hear(...Array.from({ length: 50 }, (_, index) => message(`text ${index}`, index + 1)));
  await harness.clock.advance(50);
  // They are unread in a window that nobody looks at, too.
  assertEquals(unread(), "31 unread above · PgUp");
  await harness.type("\x1b[I");
  assertEquals([unread(), harness.controls.shown.length], ["31 unread above · PgUp", 19]);
  await harness.type("\x1b[5~");
  assertMatch(harness.screen.text, /─ 1\d unread above · PgUp · more below · PgDn ─/);
  await harness.type("\x1b[5~", "\x1b[5~");
  assertEquals([unread(), harness.controls.shown.length], [undefined, 50]);
  // What was cleared is not waited for.
  await harness.type("\x1b[1;5F", "\x1b[O");
  harness.hear(...Array.from({ length: 50 }, (_, index) => message("more", index + 51)));
  await harness.clock.advance(50);
  assertEquals(unread(), "31 unread above · PgUp");
  await harness.type("/clear", "\r");
  assertEquals(unread(), undefined);
  assertStringIncludes(harness.screen.text, "Erased 50 messages that had not been displayed, too.");
  await harness.type("/clear", "\r");
  assert(!harness.screen.text.includes("Erased"));
});

Deno.test("FullScreen: a terminal that takes no output has displayed nothing", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready());
  await harness.clock.advance(50);
  harness.screen.isStuck = true;
  harness.hear(message("unseen", 1));
  await harness.clock.advance(1_000);
  assertEquals(harness.controls.shown, []);
  harness.screen.unstick();
  await harness.clock.advance(50);
  assertEquals(harness.controls.shown, [1]);
});

Deno.test("FullScreen: only the end of a long message counts as displayed", async () => {
  await using harness = new Harness();
  const long = Array.from({ length: 100 }, (_, i) => `row ${i}`).join("\n");
  harness.hear(UP, ready());
  await harness.type("/help", "\r");
  harness.hear(message(long, 1));
  await harness.type("\x1b[6~", "\x1b[6~");
  assertStringIncludes(harness.screen.text, "row 5");
  assertEquals(harness.controls.shown, []);
  await harness.type("\x1b[1;5F");
  assertEquals(harness.controls.shown, [1]);
});

Deno.test("FullScreen: waits for Enter when the chat has ended by itself, and swallows keys", async () => {
  const harness = new Harness();
  harness.hear(UP, ready());
  await harness.type("half a li");
  harness.over.abort();
  await harness.conversing;
  const stop = new AbortController();
  let isOver = false;
  const acknowledged = harness.ui.acknowledge(stop.signal).then(() => isOver = true);
  await harness.type("rm -rf /", "\x1b[200~ls\r\x1b[201~", "\x1b[5~", "\x1b");
  assertEquals(isOver, false);
  assertStringIncludes(harness.screen.text, "The chat has ended");
  assertStringIncludes(harness.screen.text, "> Press Enter to leave.");
  await harness.type("\r");
  await acknowledged;
  await harness.ui.close();
  assertEquals(harness.controls.asked, []);
});

Deno.test("FullScreen: does not wait for Enter after a key that leaves, or a signal", async () => {
  for (const keys of [["exit", "\r"], ["\x03"], ["\x04"], ["/burn", "\r", "/burn", "\r"]]) {
    await using harness = new Harness();
    await harness.type(...keys);
    harness.over.abort();
    await harness.ui.acknowledge(new AbortController().signal);
  }
  await using harness = new Harness();
  harness.over.abort();
  const stop = new AbortController();
  const acknowledged = harness.ui.acknowledge(stop.signal);
  stop.abort();
  await acknowledged;
});

Deno.test("FullScreen: Ctrl+C with a draft leaves at the second press only", async () => {
  await using harness = new Harness();
  await harness.type("draft", "\x03");
  assertEquals(harness.controls.asked, []);
  assertStringIncludes(harness.screen.text, "You have unsent text.");
  await harness.type("\x03");
  assertEquals(harness.controls.asked, ["leave interrupted"]);
});

Deno.test("FullScreen: /burn asks for confirmation", async () => {
  await using harness = new Harness();
  await harness.type("/burn", "\r", "hello", "\r", "/burn", "\r");
  assertEquals(harness.controls.asked, ['send "hello" 2']);
  await harness.type("/burn", "\r");
  assertEquals(harness.controls.asked.at(-1), "burn");
});

Deno.test("FullScreen: takes the terminal over again after a stop", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("hello"));
  await harness.clock.advance(50);
  const before = harness.screen.text;
  harness.screen.isRaw = false;
  harness.screen.write(tty`\x1b[3;1H[1]+ Stopped\x1b[?2004l\x1b[?7h`);
  dispatchEvent(new Event("continue"));
  await harness.clock.advance(50);
  assertEquals(harness.screen.text, before);
  assertEquals(harness.screen.isRaw, true);
  assertEquals([harness.screen.modes.get("2004"), harness.screen.modes.get("7")], [true, false]);
  await harness.type("x", "\r");
  assertEquals(harness.controls.asked, ['send "x" 1']);
});

Deno.test("FullScreen: Ctrl+Z gives the terminal back before the process is stopped", async () => {
  const stopped: unknown[] = [];
  const harness = new Harness();
  harness.screen.suspend = () =>
    void stopped.push(harness.screen.modes.get("1049"), harness.screen.isRaw);
  harness.hear(UP, ready());
  await harness.clock.advance(50);
  harness.screen.type("\x1a");
  await harness.clock.advance(10);
  assertEquals(stopped, [false, false]);
  harness.hear(message("meanwhile"));
  await harness.clock.advance(100);
  assertEquals(harness.controls.shown, []);
  await harness.clock.advance(300);
  assertEquals([harness.screen.modes.get("1049"), harness.screen.isRaw], [true, true]);
  assertStringIncludes(harness.screen.text, "meanwhile");
  await harness[Symbol.asyncDispose]();
});

Deno.test("FullScreen: waits for an answer that the terminal still owes before it leaves", async () => {
  const screen = new MemoryScreen();
  screen.answersAttributes = false;
  const harness = new Harness({ terminal: screen, theme: "auto" });
  harness.over.abort();
  await harness.conversing;
  let isClosed = false;
  const closing = harness.ui.close().then(() => isClosed = true);
  await harness.clock.advance(300);
  assertEquals([isClosed, screen.isRaw], [false, true]);
  screen.type("\x1b]11;rgb:0000/00");
  await harness.clock.advance(100);
  screen.type("00/0000\x1b\\\x1b[?62;22c");
  await harness.clock.advance(10);
  await closing;
  assertEquals(screen.isRaw, false);
  // A terminal that never answers does not keep anyone.
  const silent = new MemoryScreen();
  silent.answersAttributes = false;
  const other = new Harness({ terminal: silent });
  other.over.abort();
  const leaving = other.ui.close();
  await other.clock.advance(1_100);
  await leaving;
});

Deno.test("full screen: warns about a multiplexer with its own scrollback", async () => {
  await using harness = new Harness({ notifier: { kind: "bell", multiplexer: "tmux" } });
  await harness.clock.advance(10);
  assertStringIncludes(harness.screen.text, "This runs inside tmux");
});

Deno.test("full screen: follows the terminal's background", async () => {
  await using harness = new Harness({ theme: "auto" });
  assert(harness.screen.commands.includes("11;?"));
  harness.hear(ready());
  await harness.type("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
  assertStringIncludes(harness.screen.written, "\x1b[1;38;5;94m");
});

Deno.test("full screen: shows nothing that was cleared", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("something said"));
  await harness.type("/clear", "\r");
  assert(!harness.screen.text.includes("something said"), harness.screen.text);
});

Deno.test("full screen: redraws everything on Ctrl+L", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready());
  await harness.clock.advance(50);
  const before = harness.screen.text;
  harness.screen.write("\x1b[3;1Hsomething else");
  await harness.type("\x0c");
  assertEquals(harness.screen.text, before);
});

Deno.test("full screen: Up with nothing typed takes a queued message back into the composer", async () => {
  await using harness = new Harness();
  const { controls } = harness;
  controls.onTakenBack = (taken) => harness.hear({ event: "taken-back", ...taken });
  harness.hear(UP, ready(), message("a question", 1));
  await harness.type("/reply soon", "\r");
  harness.hear({ event: "queued", id: "1" });
  assertStringIncludes(harness.screen.text, "╭ Bob: a question");
  controls.queued.push({ id: "1", text: "soon", reply: { from: "peer", seq: 1 } });
  await harness.type("\x1b[A");
  assertStringIncludes(harness.screen.text, "> /reply 1 soon");
  assert(!harness.screen.text.includes("╭"), harness.screen.text);
  await harness.type("er", "\r");
  assertEquals(controls.asked, ['send "soon" 1 to peer 1', 'send "sooner" 2 to peer 1']);
  // Only what was sent later is in the history.
  await harness.type("\x1b[A", "\x1b[A");
  assertStringIncludes(harness.screen.text, "> /reply 1 sooner");
});

Deno.test("full screen: Up in a text, or in the history, takes nothing back", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready());
  await harness.type("first", "\r");
  harness.controls.queued.push({ id: "2", text: "queued" });
  await harness.type("draft", "\x1b[A");
  assertEquals(harness.controls.queued.length, 1);
  // While the history is searched, Up is a key of the search.
  await harness.type("\x15", "\x12", "\x1b[A");
  assertEquals(harness.controls.queued.length, 1);
});

Deno.test("full screen: /edit gives a queued message back as what sends the same again", async () => {
  for (const [text, line] of [["a", "a"], ["/x", "//x"], ["exit", "/say exit"], ["//", "///"]]) {
    await using harness = new Harness();
    harness.hear(UP, ready());
    harness.controls.queued.push({ id: "1", text: text! });
    await harness.type("/edit", "\r");
    assertStringIncludes(harness.screen.text, `> ${line}\n`);
    await harness.type("\r", "/edit", "\r");
    assertEquals(harness.controls.asked, [`send ${JSON.stringify(text)} 2`]);
    assertStringIncludes(harness.screen.text, "No message is queued.");
  }
});

Deno.test("full screen: /copy puts the message that is counted back on the clipboard", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready(), message("first", 1), message("sécond", 2));
  await harness.type("/copy 2", "\r", "/copy", "\r");
  const copied = harness.screen.commands.filter((command) => command.startsWith("52;c;"))
    .map((command) => Uint8Array.from(atob(command.slice(5)), (c) => c.charCodeAt(0)))
    .map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(copied, ["first", "sécond"]);
});

Deno.test("full screen: leaves every mode as it was found, where the terminal tells", async () => {
  for (const found of [true, false]) {
    const screen = new MemoryScreen();
    screen.answersModes = true;
    const modes = ["7", "25", "1004", "1007", "2004", "2031"];
    for (const mode of modes) screen.modes.set(mode, found);
    await using harness = new Harness({ terminal: screen, theme: "auto" });
    harness.hear(UP, ready());
    await harness.clock.advance(50);
    assertEquals(screen.modes.get("2004"), true);
    await harness.ui.close();
    assertEquals(modes.map((mode) => screen.modes.get(mode)), modes.map(() => found));
  }
});

Deno.test("full screen: leaves the modes that terminals begin with where one does not tell", async () => {
  await using harness = new Harness({ theme: "auto" });
  await harness.ui.close();
  const { modes } = harness.screen;
  const wanted = [["7", true], ["25", true], ["1004", false], ["2004", false], [
    "2031",
    false,
  ]] as const;
  for (const [mode, on] of wanted) assertEquals(modes.get(mode), on, mode);
  // What was pushed is popped before the alternate screen, with its own stack of modes, is left.
  const written = harness.screen.written;
  assert(written.indexOf("\x1b[?1049h") < written.indexOf("\x1b[>1u"));
  assert(written.indexOf("\x1b[>1u") < written.indexOf("\x1b[<u"));
  assert(written.indexOf("\x1b[<u") < written.indexOf("\x1b[?1049l"));
});

Deno.test("full screen: the mouse wheel scrolls and selecting stays the terminal's", async () => {
  for (const mouse of [true, false]) {
    await using harness = new Harness({ mouse });
    harness.hear(UP, ready());
    for (let seq = 1; seq <= 40; seq++) harness.hear(message(`text ${seq}`, seq));
    await harness.type("sent", "\r", "draft");
    assertEquals(harness.screen.modes.get("1007"), mouse);
    for (const mode of ["1000", "1002", "1003", "1006"]) {
      assert(!harness.screen.modes.has(mode), "no mouse is reported to us");
    }
    await harness.type("\x1b[A\x1b[A\x1b[A");
    assertEquals(harness.screen.text.includes("more below"), mouse);
    assertEquals(harness.screen.text.includes("> draft"), mouse);
    if (!mouse) continue;
    // A touchpad sends one row at a time, faster than any key repeats.
    harness.screen.type("\x1bOB");
    await harness.clock.advance(10);
    await harness.type("\x1bOB", "\x1bOB");
    assert(!harness.screen.text.includes("more below"));
    await harness.clock.advance(300);
    await harness.type("\x1b[A");
    assertStringIncludes(harness.screen.text, "> sent");
  }
});

Deno.test("full screen: changes its colors with the terminal's theme, unless one was chosen", async () => {
  for (const theme of ["auto", "dark"] as const) {
    await using harness = new Harness({ theme });
    harness.hear(UP, ready());
    assertEquals(harness.screen.modes.get("2031") ?? false, theme === "auto");
    await harness.type("\x1b[?997;2n");
    assertEquals(harness.screen.written.includes("\x1b[1;38;5;94m"), theme === "auto");
    await harness.type("\x1b[?997;1n");
    assertStringIncludes(harness.screen.written, "\x1b[1;38;5;215m");
  }
});

Deno.test("full screen: replaces a notification of OSC 99 and takes it away when it was read", async () => {
  for (const isRead of ["\x1b[I", "x"]) {
    await using harness = new Harness({ notifier: { kind: "osc777", multiplexer: undefined } });
    const { screen } = harness;
    assert(screen.commands.includes("99;i=whisper:p=?;"), "it is asked");
    await harness.type("\x1b]99;i=whisper:p=?;p=title\x1b\\", "\x1b[O");
    harness.hear(UP, ready(), message("a secret"));
    const [, id] = /^99;i=(whisper-[\w-]+);Whisper: /.exec(screen.commands.at(-1)!)!;
    assertEquals(screen.commands.slice(-2), [
      `99;i=${id};Whisper: Peer connected`,
      `99;i=${id};Whisper: New message`,
    ]);
    await harness.type(isRead);
    assertEquals(screen.commands.at(-1), `99;i=${id}:p=close;`);
    await harness.type("y");
    assertEquals(screen.commands.filter((one) => one.includes("p=close")).length, 1);
    assert(!screen.commands.join().includes("secret"));
  }
});

Deno.test("full screen: notifies through tmux, and asks nothing there", async () => {
  await using harness = new Harness({ notifier: { kind: "osc9", multiplexer: "tmux" } });
  const { screen } = harness;
  assert(!screen.commands.some((one) => one.startsWith("99;")));
  await harness.type("\x1b[O");
  harness.hear(UP, ready());
  assertEquals(screen.passedOn, ["tmux;\x1b\x1b]9;Whisper: Peer connected\x07"]);
});

Deno.test("full screen: /relay flips the conversation into the documents, and Esc or /relay back", async () => {
  await using harness = new Harness();
  const { controls } = harness;
  controls.now = { ...controls.now, openForMs: 1 };
  const fields = Array.from({ length: 30 }, (_, i) => ({ name: `f${i}`, value: "v", bytes: 1 }));
  controls.stored = {
    kind: "sqlite",
    documents: [{ kind: "room", by: undefined, fields }],
    more: 0,
  };
  harness.hear(UP, ready(), message("before", 1));
  for (const back of [["\x1b"], ["/relay", "\r"]]) {
    await harness.type("/relay", "\r");
    assertStringIncludes(harness.screen.text, "Esc or /relay: back to the conversation.");
    assert(!harness.screen.text.includes("before"));
    await harness.type(...back);
    assertStringIncludes(harness.screen.text, ") before");
    assert(!harness.screen.text.includes("back to the conversation"));
  }
  // What arrives meanwhile is not in front of the person.
  await harness.type("/relay", "\r");
  harness.hear(message("meanwhile", 2));
  await harness.type("\x1b[6~");
  assertEquals(controls.shown, [1]);
  await harness.type("typed", "\r");
  assertStringIncludes(harness.screen.text, "typed");
  assertEquals(controls.shown, [1, 2]);
});

Deno.test("full screen: offers to send a paste that is too long as several messages", async () => {
  await using harness = new Harness();
  harness.hear(UP, ready());
  const paste = `/burn\n${"x\n".repeat(10_000)}`;
  await harness.type(`\x1b[200~${paste}\x1b[201~`, "\r");
  assertEquals(harness.controls.asked, []);
  assertStringIncludes(harness.screen.text, "Enter to send it as 2 messages.");
  await harness.type("\r");
  assertEquals(harness.controls.asked.map((one) => one.replace(/".*"/, "…")), [
    "send … 1",
    "send … 1.2",
  ]);
  // The line is forgotten with either part.
  harness.hear({ event: "sent", id: "1.2", seq: 2 }, { event: "expired", from: "you", seq: 2 });
  await harness.type("\x1b[A");
  assertStringIncludes(harness.screen.text, "> Type and press Enter.");
});
