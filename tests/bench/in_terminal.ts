/**
 * Programs in a terminal of their own, by `script` of util-linux.
 *
 * @module
 */

/** Starts Deno with these arguments, in 24 rows of 80 columns. */
export function startInTerminal(
  args: readonly string[],
  { env, stdout }: { env: Record<string, string>; stdout: "piped" | "null" },
): Deno.ChildProcess {
  const command = [Deno.execPath(), ...args]
    .map((word) => `'${word}'`).join(" ");
  return new Deno.Command("script", {
    args: ["-qefc", `stty rows 24 cols 80; exec ${command}`, "/dev/null"],
    env: { TERM: "xterm-256color", ...env },
    stdin: "piped",
    stdout,
    stderr: "null",
  }).spawn();
}

/** Ends it by Ctrl+C, as a person leaves. Its output must be read meanwhile. */
export async function leaveTerminal(child: Deno.ChildProcess): Promise<void> {
  const input = child.stdin.getWriter();
  // A program that has ended does not read it.
  await input.write(new Uint8Array([3])).catch(() => {});
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await child.status;
  clearTimeout(late);
  await input.close().catch(() => {});
}
