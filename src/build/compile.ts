/**
 * Compiles the program: one file with a bundle of the sources and Deno's runtime.
 *
 * Equal sources give equal bytes, wherever and whenever they are compiled: see docs/VERIFY.md.
 *
 * @module
 */
import { bundle } from "./bundle.ts";
import { permissionFlags } from "./permissions.ts";
import { run } from "./process.ts";
import { ROOT } from "./root.ts";
import { fileName, type Target } from "./targets.ts";

/** What to compile. */
export interface CompileOptions {
  /** Default: this computer. */
  readonly target?: Target | undefined;
  /** True for a program that can reach Atlas, this computer and name servers only. */
  readonly atlas?: boolean;
  /** An existing folder for the program. Default: `dist`. */
  readonly folder?: string;
}

/**
 * Compiles, and returns the path of the program.
 *
 * `DENO_FOR_COMPILE` names the Deno that compiles; default: the one that runs this. The runtime comes
 * from the folder in `WHISPER_RUNTIMES`, which has a file `denort-TARGET` (`.exe` for Windows) for each
 * target, or else from the file in `DENORT_BIN` (this computer only), or else from Deno's host.
 */
export async function compile(options: CompileOptions = {}): Promise<string> {
  const { target, atlas = false } = options;
  const folder = options.folder ?? `${ROOT}dist`;
  await Deno.mkdir(folder, { recursive: true });
  const output = `${folder}/${fileName(target, { atlas })}`;
  const work = await Deno.makeTempDir({ dir: folder, prefix: ".compile-" });
  try {
    const { name, time } = await commit();
    const entry = await bundle(work, { commit: name, time });
    const isWindows = (target ?? Deno.build.target).includes("windows");
    await run(compilingDeno(), [
      ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache"],
      ...permissionFlags({ atlas, isWindows }),
      ...(target ? ["--target", target] : []),
      ...["--output", output, entry],
    ], { env: environment(target) });
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return output;
}

/** The Deno that compiles. */
export function compilingDeno(): string {
  return Deno.env.get("DENO_FOR_COMPILE") ?? Deno.execPath();
}

/** The file with the runtime of a target, if WHISPER_RUNTIMES names the folder. */
export function runtimeOf(target: Target): string | undefined {
  const folder = Deno.env.get("WHISPER_RUNTIMES");
  if (!folder) return undefined;
  return `${folder}/denort-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/** The environment that tells Deno where the runtime of that target is. */
function environment(target: Target | undefined): Record<string, string> {
  const runtime = runtimeOf(target ?? Deno.build.target as Target);
  if (runtime !== undefined) return { DENORT_BIN: runtime };
  if (target && target !== Deno.build.target && Deno.env.get("DENORT_BIN")) {
    throw new Error("DENORT_BIN names the runtime of one system. Use WHISPER_RUNTIMES instead.");
  }
  return {};
}

/**
 * The commit that is checked out, its name marked if files differ from it, and its time. Without git:
 * no name, and the beginning of the epoch.
 */
export async function commit(): Promise<{ name: string | undefined; time: Date }> {
  try {
    const git = (...args: string[]) => run("git", ["-C", ROOT, ...args]);
    const shown = await git("show", "--no-patch", "--format=%H %ct", "HEAD");
    const [id, seconds] = shown.trim().split(" ");
    const hash = id!.slice(0, 12);
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    const name = changes === "" ? hash : `${hash} and changes`;
    return { name, time: new Date(Number(seconds) * 1000) };
  } catch {
    // A source archive has no history.
    return { name: undefined, time: new Date(0) };
  }
}
