import { assertEquals } from "@std/assert";
import { FLAG_HELP } from "../../../src/ui/messages/help.ts";
import { ALL_COMMANDS, ALL_FLAGS, SETTINGS } from "../../../src/cli/command_table.ts";
import { parseSwitch, Settings } from "../../../src/cli/settings.ts";
import { refused } from "./support.ts";

Deno.test("parseSwitch: reads yes and no as people write them", () => {
  for (const text of ["1", "true", "Yes", "ON", " on "]) assertEquals(parseSwitch(text, "X"), true);
  for (const text of ["0", "False", "no", "off"]) assertEquals(parseSwitch(text, "X"), false);
  assertEquals(parseSwitch(undefined, "X"), undefined);
  for (const text of ["", "2", "maybe", "y", "true false", "hunter2"]) {
    refused(
      () => parseSwitch(text, "WHISPER_X"),
      "WHISPER_X: it is neither yes nor no",
      "true or false",
      {
        never: ["hunter2"],
      },
    );
  }
});

Deno.test("Settings: names the source of a value", () => {
  const env = (name: string) => name === "WHISPER_NAME" ? "E" : undefined;
  const config = () => ({ name: "C", linger: "5m" });
  const settings = new Settings(new Map([["uri", "F"]]), { env, config });
  assertEquals(settings.text("uri"), { value: "F", source: "flag", from: "--uri" });
  assertEquals(settings.text("name"), { value: "E", source: "environment", from: "WHISPER_NAME" });
  assertEquals(settings.text("linger"), {
    ...{ value: "5m", source: "file", from: '"linger" in the configuration file' },
  });
  assertEquals(settings.text("room"), undefined);
});

Deno.test("Settings: reads the file once, and only when neither a flag nor a variable is set", () => {
  let reads = 0;
  const config = () => (reads++, { name: "C" });
  const settings = new Settings(new Map([["name", "F"]]), { env: () => undefined, config });
  settings.text("name");
  assertEquals(reads, 0);
  settings.text("linger");
  settings.isOn("poll");
  settings.color();
  settings.relay();
  assertEquals(reads, 1);
});

Deno.test("ALL_FLAGS: every flag has its own variable and letter, and help that shells can quote", () => {
  const variables = [...ALL_FLAGS.values()].flatMap(({ env }) => env ?? []);
  assertEquals(new Set(variables).size, variables.length, "a variable stands for one flag");
  const shorts = [...ALL_FLAGS.values()].flatMap(({ short }) => short ?? []);
  assertEquals(new Set(shorts).size, shorts.length, "a letter stands for one flag");
  for (const name of ALL_FLAGS.keys()) {
    const help = FLAG_HELP[name];
    // The completions put it between quotes of four shells.
    assertEquals(/['"\\`$\n]/.test(help), false, name);
    assertEquals(/^[a-z][a-z-]*$/.test(name), true, name);
  }
  for (const [name, { help, actions }] of ALL_COMMANDS) {
    for (const text of [help, ...Object.values(actions ?? {}).map(({ help }) => help)]) {
      assertEquals(/['"\\`$\n]/.test(text), false, name);
    }
  }
  for (const secret of ["password", "passphrase", "key", "code"]) {
    assertEquals(SETTINGS.includes(secret as never), false, secret);
  }
});
