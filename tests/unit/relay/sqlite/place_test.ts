import { assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../../../src/errors.ts";
import {
  defaultDatabasePath,
  directoryOf,
  ensurePrivateDirectory,
} from "../../../../src/relay/sqlite/place.ts";
import { environment } from "../../../support/environment.ts";
import { inDirectory, names } from "./support.ts";

Deno.test("defaultDatabasePath: is in the runtime directory, else in the user's temporary one", () => {
  const cases: [Record<string, string>, string][] = [
    [{ XDG_RUNTIME_DIR: "/run/user/7/", USER: "ann", TMPDIR: "/t" }, "/run/user/7/whisper/chat.db"],
    [{ TMPDIR: "/t/", USER: "ann" }, "/t/whisper-ann/chat.db"],
    [{ XDG_RUNTIME_DIR: "", USER: "ann" }, "/tmp/whisper-ann/chat.db"],
    [{ TEMP: "C:\\T\\", USERNAME: "Ann B" }, "C:\\T/whisper-Ann_B/chat.db"],
    [{ USER: "../../etc" }, "/tmp/whisper-.._.._etc/chat.db"],
    [{}, "/tmp/whisper-user/chat.db"],
  ];
  for (const [variables, path] of cases) {
    assertEquals(defaultDatabasePath(environment(variables)), path);
  }
});

Deno.test("directoryOf: returns what precedes the last slash", () => {
  assertEquals(directoryOf("/a/b.db"), "/a");
  assertEquals(directoryOf("C:\\a\\b.db"), "C:\\a");
  assertEquals(directoryOf("/b.db"), "/");
  assertEquals(directoryOf("b.db"), ".");
});

Deno.test("ensurePrivateDirectory: creates a missing directory for its owner alone", () =>
  inDirectory((directory) => {
    const own = `${directory}/own`;
    ensurePrivateDirectory(own);
    ensurePrivateDirectory(own);
    assertEquals((Deno.lstatSync(own).mode ?? 0) & 0o777, 0o700);
    assertEquals(names(own), []);
    return Promise.resolve();
  }));

/** Asserts that `directory` is not used, because of `problem`. */
function assertUnsafe(directory: string, problem: string): void {
  const failure = assertThrows(() => ensurePrivateDirectory(directory), Failure);
  assertEquals(failure.code, "relay-storage");
  assertEquals(failure.facts, { directory, problem });
}

Deno.test({
  name: "ensurePrivateDirectory: refuses a directory that others can enter",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDirectory((directory) => {
      const path = `${directory}/open`;
      Deno.mkdirSync(path);
      for (const mode of [0o701, 0o710, 0o777]) {
        Deno.chmodSync(path, mode);
        assertUnsafe(path, "open-to-others");
      }
      return Promise.resolve();
    }),
});

Deno.test({
  name: "ensurePrivateDirectory: refuses a link or a file in its place",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDirectory((directory) => {
      const [real, link, file] = ["real", "link", "file"].map((name) => `${directory}/${name}`);
      Deno.mkdirSync(real!, { mode: 0o700 });
      Deno.symlinkSync(real!, link!);
      assertUnsafe(link!, "not-a-directory");
      Deno.writeTextFileSync(file!, "");
      assertUnsafe(file!, "not-a-directory");
      return Promise.resolve();
    }),
});

Deno.test({
  name: "ensurePrivateDirectory: refuses another user's directory, even to root",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: () =>
    inDirectory((directory) => {
      const path = `${directory}/theirs`;
      Deno.mkdirSync(path, { mode: 0o700 });
      Deno.chownSync(path, 12_345, 12_345);
      assertUnsafe(path, "foreign-owner");
      assertEquals(names(path), []);
      return Promise.resolve();
    }),
});
