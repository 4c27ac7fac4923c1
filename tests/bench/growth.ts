/**
 * Many rooms on one cluster: latency of one of them while the others talk, and what they cost the
 * servers, by streams and by polling.
 *
 * @module
 */
import { startReplicaSet, type TestServer } from "../support/mongod.ts";
import { alternate, bareMongoPair, type Pair, pause, whisperPair } from "./pairs.ts";
import { Program } from "./program.ts";
import { type Bench, median, type Row, runAlone } from "./table.ts";

const ROOMS = [1, 25, 100];
const WARM_UP = 40;
const TEXTS = 60;
/** How long the servers' work is measured. */
const COST_MS = 5_000;
/** Ticks of the kernel's account of a process's time, in a second. */
const TICKS = 100;

type Kind = "whisper" | "polling" | "bare";

/** What happens while `rooms` of a kind talk. */
async function among<T>(
  server: TestServer,
  { kind, rooms }: { kind: Kind; rooms: number },
  action: () => Promise<T>,
): Promise<T> {
  if (rooms === 0) return await action();
  const crowd = Program.deno("tests/bench/rooms.ts", [kind, server.uri, String(rooms)]);
  try {
    await crowd.next((line) => line === "ready");
    await pause(1_000);
    return await action();
  } finally {
    await crowd.end();
  }
}

/** Milliseconds of processor time that the servers have used so far. */
async function serverTime({ nodes }: TestServer): Promise<number> {
  let ticks = 0;
  for (const { pid } of nodes) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    // Behind the name, which may hold anything: user time and system time are the 12th and 13th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 1_000 / TICKS;
}

/** Milliseconds of the servers' processors in each second while `rooms` of a kind talk. */
function cost(server: TestServer, kind: Kind, rooms: number): Promise<number> {
  return among(server, { kind, rooms }, async () => {
    const before = await serverTime(server);
    const began = performance.now();
    await pause(COST_MS);
    return (await serverTime(server) - before) / ((performance.now() - began) / 1_000);
  });
}

async function latency(pair: Pair): Promise<number> {
  await alternate(pair, WARM_UP);
  const samples = await alternate(pair, TEXTS);
  await pair.end();
  return median(samples);
}

/** The benchmark. */
export const bench: Bench = {
  name: "growth",
  about: "One of many rooms, against the bare driver in as many; streams against polling.",
  async run() {
    // Without access control: signing in is not what grows here.
    const server = await startReplicaSet({ count: 3, auth: false });
    try {
      const rows: Row[] = [];
      for (const rooms of ROOMS) {
        const others = rooms - 1;
        const ours = await among(
          server,
          { kind: "whisper", rooms: others },
          async () => latency(await whisperPair({ WHISPER_URI: server.uri })),
        );
        const theirs = await among(
          server,
          { kind: "bare", rooms: others },
          async () => latency(await bareMongoPair(server.uri)),
        );
        rows.push({
          what: `latency p50 in one of ${rooms} rooms`,
          value: ours,
          unit: "ms",
          reference: { what: "bare driver", value: theirs },
          bound: { of: "ratio", atMost: 1.15 },
        });
      }
      for (const rooms of ROOMS.slice(1)) {
        rows.push({
          what: `servers' processor time, ${rooms} rooms by streams`,
          value: await cost(server, "whisper", rooms),
          unit: "ms/s",
          reference: { what: "by polling", value: await cost(server, "polling", rooms) },
        });
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
