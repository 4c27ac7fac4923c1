/**
 * `whisper send` and `whisper receive` as they are used in scripts: real programs with pipes.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { removeLeftFolder, Terminal, tmuxAvailable } from "../support/tmux.ts";

const MAIN = import.meta.resolve("../../main.ts");
const CODE = /\d{4}-[a-z]+-[a-z]+-[a-z]+/;

/** One end of a transfer. */
class End {
  readonly #child: Deno.ChildProcess;
  readonly #errors: Promise<string>;
  #hasInput = false;
  #hasOutput = false;
  #said = "";
  /** The invite code, as soon as it is on the standard error. */
  readonly code: Promise<string>;

  constructor(folder: string, args: readonly string[], { reads = true } = {}) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", MAIN, ...args, "--local", "--name", "A"],
      env: { NO_COLOR: "1", XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: `${folder}/none` },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const code = Promise.withResolvers<string>();
    this.code = code.promise;
    this.#errors = this.#readErrors(code.resolve);
    // The program that reads has ended at once.
    if (!reads) void this.#child.stdout.cancel();
  }

  async #readErrors(found: (code: string) => void): Promise<string> {
    for await (const part of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#said += part;
      const code = CODE.exec(this.#said)?.[0];
      if (code && this.#said.includes(`${code}\n`)) found(code);
    }
    return this.#said;
  }

  /** Waits until it has said something. */
  async see(text: string): Promise<void> {
    while (!this.#said.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Writes the standard input, and ends it. */
  async input(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#hasInput = true;
    const writer = this.#child.stdin.getWriter();
    await writer.write(bytes);
    await writer.close();
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async over(): Promise<{ status: number; errors: string }> {
    const { code } = await this.#child.status;
    // Both are resources of this process, however the program ends.
    if (!this.#hasInput) await this.#child.stdin.close().catch(() => {});
    if (!this.#hasOutput) await this.#child.stdout.cancel().catch(() => {});
    return { status: code, errors: await this.#errors };
  }

  async output(): Promise<Uint8Array> {
    this.#hasOutput = true;
    return new Uint8Array(await new Response(this.#child.stdout).arrayBuffer());
  }
}

/** Whether a chat's file, or a part of a file, is left below a folder. */
async function isLeft(folder: string): Promise<boolean> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name.endsWith(".part") || name.startsWith("chat.db")) return true;
    if (isDirectory && await isLeft(`${folder}/${name}`)) return true;
  }
  return false;
}

function test(name: string, play: (folder: string) => Promise<void>): void {
  Deno.test(`transfer: ${name}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    try {
      await play(folder);
      assert(!await isLeft(folder), "something is left");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

test("writes exactly the bytes of one pipe to the other, and nothing else", async (folder) => {
  const bytes = new Uint8Array(200_003).map((_, at) => at % 256);
  const sender = new End(folder, ["send"]);
  const input = sender.input(bytes);
  const receiver = new End(folder, ["receive", await sender.code]);
  const [output, sent, received] = await Promise.all([
    receiver.output(),
    sender.over(),
    receiver.over(),
    input,
  ]);
  assertEquals(output, bytes);
  assertEquals([sent.status, received.status], [0, 0]);
  assertMatch(sent.errors, /^They run: whisper receive \S+ --local$/m);
  assertMatch(sent.errors, /Delivered/);
  assertMatch(received.errors, /complete and unaltered/);
});

test("ends with a sentence when the program that reads has ended", async (folder) => {
  const path = `${folder}/large`;
  await Deno.writeFile(path, new Uint8Array(5_000_000));
  const sender = new End(folder, ["send", path]);
  const receiver = new End(folder, ["receive", await sender.code], { reads: false });
  const [sent, received] = await Promise.all([sender.over(), receiver.over()]);
  assertEquals([sent.status, received.status], [12, 11]);
  assertMatch(received.errors, /the program that reads it has ended/);
  assertMatch(sent.errors, /left before the transfer was complete/);
});

test("is interrupted on either side, and leaves nothing", async (folder) => {
  const into = `${folder}/into`;
  await Deno.mkdir(into);
  for (const who of ["sender", "receiver"] as const) {
    const sender = new End(folder, ["send"]);
    const receiver = new End(folder, ["receive", await sender.code, "--into", into, "--yes"]);
    // The input does not end, so that the transfer is under way for as long as it takes.
    await receiver.see("Receiving…");
    (who === "sender" ? sender : receiver).interrupt();
    const [sent, received] = await Promise.all([sender.over(), receiver.over()]);
    assertEquals([sent.status, received.status], who === "sender" ? [130, 12] : [12, 130], who);
    assertEquals([...Deno.readDirSync(into)], []);
  }
});

test("refuses what cannot be sent, before anyone is invited", async (folder) => {
  const cases = [
    ["", 2, /nothing to send/],
    [folder, 2, /is a folder[^]*tar -c/],
    [`${folder}/none`, 12, /no such file/],
  ] as const;
  for (const [path, status, sentence] of cases) {
    const end = await new End(folder, ["send", path]).over();
    assertEquals(end.status, status, end.errors);
    assertMatch(end.errors, sentence);
  }
});

test("says where the files are, and how to cancel once", async (folder) => {
  const into = `${folder}/into`;
  await Deno.mkdir(into);
  for (const name of ["a", "new\nline"]) await Deno.writeTextFile(`${folder}/${name}`, name);
  const sender = new End(folder, ["send", `${folder}/a`, `${folder}/new\nline`]);
  const receiver = new End(folder, ["receive", await sender.code, "--into", into, "--yes"]);
  const [sent, received] = await Promise.all([sender.over(), receiver.over()]);
  assertEquals([sent.status, received.status], [0, 0], sent.errors + received.errors);
  assertMatch(sent.errors, /Waiting for A[^\n]* to accept/);
  assertEquals(sent.errors.split("Sending…").length, 2, sent.errors);
  assertMatch(sent.errors, /^Delivered new line \(8 bytes\)/m);
  assert(received.errors.includes(`Received newline (8 bytes) from`), received.errors);
  assert(received.errors.includes(`It is in ${into}.`), received.errors);
});

test("tells the side that is left when the other was killed, and nothing stays", async (folder) => {
  await Promise.all((["sender", "receiver"] as const).map(async (killed) => {
    // Each pair has a relay of its own.
    const own = `${folder}/${killed}`;
    const into = `${own}/into`;
    await Deno.mkdir(into, { recursive: true });
    const sender = new End(own, ["send"]);
    const receiver = new End(own, ["receive", await sender.code, "--into", into, "--yes"]);
    await receiver.see("Receiving…");
    const [dead, left] = killed === "sender" ? [sender, receiver] : [receiver, sender];
    dead.kill();
    const [{ errors, status }] = await Promise.all([left.over(), dead.over()]);
    assertEquals(status, 12, errors);
    assertMatch(errors, /left|disconnected/i);
    // The next start in that folder removes what the kill has left.
    const next = new End(own, ["receive", "1111-river-cable-ocean", "--into", into, "--yes"]);
    await next.over();
    assertEquals([...Deno.readDirSync(into)], []);
  }));
});

Deno.test({
  name: "transfer: shows no bytes on a terminal that are not text, unless that is asked for",
  ignore: !tmuxAvailable && Deno.env.get("CI") !== "true",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, LC_ALL: "C.UTF-8" };
    const run = ["env", "-u", "TMUX", Deno.execPath(), "run", "--allow-all", "--no-check", MAIN];
    try {
      for (const isAsked of [false, true]) {
        const sender = new End(folder, ["send"]);
        const input = sender.input(new TextEncoder().encode("before \x1b]0;title\x07 after"));
        const args = ["receive", await sender.code, "--local", "--name", "B"];
        await using terminal = await Terminal.open(
          [...run, ...args, ...isAsked ? ["--yes"] : []],
          { env },
        );
        if (isAsked) await terminal.see(/before {2}after/);
        else assert(!/after/.test(await terminal.see(/not text/)));
        await input;
        assertEquals((await sender.over()).status, isAsked ? 0 : 12);
      }
    } finally {
      await removeLeftFolder(folder);
    }
  },
});
