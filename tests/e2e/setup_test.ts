/**
 * `setup.sh` on computers that have little installed: what it downloads, what it starts, and what it
 * prints. Deno and npm are stand-ins that log their calls; everything else is real.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertGoesOn } from "../support/suspending.ts";
import { Terminal, tmuxAvailable } from "../support/tmux.ts";

const ROOT = new URL("../../", import.meta.url);
const NO_SH = Deno.build.os === "windows" ? "no sh" : undefined;
const PINNED = Deno.readTextFileSync(new URL(".dvmrc", ROOT)).trim();
const OLDEST = "2.6.10";
/** Everything that the script may rely on. */
const TOOLS = [
  ...["sh", "cat", "sed", "sort", "head", "uname", "cut", "cksum", "mkdir", "mktemp", "rm", "mv"],
  ...["dirname", "chmod", "cp", "grep", "readlink", "sha256sum", "shasum"],
];
/** What a clone needs to start. */
const FILES = [
  ...["setup.sh", ".dvmrc", "deno.json", "deno.lock", "src/build/deno.sha256"],
  ...["flags", "flags.any"].map((name) => `src/permissions/${name}`),
];

/** A computer: a clone, a home folder, and a PATH with what is installed there. */
class Computer {
  readonly clone: string;
  readonly home: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.clone = `${folder}/my clone`;
    this.home = `${folder}/home`;
    for (const name of [this.home, `${folder}/bin`]) Deno.mkdirSync(name);
    for (const file of FILES) {
      Deno.mkdirSync(`${this.clone}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
      Deno.copyFileSync(new URL(file, ROOT), `${this.clone}/${file}`);
    }
    for (const tool of TOOLS) {
      const path = (Deno.env.get("PATH") ?? "").split(":").map((place) => `${place}/${tool}`)
        .find((path) => exists(path));
      if (path) Deno.symlinkSync(path, `${folder}/bin/${tool}`);
    }
  }

  /** The environment of its programs: nothing of the computer that runs the tests. */
  get env(): Record<string, string> {
    return { PATH: `${this.#folder}/bin:${this.home}/.local/bin`, HOME: this.home };
  }

  /** Puts a program on the PATH. */
  install(name: string, script: string): void {
    const path = `${this.#folder}/bin/${name}`;
    Deno.writeTextFileSync(path, `#!/bin/sh\n${script}`, { mode: 0o755 });
  }

  /** Makes npm "install" this text as the executable of Deno, whose pinned SHA-256 is `sum`. */
  async provideByNpm(deno: string, sum?: string): Promise<void> {
    const text = `#!/bin/sh\n${deno}\n`;
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const target = Deno.build.target.replace("musl", "gnu");
    const line = `${sum ?? new Uint8Array(hash).toHex()}  ${target}\n`;
    await Deno.writeTextFile(`${this.clone}/src/build/deno.sha256`, line);
    this.install(
      "npm",
      `while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/@deno/this-system" "$2/cache"
cat > "$2/node_modules/@deno/this-system/deno" <<'END'
${text}END
chmod 755 "$2/node_modules/@deno/this-system/deno"`,
    );
  }

  /** What was called so far, a line for each call. */
  calls(): string[] {
    const path = `${this.#folder}/calls`;
    return exists(path) ? Deno.readTextFileSync(path).trimEnd().split("\n") : [];
  }

  /** A program that claims to be this Deno, and logs what else it is asked for. */
  deno(version: string): string {
    return `if [ "$1" = --version ]; then echo "deno ${version} (stable)"; exit; fi
for word in "$@"; do printf '<%s>' "$word"; done >> "${this.#folder}/calls"
echo " ${version} [\${WHISPER_COMMAND:-}]" >> "${this.#folder}/calls"
if [ "$1" = install ]; then mkdir -p "$DENO_DIR/npm"; else echo "it starts"; fi`;
  }

  async run(
    command: string,
    args: readonly string[],
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      clearEnv: true,
      env: this.env,
      cwd: this.#folder,
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  setup(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return this.run(`${this.clone}/setup.sh`, args);
  }

  /** What is in `.deno` of the clone. */
  installed(): string[] {
    return [...Deno.readDirSync(`${this.clone}/.deno`)].map(({ name }) => name).sort();
  }

  assertHomeUntouched(): void {
    assertEquals([...Deno.readDirSync(this.home)], []);
  }
}

function test(
  name: string,
  work: (computer: Computer) => Promise<void>,
  why: string | undefined = undefined,
): void {
  const because = NO_SH ?? why;
  Deno.test({
    name: `setup.sh: ${name}${because ? ` (skipped: ${because})` : ""}`,
    ignore: because !== undefined,
    async fn() {
      // As the script sees it, symbolic links resolved.
      const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "whisper-test-" }));
      try {
        await work(new Computer(folder));
      } finally {
        await removeFolder(folder);
      }
    },
  });
}

/** The logged call that starts Whisper with these words. */
function started(computer: Computer, words: string[]): string {
  const flags = ["flags", "flags.any"].flatMap((name) =>
    Deno.readTextFileSync(new URL(`src/permissions/${name}`, ROOT)).trim().split("\n")
  );
  const all = ["run", ...flags.reverse(), `${computer.clone}/main.ts`, ...words];
  return all.map((word) => `<${word}>`).join("");
}

function task(computer: Computer, ...words: string[]): string {
  const config = `${computer.clone}/deno.json`;
  return ["task", "--quiet", "--config", config, ...words].map((word) => `<${word}>`).join("");
}

test("starts Whisper with the installed Deno and unchanged arguments", async (computer) => {
  computer.install("deno", computer.deno(OLDEST));
  const words = ["--name", "A b", "", "it's", "*", "chat"];
  const { code, stdout } = await computer.setup("chat", ...words);
  assertEquals([code, stdout], [0, "it starts\n"]);
  const command = `${computer.clone}/setup.sh chat`;
  assertEquals(computer.calls(), [
    `<install><--quiet><--frozen> ${OLDEST} []`,
    `${started(computer, words)} ${OLDEST} [${command}]`,
  ]);
  assertEquals(computer.installed(), ["cache", "installed"]);
  computer.assertHomeUntouched();
});

test("chat:any starts Whisper as chat does", async (computer) => {
  computer.install("deno", computer.deno(PINNED));
  assertEquals((await computer.setup("chat:any", "new")).code, 0);
  const command = `${computer.clone}/setup.sh chat`;
  const expected = `${started(computer, ["new"])} ${PINNED} [${command}]`;
  assertEquals(computer.calls().at(-1), expected);
});

test('takes a command of Whisper without "chat", and a task of deno.json', async (computer) => {
  computer.install("deno", computer.deno(PINNED));
  await computer.setup("doctor", "--local");
  const command = `${computer.clone}/setup.sh chat`;
  const whisper = `${started(computer, ["doctor", "--local"])} ${PINNED} [${command}]`;
  assertEquals(computer.calls().at(-1), whisper);
  await computer.setup("bench", "start");
  assertEquals(computer.calls().at(-1), `${task(computer, "bench", "start")} ${PINNED} []`);
  // An entry of deno.json that is not a task, and a pattern that would match one.
  for (const word of ["cborg", ".*"]) {
    await computer.setup(word);
    assertStringIncludes(computer.calls().at(-1)!, `/main.ts><${word}>`);
  }
});

test("works through a symbolic link to a symbolic link", async (computer) => {
  computer.install("deno", computer.deno(PINNED));
  await Deno.symlink(`my clone/setup.sh`, `${computer.clone}/../first`);
  await Deno.symlink(`../first`, `${computer.home}/second`);
  const { code } = await computer.run(`${computer.home}/second`, ["chat", "new"]);
  assertEquals(code, 0);
  const expected = `${started(computer, ["new"])} ${PINNED} [${computer.home}/second chat]`;
  assertEquals(computer.calls().at(-1), expected);
});

test("downloads the packages once for each lock file and cache", async (computer) => {
  computer.install("deno", computer.deno(PINNED));
  const installs = () => computer.calls().filter((call) => call.startsWith("<install>")).length;
  await computer.setup("chat");
  const again = await computer.setup("chat");
  assertEquals([again.stderr, installs()], ["", 1]);
  await Deno.writeTextFile(`${computer.clone}/deno.lock`, "{}");
  await computer.setup("chat");
  assertEquals(installs(), 2);
  await Deno.remove(`${computer.clone}/.deno/cache`, { recursive: true });
  await computer.setup("chat");
  assertEquals(installs(), 3);
});

test("prints a short help that needs no Deno", async (computer) => {
  for (const words of [[], ["--help"], ["-h"]]) {
    const { code, stdout, stderr } = await computer.setup(...words);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /setup\.sh chat join CODE .*\n/);
    assert(stdout.split("\n").length < 20, "it fits on a screen");
  }
  assert(!exists(`${computer.clone}/.deno`), "nothing is downloaded");
});

test("says what is missing without Deno, curl and npm", async (computer) => {
  for (const _ of ["without Deno", "with an old one"]) {
    const { code, stdout, stderr } = await computer.setup("chat");
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /needs Deno 2\.6\.10 or newer, or curl or npm/);
    assert(!exists(`${computer.clone}/.deno`), "nothing is left behind");
    computer.install("deno", computer.deno("2.6.9"));
  }
  assertEquals(computer.calls(), []);
});

test("installs Deno through npm into the clone, and nothing else", async (computer) => {
  computer.install("curl", "exit 7");
  await computer.provideByNpm(computer.deno(PINNED));
  const { code, stdout, stderr } = await computer.setup("chat");
  assertEquals([code, stdout], [0, "it starts\n"]);
  assertMatch(stderr, /through npm/);
  assertEquals(computer.installed(), ["bin", "cache", "installed"]);
  computer.assertHomeUntouched();
  assertEquals((await computer.setup("chat")).stderr, "");
});

test("refuses a Deno whose checksum is not the pinned one", async (computer) => {
  computer.install("curl", "exit 7");
  await computer.provideByNpm(computer.deno(PINNED), "0".repeat(64));
  const { code, stderr } = await computer.setup("chat");
  assertEquals(code, 1);
  assertMatch(stderr, /doesn't match its SHA-256 in src\/build\/deno\.sha256/);
  assertEquals([...Deno.readDirSync(`${computer.clone}/.deno/bin`)], []);
  assertEquals(computer.calls(), [], "it was never started");
});

test("reports a failed download of Deno", async (computer) => {
  computer.install("curl", "exit 7");
  computer.install("npm", 'echo "npm says why"; exit 1');
  const { code, stderr } = await computer.setup("chat");
  assertEquals(code, 1);
  assertMatch(stderr, /npm says why/);
  assertMatch(
    stderr,
    /Can't download Deno .*, neither from dl\.deno\.land \(with curl\) nor through/,
  );
  assertEquals([...Deno.readDirSync(`${computer.clone}/.deno/bin`)], []);
});

test("runs the tests with the pinned Deno only", async (computer) => {
  computer.install("deno", computer.deno("99.0.0"));
  assertEquals((await computer.setup("test")).code, 1);
  assertEquals((await computer.setup("chat")).code, 0);
  computer.install("deno", computer.deno(PINNED));
  assertEquals((await computer.setup("test", "--filter", "x")).code, 0);
  assertEquals(computer.calls().at(-1), `${task(computer, "ok", "--filter", "x")} ${PINNED} []`);
});

test("install adds a command that works anywhere, and uninstall removes it", async (computer) => {
  computer.install("deno", computer.deno(PINNED));
  const path = `${computer.home}/.local/bin/whisper`;
  const installed = await computer.setup("install");
  assertEquals(installed.code, 0);
  assertStringIncludes(installed.stderr, `Installed ${path}.`);
  assertMatch(installed.stderr, /Start Whisper in any folder with: whisper\n/);
  const { code, stdout } = await computer.run(path, ["join", "a code"]);
  assertEquals([code, stdout], [0, "it starts\n"]);
  const expected = `${started(computer, ["join", "a code"])} ${PINNED} [whisper]`;
  assertEquals(computer.calls().at(-1), expected);
  assertMatch((await computer.setup("install")).stderr, /^Already installed: /m);
  const removed = await computer.setup("uninstall");
  assertEquals([removed.code, removed.stderr], [0, `Removed ${path}.\n`]);
  assertEquals([...Deno.readDirSync(`${computer.home}/.local/bin`)], []);
  assertMatch((await computer.setup("uninstall")).stderr, /No command is installed/);
});

test("install leaves another program of that name alone", async (computer) => {
  computer.install("deno", computer.deno(PINNED));
  computer.install("whisper", "echo another");
  const { code, stderr } = await computer.setup("install");
  assertEquals(code, 0);
  assertMatch(stderr, /Start Whisper in any folder with: whisper-chat\n/);
  await computer.run(`${computer.home}/.local/bin/whisper-chat`, []);
  assertMatch(computer.calls().at(-1)!, / \[whisper-chat\]$/);
  await computer.setup("uninstall");
  assertEquals([...Deno.readDirSync(`${computer.home}/.local/bin`)], []);
});

test("the first chat on a terminal offers the command once", async (computer) => {
  computer.install("deno", computer.deno(PINNED));
  const { clone, env, home } = computer;
  // A login shell of the test's own user must not add to the environment.
  const command = ["env", "-i", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const SIZE = { columns: 200 };
  const QUESTION = "works in any folder? [y/N]";
  {
    await using terminal = await Terminal.open([...command, `${clone}/setup.sh`, "chat"], SIZE);
    await terminal.see(QUESTION);
    await terminal.press("Enter");
    const screen = await terminal.see("status 0");
    assertMatch(screen, /add it later with: .*setup\.sh install/);
    assertMatch(screen, /it starts/);
    assert(!exists(`${home}/.local`), "nothing is installed without consent");
  }
  {
    await using terminal = await Terminal.open([...command, `${clone}/setup.sh`, "chat"], SIZE);
    assert(!(await terminal.see("status 0")).includes(QUESTION));
  }
  await Deno.remove(`${clone}/.deno/offered`);
  {
    await using terminal = await Terminal.open([...command, `${clone}/setup.sh`, "chat"], SIZE);
    await terminal.see(QUESTION);
    await terminal.type("y");
    await terminal.press("Enter");
    await terminal.see("status 0");
    assert(exists(`${home}/.local/bin/whisper`));
  }
}, tmuxAvailable ? undefined : "no tmux");

/** The clone that runs these tests, where setup.sh has prepared it. */
const own = new URL(".", ROOT).pathname.slice(0, -1);
const notPrepared = await isPrepared() ? undefined : "not started by setup.sh";

/** Whether setup.sh has nothing to download. */
async function isPrepared(): Promise<boolean> {
  const path = `${own}/.deno/installed`;
  if (NO_SH || !exists(path)) return false;
  const command = 'cksum < "$1/deno.lock"';
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command, "sh", own] }).output();
  return new TextDecoder().decode(stdout) === await Deno.readTextFile(path);
}

/** A command before a command that has no network. */
const OFFLINE = ["unshare", "--map-root-user", "--net"];
const notOffline = await new Deno.Command(OFFLINE[0]!, { args: [...OFFLINE.slice(1), "true"] })
  .output().then(({ success }) => success ? undefined : "no namespaces", () => "no unshare");

/** Only GNU's env blocks signals. */
const notBlocked = await new Deno.Command("env", { args: ["--block-signal=USR1", "true"] })
  .output().then(({ success }) => success ? undefined : "env blocks no signals", () => "no env");

test("starts offline with a new home folder", async (computer) => {
  const command = [...OFFLINE.slice(1), `${own}/setup.sh`, "chat", "doctor", "--local", "--json"];
  const { code, stdout, stderr } = await new Deno.Command(OFFLINE[0]!, {
    args: command,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: computer.home, XDG_RUNTIME_DIR: computer.home },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([code, text(stderr)], [0, ""]);
  assertMatch(text(stdout), /"ready":true/);
  assertEquals([...Deno.readDirSync(computer.home)].map(({ name }) => name), ["whisper"]);
}, notPrepared ?? notOffline);

for (const isPlain of [false, true]) {
  const interface_ = isPlain ? "plain" : "full screen";
  test(
    `a chat goes on with fg after SIGTSTP, SIGSTOP and Ctrl+Z, ${interface_}`,
    async ({ home }) => {
      const env = { HOME: home, XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home };
      const waitsForAway = !isPlain && Deno.env.get("SOAK") === "1";
      await assertGoesOn(`'${own}/setup.sh' chat`, env, {
        isPlain,
        maySuspend: true,
        waitsForAway,
      });
    },
    notPrepared ?? (tmuxAvailable ? undefined : "no tmux"),
  );
}

test(
  "starts a chat in which SIGUSR1 opens no debugger",
  async ({ home }) => {
    const env = { HOME: home, XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home };
    const command = [`${own}/setup.sh`, "chat", "new", "--local", "--plain", "--name", "Alice"];
    await using terminal = await Terminal.open(command, { env });
    await terminal.see(/\d{4}-[a-z]+-/);
    // Deno listens to the signal half a second after its start.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await terminal.signal("USR1");
    for (const text of ["/help", "/exit"]) {
      await terminal.type(text);
      await terminal.press("Enter");
      if (text === "/help") await terminal.see("/burn");
    }
    const screen = await terminal.see("Nothing remains on the relay");
    assertEquals(screen.includes("Debugger"), false, screen);
  },
  notPrepared ?? (tmuxAvailable ? notBlocked : "no tmux"),
);

test(
  "Ctrl+Z stops a chat whose input is not the terminal, and fg continues it",
  async (computer) => {
    const env = { HOME: computer.home, XDG_RUNTIME_DIR: computer.home, PS1: "$ " };
    await using terminal = await Terminal.open(["bash", "--norc", "-i"], { env });
    const chat = `'${own}/setup.sh' chat new --local --plain --name Alice`;
    await terminal.type(`sleep 1000 | ${chat}`);
    await terminal.press("Enter");
    await terminal.see(/\d{4}-[a-z]+-/);
    await terminal.press("C-z");
    await terminal.see("Stopped");
    await terminal.type("echo the shell is $((40 + 2))");
    await terminal.press("Enter");
    await terminal.see("the shell is 42");
    await terminal.type("fg");
    await terminal.press("Enter");
    // Ctrl+C before the chat is in the foreground again would be for the shell.
    await terminal.see(/fg\s+sleep 1000/);
    await terminal.press("C-c");
    await terminal.type("echo it ended with $?");
    await terminal.press("Enter");
    await terminal.see(/it ended with \d/);
  },
  notPrepared ?? (tmuxAvailable ? undefined : "no tmux"),
);

/** Removes a folder, also where a program that is just ending still removes files of its own there. */
async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
