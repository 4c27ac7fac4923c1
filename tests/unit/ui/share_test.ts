/**
 * `/share` in all three interfaces.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Failure } from "../../../src/errors.ts";
import { decodeRelayLink, encodeRelayLink } from "../../../src/relay/relay_link.ts";
import { Printed } from "../../../src/terminal/printed.ts";
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import type { MakeLink } from "../../../src/ui/interface.ts";
import { JsonInterface } from "../../../src/ui/json.ts";
import { PlainInterface } from "../../../src/ui/plain.ts";
import { FullScreen } from "../../../src/ui/tui/screen.ts";
import { FakeClock } from "../../support/clock.ts";
import { RecordedControls } from "../../support/controls.ts";
import { readPicture } from "../../support/photograph.ts";
import { MemoryScreen, SCREEN_PARTS } from "../../support/screen.ts";
import { FakeTerminal } from "../../support/terminal.ts";

const URI = "mongodb+srv://chat:secret@cluster0.abcde.mongodb.net/";
const CODE = "4821-river-cable-ocean";
const link: MakeLink = (code) => encodeRelayLink({ uri: URI, ...code !== undefined && { code } });

function controls(code: string | undefined): RecordedControls {
  const controls = new RecordedControls();
  controls.now = { ...controls.now, code };
  return controls;
}

/** What a plain chat prints for these lines. */
async function plain(
  lines: readonly string[],
  parts: {
    isTerminal?: boolean;
    columns?: number;
    link?: MakeLink | undefined;
    code?: string | undefined;
  } = {},
): Promise<string[]> {
  const { isTerminal = true, columns = 80 } = parts;
  const terminal = new FakeTerminal({ isTerminal, isAnsi: isTerminal, columns, rows: 40 });
  const clock = new FakeClock();
  const ui = new PlainInterface({
    terminal,
    input: new TerminalInput(terminal, clock),
    clock,
    ...{ name: "Alice", relay: "MongoDB", isLocal: false, by: "code", quiet: false, color: false },
    link: "link" in parts ? parts.link : link,
  });
  for (const line of lines) terminal.send(`${line}\r`);
  terminal.end();
  await ui.converse(controls("code" in parts ? parts.code : CODE), new AbortController().signal);
  // The encoder is loaded when it is needed first.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  await ui.close();
  return terminal.lines;
}

/** The sentences of the program, without its marks and line breaks. */
function said(lines: readonly string[]): string {
  return lines.join(" ").replaceAll(/\s+(\*\s+)?/g, " ");
}

/** The rows of the picture among printed lines. */
function pictureIn(lines: readonly string[]): string[] {
  return lines.filter((line) => /^\* ████/.test(line)).map((line) => line.slice(2));
}

Deno.test("/share: shows the link, and a QR code after a line in words, in a plain chat", async () => {
  const lines = await plain(["/share"]);
  assert(
    said(lines).includes("reach the relay and disturb it, but not read anything:"),
    lines.join("\n"),
  );
  const picture = pictureIn(lines);
  const words = `* The next ${picture.length} lines are a QR code of this link.`;
  assertEquals(lines[lines.findIndex((line) => line.startsWith("* ████")) - 1]!.trimEnd(), words);
  assertEquals(readPicture(picture), link());
});

Deno.test("/share: says which window the QR code needs, and draws no part of it", async () => {
  for (const parts of [{ columns: 40 }, { isTerminal: false }]) {
    const lines = await plain(["/share"], parts);
    assertEquals(pictureIn(lines), []);
    assert(said(lines).includes("needs a window of 44 by 23"), lines.join("\n"));
  }
});

Deno.test("/share all: puts the code into the link, and advises to say it by voice", async () => {
  const lines = await plain(["/share all"]);
  assert(said(lines).includes("say the code by voice"), lines.join("\n"));
  const { code, uri } = decodeRelayLink(readPicture(pictureIn(lines)));
  assertEquals([code, uri], [CODE, URI]);
});

Deno.test("/share: says so without a code, without a link, and with another word", async () => {
  const saidTo = async (line: string, parts: Parameters<typeof plain>[1]) =>
    said(await plain([line], parts));
  assert((await saidTo("/share all", { code: undefined })).includes("There is no invite code now"));
  assert((await saidTo("/share", { link: undefined })).includes("There is no link to the relay"));
  assert((await saidTo("/share it", {})).includes("Type /share, or /share all"));
});

Deno.test("/share: draws the QR code in a full screen that has room, and says so in another", async () => {
  for (const rows of [60, 24]) {
    const screen = new MemoryScreen({ columns: 100, rows });
    const clock = new FakeClock();
    const over = new AbortController();
    const ui = new FullScreen({
      ...SCREEN_PARTS,
      terminal: screen,
      input: new TerminalInput(screen, clock, new Printed(screen)),
      clock,
      mouse: false,
      link,
    });
    const conversing = ui.converse(controls(CODE), over.signal);
    screen.type("/share\r");
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await clock.advance(60);
    }
    const picture = screen.lines.filter((row) => row.startsWith("████"))
      .map((row) => row.trimEnd());
    if (rows === 60) assertEquals(readPicture(picture), link());
    else {
      assertEquals(picture, []);
      assert(screen.lines.join("\n").includes("The QR code needs a window of"));
    }
    over.abort();
    await conversing.catch(() => {});
    await ui.close();
  }
});

Deno.test("share: answers with link and code in JSON", async () => {
  const written: Record<string, unknown>[] = [];
  const rest = [
    '{"command":"share"}',
    '{"command":"share","value":"all"}',
  ];
  const ui = new JsonInterface({
    readLine: () => Promise.resolve(rest.shift() ?? null),
    write: (value) => written.push(value as Record<string, unknown>),
    written: () => Promise.resolve(true),
    link: (code) => {
      if (code === undefined) throw new Failure("relay-link-local");
      return link(code);
    },
  });
  await ui.converse(controls(CODE), new AbortController().signal);
  assertEquals(written.map(({ event, code }) => [event, code]), [
    ["error", "usage"],
    ["share", CODE],
  ]);
  assertEquals(written[1]!["link"], link(CODE));
});
