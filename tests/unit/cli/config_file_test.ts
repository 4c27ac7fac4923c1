import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { ALL_FLAGS, SETTINGS } from "../../../src/cli/command_table.ts";
import {
  checkConfig,
  configPath,
  loadConfig,
  resolveConfigPath,
  saveConfig,
} from "../../../src/cli/config_file.ts";
import type { StoredConfig } from "../../../src/cli/settings.ts";
import { readStart } from "../../../src/cli/start.ts";
import { Failure } from "../../../src/errors.ts";
import { describeFailure } from "../../../src/ui/messages/failures.ts";
import { environment } from "../../support/environment.ts";
import { assertWellSaid, refused } from "./support.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 300;
const hasModes = Deno.build.os !== "windows";

/** Runs a test in a folder of its own. */
function inFolder(action: (folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      action(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

Deno.test("configPath: is where the system puts settings", () => {
  const cases: [
    variables: Record<string, string>,
    os: typeof Deno.build.os,
    path: string | undefined,
  ][] = [
    [{ HOME: "/home/a" }, "linux", "/home/a/.config/whisper/config.json"],
    [{ HOME: "/Users/a/" }, "darwin", "/Users/a/.config/whisper/config.json"],
    [{ HOME: "/h", XDG_CONFIG_HOME: "/x//" }, "linux", "/x/whisper/config.json"],
    [{ HOME: "/h", XDG_CONFIG_HOME: "relative" }, "linux", "/h/.config/whisper/config.json"],
    [{ HOME: "/h", XDG_CONFIG_HOME: "" }, "linux", "/h/.config/whisper/config.json"],
    [
      { APPDATA: "C:\\Users\\a\\AppData\\Roaming", HOME: "/h" },
      "windows",
      "C:\\Users\\a\\AppData\\Roaming\\whisper\\config.json",
    ],
    [{ HOME: "/h" }, "windows", undefined],
    [{}, "linux", undefined],
    [{ HOME: "" }, "linux", undefined],
  ];
  for (const [variables, os, path] of cases) {
    assertEquals(configPath(environment(variables), os), path);
  }
});

Deno.test(
  "loadConfig: has no settings when there is no file",
  inFolder((folder) => {
    assertEquals(loadConfig(undefined).config, {});
    assertEquals(loadConfig(`${folder}/none/config.json`).config, {});
    Deno.writeTextFileSync(`${folder}/file`, "");
    assertEquals(loadConfig(`${folder}/file/config.json`).config, {});
  }),
);

Deno.test(
  "saveConfig: writes what loadConfig reads",
  inFolder((folder) => {
    const path = `${folder}/a/b/config.json`;
    const saved: StoredConfig = { name: "Zoë", local: true, linger: "10m", color: false };
    saveConfig(path, saved);
    assertEquals(loadConfig(path).config, saved);
    saveConfig(path, {});
    assertEquals(loadConfig(path).config, {});
    assertEquals([...Deno.readDirSync(`${folder}/a/b`)].map(({ name }) => name), ["config.json"]);
  }),
);

Deno.test({
  name: "saveConfig: makes the file its owner's alone",
  ignore: !hasModes,
  fn: inFolder((folder) => {
    const path = `${folder}/whisper/config.json`;
    saveConfig(path, { name: "Alice" });
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    assertEquals(Deno.statSync(`${folder}/whisper`).mode! & 0o777, 0o700);
    Deno.chmodSync(path, 0o644);
    Deno.writeTextFileSync(`${path}.part`, "left by a crash", { mode: 0o666 });
    saveConfig(path, { name: "Bob" });
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    assertEquals(loadConfig(path).config, { name: "Bob" });
  }),
});

Deno.test({
  name: "loadConfig: fails when others may change the file",
  ignore: !hasModes,
  fn: inFolder((folder) => {
    const path = `${folder}/config.json`;
    Deno.writeTextFileSync(path, `{"name": "Mallory"}`);
    for (const mode of [0o620, 0o602, 0o666, 0o777]) {
      Deno.chmodSync(path, mode);
      refused(() => loadConfig(path), "others may change it", `chmod 600 ${path}`, {
        never: ["Mallory"],
      });
    }
    for (const mode of [0o600, 0o644, 0o400]) {
      Deno.chmodSync(path, mode);
      assertEquals(loadConfig(path).config, { name: "Mallory" });
    }
  }),
});

Deno.test(
  "loadConfig: fails for a folder and for a large file",
  inFolder((folder) => {
    const path = `${folder}/config.json`;
    Deno.mkdirSync(path, { mode: 0o700 });
    refused(() => loadConfig(path), "not a settings file", "Fix it");
    refused(() => saveConfig(path, {}), `Cannot write ${path}`, "Make the folder writable");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["config.json"]);
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, " ".repeat(65_534) + "{}", { mode: 0o600 });
    assertEquals(loadConfig(path).config, {});
    Deno.writeTextFileSync(path, " ".repeat(65_535) + "{}");
    refused(() => loadConfig(path), "not a settings file", "Fix it");
  }),
);

Deno.test(
  "saveConfig: leaves a file in the place of its folder alone",
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "mine");
    refused(() => saveConfig(`${folder}/file/config.json`, {}), "Cannot write", "use flags");
    assertEquals(Deno.readTextFileSync(`${folder}/file`), "mine");
    refused(() => saveConfig(undefined, {}), "configuration folder", "Set HOME");
  }),
);

Deno.test(
  "saveConfig: leaves the old file when the write fails",
  inFolder((folder) => {
    const path = `${folder}/config.json`;
    saveConfig(path, { name: "Alice" });
    // A folder in the place of the new part cannot be overwritten.
    Deno.mkdirSync(`${path}.part`);
    Deno.writeTextFileSync(`${path}.part/x`, "");
    refused(() => saveConfig(path, { name: "Bob" }), "Cannot write", "use flags");
    assertEquals(loadConfig(path).config, { name: "Alice" });
  }),
);

Deno.test("checkConfig: refuses other text and repeats none of it", () => {
  const cases: [text: string, sentence: string, hint: string][] = [
    ["", "not valid JSON", "Fix it"],
    ["{", "not valid JSON", "Fix it"],
    [`{"name": hunter2}`, "not valid JSON", "Fix it"],
    ["[]", "not a JSON object", "Fix it"],
    ["null", "not a JSON object", "Fix it"],
    [`"hunter2"`, "not a JSON object", "Fix it"],
    [`{"nmae": "hunter2"}`, '"nmae" is not a setting', 'Did you mean "name"?'],
    [`{"password": "hunter2"}`, '"password" is not a setting', 'Did you mean "password-file"?'],
    [`{"mongodb://u:hunter2@h": 1}`, "an unknown setting", "Remove it"],
    [`{"__proto__": "hunter2"}`, '"__proto__" is not a setting', "Remove it"],
    [`{"constructor": {}}`, '"constructor" is not a setting', "Remove it"],
    [`{"room": "garden"}`, '"room" is not a setting', "Remove it"],
    [`{"name": ["hunter2"]}`, '"name" must be text in quotes', "Fix it"],
    [`{"name": null}`, '"name" must be text in quotes', "Fix it"],
    [`{"local": "true"}`, '"local" must be true or false', "Fix it"],
    [`{"poll": 1}`, '"poll" must be true or false', "Fix it"],
  ];
  for (const [text, sentence, hint] of cases) {
    refused(() => checkConfig(text, "/c"), sentence, hint, { never: ["hunter2"] });
  }
});

Deno.test("saveConfig: says to make room where the disk is full", () => {
  const full = new Failure("config-unwritable", { path: "/x/config.json", problem: "no-space" });
  assertStringIncludes(describeFailure(full).hint, "Make room on the disk");
});

Deno.test("checkConfig: ignores a byte order mark", () => {
  assertEquals(checkConfig(`\ufeff{"name": "Alice"}`, "/c"), { name: "Alice" });
});

Deno.test("checkConfig: returns settings of the right type or fails, for any text", () => {
  const value = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
  const object = fc.dictionary(
    fc.oneof(fc.constantFrom(...SETTINGS), fc.string()),
    fc.oneof(fc.string(), fc.boolean(), fc.jsonValue()),
  ).map((object) => JSON.stringify(object));
  fc.assert(
    fc.property(fc.oneof(value, object), (text) => {
      try {
        for (const [name, value] of Object.entries(checkConfig(text, "/c"))) {
          const isText = ALL_FLAGS.get(name as never)!.value !== undefined;
          assertEquals(typeof value, isText ? "string" : "boolean");
        }
      } catch (error) {
        assertInstanceOf(error, Failure);
        assertWellSaid(error);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test({
  name: "loadConfig: ignores the file of another user, and takes that of the administrator",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: inFolder((folder) => {
    const path = `${folder}/config.json`;
    Deno.writeTextFileSync(path, `{"name": "Mallory"}`, { mode: 0o600 });
    assertEquals(loadConfig(path), { config: { name: "Mallory" }, isIgnored: false });
    Deno.chownSync(path, 12_345, 12_345);
    assertEquals(loadConfig(path), { config: {}, isIgnored: true });
  }),
});

Deno.test({
  name: "readStart: notes a configuration that it ignores and obeys the flags",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: inFolder((folder) => {
    const path = `${folder}/whisper/config.json`;
    Deno.mkdirSync(`${folder}/whisper`);
    Deno.writeTextFileSync(path, `{"name": "Mallory"}`, { mode: 0o600 });
    Deno.chownSync(path, 12_345, 12_345);
    const env = (name: string) => name === "XDG_CONFIG_HOME" ? folder : undefined;
    const { command } = readStart(["new", "--local", "--name", "Alice"], env);
    assert(!(command instanceof Failure) && command.command === "chat");
    assertEquals([command.name, command.notes], ["Alice", [{ note: "config-ignored", path }]]);
  }),
});

Deno.test({
  name: "saveConfig: writes through a symbolic link",
  ignore: Deno.build.os === "windows",
  fn: inFolder((folder) => {
    const [link, target] = [`${folder}/config.json`, `${folder}/dotfiles.json`];
    Deno.writeTextFileSync(target, `{"name": "Alice"}`, { mode: 0o600 });
    Deno.symlinkSync(target, link);
    const path = resolveConfigPath(link);
    assertEquals(path, Deno.realPathSync(target));
    saveConfig(path, { name: "Bob" });
    assert(Deno.lstatSync(link).isSymlink);
    assertEquals(loadConfig(link).config, { name: "Bob" });
    assertEquals(resolveConfigPath(`${folder}/none`), `${folder}/none`);
  }),
});

Deno.test(
  "loadConfig: takes the UTF-16 that Windows PowerShell writes",
  inFolder((folder) => {
    const path = `${folder}/config.json`;
    const units = [...`\ufeff{"name": "Zoë"}`].map((character) => character.charCodeAt(0));
    Deno.writeFileSync(path, new Uint8Array(Uint16Array.from(units).buffer), { mode: 0o600 });
    assertEquals(loadConfig(path).config, { name: "Zoë" });
  }),
);
