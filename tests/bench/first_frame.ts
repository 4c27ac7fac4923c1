/**
 * How long it takes from the start to the first thing that is seen, full screen and in lines, in a
 * real pseudo-terminal, against the least that Deno can do.
 *
 * @module
 */
import { leaveTerminal, startInTerminal } from "./in_terminal.ts";
import { pathTo, whisperArgs } from "./program.ts";
import { type Bench, median, type Row, runAlone } from "./table.ts";

/** Starts of each program, in turns. */
const ROUNDS = 15;
/** What the full screen may take, measured in first frames of the plain interface. */
const MAX_RATIO = 1.3;

/** A program, and the first thing that is seen of it. */
interface Subject {
  readonly what: string;
  readonly args: readonly string[];
  readonly shows: string;
}

const WHISPER = whisperArgs(["new", "--local", "--name", "Alice"]);
const FULL: Subject = { what: "full screen", args: WHISPER, shows: "Connecting" };
const PLAIN: Subject = { what: "plain", args: [...WHISPER, "--plain"], shows: "* " };
const DENO: Subject = {
  what: "empty Deno program",
  args: ["run", "--quiet", "--no-check", pathTo("tests/bench/empty_deno.ts")],
  shows: "ready",
};

/** Milliseconds until `shows` is written to a terminal of its own. */
async function firstSight({ args, shows }: Subject, folder: string): Promise<number> {
  const since = performance.now();
  const child = startInTerminal([Deno.execPath(), ...args], {
    env: { XDG_RUNTIME_DIR: folder },
    stdout: "piped",
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let seen = "";
  while (!seen.includes(shows)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`It ended before ${JSON.stringify(shows)} was seen: ${seen}`);
    seen += decoder.decode(value, { stream: true });
  }
  const took = performance.now() - since;
  reader.releaseLock();
  const rest = child.stdout.pipeTo(new WritableStream()).catch(() => {});
  await leaveTerminal(child);
  await rest;
  return took;
}

/** The benchmark. */
export const bench: Bench = {
  name: "first_frame",
  about: "From the start to what is seen first, against an empty Deno program.",
  async run() {
    const folder = await Deno.makeTempDir();
    try {
      const subjects = [FULL, PLAIN, DENO];
      const samples = new Map(subjects.map((subject) => [subject, [] as number[]]));
      for (let round = 0; round <= ROUNDS; round++) {
        for (const subject of subjects) {
          const took = await firstSight(subject, folder);
          // The first round fills the caches.
          if (round > 0) samples.get(subject)!.push(took);
        }
      }
      const middle = (subject: Subject) => median(samples.get(subject)!);
      return ([[FULL, PLAIN], [FULL, DENO], [PLAIN, DENO]] as const).map(
        ([subject, reference]): Row => ({
          what: `${subject.what}, median`,
          value: middle(subject),
          unit: "ms",
          reference: { what: reference.what, value: middle(reference) },
          ...reference === PLAIN && { bound: { of: "ratio", atMost: MAX_RATIO } },
        }),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

if (import.meta.main) await runAlone(bench);
