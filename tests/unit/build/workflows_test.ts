import { assert, assertEquals, assertMatch } from "@std/assert";

const FOLDER = new URL("../../../.github/workflows/", import.meta.url);
const WORKFLOWS = [...Deno.readDirSync(FOLDER)].map(({ name }) => ({
  name,
  text: Deno.readTextFileSync(new URL(name, FOLDER)),
}));

Deno.test("workflows: there are some to look at", () => assert(WORKFLOWS.length >= 2));

for (const { name, text } of WORKFLOWS) {
  Deno.test(`workflows: ${name} pins every action by its commit, and says which version it is`, () => {
    for (const [, action] of text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)) {
      if (action!.startsWith("./")) continue;
      assertMatch(action!, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  Deno.test(`workflows: ${name} gives no permission to all jobs, and each its own`, () => {
    assertMatch(text, /^permissions: \{\}$/m);
    const jobs = text.split(/^jobs:$/m)[1]!.split(/^ {2}(?=[\w-]+:$)/m).slice(1);
    for (const job of jobs) assertMatch(job, /^ {4}permissions:$/m);
    const writing = jobs.filter((job) => /^ {6}contents: write$/m.test(job));
    for (const job of writing) {
      assertEquals(/\bdeno\b|checkout@/.test(job), false, "who may publish runs no code of ours");
    }
  });

  Deno.test(`workflows: ${name} puts nothing that others write into a script`, () => {
    for (
      const [, script] of text.matchAll(/^\s*(?:- )?run: (?:\|\n)?([^]*?)(?=\n\s*(?:- |\w+:))/gm)
    ) {
      assertEquals(/\$\{\{(?! matrix\.)/.test(script!), false, script);
    }
  });
}
