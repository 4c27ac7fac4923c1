/**
 * Each mutant still applies, and names a test that exists. That each is caught is checked by
 * `deno task mutants`.
 *
 * @module
 */
import { assert } from "@std/assert";
import { mutated, readMutants, ROOT } from "./run.ts";

const MIN_MUTANTS = 60;
const CONTRACT = new URL("tests/contract/", ROOT);

/** Titles as the source has them, as patterns: what is put into one matches anything. */
function titlesIn(source: string): RegExp[] {
  const literals = source.matchAll(/"((?:[^"\\\n]|\\.)+)"|`((?:[^`\\]|\\.)+)`/g);
  return [...literals].map(([, plain, template]) => {
    const text = (plain ?? template!).replaceAll("\\", "");
    const fixed = text.split(/\$\{[^}]*\}/).map((part) => RegExp.escape(part));
    return new RegExp(`^(?:sqlite: |mongodb, one node: )?${fixed.join(".*")}$`);
  }).filter(({ source }) => source.length > 30);
}

async function contractSource(): Promise<string> {
  let source = "";
  for await (const { name } of Deno.readDir(CONTRACT)) {
    source += await Deno.readTextFile(new URL(name, CONTRACT));
  }
  return source;
}

Deno.test("mutants: each applies to its file and names a test that exists", async () => {
  const mutants = await readMutants();
  assert(mutants.length >= MIN_MUTANTS);
  const contract = titlesIn(await contractSource());
  for (const mutant of mutants) {
    assert(mutant.test.endsWith("_test.ts"), `"${mutant.what}": ${mutant.test} runs no test`);
    mutated(await Deno.readTextFile(new URL(mutant.file, ROOT)), mutant);
    const own = titlesIn(await Deno.readTextFile(new URL(mutant.test, ROOT)));
    const isNamed = [...own, ...contract].some((title) => title.test(mutant.title));
    assert(isNamed, `"${mutant.what}": ${mutant.test} has no test "${mutant.title}"`);
  }
});
