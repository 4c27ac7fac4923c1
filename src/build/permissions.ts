/**
 * The permissions that a program is made with. docs/ARCHITECTURE.md says what each is for.
 *
 * @module
 */

const PLACE = new URL("../permissions/", import.meta.url);

/** Flags of `deno run` and `deno compile`. */
export function permissionFlags(options: {
  /** True for a program that reaches Atlas, this computer and name servers, and no other host. */
  readonly atlas: boolean;
}): string[] {
  const roots = list("roots");
  return [
    "--no-prompt",
    "--allow-sys=osRelease",
    `--allow-env=${list("variables")}`,
    options.atlas ? `--allow-net=${list("hosts")}` : "--allow-net",
    // Given up again at the start, but for a few: see src/permissions/confine.ts.
    `--allow-read=${roots}`,
    `--allow-write=${roots}`,
  ];
}

function list(name: string): string {
  return Deno.readTextFileSync(new URL(name, PLACE)).trim();
}
