/**
 * Checks the model of the room, `room.pml`, with Spin: every state of several small worlds, and that each
 * precaution is needed. `deno task model` prints a table; `--deep` adds the larger worlds.
 *
 * @module
 */
import { isInstalled } from "../support/installed.ts";

/** The size of a world: the variables at the head of `room.pml`. */
interface Size {
  readonly HOSTS?: number;
  readonly GUESTS?: number;
  readonly FAULTS?: number;
  readonly LATE?: number;
  readonly HOSTILE?: number;
  readonly REOPENINGS?: number;
  readonly BROKEN?: number;
}

/** A world to check. */
export interface World {
  readonly name: string;
  readonly size: Size;
}

/** What Spin found. */
export interface Verdict {
  readonly states: number;
  /** The first violation; undefined where every state was visited and none has one. */
  readonly violation: string | undefined;
}

/** Worlds in which everything has to hold, small enough for every run of the tests. */
export const WORLDS: readonly World[] = [
  { name: "2 hosts, 2 guests", size: { HOSTS: 2, GUESTS: 2, REOPENINGS: 0, FAULTS: 0 } },
  { name: "2 hosts, 1 guest, 1 fault", size: { HOSTS: 2, GUESTS: 1, REOPENINGS: 0, FAULTS: 1 } },
  { name: "1 host, 2 guests, any faults, reopened", size: { HOSTS: 1, GUESTS: 2 } },
  { name: "1 host, 1 guest, any faults, a late command", size: { GUESTS: 1, LATE: 1 } },
  { name: "1 host, 1 guest, any faults, a hostile writer", size: { GUESTS: 1, HOSTILE: 2 } },
];

/** Larger worlds, of minutes each. */
export const DEEP_WORLDS: readonly World[] = [
  { name: "2 hosts, 2 guests, 1 fault", size: { HOSTS: 2, GUESTS: 2, REOPENINGS: 0, FAULTS: 1 } },
  { name: "2 hosts, 2 guests, reopened", size: { HOSTS: 2, GUESTS: 2, FAULTS: 0 } },
  { name: "1 host, 2 guests, 1 fault, a late command", size: { FAULTS: 1, LATE: 1 } },
  { name: "2 hosts, 1 guest, any faults", size: { HOSTS: 2, GUESTS: 1, REOPENINGS: 0 } },
];

const EXPOSING = { GUESTS: 2, FAULTS: 1, REOPENINGS: 0 };

/** The same model with one precaution taken away: in each something has to be found. */
export const BROKEN: readonly World[] = [
  { name: "LAST_BY_TWO", size: { ...EXPOSING, FAULTS: 2, BROKEN: 1 } },
  { name: "SEAL_IGNORED", size: { ...EXPOSING, BROKEN: 2 } },
  { name: "NO_SWEEP", size: { ...EXPOSING, BROKEN: 3 } },
  { name: "REFUSED_HOLDER", size: { ...EXPOSING, BROKEN: 4 } },
  { name: "LATE_CLAIM", size: { ...EXPOSING, LATE: 1, BROKEN: 5 } },
  { name: "BLIND_KNOCK", size: { ...EXPOSING, BROKEN: 6 } },
  { name: "LEASE_IGNORED", size: { ...EXPOSING, BROKEN: 7 } },
];

const ANY = 99;
const DEFAULTS: Required<Size> = {
  ...{ HOSTS: 1, GUESTS: 2, FAULTS: ANY, LATE: 0, HOSTILE: 0, REOPENINGS: 1, BROKEN: 0 },
};

const MODEL = new URL("./room.pml", import.meta.url);
const MAX_DEPTH = 400_000;
const MAX_MEGABYTES = 8_000;

/** The tools that the check needs and this machine does not have. */
export async function missingTools(): Promise<string[]> {
  const missing: string[] = [];
  for (const tool of ["spin", "gcc"]) if (!await isInstalled(tool)) missing.push(tool);
  return missing;
}

/** The verifier that Spin makes of the model. */
export class Verifier implements AsyncDisposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Compiles it. */
  static async compile(): Promise<Verifier> {
    const directory = await Deno.makeTempDir({ prefix: "whisper-model-" });
    const verifier = new Verifier(directory);
    await Deno.copyFile(MODEL, `${directory}/room.pml`);
    await run(directory, "spin", ["-a", "room.pml"]);
    const options = ["-O2", "-w", "-DSAFETY", `-DMEMLIM=${MAX_MEGABYTES}`];
    await run(directory, "gcc", [...options, "-o", "pan", "pan.c"]);
    return verifier;
  }

  /** Visits every state of a world, or stops at the first violation. */
  async check({ size }: World): Promise<Verdict> {
    const env = Object.fromEntries(
      Object.entries({ ...DEFAULTS, ...size }).map(([name, value]) => [name, String(value)]),
    );
    return verdict(await run(this.#directory, "./pan", [`-m${MAX_DEPTH}`, "-w24"], env));
  }

  /** Removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}

function verdict(report: string): Verdict {
  const states = Number(/(\d+) states, stored/.exec(report)?.[1]);
  const violation = /^pan:1: (.*)$/m.exec(report)?.[1];
  const isComplete = /errors: 0$/m.test(report) && !/not completed|max search depth/i.test(report);
  if (!violation && !isComplete) throw new Error(`Spin did not visit every state:\n${report}`);
  return { states, violation };
}

async function run(
  cwd: string,
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const options = { args, cwd, env };
  const { success, stdout, stderr } = await new Deno.Command(command, options).output();
  const report = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${command} failed:\n${report}`);
  return report;
}

if (import.meta.main) {
  const isDeep = Deno.args.includes("--deep");
  await using verifier = await Verifier.compile();
  let isRight = true;
  const row = (name: string, states: string, ms: string, found: string) =>
    console.log(`${name.padEnd(46)} ${states.padStart(11)} ${ms.padStart(7)}  ${found}`);
  row("world", "states", "s", "violation");
  for (const world of [...WORLDS, ...isDeep ? DEEP_WORLDS : [], ...BROKEN]) {
    const start = performance.now();
    const { states, violation } = await verifier.check(world);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    if (BROKEN.includes(world) === (violation === undefined)) isRight = false;
    row(world.name, states.toLocaleString("en-US"), seconds, violation ?? "none");
  }
  Deno.exitCode = isRight ? 0 : 1;
}
