import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { ChatEvent } from "../../../../src/chat/events.ts";
import { untranslated } from "../../../../src/errors.ts";
import { FullScreen, type FullScreenParts } from "../../../../src/ui/tui/full_screen.ts";
import { FakeClock } from "../../../support/clock.ts";
import { RecordedControls } from "../../../support/controls.ts";
import { MemoryScreen } from "../../../support/screen.ts";
import { alarm, message, ready, UP } from "./states.ts";

/** The interface on a terminal made of memory. */
class Stage {
  readonly clock = new FakeClock({ turns: 1 });
  readonly screen: MemoryScreen;
  readonly controls = new RecordedControls();
  readonly ui: FullScreen;
  readonly over = new AbortController();
  readonly conversing: Promise<void>;

  constructor(parts: Partial<FullScreenParts> & { columns?: number; rows?: number } = {}) {
    const { columns = 80, rows = 24, ...rest } = parts;
    this.screen = new MemoryScreen({ columns, rows });
    this.ui = new FullScreen({
      terminal: this.screen,
      clock: this.clock,
      name: "Alice",
      relay: "MongoDB",
      room: "4821",
      quiet: false,
      theme: "dark",
      notifier: "osc777",
      multiplexer: undefined,
      typeAhead: "",
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

Deno.test("full screen: what is typed is sent, and shown with what became of it", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready());
  await stage.type("hello", "\r");
  assertEquals(stage.controls.asked, ['send "hello" 1']);
  stage.hear({ event: "sent", id: "1", seq: 1 });
  await stage.clock.advance(40);
  assertStringIncludes(stage.screen.text, "you │ hello  · on relay");
  stage.hear({ event: "delivered", id: "1", seq: 1 });
  await stage.clock.advance(40);
  assertStringIncludes(stage.screen.text, "you │ hello  · seen");
});

Deno.test("full screen: how quick the relay is, without the time that it was away", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready());
  await stage.type("one", "\r");
  await stage.clock.advance(40);
  stage.hear({ event: "sent", id: "1", seq: 1 });
  await stage.clock.advance(40);
  assertStringIncludes(stage.screen.text, "Relay: MongoDB, 100 ms");
  await stage.type("two", "\r");
  stage.hear({ ...UP, state: "reconnecting", retryInMs: 500 });
  await stage.clock.advance(17_000);
  stage.hear(UP, { event: "sent", id: "2", seq: 2 });
  await stage.clock.advance(40);
  assertStringIncludes(stage.screen.text, "Relay: MongoDB, 100 ms");
});

Deno.test("full screen: several lines are one text; slips and commands are not sent", async () => {
  await using stage = new Stage();
  await stage.type("one", "\n", "two", "\x1b\r", "three", "\r");
  await stage.type("/dance", "\r", "//dance", "\r", "/timer 30s", "\r", "exit", "\r");
  assertEquals(stage.controls.asked, [
    'send "one\\ntwo\\nthree" 1',
    'send "/dance" 3',
    "timer 30",
    "leave exit",
  ]);
  assertStringIncludes(stage.screen.text, "There is no such command.");
});

Deno.test("full screen: a paste of 16 KiB is one text after a question, never a burst", async () => {
  await using stage = new Stage();
  const paste = Array.from({ length: 1_024 }, (_, i) => `line ${i}`.padEnd(15, ".")).join("\n");
  await stage.type(`\x1b[200~${paste.replaceAll("\n", "\r")}\x1b[201~`);
  assertEquals(stage.controls.asked, []);
  assertStringIncludes(stage.screen.text, "16383 characters in 1024 lines");
  await stage.type("\r");
  assertEquals(stage.controls.asked, [`send ${JSON.stringify(paste)} 1`]);
});

Deno.test("full screen: a paste that begins with a slash, or is a word to leave, is a text", async () => {
  await using stage = new Stage();
  await stage.type("\x1b[200~/burn\rnow\x1b[201~", "\r", "\x1b[200~ /exit\r\x1b[201~", "\r");
  assertEquals(stage.controls.asked, ['send "/burn\\nnow" 1', 'send " /exit\\n" 2']);
});

Deno.test("full screen: no key is dropped and nothing jumps while 200 texts a second come", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready());
  const sentence = "The quick brown fox jumps over 👩‍👩‍👧 and 日本語. ";
  const typed = sentence.repeat(2);
  const letters = [...new Intl.Segmenter().segment(typed)].map(({ segment }) => segment);
  let seq = 0;
  let cursor = stage.screen.cursor;
  for (const letter of letters) {
    // Ten letters a second, twenty texts between two of them.
    stage.screen.type(letter);
    for (let burst = 0; burst < 4; burst++) {
      for (let i = 0; i < 5; i++) stage.hear(message(`text ${++seq}`, seq));
      await stage.clock.advance(25);
    }
    const { row } = stage.screen.cursor;
    // The composer is at the bottom; it grows upwards, and never moves otherwise.
    assert(row === 22 || row === cursor.row, `the cursor went to row ${row}`);
    cursor = stage.screen.cursor;
  }
  await stage.clock.advance(50);
  const shown = stage.screen.lines.slice(-5, -1).map((line) => line.replace(/^(?:> | {2})/, ""))
    .filter((line) => !line.startsWith("─") && !line.includes("│")).join("");
  assertEquals(shown.replaceAll(" ", ""), typed.replaceAll(" ", ""));
  assertStringIncludes(stage.screen.text, `text ${seq}`);
  await stage.type("\r");
  assertEquals(stage.controls.asked, [`send ${JSON.stringify(typed)} 1`]);
});

Deno.test("full screen: a terminal that takes nothing is given nothing more", async () => {
  await using stage = new Stage();
  stage.hear(ready());
  await stage.clock.advance(50);
  stage.screen.isStuck = true;
  stage.hear(message("first", 1));
  await stage.clock.advance(50);
  const { length } = stage.screen.written;
  for (let seq = 2; seq < 500; seq++) stage.hear(message(`text ${seq}`, seq));
  await stage.clock.advance(1_000);
  assertEquals(stage.screen.written.length, length);
  stage.screen.unstick();
  await stage.clock.advance(50);
  assertStringIncludes(stage.screen.text, "text 499");
});

Deno.test("full screen: a terminal that stands still does not keep anybody", async () => {
  await using stage = new Stage();
  stage.hear(ready());
  stage.screen.isStuck = true;
  stage.hear(message("never seen"));
  await stage.clock.advance(50);
  await stage.ui.close();
  assertEquals(stage.screen.modes.get("1049"), false);
});

Deno.test("full screen: a window that changes is filled anew, without being told", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready(), message("a text that is long enough for two rows in a narrow window"));
  await stage.clock.advance(50);
  for (const [columns, rows] of [[40, 10], [120, 40], [80, 24]] as const) {
    stage.screen.resize(columns, rows);
    await stage.clock.advance(200);
    assertEquals(stage.screen.cursor.row, rows - 2);
    assertStringIncludes(stage.screen.text, "Bob");
    assertStringIncludes(stage.screen.lines.at(-3)!, "─".repeat(columns));
  }
});

Deno.test("full screen: the terminal is left as it was, with nothing on it but the last word", async () => {
  const stage = new Stage();
  assertEquals(
    ["1049", "2004", "1004", "7"].map((mode) => stage.screen.modes.get(mode)),
    [true, true, true, false],
  );
  stage.hear(UP, ready("Zoe"), message("a secret"));
  stage.hear({ event: "closed", remaining: 0, reason: "exit", undelivered: 0 });
  await stage[Symbol.asyncDispose]();
  const { screen } = stage;
  assertEquals(
    ["1049", "2004", "1004", "7", "25"].map((mode) => screen.modes.get(mode)),
    [false, false, false, true, true],
  );
  assertEquals(screen.isRaw, false);
  assertEquals(screen.normal, "You left. Nothing remains on the relay.\n");
  const end = screen.written.slice(screen.written.lastIndexOf("\x1b[?1049l"));
  assert(end.startsWith("\x1b[?1049l\x1b[2J\x1b[H\x1b[3J"), JSON.stringify(end));
  // Twice is once.
  await stage.ui.close();
  assertEquals(screen.written.slice(screen.written.lastIndexOf("\x1b[?1049l")), end);
});

Deno.test("full screen: a process that ends at once leaves the terminal as it was", async () => {
  const stage = new Stage();
  dispatchEvent(new Event("unload"));
  assertEquals([stage.screen.modes.get("1049"), stage.screen.isRaw], [false, false]);
  stage.over.abort();
  await stage.conversing;
  await stage.ui.close();
});

Deno.test("full screen: an error that nobody caught ends the chat, and not the process", async () => {
  await using stage = new Stage();
  const error = new ErrorEvent("error", { error: new Error("lost"), cancelable: true });
  dispatchEvent(error);
  assert(error.defaultPrevented);
  await assertRejects(() => stage.conversing, Error, "lost");
});

Deno.test("full screen: leaving by key, by Ctrl+D in an empty line, by a closed terminal", async () => {
  await using stage = new Stage();
  await stage.type("ab", "\x1b[D", "\x04", "\x15", "\x04", "\x03", "\x03");
  stage.screen.type(null);
  await stage.conversing;
  assertEquals(stage.controls.asked, [
    "leave exit",
    "leave interrupted",
    "leave interrupted",
    "leave exit",
  ]);
});

Deno.test("full screen: what cannot be done is said, with what to do", async () => {
  await using stage = new Stage();
  stage.controls.failure = untranslated("no-peer", "Nobody is here.", "Wait for the other one.");
  await stage.type("/timer 5m", "\r");
  assertStringIncludes(
    stage.screen.text,
    "! 00:00 Nobody is here. Wait for the other one.".slice(8),
  );
});

Deno.test("full screen: a bell and a notification without content, for who looks elsewhere", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready(), message("seen at once"));
  assertEquals(stage.screen.bells, 0);
  await stage.type("\x1b[O");
  stage.hear(message("secret"), message("secret"));
  assertEquals(stage.screen.bells, 1, "one for what comes together");
  assertEquals(stage.screen.commands.at(-1), "777;notify;Whisper;A new message");
  await stage.clock.advance(11_000);
  await stage.type("/mute", "\r");
  stage.hear(message("secret"));
  assertEquals(stage.screen.bells, 1);
  await stage.type("/mute", "\r", "\x1b[I");
  stage.hear(message("looked at"));
  assertEquals(stage.screen.bells, 1);
  stage.hear(alarm());
  assertEquals(stage.screen.bells, 2);
  assert(!stage.screen.commands.join().includes("secret"));
});

Deno.test("full screen: who waits elsewhere hears that somebody came, and every kind of news once", async () => {
  await using stage = new Stage({ notifier: "osc9" });
  await stage.type("\x1b[O");
  stage.hear(UP, ready("Zoe"), message("secret"), message("secret"), alarm());
  assertEquals(stage.screen.commands.filter((command) => command.startsWith("9;")), [
    "9;Whisper: The other one is here",
    "9;Whisper: A new message",
    "9;Whisper: An alarm",
  ]);
});

Deno.test("full screen: the code goes to the clipboard when asked, and never by itself", async () => {
  await using stage = new Stage();
  const code = "4821-river-candle-ocean";
  stage.controls.now = { ...stage.controls.now, code };
  stage.hear(UP, { event: "invite", code }, { event: "waiting", for: "guest" });
  await stage.clock.advance(5_000);
  assert(!stage.screen.commands.some((command) => command.startsWith("52;")));
  await stage.type("/copy", "\r");
  assertEquals(stage.screen.commands.at(-1), `52;c;${btoa(code)}`);
});

Deno.test("full screen: the title says no more than the name of the program", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready(), message("secret"));
  await stage.clock.advance(2_000);
  assertEquals(stage.screen.commands, ["2;Whisper"]);
});

Deno.test("full screen: what was typed before the screen was there is not lost", async () => {
  await using stage = new Stage({ typeAhead: "early" });
  await stage.type(" bird", "\r");
  assertEquals(stage.controls.asked, ['send "early bird" 1']);
});

Deno.test("full screen: a multiplexer with a memory of its own is warned of", async () => {
  await using stage = new Stage({ multiplexer: "tmux" });
  await stage.clock.advance(10);
  assertStringIncludes(stage.screen.text, "This runs inside tmux");
});

Deno.test("full screen: the background of the terminal is asked for, and followed", async () => {
  await using stage = new Stage({ theme: "auto" });
  assert(stage.screen.commands.includes("11;?"));
  stage.hear(ready());
  await stage.type("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
  assertStringIncludes(stage.screen.written, "\x1b[1;38;5;130m");
});

Deno.test("full screen: what was cleared is gone", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready(), message("something said"));
  await stage.type("/clear", "\r");
  assert(!stage.screen.text.includes("something said"), stage.screen.text);
});

Deno.test("full screen: Ctrl+L draws over whatever has written on the screen", async () => {
  await using stage = new Stage();
  stage.hear(UP, ready());
  await stage.clock.advance(50);
  const before = stage.screen.text;
  stage.screen.write("\x1b[3;1Hsomething else");
  await stage.type("\x0c");
  assertEquals(stage.screen.text, before);
});
