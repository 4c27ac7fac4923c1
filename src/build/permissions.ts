/**
 * The permissions that a program is compiled with, and the flags of V8, from the files that
 * `setup.sh`, `setup.bat` and `deno task chat` read too. docs/ARCHITECTURE.md explains each of them.
 *
 * @module
 */

const FOLDER = new URL("../permissions/", import.meta.url);
/** For `deno run` alone: a compiled program has no lock file. */
const RUN_ONLY = "--frozen";

/**
 * Flags of `deno compile`.
 *
 * @param options.atlas true for a program that can reach Atlas, this computer and name servers only.
 * @param options.isWindows true for Windows, where files are under drive letters.
 */
export function permissionFlags(
  { atlas, isWindows = Deno.build.os === "windows" }: {
    readonly atlas: boolean;
    readonly isWindows?: boolean;
  },
): string[] {
  const files = [
    "flags",
    atlas ? "flags.atlas" : "flags.any",
    ...(isWindows ? ["flags.windows"] : []),
  ];
  const flags = new Set(files.flatMap(lines));
  flags.delete(RUN_ONLY);
  return [...flags];
}

function lines(name: string): string[] {
  return Deno.readTextFileSync(new URL(name, FOLDER)).trim().split("\n");
}
