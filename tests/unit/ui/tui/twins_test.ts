import { assertEquals, assertStringIncludes } from "@std/assert";
import { SEQUENCES } from "../../../../src/terminal/keys.ts";
import { Printed } from "../../../../src/terminal/printed.ts";
import { TerminalInput } from "../../../../src/terminal/prompt.ts";
import { KEY_HELP } from "../../../../src/ui/messages/keys.ts";
import { SLASH_COMMANDS } from "../../../../src/ui/slash_commands.ts";
import { Performer, type Screen } from "../../../../src/ui/perform.ts";
import { PlainInterface } from "../../../../src/ui/plain.ts";
import { FullScreen } from "../../../../src/ui/tui/screen.ts";
import { FakeClock } from "../../../support/clock.ts";
import { RecordedControls } from "../../../support/controls.ts";
import { FakeTerminal } from "../../../support/terminal.ts";
import { MemoryScreen, SCREEN_PARTS } from "../../../support/screen.ts";

/** Both interfaces for people, each with what it shows. */
function bothInterfaces(): {
  name: string;
  screen: Screen & { close(): Promise<void> };
  performer: Performer;
  text(): Promise<string>;
}[] {
  const clock = new FakeClock();
  const parts = { ...SCREEN_PARTS, clock };
  const plain = new FakeTerminal({ columns: 400, rows: 1_000 });
  const terminal = new MemoryScreen({ columns: 400, rows: 60 });
  const full = new FullScreen({
    ...parts,
    terminal,
    input: new TerminalInput(terminal, clock, new Printed(terminal)),
    theme: "none",
  });
  const lines = new PlainInterface({
    ...parts,
    terminal: plain,
    input: new TerminalInput(plain, clock, new Printed(plain)),
    color: false,
  });
  return [
    {
      name: "plain",
      screen: lines,
      performer: new Performer(lines, parts),
      text: () => Promise.resolve(plain.screen),
    },
    {
      name: "full screen",
      screen: full,
      performer: new Performer(full, parts),
      text: async () => {
        await clock.advance(20);
        return terminal.text;
      },
    },
  ];
}

Deno.test("Performer: every command does and says the same in both interfaces", async () => {
  for (const [name, spec] of SLASH_COMMANDS) {
    // The help of each is its own.
    if (name === "help") continue;
    const given: Record<string, string> = { timer: "30s", say: "exit", verify: "same" };
    const argument = "argument" in spec ? given[name] : "";
    const line = `/${name} ${argument}`.trim();
    const results: { asked: string[]; said: string }[] = [];
    for (const { screen, performer, text } of bothInterfaces()) {
      const controls = new RecordedControls();
      const code = "4821-river-candle-ocean";
      controls.now = { ...controls.now, peer: "Bob", presence: "here", words: ["a", "b"], code };
      await performer.perform(line, { controls, id: "1" }).done;
      if (name === "burn") await performer.perform(line, { controls, id: "1" }).done;
      const said = (await text()).replaceAll(/\s+/g, " ");
      results.push({ asked: controls.asked, said });
      await screen.close();
    }
    const [plain, full] = results;
    assertEquals(plain?.asked, full?.asked, line);
    // The plain interface holds no conversation, and says so.
    if (name === "find") {
      assertStringIncludes(plain!.said, "does not hold the conversation");
      continue;
    }
    for (const sentence of plain?.said.split(/\* |\d\d:\d\d /).filter(Boolean) ?? []) {
      assertStringIncludes(full!.said, sentence.trim(), line);
    }
  }
});

Deno.test("/help: lists every command, and the keys of the interface", async () => {
  for (const { name, screen, performer, text } of bothInterfaces()) {
    await performer.perform("/help", { controls: new RecordedControls(), id: "1" }).done;
    const shown = await text();
    for (const command of SLASH_COMMANDS.keys()) {
      assertStringIncludes(shown, `/${command}`, name);
    }
    for (const [key] of screen.keys()) assertStringIncludes(shown, key, name);
    await screen.close();
  }
});

Deno.test("KEY_HELP: has every action of the keys once", () => {
  const actions = KEY_HELP.flatMap(({ actions }) => actions);
  assertEquals(actions.toSorted(), Object.keys(SEQUENCES).toSorted());
});
