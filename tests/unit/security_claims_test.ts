/**
 * docs/SECURITY.md makes no claim without a test: every promise refers to one, and every test that is
 * referred to is there.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

const DOCUMENT = new URL("../../docs/SECURITY.md", import.meta.url);
const TEXT = Deno.readTextFileSync(DOCUMENT);
const DEFINITION = /^\[(t\d+)\]: (\S+) "(.+)"$/gm;
const BODY = TEXT.replaceAll(DEFINITION, "");

/** The text under a heading of the second level. */
function section(heading: string): string {
  const parts = BODY.split(/^## /m).filter((part) => part.startsWith(`${heading}\n`));
  assertEquals(parts.length, 1, heading);
  return parts[0]!;
}

function bullets(text: string): string[] {
  return text.split(/^- /m).slice(1).map((bullet) => bullet.split("\n\n")[0]!);
}

Deno.test("every test that a promise of docs/SECURITY.md refers to is there", () => {
  const definitions = [...TEXT.matchAll(DEFINITION)];
  assert(definitions.length > 40);
  for (const [, , path, name] of definitions) {
    const source = Deno.readTextFileSync(new URL(path!, DOCUMENT));
    const isThere = ['"', "`", "'"].some((quote) => source.includes(quote + name));
    assert(isThere, `${path} has no test "${name}"`);
  }
});

Deno.test("every reference of docs/SECURITY.md is defined once, and used", () => {
  const defined = [...TEXT.matchAll(DEFINITION)].map(([, key]) => key!);
  const used = [...BODY.matchAll(/\[(t\d+)\]/g)].map(([, key]) => key!);
  assertEquals(new Set(defined).size, defined.length);
  assertEquals([...new Set(used)].toSorted(), defined.toSorted());
});

Deno.test("every promise of docs/SECURITY.md refers to a test", () => {
  const rows = section("Who can do what").split("\n").filter((line) => line.startsWith("| **"));
  assertEquals(rows.length, 6);
  const cannot = rows.map((row) => row.split("|")[3]!);
  const promises = [
    ...cannot,
    ...bullets(section("The promises")),
    ...bullets(section("What is kept in memory, and for how long")),
  ];
  assert(promises.length > 15);
  for (const promise of promises) assert(/\[t\d+\]/.test(promise), promise);
});
