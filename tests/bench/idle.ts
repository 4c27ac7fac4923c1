/**
 * What a chat costs while nothing is said: processor time in a minute and wake-ups in a second, beside
 * the bare driver with one change stream and its usual options, and beside a Deno that has only a timer.
 * What is asked, and what no client of this driver can reach: `docs/decisions/heartbeats-of-the-driver.md`.
 * Linux.
 *
 * @module
 */
import { startReplicaSet } from "../support/mongod.ts";
import { leaveTerminal, processIn, startInTerminal } from "./in_terminal.ts";
import { bareMongoPair, pause, whisperPair } from "./pairs.ts";
import { cpuOf, Program, whisperArgs } from "./program.ts";
import { type Bench, type Row, runAlone } from "./table.ts";

/** By then V8 has collected what the start left behind. */
const SETTLE_MS = 70_000;
const MEASURE_MS = 60_000;

/** What a process has used so far, by the scheduler's account of its threads. */
interface Usage {
  /** Milliseconds of all threads. */
  readonly cpu: number;
  /** Times that the main thread went to sleep. */
  readonly wakeUps: number;
}

/** The full screen of a host whom nobody has joined: its terminal, and the process in it. */
async function fullScreenHost(uri: string): Promise<{ child: Deno.ChildProcess; pid: number }> {
  const child = startInTerminal([Deno.execPath(), ...whisperArgs(["new", "--name", "Alice"])], {
    env: { WHISPER_URI: uri, XDG_CONFIG_HOME: "/nonexistent" },
    stdout: "null",
  });
  await pause(10_000);
  return { child, pid: await processIn(child) };
}

async function usage({ pid }: { readonly pid: number }): Promise<Usage> {
  const cpu = await cpuOf(pid);
  const status = await Deno.readTextFile(`/proc/${pid}/task/${pid}/status`);
  return { cpu, wakeUps: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)![1]) };
}

/** The benchmark. */
export const bench: Bench = {
  name: "idle",
  about: "Processor time and wake-ups of a silent chat on three nodes.",
  async run() {
    const server = await startReplicaSet({ count: 3 });
    const timer = new Program(Deno.execPath(), { args: ["eval", "setInterval(() => {}, 1000)"] });
    try {
      const pair = await whisperPair({ WHISPER_URI: server.uri });
      const bare = await bareMongoPair(server.uri);
      const screen = await fullScreenHost(server.uri);
      const programs = [pair.sides[0], bare.sides[0], timer, screen];
      await pause(SETTLE_MS);
      const before = await Promise.all(programs.map(usage));
      await pause(MEASURE_MS);
      const after = await Promise.all(programs.map(usage));
      await pair.end();
      await bare.end();
      await leaveTerminal(screen.child);
      const [json, driver, empty, full] = after.map(({ cpu, wakeUps }, i) => ({
        cpu: (cpu - before[i]!.cpu) * 60_000 / MEASURE_MS,
        wakeUps: (wakeUps - before[i]!.wakeUps) * 1_000 / MEASURE_MS,
      }));
      const rows = (what: string, { cpu, wakeUps }: Usage, asked: Usage): Row[] => [
        {
          what: `${what}: processor time in a minute`,
          value: cpu,
          unit: "ms",
          reference: { what: "bare driver", value: driver!.cpu },
          bound: { of: "value", atMost: asked.cpu },
        },
        {
          what: `${what}: wake-ups of the main thread in a second`,
          value: wakeUps,
          unit: "",
          reference: { what: "bare driver", value: driver!.wakeUps },
          bound: { of: "value", atMost: asked.wakeUps },
        },
      ];
      return [
        ...rows("JSON", json!, { cpu: 40, wakeUps: 4 }),
        ...rows("full screen", full!, { cpu: 80, wakeUps: 8 }),
        {
          what: "a Deno with one timer a second: processor time in a minute",
          value: empty!.cpu,
          unit: "ms",
        },
      ];
    } finally {
      timer.kill();
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
