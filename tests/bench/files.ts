/**
 * Files: how fast they move, how much memory that takes, and what it does to the messages that are
 * written meanwhile; and how long `whisper send` takes for a hundred bytes.
 *
 * `FILES_BENCH_MB` sets the size of each file, 40 MB by default.
 *
 * @module
 */
import { systemRandom } from "../../src/clock.ts";
import { decrypt, encrypt, importFernetKey } from "../../src/crypto/fernet.ts";
import { startReplicaSet } from "../support/mongod.ts";
import { CHUNK_BYTES } from "../../src/limits.ts";
import { pause, type Place, whisperPair } from "./pairs.ts";
import { memoryOf, Program } from "./program.ts";
import { type Bench, median, type Row, runAlone } from "./table.ts";

const MEGABYTES = Number(Deno.env.get("FILES_BENCH_MB") ?? 40);
/** Files, and runs of what they are compared with, in turns. */
const TURNS = 3;
/** Messages for each median. */
const MESSAGES = 30;

/** Two chats with folders of their own. */
async function pairWithFolders(place: Place) {
  const [from, to] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  const pair = await whisperPair(place, {
    start(args, env) {
      const folder = args[0] === "new" ? from : to;
      return Program.whisper([...args, "--files", folder], env);
    },
  });
  return {
    ...pair,
    from,
    async end() {
      await pair.end();
      for (const folder of [from, to]) await Deno.remove(folder, { recursive: true });
    },
  };
}

const isFile = (state: string, id?: string) => (line: string) =>
  line.startsWith('{"event":"file"') && line.includes(`"state":"${state}"`) &&
  (id === undefined || line.includes(`"id":"${id}"`));

/** One file from the first side to the second, and what `meanwhile` does while it moves. */
async function move(
  pair: Awaited<ReturnType<typeof pairWithFolders>>,
  { megabytes, id }: { megabytes: number; id: string },
  meanwhile: (isOver: () => boolean) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const [host, guest] = pair.sides;
  const file = await Deno.open(`${pair.from}/${id}`, { write: true, create: true });
  const block = crypto.getRandomValues(new Uint8Array(50_000));
  for (let n = 0; n < megabytes * 20; n++) await file.write(block);
  file.close();
  const offered = guest.next(isFile("offered"));
  await host.write(JSON.stringify({ command: "send", path: id, id }));
  const theirs = JSON.parse((await offered).text).id;
  const accepted = host.next(isFile("accepted", id));
  let isOver = false;
  // The program is awaited for a minute at a time; a large file takes longer.
  const delivered = Promise.withResolvers<number>();
  const stop = host.onLine(({ text, at }) => {
    if (isFile("delivered", id)(text)) delivered.resolve(at);
    if (isFile("failed", id)(text)) delivered.reject(new Error(text));
  });
  await guest.write(JSON.stringify({ command: "accept", file: theirs }));
  const began = (await accepted).at;
  const working = meanwhile(() => isOver);
  const ended = await delivered.promise;
  isOver = true;
  stop();
  await working;
  return megabytes / ((ended - began) / 1_000);
}

/** Milliseconds until each of some messages was shown. */
async function messages(
  pair: Awaited<ReturnType<typeof pairWithFolders>>,
  isOver: () => boolean = () => false,
): Promise<number[]> {
  const [host, guest] = pair.sides;
  const times: number[] = [];
  for (let i = 0; i < MESSAGES && !isOver(); i++) {
    const text = `message ${crypto.randomUUID()}`;
    const began = performance.now();
    const came = guest.next((line) => pair.shown(line) === text);
    await host.write(pair.say(text, text));
    times.push((await came).at - began);
    await pause(50);
  }
  return times;
}

/** Everything about one relay. `between` is run in turns with the files. */
async function measure(
  name: string,
  place: Place,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<{ rows: Row[]; rate: number }> {
  const pair = await pairWithFolders(place);
  try {
    // The first messages and the first file load and compile what the others find.
    await messages(pair);
    const idle = await messages(pair);
    await move(pair, { megabytes: 5, id: "first" });
    const rates: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      await between();
      const file = { megabytes: MEGABYTES, id: `large ${turn}` };
      rates.push(await move(pair, file));
    }
    const busy: number[] = [];
    while (busy.length < MESSAGES) {
      const file = { megabytes: MEGABYTES, id: `with messages, from ${busy.length}` };
      await move(pair, file, async (isOver) => void busy.push(...await messages(pair, isOver)));
    }
    const rows: Row[] = [
      {
        what: `${name}: message while a file moves, p50 of ${busy.length}`,
        value: median(busy),
        unit: "ms",
        reference: { what: "no file", value: median(idle) },
        bound: { of: "ratio", atMost: 2 },
      },
    ];
    return { rows, rate: median(rates) };
  } finally {
    await pair.end();
  }
}

/** Megabytes above an idle chat that a file takes, at most. */
async function memory(name: string, place: Place): Promise<Row> {
  const pair = await pairWithFolders(place);
  try {
    const pids = pair.sides.map(({ pid }) => pid);
    const resident = () => Promise.all(pids.map((pid) => memoryOf(pid, "VmRSS")));
    await move(pair, { megabytes: 5, id: "first" });
    await pause(1_000);
    const before = await resident();
    let most = 0;
    await move(pair, { megabytes: MEGABYTES, id: "large" }, async (isOver) => {
      for (; !isOver(); await pause(100)) {
        const now = await resident();
        most = Math.max(most, ...now.map((megabytes, side) => megabytes - before[side]!));
      }
    });
    return {
      what: `${name}: memory above an idle chat`,
      value: most,
      unit: "MB",
      bound: { of: "value", atMost: 60 },
    };
  } finally {
    await pair.end();
  }
}

/** MB a second of Fernet alone: each chunk is encrypted and decrypted by one program. */
async function fernetRate(): Promise<number> {
  const bytes = crypto.getRandomValues(new Uint8Array(CHUNK_BYTES));
  const count = Math.ceil(MEGABYTES * 1_000_000 / CHUNK_BYTES);
  const began = performance.now();
  for (let n = 0; n < count; n++) {
    const key = await importFernetKey(systemRandom(32));
    await decrypt(key, await encrypt(key, bytes, { now: 0, random: systemRandom }));
  }
  return MEGABYTES / ((performance.now() - began) / 1_000);
}

/** MB a second of two bare driver programs. */
async function bareRate(uri: string): Promise<number> {
  const count = Math.ceil(MEGABYTES * 1_000_000 / CHUNK_BYTES);
  const reader = Program.deno("tests/bench/bare_files.ts", [uri, "read", String(count)]);
  await reader.next((line) => line === "ready");
  const done = Promise.withResolvers<number>();
  reader.onLine(({ text, at }) => text === "done" && done.resolve(at));
  const began = performance.now();
  const writer = Program.deno("tests/bench/bare_files.ts", [uri, "write", String(count)]);
  const ended = await done.promise;
  await writer.end();
  await reader.end();
  return MEGABYTES / ((ended - began) / 1_000);
}

/** From the end of the handshake to the delivery of a hundred bytes, and of a message. */
async function oneLine(place: Place): Promise<{ send: number; chat: number }> {
  const env = { ...place, XDG_CONFIG_HOME: "/nonexistent" };
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(100));
  const folder = await Deno.makeTempDir();
  try {
    const sender = Program.whisper(["send", path, "--json", "--name", "A"], env);
    const invite = await sender.next((line) => line.includes('"event":"invite"'));
    const { code } = JSON.parse(invite.text);
    const delivered = sender.next(isFile("delivered"));
    const began = performance.now();
    const flags = ["--into", folder, "--yes", "--json", "--name", "B"];
    const receiver = Program.whisper(["receive", code, ...flags], env);
    const send = (await delivered).at - began;
    await Promise.all([sender.end(), receiver.end()]);

    const host = Program.whisper(["new", "--json", "--name", "A"], env);
    const invited = await host.next((line) => line.includes('"event":"invite"'));
    const answered = host.next((line) => line.includes('"event":"delivered"'));
    await host.write('{"send":"a message","id":"1"}');
    const start = performance.now();
    const guest = Program.whisper(
      ["join", JSON.parse(invited.text).code, "--json", "--name", "B"],
      env,
    );
    const chat = (await answered).at - start;
    await guest.end();
    await host.end();
    return { send, chat };
  } finally {
    await Deno.remove(path);
    await Deno.remove(folder, { recursive: true });
  }
}

/** The benchmark. */
export const bench: Bench = {
  name: "files",
  about: "Files over both relays, against two bare driver programs, and messages meanwhile.",
  async run() {
    const rows: Row[] = [];
    // Where the local relay is by default: on Linux that folder is in memory.
    const runtime = Deno.env.get("XDG_RUNTIME_DIR");
    const here = await Deno.makeTempDir(runtime ? { dir: runtime } : {});
    try {
      const place: Place = { WHISPER_LOCAL: "1", XDG_RUNTIME_DIR: here };
      const local = await measure("this computer", place);
      rows.push(
        {
          what: "this computer: throughput",
          value: local.rate,
          unit: "MB/s",
          reference: { what: "Fernet alone", value: await fernetRate() },
          bound: { of: "value", atLeast: 20 },
        },
        ...local.rows,
        await memory("this computer", place),
      );
      const pairs = [];
      for (let n = 0; n < 5; n++) pairs.push(await oneLine(place));
      rows.push({
        what: "send of 100 bytes, receiver's start to delivery",
        value: median(pairs.map(({ send }) => send)),
        unit: "ms",
        reference: { what: "join and a message", value: median(pairs.map(({ chat }) => chat)) },
        bound: { of: "ratio", atMost: 1.1 },
      });
    } finally {
      await Deno.remove(here, { recursive: true });
    }
    if (Deno.args.includes("--local")) return rows;
    const server = await startReplicaSet({ count: 3 });
    try {
      const bare: number[] = [];
      const mongo = await measure("three nodes", { WHISPER_URI: server.uri }, async () => {
        bare.push(await bareRate(server.uri));
      });
      rows.push(
        {
          what: "three nodes: throughput",
          value: mongo.rate,
          unit: "MB/s",
          reference: { what: "bare driver", value: median(bare) },
          bound: { of: "ratio", atLeast: 0.5 },
        },
        ...mongo.rows,
        await memory("three nodes", { WHISPER_URI: server.uri }),
      );
      return rows;
    } finally {
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
