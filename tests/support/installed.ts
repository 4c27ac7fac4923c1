/**
 * What a computer has that runs the tests.
 *
 * @module
 */

/** Whether there is a command of this name. */
export async function isInstalled(command: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", 'command -v "$0"', command],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    // Windows has no sh, and none of these commands.
    return false;
  }
}
