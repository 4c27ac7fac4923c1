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
import { removeLeftFolder, Terminal } from "./tmux.ts";

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

/** The packages are found in the cache as it is, with any home. */
const { denoDir } = JSON.parse(
  new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()).stdout,
  ),
);

/** Waits until something is seen and the screen stands still. */
async function settled(terminal: Terminal): Promise<string> {
  await terminal.see(/\S/);
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

async function say(terminal: Terminal, text: string): Promise<void> {
  await terminal.type(text);
  await terminal.press("Enter");
}

/** Presses Escape. A key right behind it would be read as a key with Alt. */
async function dismiss(terminal: Terminal): Promise<void> {
  await terminal.press("Escape");
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
}

/** Terminals of one scene; all are closed at its end. */
class Scene implements AsyncDisposable {
  readonly captures: Capture[] = [];
  readonly #stack = new AsyncDisposableStack();
  readonly #folder = Deno.makeTempDirSync();
  readonly #environment: Record<string, string>;

  constructor() {
    this.#environment = {
      DENO_DIR: denoDir,
      XDG_RUNTIME_DIR: `${this.#folder}/run`,
      XDG_CONFIG_HOME: `${this.#folder}/config`,
      HOME: this.#folder,
      LC_ALL: "C.UTF-8",
      TERM: "xterm-256color",
    };
    Deno.mkdirSync(`${this.#folder}/run`, { mode: 0o700 });
    this.#stack.defer(() => removeLeftFolder(this.#folder));
  }

  /** Remembers what is seen once it stands still. */
  async capture(title: string, how: string, terminal: Terminal): Promise<void> {
    const screen = (await settled(terminal)).replaceAll(this.#folder, "/home/alice")
      .replace(/^status (\d+)$/m, "[exit status $1]");
    this.captures.push({ title, how, screen });
    console.log(title);
  }

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
    return this.#stack.use(await Terminal.open(command, { env: this.#environment, ...size }));
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

async function questions(scene: Scene): Promise<void> {
  const alice = await scene.start();
  await scene.capture("The first question", "`whisper`, for the first time.", alice);
  await say(alice, "Alice");
  await scene.capture("Where to meet", "A name was entered.", alice);
  await say(alice, "mongodb://localhost/?tls=maybe");
  await scene.capture(
    "A connection string that cannot be right",
    "`?tls=maybe` was entered.",
    alice,
  );
}

async function joining(scene: Scene): Promise<void> {
  const bob = await scene.start("join", "--local", "--name", "Bob");
  await scene.capture("The code", "`whisper join --local --name Bob`", bob);
  await say(bob, "4821-river-candle-ocean");
  await bob.see("candle");
  await scene.capture("A code with a word that is not in the list", "A code was mistyped.", bob);
}

async function waiting(scene: Scene): Promise<void> {
  const { alice, code } = await scene.host("--local");
  await scene.capture("Waiting", "`whisper new --local --name Alice`", alice);
  const second = await scene.start("--local", "--name", "Bob");
  await second.see(/code/i);
  await scene.capture("A room is waiting on this computer", "`whisper --local --name Bob`", second);
  await second.press("C-c");
  const bob = await scene.start("join", wrong(code), "--name", "Bob", "--local");
  await scene.capture("Wrong code", "Bob typed other words than Alice told him.", bob);
  await scene.capture("Wrong code, at the host", "The same moment, at Alice's terminal.", alice);
  for (let guess = 2; guess <= 3; guess++) {
    const other = await scene.start("join", wrong(code), "--name", "Bob", "--local");
    await settled(other);
  }
  await scene.capture(
    "A code that is no longer valid, at the host",
    "Two more wrong codes.",
    alice,
  );
  const late = await scene.start("join", code, "--name", "Bob", "--local");
  await scene.capture("A code that is no longer valid", "The right code, too late.", late);
  await say(alice, "/invite");
  await scene.capture("A new code", "Alice typed `/invite`.", alice);
}

async function chatting(scene: Scene): Promise<void> {
  const { alice, bob, code } = await scene.chat("--local");
  await scene.capture("A chat begins", "Bob joined with the code.", alice);
  await say(bob, "Hello! Did you find the place?");
  await alice.see("the place?");
  await say(alice, "I did. It is the small house behind the lighthouse.");
  await bob.see("lighthouse.");
  const third = await scene.start("join", code, "--name", "Carol", "--local");
  await scene.capture("A room that is full", "Carol used the same code.", third);
  await scene.capture("Someone else tried to join", "The same moment, at Alice's terminal.", alice);
  await dismiss(alice);
  await say(alice, "/verify");
  await scene.capture("Verify", "Alice typed `/verify`.", alice);
  await dismiss(alice);
  await say(bob, "/reply Then I know it.");
  await alice.see("Then I know it.");
  await scene.capture("A reply", "Bob typed `/reply Then I know it.`", alice);
  await say(alice, "/relay");
  await alice.see("back to the conversation");
  await scene.capture("What the relay sees", "Alice typed `/relay`.", alice);
  await dismiss(alice);
  await say(alice, "/timer 5m");
  await scene.capture("Timer", "Alice typed `/timer 5m`.", alice);
  await scene.capture("Timer, at the peer", "The same moment, at Bob's terminal.", bob);
  await say(alice, "/timer tomorrow");
  await scene.capture("A timer that cannot be", "Alice typed `/timer tomorrow`.", alice);
  await say(alice, "/hlep");
  await scene.capture("An unknown command inside a chat", "Alice typed `/hlep`.", alice);
  await say(alice, "/help");
  await scene.capture("Help inside a chat", "Alice typed `/help`.", alice);
  await dismiss(alice);
  await say(alice, "/who");
  await say(alice, "/relay");
  await scene.capture("Who and relay", "Alice typed `/who` and `/relay`.", alice);
  await dismiss(alice);
  await say(bob, "exit");
  await scene.capture("The peer has left", "Bob typed `exit`.", alice);
  await scene.capture("Left, as the first", "The same moment, at Bob's terminal.", bob);
  await say(alice, "exit");
  await scene.capture("Left, as the last", "Alice typed `exit`, too.", alice);
}

async function together(scene: Scene): Promise<void> {
  const { alice, bob } = await scene.chat("--local");
  for (const terminal of [alice, bob]) await say(terminal, "/verify");
  await alice.see("Listen for:");
  await say(alice, "/verify same");
  await bob.see("Alice confirmed");
  await scene.capture("Verify, confirmed by one", "Alice typed `/verify same`.", bob);
  await bob.see("Listen for:");
  await say(bob, "/verify same");
  await alice.see("encrypted · verified");
  await scene.capture("Verified by both", "Bob typed `/verify same`, too.", alice);
  await say(alice, "The green door behind the lighthouse.");
  await bob.see("lighthouse.");
  await alice.press("C-r");
  await alice.type("green");
  await scene.capture("A search in what was sent", "Ctrl+R, then `green`.", alice);
  await dismiss(alice);
  await say(alice, "/find GREEN");
  await scene.capture("Find", "Alice typed `/find GREEN`.", alice);
  await dismiss(alice);
  await alice.paste(Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n"));
  await scene.capture("A paste", "Alice pasted 40 lines.", alice);
  await alice.press("C-c");
  await scene.capture("Leaving with a draft", "Alice pressed Ctrl+C.", alice);
}

async function files(scene: Scene): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/report.pdf`, new Uint8Array(8_000_000));
    await Deno.mkdir(`${folder}/received`);
    const alice = await scene.start("new", "--local", "--name", "Alice", "--files", folder);
    const [code] = CODE.exec(await alice.see(CODE))!;
    const into = ["--files", `${folder}/received`];
    const bob = await scene.start("join", code, "--local", "--name", "Bob", ...into);
    await bob.see("here: Alice");
    await say(alice, "/send report.pdf");
    await bob.see("/accept");
    await scene.capture("A file is offered", "Alice typed `/send report.pdf`.", bob);
    await say(bob, "/accept");
    const moving = await bob.see(/\d+% of/);
    scene.captures.push({
      title: "A file on its way",
      how: "Bob typed `/accept`.",
      screen: moving.trimEnd(),
    });
    await bob.see("Received report.pdf");
    await scene.capture("A file was saved", "All of it has arrived.", bob);
    await alice.see("Delivered report.pdf");
    await scene.capture("A file was delivered", "The same moment, at Alice's terminal.", alice);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function usedCode(scene: Scene): Promise<void> {
  const { alice, bob, code } = await scene.chat("--local");
  await say(bob, "exit");
  await bob.see("status 0");
  const late = await scene.start("join", code, "--name", "Carol", "--local");
  await scene.capture("A code that was used", "Bob has left; Carol tries the same code.", late);
  await say(alice, "exit");
  await alice.see("status 0");
  const later = await scene.start("join", code, "--name", "Carol", "--local");
  await scene.capture("A code without a room", "Both have left; Carol tries again.", later);
}

async function burning(scene: Scene): Promise<void> {
  const { alice, bob } = await scene.chat("--local");
  await say(bob, "Burn this.");
  await alice.see("Burn this.");
  await say(alice, "/burn");
  await scene.capture("Burn", "Alice typed `/burn`.", alice);
  await say(alice, "/burn");
  await scene.capture("Burn, confirmed", "Alice typed `/burn` again.", alice);
  await scene.capture("Burn, at the peer", "The same moment, at Bob's terminal.", bob);
}

async function plain(scene: Scene): Promise<void> {
  const { alice, bob } = await scene.chat("--local", "--plain");
  await say(bob, "Hello! Did you find the place?");
  await alice.see("the place?");
  await say(alice, "I did.");
  await bob.see("I did.");
  await say(alice, "/verify");
  await settled(alice);
  await say(bob, "exit");
  await scene.capture("A chat line by line", "`--plain`; Bob typed `exit` at the end.", alice);
  await say(alice, "exit");
  await scene.capture("The end, line by line", "Alice left, too.", alice);
}

async function offline(scene: Scene): Promise<void> {
  const args = ["--uri", "mongodb://127.0.0.1:9/", "--name", "Alice"];
  const alice = await scene.start("new", ...args);
  await alice.see(/refused/);
  await scene.capture("A relay that cannot be reached", `\`whisper new ${args.join(" ")}\``, alice);
  await alice.press("Enter");
  await scene.capture("After that", "Enter was pressed.", alice);
  const doctor = await scene.run("doctor", ...args.slice(0, 2));
  await scene.capture(
    "Doctor: unreachable",
    `\`whisper doctor ${args.slice(0, 2).join(" ")}\``,
    doctor,
  );
}

async function overMongodb(scene: Scene): Promise<void> {
  const server = await startReplicaSet({ count: 1 });
  try {
    const doctor = await scene.run("doctor", "--uri", server.uri);
    await scene.capture(
      "Doctor: good",
      "`whisper doctor` at a MongoDB with access control.",
      doctor,
    );
    const forged = server.uri.replace(/:[^:@/]+@/, ":another-password@");
    const bad = await scene.run("doctor", "--uri", forged);
    await scene.capture("Doctor: wrong password", "The same with another password.", bad);
    const refused = await scene.start("new", "--uri", forged, "--name", "Alice");
    await scene.capture("Wrong password", "`whisper new` with that password.", refused);
    const { alice, bob } = await scene.chat("--uri", server.uri);
    await say(bob, "Hello!");
    await alice.see("Hello!");
    const large = await scene.start("new", "--uri", server.uri, "--name", "Alice", "--plain");
    await large.see(CODE);
    await say(large, "/share");
    await scene.capture("Share, in a window that is too small", "Alice typed `/share`.", large);
    await say(large, "exit");
    const [node] = server.nodes;
    server.signal(node!, "SIGSTOP");
    await say(alice, "Are you there?");
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await scene.capture("Reconnecting", "The server stands still; Alice typed a message.", alice);
    server.signal(node!, "SIGCONT");
    await bob.see("Are you there?");
    await scene.capture("Connected again", "The server answers again.", alice);
    await say(alice, "exit");
    await say(bob, "exit");
    await settled(bob);
  } finally {
    await server.stop();
  }
}

async function vanishing(scene: Scene): Promise<void> {
  const { alice, bob } = await scene.chat("--local");
  await bob.killProgram();
  await new Promise((resolve) => setTimeout(resolve, 50_000));
  await scene.capture(
    "The peer has disconnected",
    "Bob's program was killed 50 seconds ago.",
    alice,
  );
}

async function commandLines(scene: Scene): Promise<void> {
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
    await scene.capture(title, `\`whisper ${args.join(" ")}\``, terminal);
  }
}

/** The document. */
function written(captures: readonly Capture[]): string {
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
  together,
  files,
  usedCode,
  burning,
  plain,
  offline,
  overMongodb,
  vanishing,
  commandLines,
};

/** Plays one scene, and returns what it captured before it failed, if it did. */
async function play(name: string, run: (scene: Scene) => Promise<void>): Promise<Capture[]> {
  await using scene = new Scene();
  try {
    await run(scene);
  } catch (error) {
    console.error(`${name} failed: ${error}`);
    Deno.exitCode = 1;
  }
  return scene.captures;
}

const wanted = Object.entries(SCENES)
  .filter(([name]) => Deno.args.length === 0 || Deno.args.includes(name));
const captured = await Promise.all(wanted.map(([name, scene]) => play(name, scene)));
const text = written(captured.flat());
if (Deno.args.length > 0) console.log(text);
else await Deno.writeTextFile(OUTPUT, text);
