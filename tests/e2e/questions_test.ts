/**
 * The questions in a real terminal: a wrong answer is asked for again, and nothing else is.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Program } from "../support/program.ts";
import { removeLeftFolder, Terminal, tmuxAvailable } from "../support/tmux.ts";

const MAIN = import.meta.resolve("../../main.ts");
const ignore = !tmuxAvailable && Deno.env.get("CI") !== "true";
const RUN = ["env", "-u", "TMUX", Deno.execPath(), "run", "--allow-all", "--no-check", MAIN];

async function answer(terminal: Terminal, question: RegExp, text: string): Promise<void> {
  await terminal.see(question);
  if (text !== "") await terminal.type(text);
  await terminal.press("Enter");
}

Deno.test({
  name: "questions: asks again for a relay that refuses and for a wrong code, and for nothing else",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, LC_ALL: "C.UTF-8" };
    try {
      await using alice = new Program(["new", "--name", "Alice", "--local", "--json"], { env });
      const { code } = await alice.line(({ event }) => event === "invite");
      await using bob = await Terminal.open([...RUN, "--plain"], { env, rows: 40 });
      await answer(bob, /Your name.*: $|Your name.*:$/m, "Bob");
      await answer(bob, /Relay: .*:$/m, "mongodb://127.0.0.1:1/");
      await answer(bob, /Invite code.*:$/m, "9999-river-canyon-ocean");
      // The relay refuses, and only the relay is asked for again.
      await answer(bob, /refuse[^]*Relay: .*:$/m, "");
      // No room has that code, and only the code is asked for again.
      await answer(bob, /no room[^]*Invite code:$/im, code);
      await alice.line(({ event }) => event === "ready");
      const screen = await bob.see(/Alice/);
      assert(screen.split("Your name").length === 2, screen);
    } finally {
      await removeLeftFolder(folder);
    }
  },
});

Deno.test({
  name: "questions: asks for the code of a waiting room before it opens another",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, LC_ALL: "C.UTF-8" };
    try {
      await using alice = new Program(["new", "--name", "Alice", "--local", "--json"], { env });
      const { code } = await alice.line(({ event }) => event === "invite");
      await using bob = await Terminal.open([...RUN, "--plain"], { env });
      await answer(bob, /Your name.*:$/m, "Bob");
      await answer(bob, /Relay: .*:$/m, "");
      await answer(bob, /Invite code.*:$/m, "");
      await answer(bob, /waiting in a room on this computer[^]*Invite code.*:$/m, code);
      await alice.line(({ event }) => event === "ready");
    } finally {
      await removeLeftFolder(folder);
    }
  },
});
