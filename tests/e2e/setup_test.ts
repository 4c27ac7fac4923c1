/**
 * `setup.sh` on machines that have little: what it fetches, what it starts, and what it says. Deno and
 * npm are stand-ins that note how they are called; everything else is real.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const ignore = Deno.build.os === "windows";
const skip = ignore ? " (skipped: no sh)" : "";
const PINNED = Deno.readTextFileSync(new URL(".dvmrc", ROOT)).trim();
/** All that the script may rely on. */
const TOOLS = [
  ...["sh", "cat", "sed", "sort", "head", "uname", "cut", "cksum", "mkdir", "mktemp", "rm", "mv"],
  ...["dirname", "chmod", "cp"],
];

/** A machine: a clone, a home, and a PATH with what is installed there. */
class Machine {
  readonly clone: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.clone = `${folder}/my clone`;
    for (const name of [this.clone, `${folder}/home`, `${folder}/bin`]) Deno.mkdirSync(name);
    for (const file of ["setup.sh", ".dvmrc", "deno.lock"]) {
      Deno.copyFileSync(new URL(file, ROOT), `${this.clone}/${file}`);
    }
    for (const tool of TOOLS) {
      const path = (Deno.env.get("PATH") ?? "").split(":").map((place) => `${place}/${tool}`)
        .find((path) => isThere(path));
      if (path) Deno.symlinkSync(path, `${folder}/bin/${tool}`);
    }
  }

  /** Puts a program on the PATH. */
  install(name: string, script: string): void {
    const path = `${this.#folder}/bin/${name}`;
    Deno.writeTextFileSync(path, `#!/bin/sh\n${script}`, { mode: 0o755 });
  }

  /** What was called so far, a line for each call. */
  calls(): string[] {
    const path = `${this.#folder}/calls`;
    return isThere(path) ? Deno.readTextFileSync(path).trimEnd().split("\n") : [];
  }

  /** A program that says it is this Deno, and notes what else it is asked for. */
  deno(version: string): string {
    return `if [ "$1" = --version ]; then echo "deno ${version} (stable)"; exit; fi
for word in "$@"; do printf '<%s>' "$word"; done >> "${this.#folder}/calls"
echo " ${version}" >> "${this.#folder}/calls"
[ "$1" = install ] || echo "the task speaks"`;
  }

  async setup(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code, stdout, stderr } = await new Deno.Command(`${this.clone}/setup.sh`, {
      args,
      clearEnv: true,
      env: { PATH: `${this.#folder}/bin`, HOME: `${this.#folder}/home` },
      cwd: this.#folder,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  /** Nothing is left in the home of whoever starts it. */
  assertHomeUntouched(): void {
    assertEquals([...Deno.readDirSync(`${this.#folder}/home`)], []);
  }
}

function test(name: string, work: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name: `setup.sh: ${name}${skip}`,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
      try {
        await work(new Machine(folder));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

function task(machine: Machine, ...words: string[]): string {
  const config = `${machine.clone}/deno.json`;
  return ["task", "--quiet", "--config", config, ...words].map((word) => `<${word}>`).join("");
}

test("starts the task with the Deno that is there, arguments as they are", async (machine) => {
  machine.install("deno", machine.deno("2.4.2"));
  const words = ["chat", "--name", "A b", "", "it's", "*"];
  const { code, stdout } = await machine.setup(...words);
  assertEquals([code, stdout], [0, "the task speaks\n"]);
  assertEquals(machine.calls(), [
    "<install><--quiet><--frozen> 2.4.2",
    `${task(machine, ...words)} 2.4.2`,
  ]);
  machine.assertHomeUntouched();
});

test("fetches the packages once for each lock file", async (machine) => {
  machine.install("deno", machine.deno(PINNED));
  const installs = () => machine.calls().filter((call) => call.startsWith("<install>")).length;
  await machine.setup("chat");
  const again = await machine.setup("chat");
  assertEquals([again.stderr, installs()], ["", 1]);
  await Deno.writeTextFile(`${machine.clone}/deno.lock`, "{}");
  await machine.setup("chat");
  assertEquals(installs(), 2);
});

test("says what is missing where there is neither Deno, nor curl or npm", async (machine) => {
  for (const _ of ["without Deno", "with an old one"]) {
    const { code, stdout, stderr } = await machine.setup("chat");
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /neither Deno, nor curl or npm/);
    assert(!isThere(`${machine.clone}/.deno`), "nothing is left behind");
    machine.install("deno", machine.deno("2.4.1"));
  }
  assertEquals(machine.calls(), []);
});

test("gets Deno through npm into the clone, and keeps nothing else of it", async (machine) => {
  machine.install("curl", "exit 7");
  machine.install(
    "npm",
    `while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/@deno/this-system" "$2/cache"
cat > "$2/node_modules/@deno/this-system/deno" <<'END'
#!/bin/sh
${machine.deno(PINNED)}
END
chmod 755 "$2/node_modules/@deno/this-system/deno"`,
  );
  const { code, stdout, stderr } = await machine.setup("chat");
  assertEquals([code, stdout], [0, "the task speaks\n"]);
  assertMatch(stderr, /through npm/);
  const kept = [...Deno.readDirSync(`${machine.clone}/.deno`)].map(({ name }) => name).sort();
  assertEquals(kept, ["bin", "installed"]);
  machine.assertHomeUntouched();
  assertEquals((await machine.setup("chat")).stderr, "");
});

test("says so when nothing could be fetched", async (machine) => {
  machine.install("curl", "exit 7");
  machine.install("npm", 'echo "npm says why"; exit 1');
  const { code, stderr } = await machine.setup("chat");
  assertEquals(code, 1);
  assertMatch(stderr, /npm says why/);
  assertMatch(stderr, /Cannot fetch Deno .*: neither Deno's own host \(with curl\) nor npm/);
  assertEquals([...Deno.readDirSync(`${machine.clone}/.deno/bin`)], []);
});

test("tests with the pinned Deno alone", async (machine) => {
  machine.install("deno", machine.deno("99.0.0"));
  const other = await machine.setup("test");
  assertEquals(other.code, 1);
  machine.install("deno", machine.deno(PINNED));
  assertEquals((await machine.setup("test", "--filter", "x")).code, 0);
  assertEquals(machine.calls().at(-1), `${task(machine, "ok", "--filter", "x")} ${PINNED}`);
});

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
