/**
 * The compiled program: two of them chat, with the permissions that were compiled in and no others.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { compile } from "../../src/build/compile.ts";
import { VERSION } from "../../src/version.ts";
import { makeAuthority, signServer } from "../support/certificate.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { whyNoCompiling } from "../support/denort.ts";
import { isInstalled } from "../support/installed.ts";
import { isOwnServer, mongodAvailable, startReplicaSet } from "../support/mongod.ts";
import { Program } from "../support/program.ts";
import { assertGoesOn } from "../support/suspending.ts";
import { removeLeftFolder, Terminal, tmuxAvailable } from "../support/tmux.ts";

const SOAK = Deno.env.get("SOAK") === "1";
const why = await whyNoCompiling();
const mongod = await mongodAvailable();
const whyNoServer = mongod.ok ? isOwnServer ? "a server of one's own" : undefined : mongod.why;
const straceAvailable = await isInstalled("strace");
/** What the system, Deno's runtime and its libraries look at by themselves. */
const SYSTEM = /^\/(?:proc|sys|lib|lib64|usr\/lib|dev\/u?random|etc\/(?:ld\.so|localtime))/;
/** The programs outlive the tests between the first and the last; nothing else may. */
const OUTLIVING = { sanitizeOps: false, sanitizeResources: false };

/** Where the programs are compiled into. */
let folder = "";
const programs = { any: "", atlas: "" };

function test(
  name: string,
  fn: () => Promise<void>,
  options: Partial<Deno.TestDefinition> & { why?: string | undefined } = {},
): void {
  const { why: because = why, ...others } = options;
  const skip = because === undefined ? "" : ` (skipped: ${because})`;
  Deno.test({ name: `compiled: ${name}${skip}`, ignore: because !== undefined, fn, ...others });
}

test("compiles the programs", async () => {
  folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
  programs.any = await compile({ folder });
  programs.atlas = await compile({ folder, atlas: true });
  assertEquals([...Deno.readDirSync(folder)].length, 2, "nothing else is left in the folder");
}, OUTLIVING);

test("compile: makes the same bytes in another folder at another time", async () => {
  const other = await Deno.makeTempDir({ prefix: "whisper-test-another-name-" });
  try {
    const [first, second] = [programs.any, await compile({ folder: other })];
    const { stdout } = await new Deno.Command("cmp", { args: [first, second] }).output();
    assertEquals(new TextDecoder().decode(stdout), "");
  } finally {
    await Deno.remove(other, { recursive: true });
  }
});

test("prints its version", async () => {
  const { code, stdout } = await output(programs.any, ["--version"]);
  assertEquals(code, 0);
  const lines = stdout.split("\n");
  assertEquals(lines[0], `whisper ${VERSION}`);
  assertMatch(lines[1]!, /^deno \d+\.\d+\.\d+ \(/);
  assertMatch(stdout, /^commit [0-9a-f]{12}( and changes)?$/m);
});

test("lets two people chat on this computer", () =>
  inFolder(async (place) => {
    const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place };
    await chat(programs.any, ["--local"], env);
    assertEquals([...Deno.readDirSync(`${place}/whisper`)].length, 0, "nothing is left");
  }));

test(
  "touches only its own folder, and no network, in a local chat",
  () =>
    inFolder(async (place) => {
      const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: `${place}/config` };
      const trace = ["strace", "-ff", "-e", "trace=file,network", "-o", `${place}/trace`];
      await chat([...trace, programs.any], ["--local"], env);
      const calls = [...Deno.readDirSync(place)].filter(({ name }) => name.startsWith("trace."))
        .flatMap(({ name }) => Deno.readTextFileSync(`${place}/${name}`).split("\n"));
      assert(calls.some((call) => call.includes(`${place}/whisper/chat.db`)), "the trace tells");
      const network = calls.filter((call) => /^(?:socket|connect|bind|sendto)\(/.test(call));
      assertEquals(network, []);
      const folder = Deno.realPathSync(place);
      const touched = new Set(
        calls.filter((call) => /^(?:open|openat|openat2|creat|mkdir|unlink|rename)\(/.test(call))
          .map((call) => /"([^"]+)"/.exec(call)?.[1] ?? ""),
      );
      const own = [`${place}/whisper`, `${folder}/whisper`, programs.any];
      const others = [...touched].filter((path) =>
        !SYSTEM.test(path) && !own.some((start) => path === start || path.startsWith(`${start}/`))
      );
      assertEquals(others, []);
    }),
  { why: why ?? (straceAvailable ? undefined : "strace is missing") },
);

test("opens and leaves the full screen", () =>
  inFolder(async (place) => {
    const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place };
    const command = [programs.any, "new", "--local", "--name", "Alice"];
    await using terminal = await Terminal.open(command, { env });
    await terminal.see("whisper join");
    await terminal.type("/exit");
    await terminal.press("Enter");
    const screen = await terminal.see("status 0");
    assertMatch(screen, /Nothing remains on the relay/);
  }), { why: why ?? (tmuxAvailable ? undefined : "tmux is missing") });

for (const isPlain of [false, true]) {
  test(
    `goes on with fg after SIGTSTP, SIGSTOP and Ctrl+Z, ${isPlain ? "plain" : "full screen"}`,
    () =>
      inFolder(async (place) => {
        const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place };
        const { stdout } = await new Deno.Command(programs.any, { args: ["--version"] }).output();
        const [, minor] = /^deno 2\.(\d+)/m.exec(new TextDecoder().decode(stdout))!;
        const waitsForAway = SOAK && !isPlain;
        await assertGoesOn(programs.any, env, {
          ...{ isPlain, waitsForAway, maySuspend: Number(minor) >= 9 },
        });
      }),
    { why: why ?? (tmuxAvailable ? undefined : "tmux is missing") },
  );
}

for (const set of ["atlas", "any"] as const) {
  test(
    `lets two people chat over MongoDB with TLS and SCRAM, also by a proxy, allowed ${
      set === "any" ? "any host" : "Atlas"
    }`,
    () =>
      inFolder(async (place) => {
        const authority = await makeAuthority("Signer");
        const [notBefore, notAfter] = [new Date("2020-01-01"), new Date("2049-01-01")];
        const subject = { hosts: ["localhost", "127.0.0.1"], notBefore, notAfter };
        const certificateFile = `${place}/server.pem`;
        await Deno.writeTextFile(certificateFile, await signServer(authority, subject));
        await Deno.writeTextFile(`${place}/ca.pem`, authority.pem);
        await Deno.writeTextFile(`${place}/password`, "chat:p%ss@word\n", { mode: 0o600 });
        const server = await startReplicaSet({ count: 1, certificateFile });
        try {
          // By the password of the file alone, as in a script.
          const uri = server.uri.replace(/:[^:@]*@/, "@");
          const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place, WHISPER_URI: uri };
          const files = [
            "--password-file",
            `${place}/password`,
            "--tls-ca-file",
            `${place}/ca.pem`,
          ];
          await chat(programs[set], files, env);
          await using proxy = new CountingProxy();
          await chat(programs[set], [...files, "--proxy", proxy.url], env);
        } finally {
          await server.stop();
        }
      }),
    { why: why ?? whyNoServer },
  );
}

test(
  "prepares a password beyond ASCII as SCRAM requires",
  () =>
    inFolder(async (place) => {
      const server = await startReplicaSet({ count: 1 });
      try {
        // The Roman numeral counts as the letters I and X (RFC 4013, RFC 3454).
        const [user, pwd] = ["Märta", "Ⅸ smörgåsar & mer"];
        const prepared = pwd.normalize("NFKC");
        await using admin = await server.admin();
        await admin.db("admin").command({ createUser: user, pwd: prepared, roles: ["root"] });
        const account = `${encodeURIComponent(user)}:${encodeURIComponent(pwd)}`;
        const uri = server.uri.replace(/\/\/.*@/, `//${account}@`);
        const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place, WHISPER_URI: uri };
        await chat(programs.any, [], env);
      } finally {
        await server.stop();
      }
    }),
  { why: why ?? whyNoServer },
);

test("refuses another host where only Atlas is allowed, and says what to do", () =>
  inFolder(async (place) => {
    // 192.0.2.0/24 is for documentation and never answers (RFC 5737).
    const uri = "mongodb://192.0.2.1/";
    const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place };
    const args = ["new", "--json", "--name", "Alice", "--uri", uri];
    const { code, stdout } = await output(programs.atlas, args, env);
    assertEquals(code, 3);
    const error = JSON.parse(stdout.trim().split("\n").at(-1)!);
    assertEquals([error.event, error.code, error.fatal], ["error", "relay-unreachable", true]);
    assertMatch(error.message, /without permission to reach this server/);
    assertMatch(error.hint, /run whisper instead/);
  }));

test("reads only files that were named", () =>
  inFolder(async (place) => {
    const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place };
    const { stdout: key } = await output(programs.any, ["fernet", "keygen"], env);
    await Deno.writeTextFile(`${place}/key`, key);
    const named = ["fernet", "encrypt", "--key-file", `${place}/key`];
    assertEquals((await output(programs.any, named, env)).code, 0);
    // Deno's own flags are but words to the program.
    const allowed = await output(programs.any, ["--allow-all", ...named], env);
    assertEquals(allowed.code, 2);
  }));

test("passes the doctor on this computer", () =>
  inFolder(async (place) => {
    const env = { XDG_RUNTIME_DIR: place, XDG_CONFIG_HOME: place };
    const { code, stdout } = await output(programs.atlas, ["doctor", "--local", "--json"], env);
    const verdict = JSON.parse(stdout.trim().split("\n").at(-1)!);
    assertEquals([code, verdict], [0, { event: "verdict", ready: true, first: null }]);
  }));

test("removes the programs", async () => {
  await removeLeftFolder(folder);
}, OUTLIVING);

/** Two programs meet, talk both ways and leave. */
async function chat(
  program: string | readonly string[],
  args: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const start = (...words: string[]) =>
    new Program([...words, "--json", ...args], { command: [program].flat(), env });
  await using alice = start("new", "--name", "Alice");
  const { code } = await alice.event("invite");
  await using bob = start("join", code, "--name", "Bob");
  await Promise.all([alice.event("ready"), bob.event("ready")]);
  for (const [from, to] of [[alice, bob], [bob, alice]] as const) {
    await from.tell({ send: "Good morning ☀", id: "1" });
    assertEquals((await to.event("message")).text, "Good morning ☀");
    await from.event("delivered");
  }
  let remaining: number | undefined;
  for (const person of [alice, bob]) {
    await person.tell({ command: "exit" });
    const { code, stderr } = await person.over();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    remaining = person.all("closed").at(-1)!.remaining;
  }
  assertEquals(remaining, 0);
}

async function output(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
  }).output();
  assert(!/Uncaught|at file:/.test(new TextDecoder().decode(stderr)), "no stack trace");
  return { code, stdout: new TextDecoder().decode(stdout) };
}

async function inFolder(work: (place: string) => Promise<void>): Promise<void> {
  const place = await Deno.makeTempDir({ prefix: "whisper-test-" });
  try {
    await work(place);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}
