/**
 * Makes the program: one file with everything in it.
 *
 * Bundled first, which leaves out what is never called (the halves of packages that are for
 * developers or browsers), and spares the start from looking for hundreds of modules; in chunks, so
 * that what is imported late is loaded late. Then compiled together with Deno's runtime.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { type Edit, LEAN_DRIVER, OTHER_URL, replacingOne } from "./lean_driver.ts";
import { permissionFlags } from "./permissions.ts";
import { run } from "./process.ts";
import { fileName, type Target } from "./targets.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Where src/version.ts has room for the commit. */
const COMMIT_PLACE = "@COMMIT@";
/** In the chunk that stands in for `require`: it takes a real one where there is one. */
const REQUIRE_PLACE = "Dynamic require of";
/** Packages in CommonJS require `node:` modules by it; in one file the bundler does this itself. */
const REQUIRE = 'import { createRequire } from "node:module";' +
  "const require = createRequire(import.meta.url);\n";

/**
 * V8 collects garbage early rather than late: it keeps 11 MB of a long chat, and would let more than 100
 * pile up, for a speed that nobody notices here (docs/PERFORMANCE.md).
 */
const V8_FLAGS = "--max-semi-space-size=1,--optimize-for-size";

/** What to make. */
export interface CompileOptions {
  /** Default: this computer. */
  readonly target?: Target | undefined;
  /** True for a program that reaches Atlas, this computer and name servers, and no other host. */
  readonly atlas?: boolean;
  /** The folder it goes into, which is there. Default: `dist`. */
  readonly folder?: string;
}

/**
 * Compiles, and returns the path of the program. The Deno in `DENO_FOR_COMPILE` compiles, if there is
 * one; else the one that runs this.
 */
export async function compile(options: CompileOptions = {}): Promise<string> {
  const { target, atlas = false } = options;
  if (target && target !== Deno.build.target && Deno.env.get("DENORT_BIN")) {
    throw new Error("DENORT_BIN names the runtime of one system: unset it to compile for others");
  }
  const folder = options.folder ?? `${ROOT}dist`;
  await Deno.mkdir(folder, { recursive: true });
  const output = `${folder}/${fileName(target, { atlas })}`;
  const work = await Deno.makeTempDir({ dir: folder, prefix: ".compile-" });
  try {
    const entry = await bundle(work);
    await run(Deno.env.get("DENO_FOR_COMPILE") ?? Deno.execPath(), [
      ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache"],
      `--v8-flags=${V8_FLAGS}`,
      ...permissionFlags({ atlas, isWindows: (target ?? Deno.build.target).includes("windows") }),
      ...(target ? ["--target", target] : []),
      ...["--output", output, entry],
    ]);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return output;
}

/** Everything that main.ts needs, as chunks in a folder; returns the first one's path. */
async function bundle(folder: string): Promise<string> {
  await run(Deno.execPath(), [
    ...["bundle", "--quiet", "--frozen", "--minify", "--code-splitting"],
    ...["--external", OTHER_URL, "--outdir", folder, `${ROOT}main.ts`],
  ]);
  const found = await commit();
  const edits: Edit[] = [...LEAN_DRIVER, {
    what: "the place for the commit",
    apply: (text) => replacingOne(text, COMMIT_PLACE, found ?? COMMIT_PLACE),
  }];
  const fits = new Map<Edit, number>();
  for (const { name } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    let text = await Deno.readTextFile(path);
    for (const edit of edits) {
      const edited = edit.apply(text);
      if (edited === undefined) continue;
      text = edited;
      fits.set(edit, (fits.get(edit) ?? 0) + 1);
    }
    await Deno.writeTextFile(path, (text.includes(REQUIRE_PLACE) ? REQUIRE : "") + text);
  }
  for (const edit of edits) {
    const count = fits.get(edit) ?? 0;
    if (count !== 1) throw new Error(`The bundle has ${edit.what} in ${count} files, not in one`);
  }
  return `${folder}/main.js`;
}

/** The commit that is checked out, marked where files differ from it; undefined without git. */
async function commit(): Promise<string | undefined> {
  try {
    const git = (...args: string[]) => run("git", ["-C", ROOT, ...args]);
    const hash = (await git("rev-parse", "--short=12", "HEAD")).trim();
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return changes === "" ? hash : `${hash} and changes`;
  } catch {
    // A source archive has no history.
    return undefined;
  }
}
