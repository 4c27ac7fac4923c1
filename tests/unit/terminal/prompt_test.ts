import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Printed } from "../../../src/terminal/printed.ts";
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import type { History } from "../../../src/terminal/history.ts";
import type { ReadLineOptions } from "../../../src/terminal/shown_line.ts";
import { Failure } from "../../../src/errors.ts";
import { FakeClock } from "../../support/clock.ts";
import { FakeTerminal, type FakeTerminalOptions } from "../../support/terminal.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 5_000 : 200;

interface Scene {
  readonly terminal: FakeTerminal;
  readonly input: TerminalInput;
  readonly clock: FakeClock;
  readonly line: Promise<string | null>;
}

/** Lines that were sent. */
function sent(...lines: readonly string[]): History {
  return lines.map((line) => ({ id: line, line }));
}

/** A line that is being asked for. */
async function asked(
  options: ReadLineOptions = {},
  looks: FakeTerminalOptions = {},
): Promise<Scene> {
  const terminal = new FakeTerminal(looks);
  const clock = new FakeClock();
  const input = new TerminalInput(terminal, clock, new Printed(terminal));
  const line = input.readLine({ prompt: "> ", ...options });
  // A test that expects a rejection awaits it later.
  line.catch(() => {});
  await terminal.idle();
  return { terminal, input, clock, line };
}

/** What a line becomes by keys that came in one piece each. */
async function typed(keys: readonly string[], options: ReadLineOptions = {}) {
  const { terminal, line } = await asked(options);
  for (const key of keys) await terminal.type(key);
  const screen = terminal.screen;
  const cursor = terminal.cursor;
  terminal.send("\r");
  return { text: await line, screen, cursor, terminal };
}

Deno.test("prompt: a line is shown as it is typed, and the terminal is given back", async () => {
  const { terminal, line } = await asked();
  assert(terminal.isRaw && terminal.isBracketing);
  await terminal.type("h");
  await terminal.type("i");
  assertEquals(terminal.screen, "> hi");
  terminal.send("\r");
  assertEquals(await line, "hi");
  assertEquals(terminal.cursor, { row: 1, column: 0 });
  assert(!terminal.isRaw && !terminal.isBracketing);
});

Deno.test("prompt: what is typed ahead belongs to the next line", async () => {
  const { terminal, input, line } = await asked();
  terminal.send("one\rtwo\rth");
  assertEquals(await line, "one");
  assertEquals(await input.readLine(), "two");
  assertEquals(await input.readInputs(new AbortController().signal), [{
    input: "text",
    text: "th",
  }]);
});

Deno.test("prompt: a line feed, and a carriage return with one, end a line once", async () => {
  const { terminal, input, line } = await asked();
  terminal.send("a\nb\r\nc\r");
  assertEquals(await line, "a");
  assertEquals(await input.readLine(), "b");
  assertEquals(await input.readLine(), "c");
});

Deno.test("prompt: a hidden line shows neither its letters nor their number", async () => {
  const { terminal, line } = await asked({ prompt: "Password: ", hidden: true });
  await terminal.type("s3cr");
  await terminal.type("\x1b[D\x7fé\t\x1b[A");
  await terminal.paste("et\n");
  assertEquals(terminal.screen, "Password:");
  assertEquals(terminal.cursor, { row: 0, column: 10 });
  terminal.send("\r");
  assertEquals(await line, "s3éetr");
  assertEquals(terminal.screen, "Password:");
});

Deno.test("prompt: Ctrl+C interrupts, and the terminal is given back", async () => {
  const { terminal, line } = await asked();
  await terminal.type("half a lin");
  terminal.send("\x03");
  const failure = await assertRejects(() => line, Failure);
  assertEquals([failure.code, failure.status], ["interrupted", 130]);
  assertEquals(failure.reason, "interrupted");
  assert(!terminal.isRaw && !terminal.isBracketing);
  assertEquals(terminal.cursor, { row: 1, column: 0 });
});

Deno.test("prompt: Ctrl+D ends an empty line, and deletes in another", async () => {
  const { terminal, line } = await asked();
  await terminal.type("ab\x01\x04");
  assertEquals(terminal.screen, "> b");
  terminal.send("\x04\x04");
  assertEquals(await line, null);
});

Deno.test("prompt: a terminal that is closed gives up the line, and sends nothing of it", async () => {
  const { terminal, input, line } = await asked();
  await terminal.type("not meant yet");
  terminal.end();
  assertEquals(await line, null);
  assertEquals(await input.readLine(), null);
});

Deno.test("prompt: a paste of several lines is one line until Enter", async () => {
  const { terminal, line } = await asked();
  await terminal.type("x");
  await terminal.paste("one\ntwo\n\tthree");
  assertEquals(terminal.screen, "> xone⏎two⏎    three");
  terminal.send("!\r");
  assertEquals(await line, "xone\ntwo\n\tthree!");
});

Deno.test("prompt: a paste may come in pieces, its brackets too", async () => {
  const bytes = new TextEncoder().encode("\x1b[200~é\r\nb\x1b[2~\rc\x1b[201~d");
  for (const size of [1, 2, 3, 5, 7]) {
    const { terminal, line } = await asked();
    for (let at = 0; at < bytes.length; at += size) await terminal.type(bytes.slice(at, at + size));
    terminal.send("\r");
    assertEquals(await line, "é\nb\x1b[2~\ncd", `${size} bytes at a time`);
  }
});

Deno.test("prompt: a paste that comes in pieces is undone as one", async () => {
  const { terminal, line } = await asked();
  for (
    const piece of ["keep ", "\x1b[200~one\r", "two ", "three", "\x1b[201~", "\x1b[200~!\x1b[201~"]
  ) {
    await terminal.type(piece);
  }
  await terminal.type("\x1f");
  assertEquals(terminal.screen, "> keep one⏎two three");
  await terminal.type("\x1f");
  assertEquals(terminal.screen, "> keep");
  terminal.send("\r");
  assertEquals(await line, "keep ");
});

Deno.test("prompt: a message that arrives during a paste does not break it", async () => {
  const { terminal, input, line } = await asked();
  await terminal.type("\x1b[200~one\rtw");
  input.print("Bob: hello");
  await terminal.type("o\r\x1b[201~");
  assertEquals(terminal.screen, "Bob: hello\n> one⏎two⏎");
  terminal.send("\r");
  assertEquals(await line, "one\ntwo\n");
});

Deno.test("prompt: Ctrl+C gets out of a paste that never ends; closing the terminal does too", async () => {
  const stuck = await asked();
  await stuck.terminal.type("\x1b[200~abc");
  stuck.terminal.send("\x03");
  await assertRejects(() => stuck.line, Failure);
  const closed = await asked();
  await closed.terminal.type("\x1b[200~abc");
  closed.terminal.end();
  assertEquals(await closed.line, null);
});

Deno.test("TerminalInput: a paste that is not complete belongs to the next reader", async () => {
  const terminal = new FakeTerminal();
  const input = new TerminalInput(terminal, undefined, new Printed(terminal));
  const stop = new AbortController();
  const line = input.readLine({ signal: stop.signal });
  await terminal.type("\x1b[200~lost");
  stop.abort(new Error("enough"));
  await assertRejects(() => line, Error, "enough");
  const next = input.readLine();
  await terminal.type("rest\r");
  terminal.send("\x1b[201~!\rmore\x1b[200~a\r");
  assertEquals(await next, "lostrest\n!");
  const leave = new AbortController();
  const last = input.readLine({ signal: leave.signal });
  await terminal.idle();
  leave.abort(new Error("enough"));
  await assertRejects(() => last, Error, "enough");
  terminal.send("b\x1b[201~");
  assertEquals(await input.readInputs(new AbortController().signal), [
    { input: "paste", text: "a\nb" },
  ]);
});

Deno.test("prompt: shows control characters of a paste without obeying or losing them", async () => {
  const { terminal, line } = await asked();
  const hostile = "a\x1b[2Jb\x07\u009b31mc\u202ed\x00e\x7f";
  await terminal.type(`\x1b[200~${hostile}\x1b[201~`);
  assertEquals(terminal.screen, "> a␛[2Jb␇‹U+009B›31mc‹U+202E›d␀e␡");
  terminal.send("\r");
  assertEquals(await line, hostile);
});

Deno.test("prompt: without brackets a paste is lines, one after the other", async () => {
  const { terminal, input, line } = await asked({}, { isAnsi: false });
  assert(!terminal.isBracketing);
  terminal.send("one\rtwo\r");
  assertEquals(await line, "one");
  assertEquals(await input.readLine(), "two");
});

Deno.test("prompt: a message steps before the line that is being typed, cursor and all", async () => {
  const { terminal, input, line } = await asked({ prompt: "you: " });
  await terminal.type("hello Bo\x1b[D\x1b[D");
  input.print("Bob: are you\nthere?");
  assertEquals(terminal.screen, "Bob: are you\nthere?\nyou: hello Bo");
  assertEquals(terminal.cursor, { row: 2, column: 11 });
  await terminal.type("my ");
  assertEquals(terminal.screen, "Bob: are you\nthere?\nyou: hello my Bo");
  terminal.send("\r");
  assertEquals(await line, "hello my Bo");
  input.print("Bob: fine");
  assertEquals(terminal.lines.at(-1), "Bob: fine");
});

Deno.test("prompt: a message steps before a line of several rows", async () => {
  const { terminal, input } = await asked({}, { columns: 10 });
  await terminal.type("a".repeat(25));
  input.print("Bob: hi");
  assertEquals(terminal.lines, ["Bob: hi", "> aaaaaaaa", "aaaaaaaaaa", "aaaaaaa"]);
  await terminal.type("\x01");
  assertEquals(terminal.cursor, { row: 1, column: 2 });
  input.print("Bob: more");
  assertEquals(terminal.lines, [
    ...["Bob: hi", "Bob: more", "> aaaaaaaa", "aaaaaaaaaa", "aaaaaaa"],
  ]);
  assertEquals(terminal.cursor, { row: 2, column: 2 });
});

Deno.test("prompt: a prompt may have lines of its own", async () => {
  const { terminal, input } = await asked({ prompt: "Where?\n  1 here\n> " });
  await terminal.type("1");
  assertEquals(terminal.lines, ["Where?", "  1 here", "> 1"]);
  input.print("news");
  assertEquals(terminal.lines, ["news", "Where?", "  1 here", "> 1"]);
});

Deno.test("prompt: graphemes go as a whole", async () => {
  for (const grapheme of ["é", "e\u0301", "世", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "각", "นี้", "\u1100\u1161"]) {
    const { text, screen, cursor } = await typed(["a", grapheme, "b", "\x1b[D", "\x7f", "!"]);
    assertEquals([text, screen, cursor], ["a!b", "> a!b", { row: 0, column: 4 }], grapheme);
  }
});

Deno.test("prompt: a mark that comes later joins its letter on the screen", async () => {
  const { terminal, line } = await asked();
  await terminal.type("e");
  await terminal.type("\u0301");
  assertEquals(terminal.screen, "> e\u0301");
  await terminal.type("x");
  assertEquals(terminal.cursor, { row: 0, column: 4 });
  terminal.send("\r");
  assertEquals(await line, "e\u0301x");
});

Deno.test("prompt: what joins an emoji takes no columns of its own", async () => {
  for (const pieces of [["👍", "🏽"], ["👨\u200d", "👩\u200d", "👧"]]) {
    const { terminal } = await asked();
    for (const piece of pieces) await terminal.type(piece);
    assertEquals(terminal.cursor, { row: 0, column: 4 });
    await terminal.type("x\x7f\x7f");
    assertEquals([terminal.screen, terminal.cursor], [">", { row: 0, column: 2 }]);
  }
});

Deno.test("prompt: letters of more than one byte may come byte by byte", async () => {
  const { terminal, line } = await asked();
  for (const byte of new TextEncoder().encode("é世👍")) await terminal.type(Uint8Array.of(byte));
  assertEquals(terminal.screen, "> é世👍");
  terminal.send("\r");
  assertEquals(await line, "é世👍");
});

Deno.test("prompt: a wide letter that finds one column left goes to the next row", async () => {
  const { terminal, input, line } = await asked({}, { columns: 9 });
  // Three fit behind the prompt, the seventh column stays empty; then four to a row.
  await terminal.type("世".repeat(9));
  assertEquals(terminal.lines, ["> 世世世", "世世世世", "世世"]);
  await terminal.type("\x1b[D".repeat(4));
  assertEquals(terminal.cursor, { row: 1, column: 4 });
  input.print("hi");
  assertEquals(terminal.lines, ["hi", "> 世世世", "世世世世", "世世"]);
  assertEquals(terminal.cursor, { row: 2, column: 4 });
  terminal.send("\r");
  assertEquals(await line, "世".repeat(9));
  input.print("below");
  assertEquals(terminal.lines, ["hi", "> 世世世", "世世世世", "世世", "below"]);
});

Deno.test("prompt: the last column is a column like every other", async () => {
  for (const pieces of [["abcdefgh"], [..."abcdefgh"]]) {
    const { terminal, input, line } = await asked({}, { columns: 10 });
    for (const piece of pieces) await terminal.type(piece);
    assertEquals([terminal.screen, terminal.cursor], ["> abcdefgh", { row: 1, column: 0 }]);
    await terminal.type("\x7f");
    assertEquals([terminal.screen, terminal.cursor], ["> abcdefg", { row: 0, column: 9 }]);
    await terminal.type("hi");
    assertEquals([terminal.screen, terminal.cursor], ["> abcdefgh\ni", { row: 1, column: 1 }]);
    await terminal.type("\x7f\x1b[D");
    assertEquals([terminal.screen, terminal.cursor], ["> abcdefgh", { row: 0, column: 9 }]);
    await terminal.type("\x05");
    terminal.send("\r");
    assertEquals(await line, "abcdefgh");
    input.print("below");
    assertEquals(terminal.screen, "> abcdefgh\nbelow");
  }
});

Deno.test("prompt: a terminal that changes its width keeps the line whole", async () => {
  for (const [from, to] of [[20, 10], [10, 20], [10, 7], [12, 31], [25, 40], [5, 11]] as const) {
    const { terminal, input } = await asked({}, { columns: from });
    input.print("before");
    await terminal.type("abcdefghijklmnopqrstuvw");
    terminal.resize(to);
    await terminal.type("\x1b[D");
    await terminal.type("xyz");
    const [first, ...rest] = terminal.lines;
    assertEquals(first, "before", `${from} to ${to}`);
    assertEquals(rest.join(""), "> abcdefghijklmnopqrstuvxyzw", `${from} to ${to}`);
    assert(rest.every((row) => row.length <= to));
  }
});

Deno.test("prompt: a line longer than the screen is shown around the cursor, and whole at the end", async () => {
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(" ");
  const { terminal, input, line } = await asked({}, { columns: 20, rows: 6 });
  input.print("before");
  await terminal.type(words);
  assert(terminal.lines.length <= 6, terminal.screen);
  assert(/^before> ….*word59$/.test(terminal.lines.join("")), terminal.screen);
  for (let i = 0; i < words.length; i++) {
    await terminal.type("\x1b[D");
    const { row } = terminal.cursor;
    assert(
      row > 0 && terminal.lines.length <= 6 && terminal.lines[0] === "before",
      terminal.screen,
    );
  }
  assertEquals(terminal.cursor, { row: 1, column: 2 });
  assert(terminal.screen.endsWith("…"), terminal.screen);
  await terminal.type("first ");
  assert(terminal.screen.startsWith("before\n> first word0"), terminal.screen);
  terminal.send("\r");
  assertEquals(await line, `first ${words}`);
  assertEquals(terminal.lines[0], "before");
  assertEquals(
    terminal.lines.slice(1).map((row) => row.padEnd(20)).join("").trimEnd(),
    `> first ${words}`,
  );
});

Deno.test("prompt: a key in a line of a million letters writes no more than some rows", async () => {
  const { terminal, line } = await asked({}, { columns: 80 });
  const long = "aé世 ".repeat(200_000);
  await terminal.type(`\x1b[200~${long}\x1b[201~`);
  for (
    const key of ["x", "\x1b[D", "\x17", "\x1b[1;5D", "\x01", "y", "\x1b[C", "\x05", "\x1a", "\x7f"]
  ) {
    const before = terminal.written;
    await terminal.type(key);
    assert(
      terminal.written - before < 2_000,
      `${JSON.stringify(key)}: ${terminal.written - before}`,
    );
  }
  await terminal.type("\x15\x0bshort");
  assertEquals(terminal.screen, "> short");
  terminal.send("\r");
  assertEquals(await line, "short");
});

Deno.test("prompt: words, lines and what was deleted by mistake", async () => {
  const cases: [keys: string[], text: string][] = [
    [["one two three", "\x17"], "one two "],
    [["one two three", "\x1b\x7f"], "one two "],
    [["one two three", "\x1bb", "\x0b"], "one two "],
    [["one two", "\x01", "\x1bf", "X"], "oneX two"],
    [["one two", "\x1b[1;5D", "\x15"], "two"],
    [["abc", "\x1b[H", "\x1b[3~", "\x1b[F", "d"], "bcd"],
    [["abc", "\x02", "\x02", "\x06", "X"], "abXc"],
    [["one two", "\x01", "\x1bd", "X"], "X two"],
    [["one two", "\x15", "x", "\x19"], "xone two"],
    [["one two", "\x15", "\x1f"], "one two"],
    [["one two", "\x17", "\x17", "\x1f", "\x1f"], "one two"],
    [["a", "b", "c", " ", "d", "e", "\x1f"], "abc "],
    [["a", "\x1f", "\x1f", "\x1f", "b"], "b"],
    [["keep ", "\x1b[200~a b\rc\x1b[201~", "\x1f"], "keep "],
  ];
  for (const [keys, text] of cases) {
    assertEquals((await typed(keys)).text, text, JSON.stringify(keys));
  }
});

Deno.test("prompt: the arrows bring back earlier lines, and the one that was begun", async () => {
  const history = sent("first", "second");
  const up = "\x1b[A", down = "\x1bOB";
  for (
    const [keys, text] of [
      [[up], "second"],
      [[up, up, up], "first"],
      [["dra", "ft", up, up, down, down, down], "draft"],
      [[up, "!", down, up], "second"],
      [[up, "!", up, down], "second!"],
      [[down, "x"], "x"],
    ] as const
  ) assertEquals((await typed(keys, { history: () => history })).text, text, JSON.stringify(keys));
});

Deno.test("readLine: Ctrl+R finds earlier lines and lets them be edited", async () => {
  const history = sent("first line", "second", "third line");
  const options: ReadLineOptions = {
    history: () => history,
    searchPrompt: (query) => `?${query}: `,
  };
  for (
    const [keys, text] of [
      [["\x12", "LINE", "\r", "!"], "third line!"],
      [["\x12", "line", "\x12", "\r"], "first line"],
      [["\x12", "line", "\x12", "\x12", "\r"], "first line"],
      [["\x12", "line", "\x12", "\x1b[B", "\r"], "third line"],
      [["\x12", "fx", "\x7f", "\r"], "first line"],
      [["\x12", "nothing", "\r"], ""],
      [["draft", "\x12", "first", "\x1b", "!"], "draft!"],
      [["draft", "\x12", "first", "\x03", "!"], "draft!"],
      [["\x1b[A", "\x12", "first", "\x1b", "!"], "third line!"],
      [["\x12", "first", "\x01", "X"], "Xfirst line"],
    ] as const
  ) {
    const scene = await asked(options);
    for (const key of keys) {
      await scene.terminal.type(key);
      if (key === "\x1b") await scene.clock.advance(60);
    }
    assertEquals(scene.terminal.screen, `> ${text}`.trimEnd(), JSON.stringify(keys));
    scene.terminal.send("\r");
    assertEquals(await scene.line, text, JSON.stringify(keys));
  }
});

Deno.test("readLine: Ctrl+R shows no line that left the history", async () => {
  let history = sent("a secret", "other");
  const { terminal, input, line } = await asked({
    history: () => history,
    searchPrompt: (query) => `?${query}: `,
  });
  await terminal.type("\x12");
  await terminal.type("sec");
  assertEquals(terminal.screen, "?sec: a secret");
  history = sent("other");
  input.forget();
  assertEquals(terminal.screen, "?sec:");
  terminal.send("\r\x19\r");
  assertEquals(await line, "");
});

Deno.test("readLine: Ctrl+Y inserts what was deleted in the line before, unless that was hidden", async () => {
  const { terminal, input, line } = await asked();
  await terminal.type("one\x15");
  terminal.send("\r");
  await line;
  const hidden = input.readLine({ prompt: "> ", hidden: true });
  terminal.send("\x19s3cret\x15\r");
  assertEquals(await hidden, "");
  const next = input.readLine({ prompt: "> " });
  terminal.send("\x19\r");
  assertEquals(await next, "one");
  input.forget();
  const last = input.readLine({ prompt: "> " });
  terminal.send("\x19\r");
  assertEquals(await last, "");
});

Deno.test("readLine: a prompt wider than the window breaks between words", async () => {
  const { terminal } = await asked({ prompt: "Press Enter to use this computer: " }, {
    columns: 20,
  });
  await terminal.type("x");
  assertEquals(terminal.screen, "Press Enter to use\nthis computer: x");
});

Deno.test("prompt: Tab completes as far as there is one way to go on", async () => {
  const words = ["river", "rival", "candle"];
  const complete = (line: string) => {
    const begun = /[^\s-]*$/.exec(line)![0];
    if (begun === "") return [];
    return words.filter((word) => word.startsWith(begun))
      .map((word) => line.slice(0, -begun.length) + word);
  };
  assertEquals((await typed(["4821-ri", "\t"], { complete })).text, "4821-riv");
  assertEquals((await typed(["4821-riv", "\t", "\t"], { complete })).text, "4821-riv");
  assertEquals((await typed(["4821-river-c", "\t"], { complete })).text, "4821-river-candle");
  assertEquals((await typed(["x", "\t"], { complete })).text, "x");
  assertEquals((await typed(["x\t"])).text, "x");
});

Deno.test("prompt: Escape alone is a key that does nothing", async () => {
  const { terminal, clock, line } = await asked();
  for (const key of ["\x1b", "\x1b[", "\x1bO"]) {
    await terminal.type(key);
    await clock.advance(100);
    assertEquals(clock.pending, 0);
    await terminal.type("Oh [no] ");
  }
  terminal.send("\r");
  assertEquals(await line, "Oh [no] Oh [no] Oh [no] ");
});

Deno.test("prompt: a sequence split by a slow line is the same sequence", async () => {
  const { terminal, clock, line } = await asked();
  await terminal.type("ab");
  for (const byte of "\x1b[D\x1bOD\x1b[1;5C") {
    await terminal.type(byte);
    await clock.advance(49);
  }
  assertEquals(terminal.cursor, { row: 0, column: 4 });
  await terminal.type("\x1b[1");
  await clock.advance(1_900);
  await terminal.type(";5Dc");
  terminal.send("\r");
  assertEquals(await line, "cab");
  assertEquals(clock.pending, 0);
});

Deno.test("prompt: a line can be given up, and no key that follows is lost", async () => {
  const terminal = new FakeTerminal();
  const input = new TerminalInput(terminal, undefined, new Printed(terminal));
  await assertRejects(
    () => input.readLine({ signal: AbortSignal.abort(new Error("too late")) }),
    Error,
    "too late",
  );
  const stop = new AbortController();
  const line = input.readLine({ signal: stop.signal });
  await terminal.type("half");
  assert(terminal.isRaw);
  stop.abort(new Error("the room is closed"));
  await assertRejects(() => line, Error, "the room is closed");
  assert(!terminal.isRaw && !terminal.isBracketing);
  const next = input.readLine();
  terminal.send("next\r");
  assertEquals(await next, "next");
});

Deno.test("prompt: one line at a time", async () => {
  const { terminal, input, line } = await asked();
  await assertRejects(() => input.readLine(), Error, "another is being read");
  terminal.send("one\r");
  assertEquals(await line, "one");
});

Deno.test("prompt: a terminal that fails while it is read is given back all the same", async () => {
  const terminal = new FakeTerminal();
  terminal.read = () => Promise.reject(new Error("gone"));
  await assertRejects(
    () => new TerminalInput(terminal, undefined, new Printed(terminal)).readLine(),
    Error,
    "gone",
  );
  assert(!terminal.isRaw && !terminal.isBracketing);
});

Deno.test("prompt: a terminal without cursor movement is written to in order", async () => {
  const { terminal, input, line } = await asked({}, { isAnsi: false, columns: 10 });
  await terminal.type("hello");
  await terminal.type("\x7f");
  assertEquals(terminal.screen, "> hell");
  input.print("Bob: hi");
  assertEquals(terminal.lines, ["> hell", "Bob: hi", "> hell"]);
  for (const letter of "o wor") await terminal.type(letter);
  assertEquals(terminal.lines, ["> hell", "Bob: hi", "> hello wo", "r"]);
  await terminal.type("\x01J");
  assertEquals(terminal.lines.slice(-2).join(""), "> Jhello wor");
  terminal.send("\r");
  assertEquals(await line, "Jhello wor");
});

Deno.test("prompt: without a terminal, lines are read as they are and nothing is prompted", async () => {
  const terminal = new FakeTerminal({ isTerminal: false });
  const input = new TerminalInput(terminal, undefined, new Printed(terminal));
  terminal.send("one\r\n\x03two\n");
  terminal.send("\nthr");
  terminal.send("ee");
  terminal.end();
  assertEquals(await input.readLine({ prompt: "> " }), "one");
  assertEquals(await input.readLine(), "\x03two");
  assertEquals(await input.readLine(), "");
  assertEquals(await input.readLine(), "three");
  assertEquals(await input.readLine(), null);
  assertEquals(terminal.written, 0);
  assert(!terminal.isRaw);
});

Deno.test("prompt: a line without an end is let go of beyond what is looked at", async () => {
  const terminal = new FakeTerminal({ isTerminal: false });
  const input = new TerminalInput(terminal, undefined, new Printed(terminal));
  for (let i = 0; i < 40; i++) terminal.send("x".repeat(65_536));
  terminal.send("\nnext\n");
  const line = await input.readLine();
  assert(line!.length >= 1_048_576 && line!.length < 1_200_000, String(line!.length));
  assertEquals(await input.readLine(), "next");
});

Deno.test("readLine: keeps the end of a line from a pipe that is too long", async () => {
  const terminal = new FakeTerminal({ isTerminal: false });
  const input = new TerminalInput(terminal, undefined, new Printed(terminal));
  for (let i = 0; i < 160; i++) terminal.send("x".repeat(65_536));
  terminal.send('","id":"7"}\nnext\n');
  const line = await input.readLine();
  assert(line!.startsWith("xxx") && line!.endsWith('xxx","id":"7"}'), line!.slice(-20));
  assert(line!.length < 1_200_000, String(line!.length));
  assertEquals(await input.readLine(), "next");
});

Deno.test("readLine: marks bytes from a pipe that are not UTF-8, and no others", async () => {
  const terminal = new FakeTerminal({ isTerminal: false });
  const input = new TerminalInput(terminal, undefined, new Printed(terminal));
  terminal.send("genuine \ufffd\n");
  terminal.send(new Uint8Array([0x61, 0xff, 0x62, 0x0a]));
  // A character in two pieces is one.
  terminal.send(new Uint8Array([0xc3]));
  terminal.send(new Uint8Array([0xa9, 0x0a]));
  terminal.end();
  const lines = [await input.readLine(), await input.readLine(), await input.readLine()];
  assertEquals(lines, ["genuine \ufffd", "a\udc80b", "é"]);
  assertEquals(lines.map((line) => line!.isWellFormed()), [true, false, true]);
});

/** The same bytes in other pieces. */
function cut(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    if (at < bytes.length) pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
}

Deno.test("prompt: in whatever pieces the keys come, the line and the screen are the same", async () => {
  const key = fc.constantFrom(
    ...[
      "a",
      "b ",
      "é",
      "世",
      "👍🏽",
      "\x7f",
      "\x17",
      "\x01",
      "\x05",
      "\x1b[D",
      "\x1b[C",
      "\x1bb",
    ],
    ...[
      "\x1bOD",
      "\x1b[1;5D",
      "\x1b[3~",
      "\x1b[99z",
      "\x1b[200~one\rtwo\x1b[201~",
      "\x1b[200~x\x1b[201~",
    ],
  );
  const keys = fc.array(key, { maxLength: 12 }).map((keys) => keys.join(""));
  await fc.assert(
    fc.asyncProperty(keys, fc.array(fc.integer({ min: 1, max: 6 })), async (keys, sizes) => {
      const whole = await typed([keys]);
      const { terminal, line } = await asked();
      for (const piece of cut(new TextEncoder().encode(keys), sizes)) await terminal.type(piece);
      const seen = [terminal.screen, terminal.cursor];
      terminal.send("\r");
      assertEquals([await line, ...seen], [whole.text, whole.screen, whole.cursor]);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("prompt: in whatever pieces a pipe brings them, the lines are the same", async () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "é", "👍", "\r", "\n", "\x1b", "\x03", " "),
  });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 6 })), async (text, sizes) => {
      const terminal = new FakeTerminal({ isTerminal: false });
      const input = new TerminalInput(terminal, undefined, new Printed(terminal));
      for (const piece of cut(new TextEncoder().encode(text), sizes)) terminal.send(piece);
      terminal.end();
      const lines: string[] = [];
      for (let line = await input.readLine(); line !== null; line = await input.readLine()) {
        lines.push(line);
      }
      const expected = text.split("\n");
      // What is behind the last line feed is a line only if there is something.
      if (expected.at(-1) === "") expected.pop();
      const last = text.endsWith("\n") ? undefined : expected.pop();
      const ended = expected.map((line) => line.replace(/\r$/, ""));
      assertEquals(lines, last === undefined ? ended : [...ended, last]);
    }),
    { numRuns: RUNS },
  );
});
