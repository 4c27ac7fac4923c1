/**
 * Captures what people see, from real programs in real terminals, into docs/dev/screens.md, so that
 * the wording can be reviewed in one sitting.
 *
 *     deno task screens
 *
 * Needs tmux and a mongod (found as for the tests).
 *
 * @module
 */
import { startReplicaSet } from "./mongod.ts";
import { Terminal } from "./tmux.ts";

const ROOT = new URL("../../", import.meta.url);
const OUTPUT = new URL("docs/dev/screens.md", ROOT);
const WHISPER = [
  ...["env", "-u", "TMUX", Deno.execPath(), "run", "--allow-all", "--no-check"],
  new URL("main.ts", ROOT).href,
];
const CODE = /\b(\d{4,})-([a-z]+)-([a-z]+)-([a-z]+)\b/;
/** A screen counts as finished when it has not changed for so long. */
const SETTLED_MS = 1_500;
/** A screen with a clock in it never settles. */
const MAX_SETTLING_MS = 6_000;
const LOOK_MS = 100;
const SIZE = { columns: 80, rows: 24 };
const LONG_ROWS = 80;

/** One capture: a heading, what leads there, and what is seen. */
interface Capture {
  readonly title: string;
  readonly how: string;
  readonly screen: string;
}

const captures: Capture[] = [];
const folder = await Deno.makeTempDir();
/** The packages are found in the cache as it is, with any home. */
const { denoDir } = JSON.parse(
  new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()).stdout,
  ),
);
const environment: Record<string, string> = {
  DENO_DIR: denoDir,
  XDG_RUNTIME_DIR: `${folder}/run`,
  XDG_CONFIG_HOME: `${folder}/config`,
  HOME: folder,
  LC_ALL: "C.UTF-8",
  TERM: "xterm-256color",
};

await Deno.mkdir(environment.XDG_RUNTIME_DIR!, { mode: 0o700 });

/** Waits until the screen stands still. */
async function settled(terminal: Terminal): Promise<string> {
  const end = performance.now() + MAX_SETTLING_MS;
  let last = await terminal.screen();
  let since = performance.now();
  while (performance.now() - since < SETTLED_MS && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await terminal.screen();
    if (now !== last) [last, since] = [now, performance.now()];
  }
  return last;
}

async function capture(title: string, how: string, terminal: Terminal): Promise<void> {
  const screen = (await settled(terminal)).replaceAll(folder, "/home/alice")
    .replace(/^status (\d+)$/m, "[exit status $1]");
  captures.push({ title, how, screen });
  console.log(title);
}

async function say(terminal: Terminal, text: string): Promise<void> {
  await terminal.type(text);
  await terminal.press("Enter");
}

/** Terminals of one scene; all are closed at its end. */
class Scene implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  /** Starts Whisper in a terminal. */
  async start(...args: string[]): Promise<Terminal> {
    return await this.#open(args, SIZE);
  }

  /** Runs a command to its end, in a window that is long enough for all it writes. */
  async run(...args: string[]): Promise<Terminal> {
    const terminal = await this.#open(args, { ...SIZE, rows: LONG_ROWS });
    await terminal.see(/^status \d/m);
    return terminal;
  }

  async #open(args: readonly string[], size: typeof SIZE): Promise<Terminal> {
    const command = [...WHISPER, ...args];
    return this.#stack.use(await Terminal.open(command, { env: environment, ...size }));
  }

  /** A host who waits, and the code. */
  async host(...args: string[]): Promise<{ alice: Terminal; code: string }> {
    const alice = await this.start("new", "--name", "Alice", ...args);
    const [code] = CODE.exec(await alice.see(CODE))!;
    return { alice, code };
  }

  /** Two people in a chat. */
  async chat(...args: string[]): Promise<{ alice: Terminal; bob: Terminal; code: string }> {
    const { alice, code } = await this.host(...args);
    const bob = await this.start("join", code, "--name", "Bob", ...args);
    await alice.see("Bob");
    await bob.see("Alice");
    return { alice, bob, code };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** A code of the same room with other words. */
function wrong(code: string): string {
  const [, nameplate] = CODE.exec(code)!;
  return `${nameplate}-zebra-zero-zoo`;
}

async function questions(): Promise<void> {
  await using scene = new Scene();
  const alice = await scene.start();
  await capture("The first question", "`whisper`, for the first time.", alice);
  await say(alice, "Alice");
  await capture("Where to meet", "A name was entered.", alice);
  await say(alice, "mongodb://localhost/?tls=maybe");
  await capture("A connection string that cannot be right", "`?tls=maybe` was entered.", alice);
}

async function joining(): Promise<void> {
  await using scene = new Scene();
  const bob = await scene.start("join", "--local", "--name", "Bob");
  await capture("The code", "`whisper join --local --name Bob`", bob);
  await say(bob, "4821-river-candle-ocean");
  await capture("A code with a word that is not in the list", "A code was mistyped.", bob);
}

async function waiting(): Promise<void> {
  await using scene = new Scene();
  const { alice, code } = await scene.host("--local");
  await capture("Waiting", "`whisper new --local --name Alice`", alice);
  const second = await scene.start("--local", "--name", "Bob");
  await capture("A room is waiting on this computer", "`whisper --local --name Bob`", second);
  await second.press("C-c");
  const bob = await scene.start("join", wrong(code), "--name", "Bob", "--local");
  await capture("Wrong code", "Bob typed other words than Alice told him.", bob);
  await capture("Wrong code, at the host", "The same moment, at Alice's terminal.", alice);
  for (let guess = 2; guess <= 3; guess++) {
    const other = await scene.start("join", wrong(code), "--name", "Bob", "--local");
    await settled(other);
  }
  await capture("A code that is no longer valid, at the host", "Two more wrong codes.", alice);
  const late = await scene.start("join", code, "--name", "Bob", "--local");
  await capture("A code that is no longer valid", "The right code, too late.", late);
  await say(alice, "/invite");
  await capture("A new code", "Alice typed `/invite`.", alice);
}

async function chatting(): Promise<void> {
  await using scene = new Scene();
  const { alice, bob, code } = await scene.chat("--local");
  await capture("A chat begins", "Bob joined with the code.", alice);
  await say(bob, "Hello! Did you find the place?");
  await alice.see("the place?");
  await say(alice, "I did. It is the small house behind the lighthouse.");
  await bob.see("lighthouse.");
  const third = await scene.start("join", code, "--name", "Carol", "--local");
  await capture("A room that is full", "Carol used the same code.", third);
  await capture("Someone else tried to join", "The same moment, at Alice's terminal.", alice);
  await alice.press("Escape");
  await say(alice, "/verify");
  await capture("Verify", "Alice typed `/verify`.", alice);
  await alice.press("Escape");
  await say(alice, "/timer 5m");
  await capture("Timer", "Alice typed `/timer 5m`.", alice);
  await capture("Timer, at the peer", "The same moment, at Bob's terminal.", bob);
  await say(alice, "/timer tomorrow");
  await capture("A timer that cannot be", "Alice typed `/timer tomorrow`.", alice);
  await say(alice, "/hlep");
  await capture("An unknown command inside a chat", "Alice typed `/hlep`.", alice);
  await say(alice, "/help");
  await capture("Help inside a chat", "Alice typed `/help`.", alice);
  await alice.press("Escape");
  await say(alice, "/who");
  await say(alice, "/relay");
  await capture("Who and relay", "Alice typed `/who` and `/relay`.", alice);
  await alice.press("Escape");
  await say(bob, "exit");
  await capture("The peer has left", "Bob typed `exit`.", alice);
  await capture("Left, as the first", "The same moment, at Bob's terminal.", bob);
  await say(alice, "exit");
  await capture("Left, as the last", "Alice typed `exit`, too.", alice);
}

async function usedCode(): Promise<void> {
  await using scene = new Scene();
  const { alice, bob, code } = await scene.chat("--local");
  await say(bob, "exit");
  await bob.see("status 0");
  const late = await scene.start("join", code, "--name", "Carol", "--local");
  await capture("A code that was used", "Bob has left; Carol tries the same code.", late);
  await say(alice, "exit");
  await alice.see("status 0");
  const later = await scene.start("join", code, "--name", "Carol", "--local");
  await capture("A code without a room", "Both have left; Carol tries again.", later);
}

async function burning(): Promise<void> {
  await using scene = new Scene();
  const { alice, bob } = await scene.chat("--local");
  await say(bob, "Burn this.");
  await alice.see("Burn this.");
  await say(alice, "/burn");
  await capture("Burn", "Alice typed `/burn`.", alice);
  await say(alice, "/burn");
  await capture("Burn, confirmed", "Alice typed `/burn` again.", alice);
  await capture("Burn, at the peer", "The same moment, at Bob's terminal.", bob);
}

async function plain(): Promise<void> {
  await using scene = new Scene();
  const { alice, bob } = await scene.chat("--local", "--plain");
  await say(bob, "Hello! Did you find the place?");
  await alice.see("the place?");
  await say(alice, "I did.");
  await bob.see("I did.");
  await say(alice, "/verify");
  await settled(alice);
  await say(bob, "exit");
  await capture("A chat line by line", "`--plain`; Bob typed `exit` at the end.", alice);
  await say(alice, "exit");
  await capture("The end, line by line", "Alice left, too.", alice);
}

async function offline(): Promise<void> {
  await using scene = new Scene();
  const args = ["--uri", "mongodb://127.0.0.1:9/", "--name", "Alice"];
  const alice = await scene.run("new", ...args);
  await capture("A relay that cannot be reached", `\`whisper new ${args.join(" ")}\``, alice);
  const doctor = await scene.run("doctor", ...args.slice(0, 2));
  await capture("Doctor: unreachable", `\`whisper doctor ${args.slice(0, 2).join(" ")}\``, doctor);
}

async function overMongodb(): Promise<void> {
  await using scene = new Scene();
  const server = await startReplicaSet({ count: 1 });
  try {
    const doctor = await scene.run("doctor", "--uri", server.uri);
    await capture("Doctor: good", "`whisper doctor` at a MongoDB with access control.", doctor);
    const forged = server.uri.replace(/:[^:@/]+@/, ":another-password@");
    const bad = await scene.run("doctor", "--uri", forged);
    await capture("Doctor: wrong password", "The same with another password.", bad);
    const refused = await scene.start("new", "--uri", forged, "--name", "Alice");
    await capture("Wrong password", "`whisper new` with that password.", refused);
    const { alice, bob } = await scene.chat("--uri", server.uri);
    await say(bob, "Hello!");
    await alice.see("Hello!");
    const [node] = server.nodes;
    server.signal(node!, "SIGSTOP");
    await say(alice, "Are you there?");
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await capture("Reconnecting", "The server stands still; Alice typed a message.", alice);
    server.signal(node!, "SIGCONT");
    await bob.see("Are you there?");
    await capture("Connected again", "The server answers again.", alice);
    await say(alice, "exit");
    await say(bob, "exit");
    await settled(bob);
  } finally {
    await server.stop();
  }
}

async function vanishing(): Promise<void> {
  await using scene = new Scene();
  const { alice, bob } = await scene.chat("--local");
  await bob.killProgram();
  await new Promise((resolve) => setTimeout(resolve, 50_000));
  await capture("The peer has vanished", "Bob's program was killed 50 seconds ago.", alice);
}

async function commandLines(): Promise<void> {
  await using scene = new Scene();
  for (
    const [title, ...args] of [
      ["Help", "--help"],
      ["Help of a command", "join", "--help"],
      ["Exit statuses", "help", "exit-codes"],
      ["An unknown command", "jion"],
      ["An unknown flag", "new", "--lokal"],
      ["Doctor: one computer", "doctor", "--local"],
      ["Settings", "config", "set", "name", "Alice"],
    ] as const
  ) {
    const terminal = await scene.run(...args);
    await capture(title, `\`whisper ${args.join(" ")}\``, terminal);
  }
}

/** The document. */
function written(): string {
  return [
    "# Screens",
    "",
    "What people see, captured from real programs in real terminals of 80 columns, to review the",
    "wording in one sitting. `deno task screens` makes this page again.",
    "",
    ...captures.flatMap(({ title, how, screen }, index) => [
      `## ${index + 1}. ${title}`,
      "",
      how,
      "",
      "```text",
      screen,
      "```",
      "",
    ]),
  ].join("\n");
}

const SCENES = {
  questions,
  joining,
  waiting,
  chatting,
  usedCode,
  burning,
  plain,
  offline,
  overMongodb,
  vanishing,
  commandLines,
};

try {
  const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(SCENES);
  for (const [name, scene] of Object.entries(SCENES)) if (wanted.includes(name)) await scene();
  if (Deno.args.length > 0) console.log(written());
  else await Deno.writeTextFile(OUTPUT, written());
} finally {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
}
