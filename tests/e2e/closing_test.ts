/**
 * A terminal that is closed while Whisper runs in it: the person is gone, and the promise to leave
 * nothing behind still holds. Each run starts the program from an interactive shell, brings it into a
 * state, closes the terminal in one of several ways, and then looks at the relay and at the peer.
 *
 * `SOAK=1` repeats every combination twenty times and also runs the compiled program and `deno task`.
 * `CLOSING_START`, `CLOSING_STAGE`, `CLOSING_RUNS` and `CLOSING_PARALLEL` select and speed up.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { MongoClient } from "mongodb";
import { compile } from "../../src/build/compile.ts";
import { whyNoCompiling } from "../support/denort.ts";
import { mongodAvailable, startReplicaSet, type TestServer } from "../support/mongod.ts";
import { Program } from "../support/program.ts";
import { Network } from "../support/proxy.ts";
import { Terminal, tmuxAvailable } from "../support/tmux.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CODE = /\d{4}-[a-z]+-[a-z]+-[a-z]+/;
/** What the promise allows for, in milliseconds: the peer is told, and the relay is clean. */
const LIMIT_MS = 3_000;
/** Between two looks. */
const LOOK_MS = 25;
/** In the full matrix, runs of each combination. */
const SOAK_RUNS = Number(Deno.env.get("CLOSING_RUNS") ?? 20);
/** Runs at the same time, each with a server and a terminal of its own. */
const PARALLEL = Number(Deno.env.get("CLOSING_PARALLEL") ?? 1);

const isSoak = Deno.env.get("SOAK") === "1";
const server = await mongodAvailable();
const isSkipped = Deno.build.os === "windows" || (!tmuxAvailable && Deno.env.get("CI") !== "true");

/** How the program is started. */
type Start = "source" | "task" | "binary";
/** What the program is doing when the terminal closes. */
type Stage = "asking" | "waiting" | "chatting" | "reconnecting" | "leaving";
/** How the terminal closes. */
type Closing =
  | "closed window"
  | "dead emulator"
  | "one SIGHUP"
  | "two SIGHUPs"
  | "three SIGHUPs"
  | "SIGTERM to the group"
  | "burst of SIGHUPs"
  | "SIGPIPE and SIGHUP"
  | typeof ENDING[number];

/** Signals whose default is to end a process on the spot. */
const ENDING = ["SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const;

const STAGES: readonly Stage[] = ["asking", "waiting", "chatting", "reconnecting", "leaving"];
const CLOSINGS: readonly Closing[] = [
  "closed window",
  "dead emulator",
  "one SIGHUP",
  "two SIGHUPs",
  "three SIGHUPs",
  "SIGTERM to the group",
  "burst of SIGHUPs",
];

/** A relay of one run: what the program is told of it, and what can be done to it. */
interface RelayFixture extends AsyncDisposable {
  readonly env: Record<string, string>;
  /** The way of the peer, which stays when that of the program is cut. */
  readonly peerEnv: Record<string, string>;
  /** Documents, or files, that are left. */
  count(): Promise<number>;
  cut(): Promise<void>;
  heal(): void;
}

async function localRelay(): Promise<RelayFixture> {
  const folder = await Deno.makeTempDir();
  const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, WHISPER_LOCAL: "1" };
  const place = `${folder}/whisper`;
  let lock: DatabaseSync | undefined;
  return {
    env,
    peerEnv: env,
    count: () => {
      try {
        return Promise.resolve([...Deno.readDirSync(place)].length);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return Promise.resolve(0);
        throw error;
      }
    },
    cut: () => {
      lock = new DatabaseSync(`${place}/chat.db`, { timeout: 5_000 });
      lock.exec("BEGIN EXCLUSIVE");
      return Promise.resolve();
    },
    heal: () => {
      lock?.exec("ROLLBACK");
      lock?.close();
      lock = undefined;
    },
    [Symbol.asyncDispose]: async () => {
      lock?.close();
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    },
  };
}

async function mongoRelay({ uri, nodes }: TestServer): Promise<RelayFixture> {
  const folder = await Deno.makeTempDir();
  const network = await Network.open({ uri, nodes });
  const client = await new MongoClient(uri).connect();
  const db = client.db("whisper");
  await Promise.all(["rooms", "messages"].map((name) => db.collection(name).deleteMany({})));
  const env = { XDG_CONFIG_HOME: folder };
  return {
    env: { ...env, WHISPER_URI: network.uri },
    peerEnv: { ...env, WHISPER_URI: uri },
    count: async () => {
      const counts = await Promise.all(
        ["rooms", "messages"].map((name) => db.collection(name).countDocuments()),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    cut: () => {
      network.all((proxy) => {
        proxy.refuse();
        proxy.reset();
      });
      return Promise.resolve();
    },
    heal: () => network.all((proxy) => proxy.heal()),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await network.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** One combination. */
interface Case {
  readonly start: Start;
  readonly isPlain: boolean;
  readonly stage: Stage;
  readonly closing: Closing;
}

let binary: Promise<string> | undefined;

async function commandOf(start: Start): Promise<string> {
  switch (start) {
    case "source":
      return `${Deno.execPath()} run --allow-all --no-check ${ROOT}main.ts`;
    case "task":
      return `${Deno.execPath()} task --quiet --config ${ROOT}deno.json chat`;
    case "binary":
      return await (binary ??= Deno.makeTempDir({ prefix: "whisper-test-" })
        .then((folder) => compile({ folder })));
  }
}

/** Runs one combination. Resolves with what is wrong, undefined where all is well. */
async function run(
  relay: RelayFixture,
  { start, isPlain, stage, closing }: Case,
): Promise<string | undefined> {
  const shell = ["env", "-u", "TMUX", "PS1=ready> ", "bash", "--norc", "--noprofile", "-i"];
  const env = { ...relay.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8" };
  await using terminal = await Terminal.open(shell, { env });
  await terminal.see("ready>");
  const args = [
    ...stage === "asking" ? [] : ["new", "--name", "Alice"],
    ...isPlain ? ["--plain"] : [],
  ];
  await terminal.type(`${await commandOf(start)} ${args.join(" ")}`);
  await terminal.press("Enter");
  const over = async (pids: Processes, peer?: Program) => {
    await close(terminal, closing, pids);
    const wrong = await left(relay, { pids, ...peer && { peer } });
    if (wrong === undefined && isSignal(closing)) await assertRestored(terminal);
    return wrong;
  };
  if (stage === "asking") {
    await terminal.see(/name/i);
    return await over(await processesOf(terminal));
  }
  const [code] = CODE.exec(await terminal.see(CODE))!;
  const pids = await processesOf(terminal);
  if (stage === "waiting") return await over(pids);
  await using peer = new Program(["join", code, "--name", "Bob", "--json"], { env: relay.peerEnv });
  await peer.line(({ event }) => event === "ready");
  await terminal.see("Bob");
  await peer.tell({ send: "hello from Bob", id: "1" });
  await terminal.see("hello from Bob");
  if (stage === "reconnecting") {
    await relay.cut();
    await terminal.type("are you there?");
    await terminal.press("Enter");
    await terminal.see(/next try|retrying|out of reach|disconnected/i);
    relay.heal();
  }
  if (stage === "leaving") await terminal.press("C-c");
  return await over(pids, peer);
}

function isSignal(closing: Closing): boolean {
  return closing.startsWith("SIGPIPE") || ENDING.some((signal) => signal === closing);
}

/** The shell has its terminal as it was before the program started. */
async function assertRestored(terminal: Terminal): Promise<void> {
  await terminal.see(/ready>\s*$/);
  const asFound = { alternateScreen: false, cursor: true, wrapping: true };
  assertEquals(await terminal.modes(), asFound);
  await terminal.type("stty -a | tr ' ' '\\n' | grep -x -e icanon -e echo -e isig");
  await terminal.press("Enter");
  await terminal.see(/isig\nicanon\necho\n/);
}

async function close(
  terminal: Terminal,
  closing: Closing,
  { group }: Processes,
): Promise<void> {
  const signal = async (name: Deno.Signal, times: number, apartMs = 40) => {
    for (let i = 0; i < times; i++) {
      try {
        Deno.kill(-group, name);
      } catch {
        // It has left already.
      }
      await sleep(apartMs);
    }
  };
  switch (closing) {
    case "closed window":
      await terminal.closeWindow();
      break;
    case "dead emulator":
      await terminal.crash();
      break;
    case "one SIGHUP":
      await signal("SIGHUP", 1);
      break;
    case "two SIGHUPs":
      await signal("SIGHUP", 2);
      break;
    case "three SIGHUPs":
      await signal("SIGHUP", 3);
      await terminal.closeWindow();
      break;
    case "SIGTERM to the group":
      await signal("SIGTERM", 1);
      break;
    case "burst of SIGHUPs":
      await signal("SIGHUP", 6, 250);
      break;
    case "SIGPIPE and SIGHUP":
      // The first means nothing: what it tells is told by the failed write.
      await signal("SIGPIPE", 1, 500);
      await signal("SIGHUP", 1);
      break;
    default:
      await signal(closing, 1);
      break;
  }
}

/** Waits for what is promised; resolves with what is missing. */
async function left(
  relay: RelayFixture,
  { pids, peer }: { pids: Processes; peer?: Program },
): Promise<string | undefined> {
  const isTold = () => peer?.lines.some((l) => l.event === "presence" && l["peer"] === "left");
  if (peer && !await within(LIMIT_MS, () => Promise.resolve(isTold() === true))) {
    return "the peer was not told";
  }
  // The room outlives the person as long as the peer is in it.
  if (peer) {
    await peer.tell({ command: "exit" });
    await peer.line(({ event }) => event === "closed");
  }
  if (!await within(LIMIT_MS, async () => await relay.count() === 0)) {
    return `${await relay.count()} documents or files were left`;
  }
  const isOver = () => pids.all.every((pid) => !isAlive(pid));
  if (!await within(10_000, () => Promise.resolve(isOver()))) return "a process was left";
  return undefined;
}

/** The program and what runs it. */
interface Processes {
  readonly group: number;
  readonly all: readonly number[];
}

/** The foreground processes of a terminal. */
async function processesOf(terminal: Terminal): Promise<Processes> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "pid=,pgid=,ppid="] }).output();
  const rows = new TextDecoder().decode(stdout).trim().split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  const isBelow = (pid: number, root: number): boolean => {
    const parent = rows.find(([id]) => id === pid)?.[2];
    return parent === root || (parent !== undefined && parent > 1 && isBelow(parent, root));
  };
  const shell = await terminal.pid();
  const below = rows.filter(([pid]) => isBelow(pid!, shell));
  const shellGroups = new Set([
    shell,
    ...below.filter(([, , ppid]) => ppid === shell)
      .map(([pid]) => pid!),
  ]);
  // bash -i is the shell's child (env execs it), and the job has a group of its own.
  const job = below.filter(([pid, group]) => pid === group && !shellGroups.has(pid!));
  const group = (job[0] ?? below.find(([pid, group]) => pid === group && pid !== shell))?.[1];
  assert(group !== undefined && group > 1, "the program runs in a group of its own");
  return { group, all: below.filter(([, g]) => g === group).map(([pid]) => pid!) };
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

async function within(ms: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + ms;
  while (true) {
    if (await isSo()) return true;
    if (performance.now() > end) return false;
    await sleep(LOOK_MS);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is run on one relay: in the gate a selection, else everything twenty times. */
function cases(starts: readonly Start[]): Case[] {
  if (isSoak) {
    const wanted = Deno.env.get("CLOSING_STAGE");
    return starts.flatMap((start) =>
      [false, true].flatMap((isPlain) =>
        STAGES.filter((stage) => !wanted || stage === wanted).flatMap((stage) =>
          Array.from({ length: SOAK_RUNS }, (_, i) => ({
            start,
            isPlain,
            stage,
            closing: CLOSINGS[i % CLOSINGS.length]!,
          }))
        )
      )
    );
  }
  const bySource = STAGES.flatMap((stage, i) =>
    [false, true].map((isPlain) => ({
      start: "source" as const,
      isPlain,
      stage,
      closing: CLOSINGS[(2 * i + Number(isPlain)) % CLOSINGS.length]!,
    }))
  );
  const byTask = (["closed window", "one SIGHUP"] as const).map((closing, i) => ({
    start: "task" as const,
    isPlain: i === 1,
    stage: "chatting" as const,
    closing,
  }));
  return [...bySource, ...byTask];
}

/** Runs all of them and counts what went well. */
async function runAll(
  open: (lane: number) => Promise<RelayFixture>,
  waiting: Case[],
): Promise<void> {
  const failures: string[] = [];
  const counts = new Map<string, [ok: number, all: number]>();
  const work = async (lane: number) => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      await using relay = await open(lane);
      const wrong = await run(relay, one).catch((error) => `${error}`.slice(0, 2_000));
      const key = `${one.start}, ${one.isPlain ? "plain" : "full screen"}, ${one.stage}`;
      const [ok, all] = counts.get(key) ?? [0, 0];
      counts.set(key, [ok + Number(wrong === undefined), all + 1]);
      if (wrong === undefined) continue;
      failures.push(`${key}, ${one.closing}: ${wrong}`);
      if (isSoak) console.log(failures.at(-1));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, (_, lane) => work(lane)));
  if (isSoak) { for (const [key, [ok, all]] of counts) console.log(`${key}: ${ok} of ${all}`); }
  assertEquals(failures, []);
}

const OPTIONS = { ignore: isSkipped, sanitizeOps: false, sanitizeResources: false };
const starts = (Deno.env.get("CLOSING_START")?.split(",") as Start[] | undefined) ??
  ["source", "task", ...await whyNoCompiling() === undefined ? ["binary"] as const : []];

Deno.test({
  ...OPTIONS,
  name: "closing the terminal: leaves nothing behind and tells the peer on this computer",
  fn: () => runAll(localRelay, cases(starts)),
});

Deno.test({
  ...OPTIONS,
  name: "closing the terminal: leaves nothing behind and tells the peer over MongoDB" +
    (server.ok ? "" : ` (skipped: ${server.why})`),
  ignore: isSkipped || !server.ok,
  async fn() {
    const sets: TestServer[] = [];
    try {
      while (sets.length < PARALLEL) sets.push(await startReplicaSet({ count: 1 }));
      await runAll((lane) => mongoRelay(sets[lane]!), cases(starts));
    } finally {
      for (const set of sets) await set.stop();
    }
  },
});

/** Each signal: in the gate while two people chat, else in every state of every start. */
function signalCases(): Case[] {
  const all = isSoak ? starts : ["source"] as const;
  return all.flatMap((start) =>
    (isSoak ? [false, true] : [false]).flatMap((isPlain) =>
      (isSoak ? STAGES : ["chatting"] as const).flatMap((stage) =>
        [...ENDING, "SIGPIPE and SIGHUP" as const].map((closing) => ({
          ...{ start, isPlain, stage, closing },
        }))
      )
    )
  );
}

Deno.test({
  ...OPTIONS,
  name: "signals that end a program: leave the room and put the terminal back",
  fn: () => runAll(localRelay, signalCases()),
});
