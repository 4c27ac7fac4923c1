import { assert, assertEquals } from "@std/assert";
import {
  beginningWith,
  commandHelp,
  parseTimer,
  readTyped,
  SLASH_COMMANDS,
  type Typed,
} from "../../../src/ui/slash_commands.ts";

Deno.test("readTyped: tells messages from commands", () => {
  const command = (name: string, argument = "") => ({ kind: "command", name, argument });
  const text = (text: string) => ({ kind: "text", text });
  const cases: [string, unknown][] = [
    ["", { kind: "nothing" }],
    [" \t ", { kind: "nothing" }],
    ["hello", text("hello")],
    ["  hello ", text("  hello ")],
    ["exit", command("exit")],
    [" exit ", command("exit")],
    ["Exit", text("Exit")],
    ["EXIT", text("EXIT")],
    ["exit now", text("exit now")],
    ["/exit", command("exit")],
    ["/quit", command("exit")],
    ["/QUIT", command("exit")],
    ["/timer 30s", command("timer", "30s")],
    ["/timer   5 m ", command("timer", "5 m")],
    ["//exit", text("/exit")],
    [" //x", text(" /x")],
    ["/say exit", text("exit")],
    ["/say /burn", text("/burn")],
    ["/say two\nlines", text("two\nlines")],
    ["/say", { kind: "nothing" }],
    ["/hel", { kind: "unknown", meant: "help" }],
    ["/hlep", { kind: "unknown", meant: "help" }],
    ["/tiemr 5m", { kind: "unknown", meant: "timer" }],
    ["/polka", { kind: "unknown", meant: undefined }],
    ["/", { kind: "unknown", meant: undefined }],
    ["/usr/bin/env", { kind: "unknown", meant: undefined }],
  ];
  for (const [line, expected] of cases) {
    assertEquals(readTyped(line) as unknown, expected, JSON.stringify(line));
  }
});

Deno.test("readTyped: accepts every command by its name and its aliases", () => {
  for (const [name, { aliases = [] }] of SLASH_COMMANDS) {
    if (name === "say") continue;
    for (const word of [name, ...aliases]) {
      assertEquals(readTyped(`/${word}`), { kind: "command", name, argument: "" } as Typed);
    }
  }
});

Deno.test("beginningWith: completes a unique prefix", () => {
  assertEquals(beginningWith("v"), "verify");
  assertEquals(beginningWith("c"), undefined);
  assertEquals(beginningWith(""), undefined);
});

Deno.test("commandHelp: lists every command with its argument, or names it in the help of another", () => {
  const help = new Map(commandHelp().map(([usage, help]) => [usage.split(" ")[0]!, help]));
  for (const [name, { under }] of SLASH_COMMANDS) {
    if (under === undefined) assert(help.has(`/${name}`), name);
    else assert(help.get(`/${under}`)?.includes(`/${name}`), name);
  }
  assert(commandHelp().some(([usage]) => usage === "/timer [30s, 5m, 1h or off]"));
});

Deno.test("parseTimer: reads durations as people write them", () => {
  const cases: [string, number][] = [
    ["30s", 30],
    ["5m", 300],
    ["1h", 3_600],
    ["7d", 604_800],
    ["1h30m", 5_400],
    ["2d12h", 216_000],
    ["90", 90],
    [" 5 M ", 300],
    ["off", 0],
    ["0", 0],
    ["soon", NaN],
    ["", NaN],
    ["-5s", NaN],
    ["1.5h", NaN],
    ["12345678s", NaN],
  ];
  for (const [text, seconds] of cases) assertEquals(parseTimer(text), seconds, text);
});
