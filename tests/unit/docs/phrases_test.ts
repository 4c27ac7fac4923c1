/**
 * Whisper is written in plain American English: the phrases below are retired, in the program, its
 * documents, its help and its tests.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { COMMANDS } from "../../../src/cli/command_table.ts";
import { helpText } from "../../../src/cli/help.ts";
import { manualPage } from "../../../src/cli/manual.ts";
import { filesBelow, read } from "../../support/documents.ts";
import { retiredPhrases } from "../../support/phrases.ts";

const COMMAND_NAMES = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];
const FOLDERS = ["src/", "docs/", "tests/", ".github/", ".ci/"];
const FILES = ["README.md", "CHANGELOG.md", "main.ts", "deno.json", "setup.sh", "setup.bat"];

/** Not prose of ours: pictures, vectors of standards, and this file. */
const SKIPPED =
  /\.(?:svg|png|pyc)$|^tests\/vectors\/.*\.json$|^tests\/unit\/docs\/phrases_test\.ts$|^tests\/support\/phrases\.ts$/;

Deno.test("phrases: none is used that the language guide retires", () => {
  const files = [...FOLDERS.flatMap(filesBelow), ...FILES]
    .filter((file) => !SKIPPED.test(file));
  const found = files.flatMap((file) => retiredPhrases(read(file)).map((at) => `${file}:${at}`));
  assertEquals(found, []);
});

Deno.test("help: uses none of the retired phrases", () => {
  const texts = [helpText(), ...COMMAND_NAMES.map((name) => helpText(name)), manualPage()];
  assertEquals(texts.flatMap(retiredPhrases), []);
});

Deno.test("retiredPhrases: finds a phrase across the line break of a comment", () => {
  assertEquals(retiredPhrases("/**\n * It waits for the other\n * one.\n */"), [
    "2: the other * one",
  ]);
});

Deno.test("retiredPhrases: leaves contract words and plain forms alone", () => {
  assertEquals(
    retiredPhrases('the `burnt` event; room.burnt; {"event":"burnt"}; is no longer'),
    [],
  );
});
