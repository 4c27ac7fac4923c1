/**
 * Every link, path and task that a document names exists.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { documents, filesBelow, read, ROOT } from "../../support/documents.ts";

/** A link or picture of Markdown or HTML, or the definition of a reference. */
const LINK = /\]\(([^()\s]+)\)|^\[[^\]]+\]: (\S+)|(?:src|srcset|href)="([^"]+)"/gm;
/** A path as documents write it: in backticks, from the root of the repository. */
const PATH = /`((?:src|tests|docs|\.github|\.ci)\/[\w./-]*|[\w-]+\.(?:ts|sh|bat|lock))`/g;
const TASK = /\bdeno task (?:--quiet )?([a-z][\w:-]*)/g;

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}

/** The part of an address that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
}

/** Links whose target is missing. */
function brokenLinks(document: string, text: string): string[] {
  return [...text.matchAll(LINK)].flatMap(([, inline, reference, html]) => {
    const link = inline ?? reference ?? html!;
    if (/^[a-z]+:/.test(link)) return [];
    const { pathname, hash } = new URL(link, `file:///${document}`);
    const path = decodeURIComponent(pathname.slice(1));
    if (!exists(path)) return [link];
    return hash === "" || anchors(read(path)).includes(hash.slice(1)) ? [] : [link];
  });
}

Deno.test("documents: every link leads to a file and heading that exist", () => {
  const broken = documents().flatMap((document) =>
    brokenLinks(document, read(document)).map((link) => `${document}: ${link}`)
  );
  assertEquals(broken, []);
});

Deno.test("documents: every path in backticks exists", () => {
  const files = new Set(
    ["src/", "tests/"].flatMap(filesBelow).map((path) => path.split("/").at(-1)!),
  );
  const missing = documents().flatMap((document) =>
    [...read(document).matchAll(PATH)].map(([, path]) => path!)
      .filter((path) => !exists(path) && !(!path.includes("/") && files.has(path)))
      .map((path) => `${document}: ${path}`)
  );
  assertEquals(missing, []);
});

Deno.test("documents: every deno task that is named exists", () => {
  const missing = documents().flatMap((document) =>
    [...read(document).matchAll(TASK)].map(([, task]) => task!)
      .filter((task) => !Object.hasOwn(config.tasks, task))
      .map((task) => `${document}: ${task}`)
  );
  assertEquals(missing, []);
});

Deno.test("ARCHITECTURE.md: gives a reason for every package", () => {
  const text = read("docs/ARCHITECTURE.md");
  const packages = Object.keys(config.imports).filter((name) => !name.startsWith("@std/"));
  assertEquals(packages.filter((name) => !text.includes(`\`${name}\``)), []);
});

Deno.test("ARCHITECTURE.md: describes every module", () => {
  const text = read("docs/ARCHITECTURE.md");
  const folders = [...Deno.readDirSync(new URL("src/", ROOT))]
    .filter(({ isDirectory }) => isDirectory).map(({ name }) => `src/${name}/`);
  assertEquals(folders.filter((folder) => !text.includes(`\`${folder}`)), []);
});

Deno.test("documents: every document is reached from the README", () => {
  const reached = new Set<string>();
  const visit = (document: string) => {
    if (reached.has(document)) return;
    reached.add(document);
    for (const [, inline, reference] of read(document).matchAll(LINK)) {
      const link = inline ?? reference;
      if (link === undefined || /^[a-z]+:/.test(link)) continue;
      const path = new URL(link, `file:///${document}`).pathname.slice(1);
      if (path.endsWith(".md") && exists(path)) visit(path);
    }
  };
  visit("README.md");
  // GitHub itself offers the templates.
  const unreached = documents().filter((document) =>
    !reached.has(document) && !document.endsWith("template.md")
  );
  assertEquals(unreached, []);
});

Deno.test("anchorOf: names a heading as GitHub does", () => {
  assertEquals(anchorOf("What others can see"), "what-others-can-see");
  assertEquals(anchorOf("The `--json` mode, in full"), "the---json-mode-in-full");
  assert(anchors("# A\n\n## B c\n").includes("b-c"));
});
