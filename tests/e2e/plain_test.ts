/**
 * The linear interface in a real terminal, as it is at the first start.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { removeLeftFolder, Terminal, tmuxAvailable } from "../support/tmux.ts";

const MAIN = import.meta.resolve("../../main.ts");
const SKIP = tmuxAvailable ? "" : " (skipped: tmux is missing)";
const WHISPER = [Deno.execPath(), "run", "--allow-all", "--no-check", MAIN];

function test(what: string, run: (env: Record<string, string>) => Promise<void>): void {
  Deno.test({
    name: `plain, in a terminal: ${what}${SKIP}`,
    ignore: !tmuxAvailable,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await run({
          XDG_RUNTIME_DIR: folder,
          XDG_CONFIG_HOME: folder,
          USER: "alice",
          LC_ALL: "C.UTF-8",
        });
      } finally {
        await removeLeftFolder(folder);
      }
    },
  });
}

function openPlain(env: Record<string, string>): Promise<Terminal> {
  return Terminal.open([...WHISPER, "--plain"], { env, columns: 90 });
}

async function answer(terminal: Terminal, question: string, text: string): Promise<void> {
  await terminal.see(question);
  await terminal.type(text);
  await terminal.press("Enter");
}

test("connects two people who press Enter, and a draft survives what arrives", async (env) => {
  await using alice = await openPlain(env);
  await answer(alice, "Your name [alice]:", "");
  await answer(alice, "Where to meet", "");
  await answer(alice, "The code you were told", "");
  const [code] = /\d{4}-[a-z]+-[a-z]+-[a-z]+/.exec(await alice.see("Waiting for someone to join"))!;
  await using bob = await openPlain(env);
  await answer(bob, "Your name", "Bob");
  await answer(bob, "Where to meet", "");
  await answer(bob, "The code you were told", code.toUpperCase().replaceAll("-", " "));
  await alice.see("Bob joined.");
  await bob.see("alice joined.");
  await alice.type("half a li");
  await answer(bob, "you:", "interrupting");
  await alice.see(/Bob: interrupting\nyou: half a li$/);
  await alice.type("ne 👩‍👩‍👧");
  await alice.press("BSpace", "Enter");
  await bob.see(/alice: half a line\s*\n/);
  await answer(bob, "you:", "exit");
  await bob.see("status 0");
  await alice.see("Bob left.");
  await alice.press("C-c");
  const last = await alice.see("status 0");
  assertStringIncludes(last, "Nothing remains on the relay");
});

test("explains a wrong answer at once, and hides a password", async (env) => {
  await using terminal = await openPlain(env);
  await answer(terminal, "Your name", "Alice");
  await answer(terminal, "Where to meet", "https://cloud.mongodb.com/v2#/clusters");
  await terminal.see("the address of a web page");
  await answer(terminal, "Where to meet", "mongodb://alice:<db_password>@127.0.0.1:1/");
  await answer(terminal, 'Password of the database user "alice" (not shown):', "swordfish");
  await answer(terminal, "The code you were told", "4821-river-candel-ocean");
  await terminal.see("did you mean");
  await answer(terminal, "The code you were told, or Enter for a new room:", "");
  const last = await terminal.see("status 3");
  assertStringIncludes(last, "refuses the connection");
  assert(!(await terminal.history()).includes("swordfish"));
});

test("completes words of a code by Tab", async (env) => {
  await using terminal = await openPlain(env);
  await answer(terminal, "Your name", "Alice");
  await answer(terminal, "Where to meet", "");
  await terminal.see("The code you were told");
  await terminal.type("4821-canyo");
  await terminal.press("Tab");
  await terminal.see("4821-canyon");
  await terminal.press("C-c");
  assertStringIncludes(await terminal.see("status"), "status 130");
});

test("leaves at once on Ctrl+C at a question, and restores the terminal", async (env) => {
  await using terminal = await openPlain(env);
  await terminal.see("Your name");
  await terminal.press("C-c");
  await terminal.see("status 130");
  await terminal.type("echoed");
  assertEquals((await terminal.see("echoed")).includes("echoed"), true);
});

test("asks for no permission in the middle of a question", async (env) => {
  const task = [
    "task",
    "--quiet",
    "--config",
    `${import.meta.dirname}/../../deno.json`,
    "chat",
    "--plain",
  ];
  await using terminal = await Terminal.open([Deno.execPath(), ...task], { env, columns: 90 });
  await answer(terminal, "Your name", "Alice");
  await answer(terminal, "Where to meet", "mongodb://127.0.0.1:1/");
  await answer(terminal, "The code you were told", "");
  await terminal.see("status 3");
  assert(!/permission|requests|prompt/.test(await terminal.history()));
});
