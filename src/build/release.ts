/**
 * All files of a release: the programs, the manual page, what package managers and people install from,
 * the bill of materials, and the sums to check them by.
 *
 * @module
 */
import { manualPage } from "../cli/manual.ts";
import { VERSION } from "../version.ts";
import { commit, compile, compilingDeno, runtimeOf } from "./compile.ts";
import { writeDebs } from "./deb.ts";
import { type Release, render, type Sums, sumsText, TEMPLATES } from "./packages.ts";
import { run } from "./process.ts";
import { ROOT } from "./root.ts";
import { importedPackages, type Lock, sbom } from "./sbom.ts";
import { fileName, TARGETS } from "./targets.ts";

/** The name of the file with the sums. */
export const SUMS_FILE = "SHA256SUMS";

/** What was made, and what could not be. */
export interface Result {
  readonly paths: readonly string[];
  /** One sentence for each file that is missing. */
  readonly missing: readonly string[];
}

/** Makes everything in `folder`. */
export async function release(folder = `${ROOT}dist`): Promise<Result> {
  await Deno.mkdir(folder, { recursive: true });
  const paths: string[] = [];
  const missing: string[] = [];
  for (const target of TARGETS) {
    const runtime = runtimeOf(target);
    if (runtime !== undefined && !await isFile(runtime)) {
      missing.push(`${fileName(target)}: WHISPER_RUNTIMES has no runtime for it.`);
    } else paths.push(await compile({ target, folder }));
  }
  const others = await writeBeside(folder, { home: await home(), time: (await commit()).time });
  return { paths: [...paths, ...others.paths], missing: [...missing, ...others.missing] };
}

/**
 * The address of the repository that publishes this release: the one that GitHub builds, or else the
 * origin of this clone.
 */
async function home(): Promise<string> {
  const [server, name] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY"].map((v) => Deno.env.get(v));
  if (server && name) return `${server}/${name}`;
  const origin = await run("git", ["-C", ROOT, "remote", "get-url", "origin"])
    .catch(() => "");
  const [, host, path] = /^(?:https:\/\/|git@)([^/:]+)[/:](.+?)(?:\.git)?\n$/.exec(origin) ?? [];
  if (host && path) return `https://${host}/${path}`;
  throw new Error(
    "The address of the release is unknown. Set GITHUB_SERVER_URL and GITHUB_REPOSITORY.",
  );
}

/** Writes what goes with the programs in `folder`. What needs a program that is not there is left out. */
export async function writeBeside(
  folder: string,
  { home, time }: Pick<Release, "home" | "time">,
): Promise<Result> {
  const names: string[] = [];
  const missing: string[] = [];
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    names.push(name);
  };
  for (const target of TARGETS) {
    if (await isFile(`${folder}/${fileName(target)}`)) names.push(fileName(target));
  }
  const programs = names.length;
  await write("whisper.1", manualPage());
  await write("whisper.cdx.json", await billOfMaterials(time));
  const described = { version: VERSION, home, time, sums: await sumsOf(folder, names) };
  for (const [template, name] of Object.entries(TEMPLATES)) {
    if (name === undefined) continue;
    try {
      await write(name, render(template as keyof typeof TEMPLATES, described));
    } catch (error) {
      missing.push(`${name}: ${(error as Error).message}.`);
    }
  }
  try {
    names.push(...await writeDebs(folder, described));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    missing.push("Debian packages: dpkg-deb is not installed.");
  }
  await Deno.writeTextFile(`${folder}/${SUMS_FILE}`, sumsText(await sumsOf(folder, names)));
  const paths = [...names.slice(programs), SUMS_FILE].map((name) => `${folder}/${name}`);
  return { paths, missing };
}

async function billOfMaterials(time: Date): Promise<string> {
  const lock: Lock = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));
  const printed = await run(compilingDeno(), ["--version"]);
  const deno = /^deno (\S+)/.exec(printed)![1]!;
  return sbom({ version: VERSION, time, deno }, await importedPackages(), lock);
}

async function sumsOf(folder: string, names: readonly string[]): Promise<Sums> {
  const sums = names.map(async (name) => {
    const hash = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`));
    return [name, new Uint8Array(hash).toHex()] as const;
  });
  return Object.fromEntries(await Promise.all(sums));
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
