import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { ALL_FLAGS, SETTINGS } from "../../../src/cli/command_table.ts";
import {
  checkConfig,
  CONFIG_VARIABLES,
  configPath,
  loadConfig,
  saveConfig,
} from "../../../src/cli/config_file.ts";
import type { StoredConfig } from "../../../src/cli/settings.ts";
import { Failure } from "../../../src/errors.ts";
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

function env(variables: Record<string, string>): (name: string) => string | undefined {
  return (name) => {
    assert((CONFIG_VARIABLES as readonly string[]).includes(name), `${name} is no listed variable`);
    return variables[name];
  };
}

Deno.test("config file: it lies where the system keeps settings", () => {
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
  for (const [variables, os, path] of cases) assertEquals(configPath(env(variables), os), path);
});

Deno.test(
  "config file: where there is none, nothing is kept",
  inFolder((folder) => {
    assertEquals(loadConfig(undefined).config, {});
    assertEquals(loadConfig(`${folder}/none/config.json`).config, {});
    Deno.writeTextFileSync(`${folder}/file`, "");
    assertEquals(loadConfig(`${folder}/file/config.json`).config, {});
  }),
);

Deno.test(
  "config file: what is saved is what is read",
  inFolder((folder) => {
    const path = `${folder}/a/b/config.json`;
    const kept: StoredConfig = { name: "Zoë", local: true, linger: "10m", color: false };
    saveConfig(path, kept);
    assertEquals(loadConfig(path).config, kept);
    saveConfig(path, {});
    assertEquals(loadConfig(path).config, {});
    assertEquals([...Deno.readDirSync(`${folder}/a/b`)].map(({ name }) => name), ["config.json"]);
  }),
);

Deno.test({
  name: "config file: it is its owner's alone, whatever was there before",
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
  name: "config file: a file that others may change is not used",
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
  "config file: what is no file of settings",
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
  "config file: a file in the way of its folder is left alone",
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "mine");
    refused(() => saveConfig(`${folder}/file/config.json`, {}), "Cannot write", "use flags");
    assertEquals(Deno.readTextFileSync(`${folder}/file`), "mine");
    refused(() => saveConfig(undefined, {}), "configuration folder", "Set HOME");
  }),
);

Deno.test(
  "config file: a failed write leaves what was there",
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

Deno.test("config file: text that is no settings is refused, and none of it repeated", () => {
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

Deno.test("config file: a byte order mark is no damage", () => {
  assertEquals(checkConfig(`\ufeff{"name": "Alice"}`, "/c"), { name: "Alice" });
});

Deno.test("config file: settings of the right kind, or a sentence, whatever the text", () => {
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
