import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { takeKey } from "../../../../src/terminal/keys.ts";
import { CHAT_COMMANDS } from "../../../../src/ui/commands.ts";
import { perform, type Screen } from "../../../../src/ui/perform.ts";
import { PlainInterface } from "../../../../src/ui/plain.ts";
import { FullScreen } from "../../../../src/ui/tui/full_screen.ts";
import { KEYS } from "../../../../src/ui/keys.ts";
import { FakeClock } from "../../../support/clock.ts";
import { RecordedControls } from "../../../support/controls.ts";
import { MemoryScreen } from "../../../support/screen.ts";

/** Both interfaces for people, each with what it wrote. */
function twins(): {
  name: string;
  screen: Screen & { close(): Promise<void> };
  text(): Promise<string>;
}[] {
  const clock = new FakeClock();
  const parts = { clock, name: "Alice", relay: "MongoDB", quiet: false };
  const printed: string[] = [];
  const lines = {
    isTerminal: true,
    readLine: () => Promise.resolve(null),
    print: (text: string) => printed.push(text),
  };
  const terminal = new MemoryScreen({ columns: 120, rows: 60 });
  const full = new FullScreen({
    ...parts,
    terminal,
    room: "4821",
    theme: "none",
    notifier: "bell",
    multiplexer: undefined,
    typeAhead: "",
  });
  return [
    {
      name: "plain",
      screen: new PlainInterface({ ...parts, lines, control: () => {}, color: false }),
      text: () => Promise.resolve(printed.join("\n")),
    },
    {
      name: "full screen",
      screen: full,
      text: async () => {
        await clock.advance(20);
        return terminal.text;
      },
    },
  ];
}

Deno.test("twins: every command asks the chat for the same, and says the same", async () => {
  for (const [name, spec] of Object.entries(CHAT_COMMANDS)) {
    // The help of each is its own.
    if (name === "help") continue;
    const argument = "argument" in spec ? { timer: "30s", say: "exit", verify: "same" }[name] : "";
    const line = `/${name} ${argument}`.trim();
    const results: { asked: string[]; said: string }[] = [];
    for (const { screen, text } of twins()) {
      const controls = new RecordedControls();
      const code = "4821-river-candle-ocean";
      controls.now = { ...controls.now, peer: "Bob", presence: "here", words: ["a", "b"], code };
      await perform(line, { controls, screen, id: "1" });
      const said = (await text()).replaceAll(/\s+/g, " ");
      results.push({ asked: controls.asked, said });
      await screen.close();
    }
    const [plain, full] = results;
    assertEquals(plain?.asked, full?.asked, line);
    for (const sentence of plain?.said.split(/\* |\d\d:\d\d /).filter(Boolean) ?? []) {
      assertStringIncludes(full!.said, sentence.trim(), line);
    }
  }
});

Deno.test("twins: the help of each lists every command, and the keys of its own", async () => {
  for (const { name, screen, text } of twins()) {
    await perform("/help", { controls: new RecordedControls(), screen, id: "1" });
    const shown = await text();
    for (const command of Object.keys(CHAT_COMMANDS)) {
      assertStringIncludes(shown, `/${command}`, name);
    }
    for (const [key] of screen.keys()) assertStringIncludes(shown, key, name);
    await screen.close();
  }
});

Deno.test("twins: a key that both have is one that the linear twin's terminal knows", () => {
  for (const { name, sends, plain } of KEYS) {
    if (typeof plain === "object" && "instead" in plain) {
      assert(plain.instead !== "", name);
      continue;
    }
    // The first of each kind is what nearly every terminal sends; the others are of a few.
    for (const [first] of Object.values(sends)) {
      const taken = takeKey(first!);
      assert(taken && taken.key.key !== "other" && taken.rest === "", `${name}: ${first}`);
    }
  }
});
