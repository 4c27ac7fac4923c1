/**
 * A chat that job control stops and continues: what its shell, its person and the peer see.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Program } from "./program.ts";
import { Terminal } from "./tmux.ts";

const SHELL = ["env", "-u", "TMUX", "PS1=ready> ", "bash", "--norc", "--noprofile", "-i"];
const CODE = /\d{4}-[a-z]+-[a-z]+-[a-z]+/;
const STOPPED = /Stopped.*\n(?:.*\n)*ready> ?$/;
const AS_FOUND = { alternateScreen: false, cursor: true, wrapping: true };

/**
 * Stops a chat of `command` with SIGTSTP, SIGSTOP and Ctrl+Z, and continues it with `fg` each time.
 *
 * @param env where the two meet.
 * @param options.maySuspend false where the runtime lets no program stop itself: Ctrl+Z does nothing.
 * @param options.waitsForAway true to stay stopped until the peer sees that, half a minute.
 */
export async function assertGoesOn(
  command: string,
  env: Record<string, string>,
  { isPlain, maySuspend, waitsForAway = false }: {
    isPlain: boolean;
    maySuspend: boolean;
    waitsForAway?: boolean;
  },
): Promise<void> {
  const own = { LC_ALL: "C.UTF-8", TERM: "xterm-256color", ...env };
  await using terminal = await Terminal.open(SHELL, { env: own });
  const enter = async (text: string) => {
    await terminal.type(text);
    await terminal.press("Enter");
  };
  const prompt = isPlain ? "you:" : ">";
  await terminal.see("ready>");
  await enter("echo still in the shell");
  await enter(`${command} new --local --name Alice${isPlain ? " --plain" : ""}`);
  const [code] = CODE.exec(await terminal.see(CODE))!;
  await using peer = new Program(["join", code, "--local", "--name", "Bob", "--json"], { env });
  await peer.line(({ event }) => event === "ready");
  await peer.tell({ send: "said before", id: "1" });
  await terminal.see("said before");

  /** Continues, and sends the draft: without raw mode Enter would be a line feed. */
  const goOn = async (draft: string, before = "") => {
    await enter(`${before}fg`);
    const screen = await terminal.see(`${prompt} ${draft}`);
    assertEquals((await terminal.modes()).alternateScreen, !isPlain);
    if (!isPlain) assertStringIncludes(screen, "said before");
    await enter(" goes on");
    await peer.line(({ text }) => text === `${draft} goes on`);
  };

  for (const signal of ["SIGTSTP", "SIGSTOP"] as const) {
    const draft = `after ${signal}`;
    await terminal.type(draft);
    await terminal.see(`${prompt} ${draft}`);
    const after = peer.lines.length;
    Deno.kill(-await foregroundOf(terminal), signal);
    await terminal.see(STOPPED);
    if (waitsForAway && signal === "SIGTSTP") {
      await peer.line((line) => line.event === "presence" && line["peer"] === "away", after);
    }
    // The shell has written over what the program, which could not restore the screen, had shown.
    await goOn(draft, isPlain ? "" : "clear; ");
    if (waitsForAway && signal === "SIGTSTP") {
      await peer.line((line) => line.event === "presence" && line["peer"] === "here", after);
    }
  }

  await terminal.type("after Ctrl+Z");
  await terminal.see(`${prompt} after Ctrl+Z`);
  await terminal.press("C-z");
  if (maySuspend) {
    const screen = await terminal.see(STOPPED);
    assertEquals(await terminal.modes(), AS_FOUND);
    if (!isPlain) assert(!screen.includes("said before"), "the screen was left");
    await goOn("after Ctrl+Z");
  } else {
    await terminal.press("Enter");
    await peer.line(({ text }) => text === "after Ctrl+Z");
    assert(!/Stopped\s/.test((await terminal.screen()).split("after Ctrl+Z").at(-1)!));
  }

  await enter("/exit");
  await peer.line((line) => line.event === "presence" && line["peer"] === "left");
  await terminal.see("ready>");
  assertEquals(await terminal.modes(), AS_FOUND);
  if (!isPlain) assertStringIncludes(await terminal.history(), "still in the shell");
  await peer.tell({ command: "exit" });
  await peer.line(({ event }) => event === "closed");
}

/** The process group that the terminal belongs to. */
async function foregroundOf(terminal: Terminal): Promise<number> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "tpgid=", "-p", String(await terminal.pid())],
  }).output();
  const group = Number(new TextDecoder().decode(stdout).trim());
  assert(group > 1, "a program is in the foreground");
  return group;
}
