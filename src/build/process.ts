/**
 * Other programs.
 *
 * @module
 */

/**
 * Runs a program to its end and returns its standard output.
 *
 * @throws {Error} with its standard error, when it fails.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program} ${args[0]} failed:\n${new TextDecoder().decode(stderr)}`);
}
