/**
 * Programs in a terminal of their own, by `script` of util-linux.
 *
 * @module
 */

/** Starts a program with its arguments, in 24 rows of 80 columns unless told otherwise. */
export function startInTerminal(
  words: readonly string[],
  { env, stdout, rows = 24 }: {
    env: Record<string, string>;
    stdout: "piped" | "null";
    rows?: number;
  },
): Deno.ChildProcess {
  const command = words.map((word) => `'${word}'`).join(" ");
  return new Deno.Command("script", {
    args: ["-qefc", `stty rows ${rows} cols 80; exec ${command}`, "/dev/null"],
    env: { TERM: "xterm-256color", ...env },
    stdin: "piped",
    stdout,
    stderr: "null",
  }).spawn();
}

/** The process in a terminal. */
export async function processIn({ pid }: Deno.ChildProcess): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return Number(children.trim().split(" ")[0]);
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
