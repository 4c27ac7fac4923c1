/**
 * Makes the program: one file with everything in it.
 *
 * Bundled first, which leaves out what is never called and spares the start from looking for 300
 * modules; then compiled together with Deno's runtime.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { permissionFlags } from "./permissions.ts";
import { run } from "./process.ts";
import { fileName, type Target } from "./targets.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** As the bundler writes `COMMIT` of src/version.ts. */
const NO_COMMIT = /\bCOMMIT = void 0\b/g;

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
    const entry = `${work}/whisper.js`;
    await bundle(entry);
    await run(Deno.env.get("DENO_FOR_COMPILE") ?? Deno.execPath(), [
      ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache"],
      ...permissionFlags({ atlas }),
      ...(target ? ["--target", target] : []),
      ...["--output", output, entry],
    ]);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return output;
}

/** Everything that main.ts needs in one file, the commit put in. */
async function bundle(path: string): Promise<void> {
  await run(Deno.execPath(), [
    ...["bundle", "--quiet", "--frozen", "--external", "react-devtools-core", "--output", path],
    `${ROOT}main.ts`,
  ]);
  const text = await Deno.readTextFile(path);
  const places = text.match(NO_COMMIT)?.length ?? 0;
  if (places !== 1) throw new Error(`The bundle has ${places} places for the commit, not one`);
  const found = await commit();
  if (found === undefined) return;
  await Deno.writeTextFile(path, text.replace(NO_COMMIT, `COMMIT = ${JSON.stringify(found)}`));
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
