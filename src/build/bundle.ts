/**
 * Bundles main.ts and everything that it imports into a few minified files.
 *
 * The bundle leaves out what is never called, and saves the start from looking up hundreds of modules.
 * It has chunks, so that what is imported late is loaded late.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { run } from "./process.ts";
import { ROOT } from "./root.ts";

/** It has a lock file of its own: only those who compile need to download it. */
const ESBUILD = "npm:esbuild@0.28.2";
/** Where Deno puts packages that other packages depend on. */
const INDIRECT = "./node_modules/.deno/node_modules";
/** Packages in CommonJS call `require` for `node:` modules. */
const BANNER = 'import{createRequire}from"node:module";' +
  "const require=createRequire(import.meta.url);";

/**
 * Writes the bundle to `out` in `folder`, which has to be empty, and returns the path of its entry.
 *
 * The sources and their packages are copied into the folder first, so that no file outside can change
 * the result.
 *
 * @param options.commit what `--version` prints.
 * @param options.time the modification time of each file, which becomes a part of the program.
 */
export async function bundle(
  folder: string,
  { commit, time }: { readonly commit: string | undefined; readonly time: Date },
): Promise<string> {
  for (const name of ["main.ts", "src", "deno.json", "deno.lock"]) {
    await cp(`${ROOT}${name}`, `${folder}/${name}`, { recursive: true });
  }
  // As in Deno: the default import of a CommonJS module is what that module exports.
  await Deno.writeTextFile(`${folder}/package.json`, '{"type":"module"}\n');
  const deno = (...args: string[]) => run(Deno.execPath(), args, { cwd: folder });
  await deno("install", "--quiet", "--frozen", "--node-modules-dir=auto");
  await deno(
    ...["run", "--allow-all", "--quiet", "--no-config", "--frozen"],
    ...["--lock", "src/build/esbuild.lock", ESBUILD, "main.ts"],
    ...["--bundle", "--splitting", "--format=esm", "--platform=node", "--target=esnext"],
    ...["--minify", "--legal-comments=none", "--tsconfig-raw={}", "--log-level=warning"],
    ...[`--banner:js=${BANNER}`, "--outdir=out"],
    ...(commit === undefined ? [] : [`--define:WHISPER_COMMIT=${JSON.stringify(commit)}`]),
    ...Object.entries(aliases(await Deno.readTextFile(`${folder}/deno.json`)))
      .map(([from, to]) => `--alias:${from}=${to}`),
  );
  for (const { name } of Deno.readDirSync(`${folder}/out`)) {
    await Deno.utime(`${folder}/out/${name}`, time, time);
  }
  return `${folder}/out/main.js`;
}

/** What esbuild has to look for in place of each name. */
function aliases(config: string): Record<string, string> {
  const imports: Record<string, string> = JSON.parse(config).imports;
  const packages = Object.entries(imports).map(([name, target]) => [name, unversioned(target)]);
  return {
    ...Object.fromEntries(packages.filter(([name, target]) => name !== target)),
    "whatwg-url": "./src/build/shims/whatwg-url.cjs",
    "@mongodb-js/saslprep": "./src/build/shims/saslprep.cjs",
    "unaliased-saslprep": `${INDIRECT}/@mongodb-js/saslprep`,
  };
}

/** `npm:@scope/name@1.2.3/path.js` as Node.js writes it: `@scope/name/path.js`. */
function unversioned(specifier: string): string {
  return specifier.replace(/^npm:(@?[^@]+)@[^/]+/, "$1");
}
