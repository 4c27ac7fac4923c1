/**
 * Bad input, relays that cannot work and outputs that fail, as a person meets them who runs the real
 * program: a sentence, a next step, the documented status, and no trace of the program's insides.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Program } from "../support/program.ts";

const MAIN = import.meta.resolve("../../main.ts");

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program without a terminal, in a folder of its own. */
async function run(
  args: readonly string[],
  { env = {}, input = "" }: { env?: Record<string, string>; input?: string } = {},
): Promise<Outcome> {
  const folder = await Deno.makeTempDir();
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", MAIN, ...args],
      env: { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input)).catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the program must be told, what it says of it, and how it ends. */
const CASES: readonly {
  what: string;
  args: readonly string[];
  env?: Record<string, string>;
  status: number;
  says: RegExp;
  never?: RegExp;
}[] = [
  { what: "no name", args: ["new", "--local"], status: 2, says: /--name NAME or WHISPER_NAME/ },
  { what: "no relay", args: ["new", "--name", "A"], status: 2, says: /--uri.*WHISPER_URI/ },
  {
    what: "no code to receive by",
    args: ["receive", "--into", ".", "--yes", "--local"],
    status: 2,
    says: /whisper receive CODE/,
  },
  {
    what: "neither new nor join",
    args: ["--local", "--name", "A"],
    status: 2,
    says: /whisper new/,
  },
  {
    what: "no code",
    args: ["join", "--local", "--name", "A"],
    status: 2,
    says: /whisper join CODE/,
  },
  {
    what: "an empty name",
    args: ["new", "--local", "--name", " "],
    status: 2,
    says: /--name needs a value/,
  },
  {
    what: "a name of 10,000 characters",
    args: ["new", "--local", "--name", "n".repeat(10_000)],
    status: 2,
    says: /too long/,
    never: /nnnn/,
  },
  {
    what: "a name with a control character",
    args: ["new", "--local", "--name", "a\x1b[31mb"],
    status: 2,
    says: /cannot be shown/,
    // deno-lint-ignore no-control-regex -- what must not come back
    never: /\x1b/,
  },
  {
    what: "a mistyped word",
    args: ["join", "4821-river-candel-ocean", "--local", "--name", "A"],
    status: 2,
    says: /did you mean "/i,
  },
  {
    what: "a code without a room",
    args: ["join", "4821-river-canyon-ocean", "--local", "--name", "A"],
    status: 6,
    says: /no room/,
  },
  {
    what: "a runtime directory among the devices",
    args: ["new", "--local", "--name", "A"],
    env: { XDG_RUNTIME_DIR: "/dev/null" },
    status: 3,
    says: /Can't use \/dev\/null\/whisper\/chat\.db: Deno lets Whisper use nothing in \/dev/,
  },
  {
    what: "no connection string",
    args: ["new", "--uri", "http://example.com", "--name", "A"],
    status: 3,
    says: /web page/,
  },
  {
    what: "a connection string without a password",
    args: ["new", "--name", "A"],
    env: { WHISPER_URI: "mongodb+srv://alice:<db_password>@cluster0.abcde.mongodb.net/" },
    status: 2,
    says: /--password-file FILE or WHISPER_PASSWORD_FILE/,
  },
  {
    what: "a refused port",
    args: ["new", "--name", "A"],
    env: { WHISPER_URI: "mongodb://alice:swordfish@127.0.0.1:1/" },
    status: 3,
    says: /refused the connection/,
    never: /swordfish|mongodb:\/\//,
  },
  {
    what: "a password file that is not there",
    args: ["new", "--name", "A", "--password-file", "/nowhere/at/all"],
    env: { WHISPER_URI: "mongodb://alice@127.0.0.1:1/" },
    status: 2,
    says: /no such file/,
  },
  {
    what: "a certificate file that is not there",
    args: ["new", "--name", "A", "--tls-ca-file", "/nowhere/at/all"],
    env: { WHISPER_URI: "mongodb://127.0.0.1:1/" },
    status: 2,
    says: /no such file/,
  },
  {
    what: "a folder as the certificate file",
    args: ["new", "--name", "A", "--tls-ca-file", "/"],
    env: { WHISPER_URI: "mongodb://127.0.0.1:1/" },
    status: 2,
    says: /"\/": it is not a regular file/,
  },
  {
    what: "a certificate file in the connection string that is not there",
    args: ["new", "--name", "A"],
    env: { WHISPER_URI: "mongodb://127.0.0.1:1/?tls=true&tlsCAFile=/nowhere/at/all" },
    status: 2,
    says: /"\/nowhere\/at\/all": there is no such file/,
  },
  {
    what: "a client key in the connection string that is not there",
    args: ["new", "--name", "A"],
    env: { WHISPER_URI: "mongodb://127.0.0.1:1/?tls=true&tlsCertificateKeyFile=/nowhere/key" },
    status: 2,
    says: /"\/nowhere\/key": there is no such file/,
  },
  {
    what: "a password as a flag",
    args: ["new", "--password", "x"],
    status: 2,
    says: /cannot be an argument/,
  },
  { what: "an unknown command", args: ["jion"], status: 2, says: /Did you mean "join"/ },
  { what: "a bad duration", args: ["new", "--linger", "forever"], status: 2, says: /1m to 24h/ },
];

for (const { what, args, env = {}, status, says, never } of CASES) {
  Deno.test(`usage: refuses with status ${status}: ${what}`, async () => {
    const plain = await run(args, { env });
    assertEquals({ code: plain.code, stdout: plain.stdout }, { code: status, stdout: "" });
    assertMatch(plain.stderr, says);
    assertEquals(plain.stderr.trimEnd().split("\n").length, 2, "one sentence and one next step");
    assert(!/ at .*\.ts:|Error:|node_modules/.test(plain.stderr), plain.stderr);

    const json = await run([...args, "--json"], { env });
    assertEquals(json.code, status);
    const lines = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const last = lines.at(-1);
    assertEquals({ event: last.event, fatal: last.fatal }, { event: "error", fatal: true });
    assertMatch(`${last.message} ${last.hint}`, says);
    assertEquals(json.stderr, "");
    if (never) {
      for (const text of [plain.stderr, json.stdout]) assert(!never.test(text), text);
    }
  });
}

Deno.test("fernet: opens its own token, and refuses a damaged one with status 10", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const key = `${folder}/key`;
    await Deno.writeTextFile(key, (await run(["fernet", "keygen"])).stdout);
    const made = await run(["fernet", "encrypt", "--key-file", key], { input: "hello\n" });
    assertEquals(made.code, 0);
    const opened = await run(["fernet", "decrypt", "--key-file", key], { input: made.stdout });
    assertEquals(opened, { code: 0, stdout: "hello\n", stderr: "" });
    const damaged = await run(["fernet", "decrypt", "--key-file", key], {
      input: "A" + made.stdout,
    });
    assertEquals({ code: damaged.code, stdout: damaged.stdout }, { code: 10, stdout: "" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("help and version: write to standard output and exit with status 0", async () => {
  const help = await run(["--help"]);
  assertEquals(help.code, 0);
  assertStringIncludes(help.stdout, "  join [LINK] [CODE] ");
  assertMatch(
    (await run(["--version"])).stdout,
    /^whisper \d+\.\d+\.\d+\ndeno .*\nmongodb driver /,
  );
});

/** Runs a line of a shell with the program as `$W`. */
async function shell(line: string, env: Record<string, string> = {}): Promise<Outcome> {
  const folder = await Deno.makeTempDir();
  try {
    const program = `'${Deno.execPath()}' run --allow-all --no-check '${MAIN}'`;
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", `W() { ${program} "$@"; }; cd '${folder}'; ${line}`],
      env: { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, NO_COLOR: "1", ...env },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

for (const line of ["W new --plain --local --name A </tmp", "W relay save </tmp"]) {
  Deno.test(`input: says that it cannot be read, with status 2: ${line}`, async () => {
    const { code, stderr } = await shell(line);
    assertStringIncludes(stderr, "Cannot read the standard input: it is not a regular file.");
    assertEquals(code, 2);
  });
}

const FULL_DISK = [
  ...["W --help", "W --version", "W help exit-codes", "W config show", "W completions bash"],
  "W fernet keygen",
  "W fernet keygen > key && head -c 300000 /dev/zero | W fernet encrypt --key-file key",
];
for (const line of FULL_DISK) {
  Deno.test({
    name: `full disk: ends with status 11 and a sentence: ${line}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const { code, stderr } = await shell(`{ ${line}; } > /dev/full`);
      assertEquals(code, 11, stderr);
      assertMatch(stderr, /^Cannot write the output: the disk is full\.\n[A-Z].*\.\n$/);
    },
  });
}

for (const output of [">&-", "> /dev/null"]) {
  Deno.test({
    name: `receive: says that what you receive is discarded: ${output}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const line = `W receive 4821-river-canyon-ocean --local ${output}`;
      assertMatch((await shell(line)).stderr, /^What you receive is discarded: /);
      assertEquals((await shell(`${line} --into . --yes`)).stderr.includes("discarded"), false);
    },
  });
}

Deno.test({
  name: "plain: says goodbye when the reader of its output has gone",
  ignore: Deno.build.os === "windows",
  async fn() {
    const line = "(sleep 8) | W new --local --plain --name a | head -1; " +
      'echo "status ${PIPESTATUS[1]}"; ls -A whisper 2>/dev/null || true';
    const { stdout, stderr } = await shell(line);
    assertMatch(stdout, /status 11\n$/, "the folder of the relay is empty or gone");
    assertMatch(stderr, /^Cannot write the output: the program that reads it has ended\.\n/);
    assert(!/ at .*\.ts:|Error:/.test(stderr), stderr);
  },
});

Deno.test("plain: writes lines over pipes, and ends with its input", async () => {
  const folder = await Deno.makeTempDir();
  const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, WHISPER_LOCAL: "1" };
  try {
    await using alice = new Program(["new", "--name", "Alice", "--json"], { env });
    const { code } = await alice.event("invite");
    await alice.tell({ send: "first\nsecond", id: "1" });
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", MAIN, "join", code, "--name", "Bob"],
      env: { ...env, NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await alice.event("delivered");
    await writer.write(new TextEncoder().encode("hello from a pipe\n/say exit\nexit\n"));
    const { code: status, stdout } = await child.output();
    await writer.close().catch(() => {});
    assertEquals(status, 0);
    const said = new TextDecoder().decode(stdout);
    assertMatch(said, /\d\d:\d\d Alice: first\n {6}Alice \| second\n/);
    assertMatch(said, /\* \d\d:\d\d You left\./);
    // deno-lint-ignore no-control-regex -- what must not be there
    assert(!/[\x00-\x09\x0b-\x1f\x7f]/.test(said), "no control character");
    await alice.line(({ event, peer }) => event === "presence" && peer === "left");
    assertEquals(alice.all("message").map(({ text }) => text), ["hello from a pipe", "exit"]);
    await alice.tell({ command: "exit" });
    assertEquals((await alice.over()).code, 0);
    assertEquals(alice.all("closed")[0]!.remaining, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
