/**
 * Other programs.
 *
 * @module
 */

/**
 * Runs a program to its end and returns what it said.
 *
 * @throws {Error} with what it said beside, when it fails.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
  })
    .output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program} ${args[0]} failed:\n${new TextDecoder().decode(stderr)}`);
}
