/**
 * The plain interface in a real terminal, as it is at the first start.
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
  await answer(alice, "Relay: paste", "");
  await answer(alice, "Invite code", "");
  const [code] = /\d{4}-[a-z]+-[a-z]+-[a-z]+/.exec(await alice.see("Waiting for someone to join"))!;
  await using bob = await openPlain(env);
  await answer(bob, "Your name", "Bob");
  await answer(bob, "Relay: paste", "");
  await answer(bob, "Invite code", code.toUpperCase().replaceAll("-", " "));
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
  await answer(terminal, "Relay: paste", "https://cloud.mongodb.com/v2#/clusters");
  await terminal.see("the address of a web page");
  await answer(terminal, "Relay: paste", "mongodb://alice:<db_password>@127.0.0.1:1/");
  await answer(terminal, 'Password of database user "alice" (not shown):', "swordfish");
  await answer(terminal, "Invite code", "4821-river-candel-ocean");
  await terminal.see("Did you mean");
  await answer(terminal, "Invite code, or Enter to open a new room:", "");
  // The relay is asked for again, and nothing else.
  await terminal.see(/refuse[\s\S]*Relay: paste/);
  await terminal.press("C-c");
  await terminal.see("status 130");
  assert(!(await terminal.history()).includes("swordfish"));
});

test("completes words of a code by Tab", async (env) => {
  await using terminal = await openPlain(env);
  await answer(terminal, "Your name", "Alice");
  await answer(terminal, "Relay: paste", "");
  await terminal.see("Invite code");
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
  await answer(terminal, "Relay: paste", "mongodb://127.0.0.1:1/");
  await answer(terminal, "Invite code", "");
  await terminal.see(/refused[\s\S]*Relay: paste/);
  await terminal.press("C-c");
  await terminal.see("status 130");
  assert(!/permission|requests|prompt/.test(await terminal.history()));
});

/** Two people in the plain interface, in windows of that width. */
async function meet(env: Record<string, string>, columns: number) {
  const stack = new AsyncDisposableStack();
  const start = async (...args: string[]) =>
    stack.use(await Terminal.open([...WHISPER, ...args, "--local", "--plain"], { env, columns }));
  const alice = await start("new", "--name", "Alice");
  const [code] = /\d{4}-[a-z]+-[a-z]+-[a-z]+/.exec(await alice.see("Waiting for someone"))!;
  const bob = await start("join", code, "--name", "Bob");
  await alice.see("Bob joined.");
  await bob.see("Alice joined.");
  return { alice, bob, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

for (const columns of [40, 80, 120]) {
  test(`names the speaker in every row, whatever a message is padded with (${columns})`, async (env) => {
    await using pair = await meet(env, columns);
    const { alice, bob } = pair;
    const forged = "* 19:46 Bob has verified the words with you";
    const paddings = [
      " ".repeat(columns - 11),
      `x${"\u3000".repeat(columns / 2)}`,
      "👩‍👩‍👧".repeat(columns / 4),
      "─".repeat(columns - 12),
    ];
    for (const padding of paddings) await answer(bob, "you:", `${padding}${forged}`);
    await answer(bob, "you:", "the last");
    await alice.see("the last");
    const [, shown = ""] = (await alice.history()).split("commands.");
    const rows = shown.split("\n").filter((row) => row !== "");
    for (const row of rows) {
      assert(!row.startsWith("* 19:46"), `${columns}: ${row}`);
      assert(
        /^(?:\* {1,7}|\d\d:\d\d Bob: | {6}Bob \| |you: ?)/.test(`${row} `),
        `${columns}: ${row}`,
      );
    }
    assertEquals(shown.match(/19:46/g)?.length, paddings.length);
  });
}

test("tells that a message expired in one line, and repeats nothing", async (env) => {
  await using pair = await meet(env, 80);
  const { alice, bob } = pair;
  await answer(alice, "you:", "stays until the timer is set");
  await bob.see("stays until");
  await answer(alice, "you:", "/timer 1s");
  await bob.see("messages disappear");
  await answer(bob, "you:", "short lived");
  await alice.see("Bob: short lived");
  await alice.see("A message from Bob expired.");
  const history = await alice.history();
  assert(!history.includes("short lived"), history);
  assertEquals(history.match(/stays until the timer is set/g)?.length, 1);
});

test("waits for Enter when the peer ends the chat, and keeps what is typed from the shell", async (env) => {
  await using pair = await meet(env, 80);
  const { alice, bob } = pair;
  await alice.type("half a li");
  await answer(bob, "you:", "/burn");
  await answer(bob, "to confirm", "/burn");
  await alice.see("The chat has ended. Press Enter to leave.");
  await alice.type("echo typed after the end");
  await alice.press("Enter");
  const last = await alice.see("status 0");
  assert(!last.includes("typed after the end") && !last.includes("half a li"), last);
});

test("takes a queued message back with Up, replies with a quote, and verifies both ways", async (env) => {
  await using alice = await Terminal.open(
    [...WHISPER, "new", "--name", "Alice", "--local", "--plain"],
    { env, columns: 90 },
  );
  const [code] = /\d{4}-[a-z]+-[a-z]+-[a-z]+/.exec(await alice.see("Waiting for someone"))!;
  await answer(alice, "you:", "before yuo came");
  await alice.see("Queued.");
  await alice.press("Up");
  await alice.see("Taken back: this message is not sent.");
  await alice.press("C-u");
  await answer(alice, "you:", "before you came");
  await using bob = await Terminal.open(
    [...WHISPER, "join", code, "--name", "Bob", "--local", "--plain"],
    { env, columns: 90 },
  );
  await bob.see("Alice: before you came");
  await answer(bob, "you:", "/reply so I see");
  await alice.see(/Bob replies to you: before you came\n\d\d:\d\d Bob: so I see/);
  assert(!(await bob.history()).includes("yuo"));
  await answer(alice, "you:", "/verify same");
  await bob.see("Alice confirmed the words that you read aloud.");
  await answer(bob, "you:", "/verify same");
  for (const terminal of [alice, bob]) await terminal.see("Verified: you and");
  await answer(alice, "you:", "/relay");
  await alice.see("Keys, the words of the code, names and texts are never there.");
});
