/**
 * Everything that a release hands out: the program for five systems, the sums to check it by, the
 * manual page, and the files that package managers and the two install scripts go by.
 *
 * @module
 */
import { manualPage } from "../cli/manual.ts";
import { VERSION } from "../version.ts";
import { compile } from "./compile.ts";
import { aurPackage, homebrewFormula, scoopManifest, type Sums } from "./packages.ts";
import { run } from "./process.ts";
import { ROOT } from "./root.ts";
import { fileName, TARGETS } from "./targets.ts";

/** The name of the file with the sums. */
export const SUMS_FILE = "SHA256SUMS";
const INSTALLERS = ["install.sh", "install.ps1"];

/** Makes it all in `folder`, and returns the paths. */
export async function release(folder = `${ROOT}dist`): Promise<string[]> {
  const paths: string[] = [];
  for (const target of TARGETS) paths.push(await compile({ target, folder }));
  paths.push(...await writeBeside(folder, await home()));
  return paths;
}

/**
 * The address of the repository whose release this is: where GitHub builds it, else where this clone
 * is from.
 */
async function home(): Promise<string> {
  const [server, name] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY"].map((v) => Deno.env.get(v));
  if (server && name) return `${server}/${name}`;
  const origin = await run("git", ["-C", ROOT, "remote", "get-url", "origin"])
    .catch(() => "");
  const [, host, path] = /^(?:https:\/\/|git@)([^/:]+)[/:](.+?)(?:\.git)?\n$/.exec(origin) ?? [];
  if (host && path) return `https://${host}/${path}`;
  throw new Error(
    "Where the release will be is not known: set GITHUB_SERVER_URL and GITHUB_REPOSITORY.",
  );
}

/** Writes what goes with the programs that are in `folder`, for a release at `home`. */
export async function writeBeside(folder: string, home: string): Promise<string[]> {
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };
  const manual = await write("whisper.1", manualPage());
  const installers = await Promise.all(INSTALLERS.map(async (name) => {
    const text = await Deno.readTextFile(new URL(name, import.meta.url));
    return await write(name, text.replaceAll("@VERSION@", VERSION).replaceAll("@HOME@", home));
  }));
  const programs: Sums = Object.fromEntries(
    await Promise.all(TARGETS.map(async (target) => [
      fileName(target),
      await sha256(`${folder}/${fileName(target)}`),
    ])),
  );
  const others = await Promise.all(
    [manual, ...installers].map(async (
      path,
    ) => [path.slice(folder.length + 1), await sha256(path)]),
  );
  const sums: Sums = { ...programs, ...Object.fromEntries(others) };
  const packages = { version: VERSION, home, sums };
  return [
    await write(SUMS_FILE, sumsText(sums)),
    manual,
    ...installers,
    await write("whisper.rb", homebrewFormula(packages)),
    await write("whisper.json", scoopManifest(packages)),
    await write("PKGBUILD", aurPackage(packages)),
  ];
}

/** As `sha256sum` writes it and `sha256sum --check` reads it. */
export function sumsText(sums: Sums): string {
  return Object.entries(sums).map(([name, sum]) => `${sum}  ${name}\n`).join("");
}

async function sha256(path: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
