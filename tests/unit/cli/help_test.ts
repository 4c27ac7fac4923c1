import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandName,
  DEFAULT_COMMAND,
  written,
} from "../../../src/cli/commands.ts";
import { helpText } from "../../../src/cli/help.ts";
import { parse } from "./support.ts";

const NAMES = [...ALL_COMMANDS.keys()] as CommandName[];
const ALL = [helpText(), ...NAMES.map((name) => helpText(name))];

Deno.test("help: every line fits eighty columns and ends in no space", () => {
  for (const line of ALL.flatMap((text) => text.split("\n"))) {
    assert(stringWidth(line) <= 80 && line === line.trimEnd(), line);
  }
  for (const text of ALL) assert(text.endsWith(".\n") || text.endsWith("\n"), text);
});

Deno.test("help: every command, every word of one, and every flag of a chat", () => {
  for (const { usage, example } of [DEFAULT_COMMAND, ...ALL_COMMANDS.values()]) {
    assert(ALL[0]!.includes(`whisper ${usage}`.trim()), usage);
    assert(ALL[0]!.includes(`  ${example}\n`), example);
  }
  for (const name of DEFAULT_COMMAND.flags) assert(ALL[0]!.includes(`${written(name)} `), name);
  for (const [name, spec] of ALL_COMMANDS) {
    const text = helpText(name as CommandName);
    const actions = Object.values(spec.actions ?? {});
    for (const { usage } of actions) assert(text.includes(`  ${usage}`), `${name} ${usage}`);
    for (const flag of [...spec.flags, ...actions.flatMap(({ flags }) => flags)]) {
      const { env, value } = ALL_FLAGS.get(flag)!;
      assert(text.includes(`${written(flag)}${value ? ` ${value}` : ""}`), `${name} ${flag}`);
      if (env) assert(text.replaceAll(/\s+/g, " ").includes(`[${env}]`), `${name} ${env}`);
    }
  }
});

Deno.test("help: every flag belongs to a command", () => {
  for (const name of ALL_FLAGS.keys()) {
    assert(ALL.some((text) => text.includes(written(name))), name);
  }
});

Deno.test("help: every example is a command line that is understood", () => {
  for (const { example } of [DEFAULT_COMMAND, ...ALL_COMMANDS.values()]) {
    const [, line = ""] = /whisper ?([^<>)]*)/.exec(example)!;
    const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
    const { command } = parse(args);
    const expected = args.length === 0 || ["new", "join"].includes(args[0]!) ? "chat" : args[0];
    assertEquals(command, expected as never, example);
  }
});
