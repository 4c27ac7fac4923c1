import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { notesFor } from "../../../src/build/notes.ts";
import { VERSION } from "../../../src/version.ts";

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.10.0] - 2026-02-03

### Added

- A thing with a [link](https://host.example).

## [1.1.0] - 2026-01-02

- An older thing.

[1.1.0]: https://host.example
`;

Deno.test("notes: a version's own part, whole", () => {
  const notes = "### Added\n\n- A thing with a [link](https://host.example).\n";
  assertEquals(notesFor("v1.10.0", CHANGELOG), notes);
  assertEquals(notesFor("1.10.0", CHANGELOG), notes);
});

Deno.test("notes: no version is taken for another, and none is without words", () => {
  assertThrows(() => notesFor("v1.1", CHANGELOG), Error, "no part for 1.1");
  assertThrows(() => notesFor("v2.0.0", CHANGELOG), Error, "no part for 2.0.0");
  const silent = "## [3.0.0]\n\n## [2.0.0]\n- Words.\n";
  assertThrows(() => notesFor("v3.0.0", silent), Error, "says nothing about 3.0.0");
});

Deno.test("notes: CHANGELOG.md describes the version of the program", async () => {
  const changelog = await Deno.readTextFile(new URL("../../../CHANGELOG.md", import.meta.url));
  assertMatch(notesFor(`v${VERSION}`, changelog), /^### Upgrading\n/);
});
