/**
 * Real programs that are killed or stopped by the system, over a real server: what the peer is
 * told, who still has a seat, and what is left.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Document } from "mongodb";
import { DATABASE, startReplicaSet, type TestServer } from "../support/mongod.ts";
import { type Line, Program } from "../support/program.ts";
import { roomOfNameplate } from "../../src/protocol/wire.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { ignore, skip } from "./mongo_harness.ts";

/** A crash is reported to the peer within this time: it is promised. */
const TOLD_MS = 45_000;

/** A room with two programs in it, and hands behind the relay. */
interface Fixture {
  readonly host: Program;
  readonly guest: Program;
  readonly code: string;
  start(args: readonly string[]): Program;
  /** Makes what the relay has of this room older: by this much, nothing was heard of these. */
  age(ms: number, ...of: ("host" | "guest" | "room")[]): Promise<void>;
  /** Documents of this room. */
  count(): Promise<number>;
}

type Step = readonly [name: string, run: (fixture: Fixture) => Promise<void>];

/** The first line of an event after those that were there before. */
function next(program: Program, wanted: (line: Line) => boolean): Promise<Line> {
  return program.line(wanted, program.lines.length);
}

function presence(peer: string): (line: Line) => boolean {
  return (line) => line.event === "presence" && line["peer"] === peer;
}

/** Says something, and waits until it was read. */
async function say(program: Program, id: string): Promise<void> {
  await program.tell({ send: `this is ${id}`, id });
  await program.line((line) => line.event === "delivered" && line["id"] === id);
}

/** Leaves, and gives the exit status and what was left. */
async function leave(program: Program): Promise<[status: number, remaining: unknown]> {
  await program.end();
  const { code } = await program.over();
  return [code, program.all("closed").at(-1)?.["remaining"]];
}

const STEPS: readonly Step[] = [
  ["a guest who is killed: the host is told in time, and can have another guest", async (s) => {
    await say(s.guest, "one");
    const before = performance.now();
    const told = next(s.host, presence("vanished"));
    s.guest.kill("SIGKILL");
    await told;
    assertLessOrEqual(performance.now() - before, TOLD_MS);
    const invited = next(s.host, ({ event }) => event === "invite");
    await s.host.tell({ command: "invite" });
    const again = s.start(["join", String((await invited)["code"])]);
    await again.event("ready");
    await say(again, "two");
    await say(s.host, "three");
    assertEquals((await leave(again))[0], 0);
    await s.host.line(presence("left"));
    assertEquals(await leave(s.host), [0, 0]);
    assertEquals(await s.count(), 0);
  }],
  ["a host who is killed: the guest is told in time, and leaves nothing", async (s) => {
    await say(s.host, "one");
    const before = performance.now();
    const told = next(s.guest, presence("vanished"));
    s.host.kill("SIGKILL");
    await told;
    assertLessOrEqual(performance.now() - before, TOLD_MS);
    assertEquals(await leave(s.guest), [0, 0]);
    assertEquals(await s.count(), 0);
  }],
  ["both killed: the relay forgets them by itself", async (s) => {
    await say(s.host, "one");
    s.host.kill("SIGKILL");
    s.guest.kill("SIGKILL");
    await Promise.all([s.host.over(), s.guest.over()]);
    assert(await s.count() > 0);
    await s.age(600_000, "room");
    while (await s.count() > 0) await new Promise((resolve) => setTimeout(resolve, 200));
  }],
  ["a guest who stands still keeps the seat, and goes on", async (s) => {
    const vanished = next(s.host, presence("vanished"));
    s.guest.kill("SIGSTOP");
    await s.age(60_000, "guest");
    await vanished;
    await s.host.tell({ send: "for later", id: "later" });
    // The seat is lapsed and not free: the room is sealed.
    const third = s.start(["join", s.code]);
    assertEquals((await third.over()).code, 4);
    const here = next(s.host, presence("here"));
    s.guest.kill("SIGCONT");
    await here;
    await s.guest.line((line) => line.event === "message" && line["text"] === "for later");
    await say(s.guest, "one");
    assertEquals((await leave(s.guest))[0], 0);
    await s.host.line(presence("left"));
    assertEquals(await leave(s.host), [0, 0]);
    assertEquals(await s.count(), 0);
  }],
  ["both stand still for so long that the room expires: evicted, told, nothing left", async (s) => {
    s.guest.kill("SIGSTOP");
    s.host.kill("SIGSTOP");
    await s.age(600_000, "room");
    while (await s.count() > 0) await new Promise((resolve) => setTimeout(resolve, 200));
    for (const program of [s.host, s.guest]) {
      program.kill("SIGCONT");
      const error = await program.line(({ event, fatal }) => event === "error" && fatal);
      assertEquals(error["code"], "evicted");
      assertEquals((await program.over()).code, 7);
    }
    assertEquals(await s.count(), 0);
  }],
  ["a guest who stands still while the host leaves with everything: evicted, told", async (s) => {
    s.guest.kill("SIGSTOP");
    await s.age(60_000, "guest");
    await s.host.line(presence("vanished"));
    assertEquals(await leave(s.host), [0, 0]);
    assertEquals(await s.count(), 0);
    s.guest.kill("SIGCONT");
    assertEquals((await s.guest.over()).code, 7);
    assertEquals(await s.count(), 0);
  }],
];

Deno.test({
  name: `crashes: whatever becomes of a program${skip}`,
  ignore,
  async fn(test) {
    const server = await startReplicaSet({ count: 1, ttlMonitorSleepSecs: 1 });
    try {
      // Each step has programs of its own, and the test as a whole is watched.
      const unwatched = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
      await Promise.all(
        STEPS.map(([name, run]) => test.step({ name, ...unwatched, fn: () => play(server, run) })),
      );
    } finally {
      await server.stop();
    }
  },
});

async function play(server: TestServer, run: (fixture: Fixture) => Promise<void>): Promise<void> {
  const admin = await server.admin();
  const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
  const programs: Program[] = [];
  const start = (args: readonly string[]) => {
    const name = `Person ${programs.length}`;
    const env = { WHISPER_URI: server.uri, XDG_CONFIG_HOME: folder };
    const program = new Program([...args, "--json", "--name", name], { env });
    programs.push(program);
    return program;
  };
  const rooms = admin.db(DATABASE).collection<{ _id: string }>("rooms");
  const messages = admin.db(DATABASE).collection("messages");
  try {
    const host = start(["new"]);
    const code = String((await host.event("invite"))["code"]);
    const guest = start(["join", code]);
    await Promise.all([host.event("ready"), guest.event("ready")]);
    const room = roomOfNameplate(parseCode(code).nameplate);
    await run({
      host,
      guest,
      code,
      start,
      async age(ms, ...of) {
        const older = (path: string) => ({ $subtract: [`$${path}`, ms] });
        const fields = of.map((who) => who === "room" ? "expiresAt" : `${who}.lease`);
        const change = Object.fromEntries(fields.map((path) => [path, older(path)]));
        await rooms.updateOne({ _id: room }, [{ $set: change }] as Document[]);
        if (!of.includes("room")) return;
        await messages.updateMany({ room }, [{ $set: { expiresAt: older("expiresAt") } }]);
      },
      count: async () =>
        await rooms.countDocuments({ _id: room }) + await messages.countDocuments({ room }),
    });
  } finally {
    for (const program of programs) await program[Symbol.asyncDispose]();
    await admin.close();
    await Deno.remove(folder, { recursive: true });
  }
}
