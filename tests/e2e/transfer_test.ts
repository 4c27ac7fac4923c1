/**
 * `whisper send` and `whisper receive` as they are used in scripts: real programs with pipes.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";

const MAIN = import.meta.resolve("../../main.ts");
const CODE = /\d{4}-[a-z]+-[a-z]+-[a-z]+/;

/** One end of a transfer. */
class End {
  readonly #child: Deno.ChildProcess;
  readonly #errors: Promise<string>;
  #hasInput = false;
  #hasOutput = false;
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
    let text = "";
    for await (const part of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      text += part;
      const code = CODE.exec(text)?.[0];
      if (code && text.includes(`${code}\n`)) found(code);
    }
    return text;
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
    while ([...Deno.readDirSync(into)].length === 0) await new Promise((r) => setTimeout(r, 20));
    (who === "sender" ? sender : receiver).interrupt();
    const [sent, received] = await Promise.all([sender.over(), receiver.over()]);
    assertEquals([sent.status, received.status], who === "sender" ? [130, 12] : [12, 130], who);
    assertEquals([...Deno.readDirSync(into)], []);
  }
});
