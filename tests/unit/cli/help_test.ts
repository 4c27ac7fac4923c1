import { assert, assertEquals, assertMatch } from "@std/assert";
import stringWidth from "string-width";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandName,
  COMMANDS,
  DEFAULT_COMMAND,
  flagSyntax,
  SETTINGS,
} from "../../../src/cli/command_table.ts";
import { helpText } from "../../../src/cli/help.ts";
import { EXIT } from "../../../src/exit_status.ts";
import { parseCode } from "../../../src/protocol/invite_code.ts";
import { parse, parseAs } from "./support.ts";

const NAMES = [...ALL_COMMANDS.keys()] as CommandName[];
const ALL = [helpText(), ...NAMES.map((name) => helpText(name))];

Deno.test("helpText: fits eighty columns, without spaces at line ends", () => {
  for (const line of ALL.flatMap((text) => text.split("\n"))) {
    assert(stringWidth(line) <= 80 && line === line.trimEnd(), line);
  }
  for (const text of ALL) assert(text.endsWith(".\n") || text.endsWith("\n"), text);
});

Deno.test("helpText: shows every command, subcommand and flag", () => {
  for (const name of ALL_COMMANDS.keys()) assert(ALL[0]!.includes(`\n  ${name} `), name);
  const ofChat = helpText("chat");
  for (const name of DEFAULT_COMMAND.flags) assert(ofChat.includes(`${flagSyntax(name)} `), name);
  for (const [name, spec] of ALL_COMMANDS) {
    const text = helpText(name as CommandName);
    assert(text.includes(`Usage: whisper ${spec.usage}\n`), name);
    assert(text.includes(`Example: whisper ${spec.example}\n`), name);
    const actions = Object.values(spec.actions ?? {});
    for (const { usage } of actions) assert(text.includes(`  ${usage}`), `${name} ${usage}`);
    for (const flag of [...spec.flags, ...actions.flatMap(({ flags }) => flags)]) {
      const { env, value } = ALL_FLAGS.get(flag)!;
      assert(text.includes(`${flagSyntax(flag)}${value ? ` ${value}` : ""}`), `${name} ${flag}`);
      if (env) assert(text.replaceAll(/\s+/g, " ").includes(`[${env}]`), `${name} ${env}`);
    }
  }
});

Deno.test("helpText: shows every flag under some command", () => {
  for (const name of ALL_FLAGS.keys()) {
    assert(ALL.some((text) => text.includes(flagSyntax(name))), name);
  }
});

Deno.test("helpText: shows examples that can be parsed", () => {
  for (const { example } of [DEFAULT_COMMAND, ...ALL_COMMANDS.values()]) {
    const [, line = ""] = /^([^<>)]*)/.exec(example)!;
    const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
    const { command } = parse(args);
    const expected = args.length === 0 || ["new", "join", "send", "receive"].includes(args[0]!)
      ? "chat"
      : args[0];
    assertEquals(command, expected as never, example);
  }
});

Deno.test("helpText: shows a valid invite code", () => {
  const { code } = parseAs("chat", COMMANDS.join.example.split(" "));
  assertEquals(parseCode(code!).nameplate, "4821");
});

Deno.test("helpText: fits one screen, the main page in twenty-four rows", () => {
  assert(ALL[0]!.split("\n").length <= 24, ALL[0]);
  for (const text of ALL) assert(text.split("\n").length <= 40, text);
});

Deno.test("helpText: lists every exit status, and every setting under config", () => {
  const statuses = helpText("exit-codes");
  for (const status of Object.values(EXIT)) assertMatch(statuses, new RegExp(`^  ${status} `, "m"));
  for (const name of SETTINGS) assert(helpText("config").includes(`\n  ${name} `), name);
});
