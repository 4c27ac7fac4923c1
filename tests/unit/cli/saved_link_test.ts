import { assert, assertEquals, assertThrows } from "@std/assert";
import { forgetLink, loadSavedLink, savedLinkPath, saveLink } from "../../../src/cli/saved_link.ts";
import { LINK_CHECKS } from "../../../src/app/relay_links.ts";
import { runConfig } from "../../../src/cli/config.ts";
import { Failure } from "../../../src/errors.ts";
import { parseAs } from "./support.ts";
import { parseCommand } from "../../../src/cli/parse.ts";

const LINK = "whisper:AQEA";

/** Runs an action on a folder of its own. */
function inFolder(action: (path: string, folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      action(savedLinkPath(`${folder}/whisper/config.json`)!, folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

Deno.test(
  "saveLink: writes a file for its owner alone, which forgetLink deletes",
  inFolder((path) => {
    assertEquals(loadSavedLink(path), undefined);
    saveLink(path, LINK);
    saveLink(path, `${LINK}A`);
    assertEquals(loadSavedLink(path), `${LINK}A`);
    const source = {
      path: undefined,
      load: () => ({ config: {}, isIgnored: false }),
      linkPath: path,
    };
    const shown = () => runConfig(parseAs("config", ["config", "show"]), source, LINK_CHECKS);
    assertEquals(shown(), `A relay link is saved in ${path}.\n`);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    assertEquals([forgetLink(path), forgetLink(path)], [true, false]);
    assertEquals(loadSavedLink(path), undefined);
    assert(shown().startsWith("No settings"));
  }),
);

Deno.test({
  name: "loadSavedLink: refuses a file that others can read",
  ignore: Deno.build.os === "windows",
  fn: inFolder((path) => {
    saveLink(path, LINK);
    Deno.chmodSync(path, 0o640);
    assertEquals(
      assertThrows(() => loadSavedLink(path), Failure).reason,
      "relay-link-exposed",
    );
  }),
});

Deno.test("parseCommand: uses the saved link where nothing else names a relay", () => {
  const chat = (args: string[], around: { uri?: string; local?: boolean } = {}) => {
    const command = parseCommand(args, {
      env: () => undefined,
      config: () => around,
      savedLink: () => LINK,
    });
    return command.command === "chat" ? command.relay : undefined;
  };
  assertEquals(chat(["new"]), { kind: "uri", uri: LINK });
  assertEquals(chat(["new"], { uri: "mongodb://h/" }), { kind: "uri", uri: "mongodb://h/" });
  assertEquals(chat(["new", "--local"]), { kind: "local" });
});

Deno.test("parseCommand: takes a relay link, with or without a code, after join", () => {
  const { relay, code, notes } = parseAs("chat", ["join", LINK]);
  assertEquals([relay, code], [{ kind: "uri", uri: LINK }, undefined]);
  assertEquals(notes, [{ note: "link-in-arguments" }]);
  const both = parseAs("chat", ["join", LINK, "12-a", "b"], { env: { WHISPER_LOCAL: "1" } });
  assertEquals([both.relay, both.code], [{ kind: "uri", uri: LINK }, "12-a b"]);
  const failure = assertThrows(() => parseAs("chat", ["join", LINK, "--local"]), Failure);
  assertEquals(failure.reason, "flags-conflict");
});
