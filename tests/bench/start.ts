/**
 * From the launch of the compiled program to what a person waits for.
 *
 * @module
 */
import { startReplicaSet } from "../support/mongod.ts";
import { compilePrograms } from "./compiled.ts";
import { pathToPart } from "./program.ts";
import { python } from "./python.ts";
import { type Bench, median, runAlone } from "./table.ts";

/** Starts of each; the first few fill the caches of the system. */
const ROUNDS = 21;
const WARM_UP = 3;

/** One way to start something, and what of its output ends the wait; undefined: its own end. */
interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  readonly until?: string;
}

/** Milliseconds from the launch to the end of the wait. */
async function time({ command, args, env = {}, until }: Start): Promise<number> {
  const began = performance.now();
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let ended: number | undefined;
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    if (until === undefined || !text.includes(until) || ended !== undefined) continue;
    ended = performance.now() - began;
    // It leaves the room as it does for anybody.
    await child.stdin.close();
  }
  if (ended === undefined) await child.stdin.close().catch(() => {});
  const { success } = await child.status;
  if (until === undefined && success) return performance.now() - began;
  if (ended === undefined) throw new Error(`${command} did not say "${until}"`);
  return ended;
}

/** The benchmark. */
export const bench: Bench = {
  name: "start",
  about:
    "The compiled program, against Python with pymongo and cryptography, and an empty program.",
  async run() {
    const path = await python();
    const programs = await compilePrograms();
    const server = await startReplicaSet({ count: 3 });
    try {
      const { whisper, empty } = programs;
      const env = { XDG_CONFIG_HOME: "/nonexistent", WHISPER_URI: server.uri, TERM: "xterm" };
      const nowhere = { ...env, WHISPER_URI: "", WHISPER_NAME: "" };
      const starts = {
        code: {
          command: whisper,
          args: ["new", "--json", "--name", "Alice"],
          env,
          until: '"event":"invite"',
        },
        // `script` gives it a terminal, without which nobody is asked anything.
        prompt: {
          command: "script",
          args: ["--quiet", "--flush", "--command", whisper, "/dev/null"],
          env: nowhere,
          until: "name",
        },
        version: { command: whisper, args: ["--version"], env },
        python: { command: path, args: [pathToPart("start.py"), server.uri], until: "\n" },
        empty: { command: empty, args: [] },
      } satisfies Record<string, Start>;
      const samples = Object.fromEntries(Object.keys(starts).map((name) => [name, [] as number[]]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const [name, start] of Object.entries(starts)) {
          const ms = await time(start);
          if (round >= WARM_UP) samples[name]!.push(ms);
        }
      }
      const middle = (name: keyof typeof starts) => median(samples[name]!);
      const pythonRoom = { what: "Python, to a room", value: middle("python") };
      const emptyProgram = { what: "empty program", value: middle("empty") };
      return [
        {
          what: "to the code",
          value: middle("code"),
          unit: "ms",
          reference: pythonRoom,
          bound: { of: "ratio", atMost: 1 },
        },
        {
          what: "to the first prompt",
          value: middle("prompt"),
          unit: "ms",
          reference: pythonRoom,
          bound: { of: "ratio", atMost: 0.5 },
        },
        {
          what: "--version",
          value: middle("version"),
          unit: "ms",
          reference: emptyProgram,
          bound: { of: "ratio", atMost: 1.3 },
        },
      ];
    } finally {
      await server.stop();
      await programs.remove();
    }
  },
};

if (import.meta.main) await runAlone(bench);
