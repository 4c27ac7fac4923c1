import { Failure } from "../../../src/errors.ts";
import { assert, assertEquals, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { eventAsJson, JsonInterface } from "../../../src/ui/json.ts";
import { PlainInterface } from "../../../src/ui/plain.ts";
import { safeLine, safeText } from "../../../src/terminal/safe_text.ts";
import { Printed } from "../../../src/terminal/printed.ts";
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import { FullScreen } from "../../../src/ui/tui/screen.ts";
import { FakeClock } from "../../support/clock.ts";
import { FakeTerminal } from "../../support/terminal.ts";
import { MemoryScreen, SCREEN_PARTS } from "../../support/screen.ts";

/** What acts on a terminal, hides, turns a line around or piles up; and what is seen instead. */
const CORPUS: readonly [what: string, text: string, shown: string][] = [
  ["an escape character", "\x1b[2J", "␛[2J"],
  ["a change of color", "a\x1b[31mb", "a␛[31mb"],
  ["a title", "\x1b]0;title\x07", "␛]0;title␇"],
  ["the clipboard", "\x1b]52;c;aGk=\x1b\\", "␛]52;c;aGk=␛\\"],
  ["a link", "\x1b]8;;http://x\x07y\x1b]8;;\x07", "␛]8;;http://x␇y␛]8;;␇"],
  ["a device string", "\x1bP$q\x1b\\", "␛P$q␛\\"],
  ["eight-bit controls", "\x9b31m\x9d0;x\x9c", "‹U+009B›31m‹U+009D›0;x‹U+009C›"],
  ["a bell", "a\x07b", "a␇b"],
  ["a backspace", "abc\b\b\bxyz", "abc␈␈␈xyz"],
  ["a null", "a\0b", "a␀b"],
  ["a delete", "a\x7fb", "a␡b"],
  ["a return of the carriage", "one\rtwo\r\nthree", "one\ntwo\nthree"],
  ["a tab", "a\tb", "a    b"],
  ["vertical tab and form feed", "a\vb\fc", "a␋b␌c"],
  ["separators of lines", "a\u2028b\u2029c\u0085d", "a‹U+2028›b‹U+2029›c‹U+0085›d"],
  ["an override of the direction", "a\u202egnp.exe", "a‹U+202E›gnp.exe"],
  ["isolates", "\u2066a\u2069\u2067b\u2068", "‹U+2066›a‹U+2069›‹U+2067›b‹U+2068›"],
  ["marks of the direction", "a\u200e\u200fb\u061c", "a‹U+200E›‹U+200F›b‹U+061C›"],
  ["zero width", "a\u200bb\u2060c\ufeffd", "a‹U+200B›b‹U+2060›c‹U+FEFF›d"],
  ["a soft hyphen", "a\u00adb", "a‹U+00AD›b"],
  ["letters that are not seen", "a\u3164b\u115f\u17b4", "a‹U+3164›b‹U+115F›‹U+17B4›"],
  ["tags", "a\u{e0041}\u{e0042}", "a‹U+E0041›‹U+E0042›"],
  ["joiners between nothing", "a\u200db\u200cc", "a‹U+200D›b‹U+200C›c"],
  ["selectors on a letter", "a\ufe0fb\u{e0100}", "a‹U+FE0F›b‹U+E0100›"],
  ["annotations", "a\ufff9b\ufffac", "a‹U+FFF9›b‹U+FFFA›c"],
  ["no characters", "a\uffffb\ufdd0", "a‹U+FFFF›b‹U+FDD0›"],
  ["half a character", "a\ud800b\udc00", "a\ufffdb\ufffd"],
  ["marks without a letter", "\u0301x", "\u25cc\u0301x"],
  ["a pile of marks", `e${"\u0301".repeat(50)}`, `e${"\u0301".repeat(6)}‹+44 marks›`],
];

/** What people write, in their scripts: as it is. */
const HARMLESS = [
  "Hello, world! <b>&amp;</b> \\ $(x) %s {}",
  "Grüße, señor, naïve Æsir, čeština, Việt Nam",
  "日本語 한국어 中文 ไทย हिन्दी বাংলা",
  "שלום עולם العربية می‌خواهم",
  "क्‍ष നന്‍ ക്ഷ",
  "👩‍👩‍👧 👍🏽 🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪 1️⃣ ☺︎ ❤️",
  "one\ntwo\n\nthree",
  "e\u0301 a\u0323\u0306",
];

// deno-lint-ignore no-control-regex -- what acts on a terminal
const ACTING = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

Deno.test("safeText: makes visible what acts, hides or piles up", () => {
  for (const [what, text, shown] of CORPUS) assertEquals(safeText(text), shown, what);
});

Deno.test("safeText: leaves ordinary text as it is", () => {
  for (const text of HARMLESS) assertEquals(safeText(text), text);
});

Deno.test("safeText: changes nothing in its own result", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
    const safe = safeText(text);
    assertNotMatch(safe, ACTING);
    assertEquals(safeText(safe), safe);
  }));
});

Deno.test("safeLine: returns one line", () => {
  for (const [what, text] of CORPUS) assert(!safeLine(text).includes("\n"), what);
  assertEquals(safeLine("a\nb"), "a⏎b");
});

/** Whatever the peer, the relay and an error can put on a screen, with `text` in each place. */
function eventsWith(text: string): ChatEvent[] {
  const at = "2024-01-01T00:00:00.000Z";
  return [
    { event: "relay", state: "up", kind: "mongodb", watch: "stream" },
    { event: "ready", peer: text, verify: ["a", "b"] },
    { event: "message", from: text, text, seq: 1, at },
    { event: "presence", peer: "away" },
    {
      event: "relay",
      state: "reconnecting",
      kind: "mongodb",
      watch: "stream",
      cause: new Failure("server-error", { text, code: undefined }),
    },
    { event: "alarm", kind: "forged", count: 1 },
    {
      event: "error",
      failure: new Failure("server-error", { text, code: undefined }),
      fatal: false,
    },
    { event: "presence", peer: "left" },
    { event: "burnt", by: "peer" },
    { event: "error", failure: new Failure("file-locked", { path: text }), fatal: true },
  ];
}

/** Asks whether the terminal takes notifications of OSC 99. */
const ASKED = "99;i=whisper:p=?;";
/** A link of the interface's own: to what is shown, or its end. */
const LINK = /^8;(?:id=[\w-]+;https?:\/\/[!-~]+|;)$/;

Deno.test("full screen: writes no byte of a text as a control", async () => {
  for (const [what, text] of CORPUS) {
    const clock = new FakeClock({ turns: 1 });
    const screen = new MemoryScreen({ columns: 120, rows: 40 });
    const ui = new FullScreen({
      ...SCREEN_PARTS,
      terminal: screen,
      input: new TerminalInput(screen, clock, new Printed(screen)),
      clock,
      room: text,
      theme: "none",
      notifier: { kind: "osc9", multiplexer: undefined },
    });
    // The screen throws at every sequence that is none of the interface's.
    for (const event of eventsWith(text)) {
      ui.hear(event);
      await clock.advance(40);
      assertNotMatch(screen.text, ACTING, what);
    }
    await ui.close();
    assertNotMatch(screen.normal, ACTING, what);
    assertEquals(screen.commands.filter((one) => !LINK.test(one)), ["2;Whisper", ASKED], what);
  }
});

Deno.test("plain: writes no byte of a text as a control", async () => {
  for (const [what, text] of CORPUS) {
    const terminal = new FakeTerminal({ columns: 120 });
    const clock = new FakeClock();
    const ui = new PlainInterface({
      terminal,
      input: new TerminalInput(terminal, clock, new Printed(terminal)),
      clock,
      name: "Alice",
      relay: "MongoDB",
      isLocal: false,
      by: "code",
      quiet: false,
      color: false,
    });
    for (const event of eventsWith(text)) ui.hear(event);
    await ui.close();
    // The terminal throws at every other sequence.
    assertNotMatch(terminal.screen, ACTING, what);
    const commands = terminal.commands.filter((one) => !LINK.test(one));
    assertEquals([commands, terminal.bells], [[], 0], what);
    // deno-lint-ignore no-control-regex -- links, and the movements of the cursor that a prompt needs
    const ours = /\x1b\]8;[!-~]*\x07|\x1b\[\d*[AJ]|\r\n|\r/g;
    assertNotMatch(terminal.raw.replaceAll(ours, ""), ACTING, what);
  }
});

Deno.test("JSON: writes no byte of a text as a control", () => {
  for (const [what, text] of CORPUS) {
    const values: unknown[] = [];
    const ui = new JsonInterface({
      readLine: () => Promise.resolve(null),
      write: (value) => values.push(value),
      written: () => Promise.resolve(true),
    });
    const events = eventsWith(text);
    for (const event of events) ui.hear(event);
    // What comes out is what went in: the reader is a program. Output.writeJson escapes it.
    assertEquals(values, events.map((event) => eventAsJson(event)), what);
  }
});

Deno.test("safeText: shows a joiner that joins nothing, and tags that are not a flag", () => {
  assertEquals(safeText("\u{1f469}\u200dx"), "\u{1f469}‹U+200D›x");
  const tags = "\u{e0061}".repeat(7);
  assert(!safeText(`\u{1f3f4}${tags}\u{e007f}`).includes("\u{e0061}"));
});
