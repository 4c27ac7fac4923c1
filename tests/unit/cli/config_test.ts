import { assert, assertEquals } from "@std/assert";
import { LINK_CHECKS } from "../../../src/app/relay_links.ts";
import { decodeRelayLink, encodeRelayLink } from "../../../src/relay/relay_link.ts";
import { runConfig } from "../../../src/cli/config.ts";
import { loadConfig, saveConfig } from "../../../src/cli/config_file.ts";
import { SETTINGS } from "../../../src/cli/command_table.ts";
import { parseAs, refused } from "./support.ts";

const SECRET = "hunter2";

/** A configuration file as one start of the program sees it. */
function source(path: string | undefined) {
  return { path, load: () => loadConfig(path) };
}

/** Runs commands on a file of their own; each returns what was printed. */
function withFile(action: (run: (...words: string[]) => string, path: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    const path = `${folder}/config.json`;
    try {
      action(
        (...words) => runConfig(parseAs("config", ["config", ...words]), source(path), LINK_CHECKS),
        path,
      );
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

Deno.test(
  "runConfig: saves, shows and removes settings",
  withFile((run, path) => {
    assertEquals(run(), "No settings saved. Save one with: whisper config set NAME VALUE\n");
    assertEquals(run("set", "name", " Zoë "), "Saved name.\n");
    assertEquals(run("set", "linger", "1h 30m"), "Saved linger.\n");
    assertEquals(run("set", "poll"), "Saved poll.\n");
    assertEquals(run("set", "color", "off"), "Saved color.\n");
    assertEquals(run("show"), 'name = "Zoë"\nlinger = "1h 30m"\npoll = true\ncolor = false\n');
    assertEquals(run("path"), `${path}\n`);
    for (const name of SETTINGS) assertEquals(run("unset", name), `Removed ${name}.\n`);
    assertEquals(loadConfig(path).config, {});
  }),
);

Deno.test(
  "runConfig: replaces the relay when another is set",
  withFile((run, path) => {
    run("set", "local", "true");
    assertEquals(run("set", "uri", "mongodb://host"), "Saved uri and removed local.\n");
    assertEquals(run("set", "local", "no"), "Saved local.\n");
    assertEquals(run("set", "local", "yes"), "Saved local and removed uri.\n");
    assertEquals(loadConfig(path).config, { local: true });
  }),
);

Deno.test(
  "runConfig: leaves out the password of a connection string",
  withFile((run, path) => {
    const printed = run("set", "uri", ` mongodb+srv://alice:${SECRET}@host/db `);
    assertEquals(printed, "Saved uri. Its password was left out; Whisper asks for it.\n");
    assertEquals(loadConfig(path).config, { uri: "mongodb+srv://alice@host/db" });
    run("set", "uri", "mongodb+srv://alice:<db_password>@host/");
    assertEquals(loadConfig(path).config, { uri: "mongodb+srv://alice:<db_password>@host/" });
    assert(!Deno.readTextFileSync(path).includes(SECRET));
  }),
);

Deno.test(
  "runConfig: changes nothing when a value is invalid",
  withFile((run, path) => {
    run("set", "name", "Alice");
    const cases: [name: string, value: string, sentence: string, hint: string][] = [
      ["uri", SECRET, "neither a connection string nor a relay link", "mongodb+srv://"],
      ["uri", "mongodb://", "neither a connection string nor a relay link", "mongodb+srv://"],
      [
        "uri",
        `https://a:${SECRET}@h`,
        "neither a connection string nor a relay link",
        "mongodb+srv://",
      ],
      ["uri", `mongodb://a:${SECRET}@x@h`, "never saved", "<db_password>"],
      ["uri", `mongodb://h/?proxyPassword=${SECRET}`, "never saved", "<db_password>"],
      ["name", "", "Your name is empty", "at least one letter"],
      ["name", "x".repeat(10_000), "too long", "64"],
      ["name", "a\u202eb", "cannot be shown", "by hand"],
      ["linger", "1s", "linger is out of range", "1m to 24h"],
      ["linger", SECRET, "linger is not a duration", "1m to 24h"],
      ["poll", SECRET, "poll: it is neither yes nor no", "true or false"],
      ["color", "", "color: it is neither", "true or false"],
      ["password-file", " ", "The value of password-file is empty", "Give a value"],
      ["password-file", "pw.txt", "password-file is not an absolute path", "whole path"],
      ["tls-ca-file", "~/ca.pem", "tls-ca-file is not an absolute path", "whole path"],
      ["tls-ca-file", "C:ca.pem", "tls-ca-file is not an absolute path", "whole path"],
    ];
    for (const [name, value, sentence, hint] of cases) {
      refused(() => run("set", name, value), sentence, hint, { never: [SECRET] });
    }
    assertEquals(loadConfig(path).config, { name: "Alice" });
  }),
);

Deno.test(
  "runConfig: hides a password that was written by hand",
  withFile((run, path) => {
    saveConfig(path, { uri: `mongodb://a:${SECRET}@h`, name: "Alice\u001b[2J" });
    assertEquals(run("show"), 'uri = (hidden: contains a password)\nname = "Alice\\u001b[2J"\n');
  }),
);

Deno.test(
  "runConfig: does not overwrite a damaged file",
  withFile((run, path) => {
    Deno.writeTextFileSync(path, `{"name": `, { mode: 0o600 });
    for (const words of [["show"], ["set", "name", "Bob"], ["unset", "name"]]) {
      refused(() => run(...words), "not valid JSON", "Fix it");
    }
    assertEquals(Deno.readTextFileSync(path), `{"name": `);
    assertEquals(run("path"), `${path}\n`);
  }),
);

Deno.test(
  "runConfig: saves a file by its absolute path",
  withFile((run, path) => {
    for (const file of ["/home/a/pw.txt", "C:\\Users\\a\\pw.txt", "c:/pw", "\\\\server\\pw"]) {
      run("set", "password-file", file);
      assertEquals(loadConfig(path).config, { "password-file": file });
    }
  }),
);

Deno.test("runConfig: fails when there is no configuration folder", () => {
  const command = (...words: string[]) => parseAs("config", ["config", ...words]);
  refused(
    () => runConfig(command("path"), source(undefined), LINK_CHECKS),
    "configuration folder",
    "Set HOME",
  );
  refused(
    () => runConfig(command("set", "name", "A"), source(undefined), LINK_CHECKS),
    "configuration folder",
    "Set HOME",
  );
  assertEquals(
    runConfig(command("show"), source(undefined), LINK_CHECKS).startsWith("No settings"),
    true,
  );
});

Deno.test(
  "runConfig: saves a relay link without its password and its code",
  withFile((run, path) => {
    const made = { uri: "mongodb://chat:hunter2@h:1/", authorities: [new Uint8Array(9)] };
    const answer = run("set", "uri", encodeRelayLink({ ...made, code: "4821-river-cable-ocean" }));
    assert(answer.includes("password was left out") && answer.includes("relay save"), answer);
    const { uri } = JSON.parse(Deno.readTextFileSync(path));
    assertEquals(decodeRelayLink(uri), { ...made, uri: "mongodb://chat@h:1/" });
    assert(run("show").includes(uri));
    saveConfig(path, { uri: encodeRelayLink(made) });
    assert(run("show").includes("hidden"), "a password by hand is not shown");
    refused(() => run("set", "uri", `${uri.slice(0, -2)}`), "is damaged", "Copy the whole line", {
      status: 3,
    });
  }),
);

Deno.test(
  "runConfig: saves a proxy, and none with a password",
  withFile((run, path) => {
    run("set", "proxy", "socks5://127.0.0.1:9050");
    assertEquals(JSON.parse(Deno.readTextFileSync(path)), { proxy: "socks5://127.0.0.1:9050" });
    const secret = "socks5://ann:hunter2@h:1";
    refused(() => run("set", "proxy", secret), "never saved", "WHISPER_PROXY", { never: [SECRET] });
    refused(() => run("set", "proxy", "9050"), "not the address", "socks5://");
  }),
);
