/**
 * `deno task mutants [TEXT]`: breaks a copy of the program in each way of `mutants.json` (or those that mention
 * TEXT), and runs the test that has to fail. Exits with 1 when a mutant survives.
 *
 * @module
 */

/** One way to break the program. */
export interface Mutant {
  /** What is wrong then. */
  readonly what: string;
  readonly file: string;
  /** Text that occurs once in the file, and what takes its place. */
  readonly old: string;
  readonly new: string;
  /** The file of the test that has to fail, and its title. */
  readonly test: string;
  readonly title: string;
}

/** The root of the repository. */
export const ROOT = new URL("../../", import.meta.url);
/** What a copy needs for its tests. */
const PARTS = [
  "src",
  "tests",
  "docs",
  "main.ts",
  "deno.json",
  "deno.lock",
  "setup.sh",
  "README.md",
];

/** All mutants. */
export async function readMutants(): Promise<Mutant[]> {
  return JSON.parse(await Deno.readTextFile(new URL("mutants.json", import.meta.url)));
}

/** The source of a mutant. */
export function mutated(source: string, { old, new: replacement, what }: Mutant): string {
  const [before, after, ...others] = source.split(old);
  if (after === undefined || others.length > 0) {
    throw new Error(
      `"${what}": its text occurs ${others.length + (after === undefined ? 0 : 1)} times`,
    );
  }
  return before + replacement + after;
}

/** A copy of the program to break. */
export async function copyProgram(): Promise<string> {
  const copy = await Deno.makeTempDir({ prefix: "whisper-mutants-" });
  for (const part of PARTS) await copyInto(new URL(part, ROOT).pathname, `${copy}/${part}`);
  return copy;
}

async function copyInto(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await copyInto(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Selects the test of a mutant, and what starts and stops the server that it needs. */
function filterOf({ title }: Mutant): string {
  return `/${RegExp.escape(title)}|^mongodb, one node: the server (starts|stops)/`;
}

/** Runs a test of a copy with one mutant in it. True when a test failed, as it should. */
export async function isCaught(copy: string, mutant: Mutant): Promise<boolean> {
  const path = `${copy}/${mutant.file}`;
  const source = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, mutated(source, mutant));
  try {
    const { stdout } = await new Deno.Command("deno", {
      args: ["test", "-A", "--no-check", "--filter", filterOf(mutant), mutant.test],
      cwd: copy,
      env: { NO_COLOR: "1" },
      stderr: "null",
    }).output();
    // The list of failures, so that a server that did not start counts for nothing.
    return new RegExp(`^${RegExp.escape(mutant.title)}.* => `, "m").test(
      new TextDecoder().decode(stdout),
    );
  } finally {
    await Deno.writeTextFile(path, source);
  }
}

if (import.meta.main) {
  const [only] = Deno.args;
  const all = await readMutants();
  const mutants = all.filter(({ what, file }) =>
    only === undefined || `${file} ${what}`.includes(only)
  );
  const copy = await copyProgram();
  let survivors = 0;
  try {
    for (const mutant of mutants) {
      const caught = await isCaught(copy, mutant);
      if (!caught) survivors++;
      console.log(`${caught ? "caught  " : "SURVIVED"} ${mutant.file}: ${mutant.what}`);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
  console.log(`${mutants.length - survivors} of ${mutants.length} mutants caught`);
  Deno.exitCode = survivors === 0 ? 0 : 1;
}
