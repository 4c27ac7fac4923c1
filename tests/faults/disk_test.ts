/**
 * Two real programs on this computer, whose disk is full or read-only: a sentence, and nothing lost. A
 * small disk of one's own takes a user who may mount one.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Program } from "../support/program.ts";

/** Room for the database and for some texts, twice: what is written stands in a log first. */
const DISK = "size=4m,mode=700";
/** Less room than what is said in a long talk takes. */
const SMALL_DISK = "size=1m,mode=700";

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success;
  } catch {
    return false;
  }
}

/** A disk of one's own at `path`. */
function mount(path: string, options: string): Promise<boolean> {
  return run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
}

async function mayMount(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const path = await Deno.makeTempDir();
  try {
    return await mount(path, DISK) && await run("umount", path);
  } finally {
    await Deno.remove(path);
  }
}

const ignore = !await mayMount();
const skip = ignore ? " (skipped: this user may not mount a disk)" : "";

/** Two programs with their database on a small disk, and something that fills it. */
interface Fixture {
  readonly disk: string;
  start(args: readonly string[]): Program;
}

function test(
  name: string,
  play: (fixture: Fixture) => Promise<void>,
  { size = DISK }: { size?: string } = {},
): void {
  Deno.test({
    name: `disk: ${name}${skip}`,
    ignore,
    async fn() {
      const disk = await Deno.makeTempDir({ prefix: "whisper-test-" });
      const config = await Deno.makeTempDir({ prefix: "whisper-test-" });
      const programs: Program[] = [];
      await mount(disk, size);
      try {
        await play({
          disk,
          start(args) {
            const env = { XDG_RUNTIME_DIR: disk, XDG_CONFIG_HOME: config, WHISPER_LOCAL: "1" };
            const program = new Program(
              [...args, "--json", "--name", `Person ${programs.length}`],
              {
                env,
              },
            );
            programs.push(program);
            return program;
          },
        });
      } finally {
        for (const program of programs) await program[Symbol.asyncDispose]();
        await run("umount", disk);
        await Deno.remove(disk);
        await Deno.remove(config, { recursive: true });
      }
    },
  });
}

/** Takes all room that is left. */
function fill(disk: string): void {
  const file = Deno.openSync(`${disk}/filler`, { create: true, append: true });
  try {
    for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) file.writeSync(new Uint8Array(size));
      } catch {
        // As much as fits.
      }
    }
  } finally {
    file.close();
  }
}

async function met({ start }: Fixture): Promise<[host: Program, guest: Program]> {
  const host = start(["new"]);
  const guest = start(["join", String((await host.event("invite"))["code"])]);
  await Promise.all([host.event("ready"), guest.event("ready")]);
  return [host, guest];
}

/** Both leave; nothing is left on the disk, and neither was alarmed. */
async function end({ disk }: Fixture, host: Program, guest: Program): Promise<void> {
  await guest.end();
  assertEquals((await guest.over()).code, 0);
  await host.line(({ event, peer }) => event === "presence" && peer === "left");
  await host.end();
  assertEquals((await host.over()).code, 0);
  assertEquals(host.all("closed").at(-1)?.["remaining"], 0);
  for (const program of [host, guest]) assertEquals(program.all("alarm"), []);
  assertEquals([...Deno.readDirSync(`${disk}/whisper`)].map(({ name }) => name), []);
}

test("reports a disk that fills up during a chat, and loses nothing", async (s) => {
  const [host, guest] = await met(s);
  fill(s.disk);
  // More than what is free within the files that are there.
  const texts = Array.from({ length: 40 }, (_, i) => `${i} ${"x".repeat(15_000)}`);
  for (const [i, send] of texts.entries()) await host.tell({ send, id: `${i}` });
  const trouble = await host.line(({ event, state }) =>
    event === "relay" && state === "reconnecting"
  );
  assertStringIncludes(String(trouble["message"]), "disk is full");
  Deno.removeSync(`${s.disk}/filler`);
  await host.line(({ event, id }) => event === "delivered" && id === String(texts.length - 1));
  // The two are read side by side: what one was told may be read before what the other was shown.
  await guest.line(({ event, text }) => event === "message" && text === texts.at(-1));
  assertEquals(guest.all("message").map(({ text }) => text), texts);
  await host.line(
    ({ event, state }) => event === "relay" && state === "up",
    host.lines.indexOf(trouble),
  );
  await end(s, host, guest);
});

test("fits a chat that is longer than a small disk", async (s) => {
  const [host, guest] = await met(s);
  const texts = Array.from({ length: 30 }, (_, i) => `${i} ${"x".repeat(16_000)}`);
  for (const [i, send] of texts.entries()) {
    await host.tell({ send, id: `${i}` });
    await host.line(({ event, id }) => event === "delivered" && id === `${i}`);
    await guest.line(({ event, text }) => event === "message" && text === send);
  }
  assertEquals(guest.all("message").map(({ text }) => text), texts);
  await end(s, host, guest);
}, { size: SMALL_DISK });

test("reports a disk that is full at the start", async (s) => {
  fill(s.disk);
  const program = s.start(["new"]);
  const { code } = await program.over();
  assertEquals(code, 3);
  const error = program.all("error").at(-1)!;
  assertEquals(error["code"], "relay-storage");
  assert(/full|made|room/.test(String(error["message"])), String(error["message"]));
});

test("reports a read-only disk at the start", async (s) => {
  assert(await run("mount", "-o", "remount,ro", s.disk));
  const program = s.start(["new"]);
  const { code } = await program.over();
  assertEquals(code, 3);
  const error = program.all("error").at(-1)!;
  assertEquals(error["code"], "relay-storage");
  assert(String(error["hint"]).length > 0);
});
