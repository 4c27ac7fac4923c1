/**
 * docs/SECURITY.md makes no claim without a test: every promise and every attack refers to one, and
 * every test that it refers to exists.
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

/** The rows of all tables in a text, without heads and rules. */
function rows(text: string): string[] {
  const lines = text.split("\n");
  return lines.filter((line, at) =>
    line.startsWith("|") && !line.startsWith("| -") && !lines[at + 1]?.startsWith("| -")
  );
}

Deno.test("SECURITY.md: every test that it refers to exists", () => {
  const definitions = [...TEXT.matchAll(DEFINITION)];
  assert(definitions.length > 40);
  for (const [, , path, name] of definitions) {
    const source = Deno.readTextFileSync(new URL(path!, DOCUMENT));
    const isThere = ['"', "`", "'"].some((quote) => source.includes(quote + name));
    assert(isThere, `${path} has no test "${name}"`);
  }
});

Deno.test("SECURITY.md: every reference is defined once, and used", () => {
  const defined = [...TEXT.matchAll(DEFINITION)].map(([, key]) => key!);
  const used = [...BODY.matchAll(/\[(t\d+)\]/g)].map(([, key]) => key!);
  assertEquals(new Set(defined).size, defined.length);
  assertEquals([...new Set(used)].toSorted(), defined.toSorted());
});

Deno.test("SECURITY.md: every promise and every attack refers to a test", () => {
  const attacks = rows(section("Attacks"));
  const promises = [
    ...bullets(section("Promises")),
    ...bullets(section("What stays in memory, and for how long")),
  ];
  assert(attacks.length > 25);
  assert(promises.length > 10);
  for (const claim of [...attacks, ...promises]) assert(/\[t\d+\]/.test(claim), claim);
});

Deno.test("SECURITY.md: no cell of a table exceeds 100 characters", () => {
  for (const row of rows(BODY)) {
    for (const cell of row.split("|")) assert(cell.trim().length <= 100, cell);
  }
});

Deno.test("SECURITY.md: it begins with how to report a vulnerability", () => {
  assertEquals(
    TEXT.split("\n").find((line) => line.startsWith("## ")),
    "## Reporting a vulnerability",
  );
});
