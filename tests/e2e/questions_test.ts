/**
 * The questions in a real terminal: a wrong answer is asked for again, and nothing else is.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { CountingProxy } from "../support/counting_proxy.ts";
import {
  isOwnServer,
  mongodAvailable,
  startReplicaSet,
  type TestServer,
} from "../support/mongod.ts";
import { Program } from "../support/program.ts";
import { removeLeftFolder, Terminal, tmuxAvailable } from "../support/tmux.ts";

const MAIN = import.meta.resolve("../../main.ts");
const ignore = !tmuxAvailable && Deno.env.get("CI") !== "true";
const RUN = ["env", "-u", "TMUX", Deno.execPath(), "run", "--allow-all", "--no-check", MAIN];

const hasServer = !isOwnServer && (await mongodAvailable()).ok;

type Env = Record<string, string>;

/** A test in a terminal, with the local relay and the configuration in a folder of its own. */
function inTerminal(
  name: string,
  run: (env: Env, folder: string) => Promise<void>,
  { needsServer = false } = {},
): void {
  Deno.test({
    name,
    ignore: ignore || needsServer && !hasServer,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, LC_ALL: "C.UTF-8" };
        await run(env, folder);
      } finally {
        await removeLeftFolder(folder);
      }
    },
  });
}

/** The same, with a relay in MongoDB. */
function atServer(name: string, run: (env: Env, server: TestServer) => Promise<void>): void {
  const why = hasServer ? "" : " (skipped: no MongoDB server)";
  inTerminal(`${name}${why}`, async (env) => {
    const server = await startReplicaSet({ count: 1 });
    try {
      await run(env, server);
    } finally {
      await server.stop();
    }
  }, { needsServer: true });
}

async function answer(terminal: Terminal, question: RegExp, text: string): Promise<void> {
  await terminal.see(question);
  if (text !== "") await terminal.type(text);
  await terminal.press("Enter");
}

inTerminal(
  "questions: asks again for a relay that refuses and for a wrong code, and for nothing else",
  async (env) => {
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
  },
);

inTerminal(
  "questions: asks for the code of a waiting room before it opens another",
  async (env) => {
    await using alice = new Program(["new", "--name", "Alice", "--local", "--json"], { env });
    const { code } = await alice.line(({ event }) => event === "invite");
    await using bob = await Terminal.open([...RUN, "--plain"], { env });
    await answer(bob, /Your name.*:$/m, "Bob");
    await answer(bob, /Relay: .*:$/m, "");
    await answer(bob, /Invite code.*:$/m, "");
    await answer(bob, /waiting in a room on this computer[^]*Invite code.*:$/m, code);
    await alice.line(({ event }) => event === "ready");
  },
);

atServer("questions: asks again for a wrong database password alone", async (env, server) => {
  const { username, password } = new URL(server.uri);
  const uri = server.uri.replace(/\/\/[^@]*@/, `//${username}@`);
  const size = { rows: 40, columns: 200 };
  await using bob = await Terminal.open([...RUN, "--plain"], { env, ...size });
  await answer(bob, /Your name.*:$/m, "Bob");
  await answer(bob, /Relay: .*:$/m, uri);
  await answer(bob, /Password of .*:$/m, "not-the-password");
  await answer(bob, /Invite code.*:$/m, "");
  await answer(
    bob,
    /Wrong user name or password[^]*Password of .*:$/m,
    decodeURIComponent(password),
  );
  const screen = await bob.see(/Your invite code/);
  for (const question of ["Your name", "Relay: ", "Invite code, or"]) {
    assert(screen.split(question).length === 2, `${question}\n${screen}`);
  }
  assert(!screen.includes(decodeURIComponent(password)), screen);
  await bob.press("C-c");
  await bob.see(/You left/);
});

atServer(
  "questions: a relay link and a code are all that a newcomer is asked for",
  async (env, server) => {
    await using proxy = new CountingProxy();
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", MAIN, "relay", "link", "--uri", server.uri],
      env,
    }).output();
    const link = new TextDecoder().decode(stdout).trim();
    assert(link.startsWith("whisper:"), link);
    await using alice = new Program(["new", "--name", "Alice", "--json"], {
      env: { ...env, WHISPER_URI: link },
    });
    const { code } = await alice.line(({ event }) => event === "invite");
    // Behind a proxy the terminal belongs to a worker: it asks, shows and leaves the same.
    for (const words of [[], ["--proxy", proxy.url]]) {
      await using bob = await Terminal.open([...RUN, ...words], { env, rows: 40, columns: 100 });
      await answer(bob, /Your name.*:$/m, "Bob");
      await answer(bob, /Relay: .*:$/m, link);
      const asked = await bob.see(/Invite code.*:$/m);
      assert(!/password|user:/i.test(asked), asked);
      const last = alice.all("invite").at(-1)!.code;
      await answer(bob, /Invite code.*:$/m, last);
      await bob.see(/Alice joined|end-to-end encrypted/);
      const greeting = words.length > 0 ? "through the proxy" : "hello";
      await bob.type(greeting);
      await bob.press("Enter");
      await alice.line(({ event, text }) => event === "message" && text === greeting);
      await bob.press("C-c");
      await bob.see(/You left[^]*status 0/);
      assertEquals((await bob.modes()).alternateScreen, false);
      if (words.length > 0) break;
      const before = alice.lines.length;
      await alice.line(({ event, peer }) => event === "presence" && peer === "left");
      await alice.tell({ command: "invite" });
      await alice.line(({ event }) => event === "invite", before);
    }
    assert(proxy.asked.length > 0, "the second chat went through the proxy");
    assert(code !== alice.all("invite").at(-1)!.code);
  },
);

inTerminal(
  "join: names the folder of the local relay where no room has the code",
  async (env, folder) => {
    const args = ["join", "9999-river-canyon-ocean", "--name", "Bob", "--local", "--plain"];
    await using bob = await Terminal.open([...RUN, ...args], { env, columns: 160 });
    const screen = await bob.see(/uses another one/);
    assert(screen.includes(folder), screen);
  },
);

inTerminal(
  "join: leaves no file of the local relay when its question is not answered",
  async (env, folder) => {
    const run = [...RUN, "join", "--name", "Bob", "--local", "--plain"].join(" ");
    const left = async () => (await Array.fromAsync(Deno.readDir(`${folder}/whisper`))).length;
    for (const key of ["C-c", "C-d"]) {
      await using bob = await Terminal.open(["sh", "-c", `${run}; echo ended; cat`], { env });
      await bob.see(/Invite code:$/m);
      assert(await left() > 0);
      await bob.press(key);
      await bob.see("ended");
      assertEquals(await left(), 0);
    }
  },
);
