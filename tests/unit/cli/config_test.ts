import { assert, assertEquals } from "@std/assert";
import { runConfig } from "../../../src/cli/config.ts";
import { loadConfig, saveConfig } from "../../../src/cli/config_file.ts";
import { SETTINGS } from "../../../src/cli/commands.ts";
import { parseAs, refused } from "./support.ts";

const SECRET = "hunter2";

/** Runs commands on a file of their own; each returns what was printed. */
function withFile(action: (run: (...words: string[]) => string, path: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    const path = `${folder}/config.json`;
    try {
      action((...words) => runConfig(parseAs("config", ["config", ...words]), path), path);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

Deno.test(
  "config: nothing, something, and nothing again",
  withFile((run, path) => {
    assertEquals(run(), "Nothing is kept. Keep something with: whisper config set NAME VALUE\n");
    assertEquals(run("set", "name", " Zoë "), '"name" is kept.\n');
    assertEquals(run("set", "linger", "1h 30m"), '"linger" is kept.\n');
    assertEquals(run("set", "poll"), '"poll" is kept.\n');
    assertEquals(run("set", "color", "off"), '"color" is kept.\n');
    assertEquals(run("show"), 'name = "Zoë"\nlinger = "1h 30m"\npoll = true\ncolor = false\n');
    assertEquals(run("path"), `${path}\n`);
    for (const name of SETTINGS) assertEquals(run("unset", name), `"${name}" is no longer kept.\n`);
    assertEquals(loadConfig(path), {});
  }),
);

Deno.test(
  "config: where to meet is one place, and the newer word counts",
  withFile((run, path) => {
    run("set", "local", "true");
    assertEquals(run("set", "uri", "mongodb://host"), '"uri" is kept, "local" no longer.\n');
    assertEquals(run("set", "local", "no"), '"local" is kept.\n');
    assertEquals(run("set", "local", "yes"), '"local" is kept, "uri" no longer.\n');
    assertEquals(loadConfig(path), { local: true });
  }),
);

Deno.test(
  "config: a password in a connection string is left out",
  withFile((run, path) => {
    const printed = run("set", "uri", ` mongodb+srv://alice:${SECRET}@host/db `);
    assertEquals(printed, '"uri" is kept. Its password was left out: you are asked for it.\n');
    assertEquals(loadConfig(path), { uri: "mongodb+srv://alice@host/db" });
    run("set", "uri", "mongodb+srv://alice:<db_password>@host/");
    assertEquals(loadConfig(path), { uri: "mongodb+srv://alice:<db_password>@host/" });
    assert(!Deno.readTextFileSync(path).includes(SECRET));
  }),
);

Deno.test(
  "config: what cannot be kept is told, and nothing is changed",
  withFile((run, path) => {
    run("set", "name", "Alice");
    const cases: [name: string, value: string, sentence: string, hint: string][] = [
      ["uri", SECRET, "no connection string", "mongodb+srv://"],
      ["uri", "mongodb://", "no connection string", "mongodb+srv://"],
      ["uri", `https://a:${SECRET}@h`, "no connection string", "mongodb+srv://"],
      ["uri", `mongodb://a:${SECRET}@x@h`, "never kept", "<db_password>"],
      ["uri", `mongodb://h/?proxyPassword=${SECRET}`, "never kept", "<db_password>"],
      ["name", "", "your name is empty", "letters"],
      ["name", "x".repeat(10_000), "too long", "64"],
      ["name", "a\u202eb", "cannot be shown", "by hand"],
      ["linger", "1s", "the value of linger is out of range", "1m to 24h"],
      ["linger", SECRET, "the value of linger is not a length", "1m to 24h"],
      ["poll", SECRET, "the value of poll is neither yes nor no", "true or false"],
      ["color", "", "the value of color is neither", "true or false"],
      ["password-file", " ", "the value of password-file is empty", "Give a value"],
      ["password-file", "pw.txt", "the value of password-file is not a whole path", "all of it"],
      ["tls-ca-file", "~/ca.pem", "the value of tls-ca-file is not a whole path", "all of it"],
      ["tls-ca-file", "C:ca.pem", "the value of tls-ca-file is not a whole path", "all of it"],
    ];
    for (const [name, value, sentence, hint] of cases) {
      refused(() => run("set", name, value), sentence, hint, { never: [SECRET] });
    }
    assertEquals(loadConfig(path), { name: "Alice" });
  }),
);

Deno.test(
  "config: a password that was written by hand is not shown",
  withFile((run, path) => {
    saveConfig(path, { uri: `mongodb://a:${SECRET}@h`, name: "Alice\u001b[2J" });
    assertEquals(run("show"), 'uri = (not shown: it holds a password)\nname = "Alice\\u001b[2J"\n');
  }),
);

Deno.test(
  "config: a damaged file is told, and not written over",
  withFile((run, path) => {
    Deno.writeTextFileSync(path, `{"name": `, { mode: 0o600 });
    for (const words of [["show"], ["set", "name", "Bob"], ["unset", "name"]]) {
      refused(() => run(...words), "not valid JSON", "Mend it");
    }
    assertEquals(Deno.readTextFileSync(path), `{"name": `);
    assertEquals(run("path"), `${path}\n`);
  }),
);

Deno.test(
  "config: a file is kept by its whole path",
  withFile((run, path) => {
    for (const file of ["/home/a/pw.txt", "C:\\Users\\a\\pw.txt", "c:/pw", "\\\\server\\pw"]) {
      run("set", "password-file", file);
      assertEquals(loadConfig(path), { "password-file": file });
    }
  }),
);

Deno.test("config: where the system names no place", () => {
  const command = (...words: string[]) => parseAs("config", ["config", ...words]);
  refused(() => runConfig(command("path"), undefined), "names no place", "Set HOME");
  refused(() => runConfig(command("set", "name", "A"), undefined), "names no place", "Set HOME");
  assertEquals(runConfig(command("show"), undefined).startsWith("Nothing is kept"), true);
});
