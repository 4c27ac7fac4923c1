/**
 * A Python with the current releases of `cryptography` and `pymongo`, in an environment of its own in
 * the cache folder.
 *
 * @module
 */

const PACKAGES = ["cryptography", "pymongo"];

let made: Promise<string> | undefined;

/** The interpreter's path. */
export function python(): Promise<string> {
  return made ??= make();
}

async function make(): Promise<string> {
  const home = Deno.env.get("HOME") ?? ".";
  const folder = `${Deno.env.get("XDG_CACHE_HOME") || `${home}/.cache`}/whisper-bench/python`;
  const path = `${folder}/bin/python`;
  await output("python3", ["-m", "venv", folder]);
  await output(path, ["-m", "pip", "install", "--quiet", "--upgrade", ...PACKAGES]);
  return path;
}

/**
 * Runs a program to its end; returns what it printed.
 *
 * @throws {Error} when it fails, with its last line.
 */
export async function output(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], env })
    .output();
  if (success) return new TextDecoder().decode(stdout);
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`${command} failed: ${said}`);
}
