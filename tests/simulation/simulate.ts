/**
 * `deno task simulate --hours 1000 [--seed N] [--jobs N]`: simulates chats, from seed N on, until so many
 * hours have passed in them, and reports what happened. Without `--hours`, the one chat of a seed with
 * its log, which is the same each time.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { TRANSITIONS } from "../../src/chat/chat.ts";
import { BrokenInvariant, type Outcome, simulate } from "./simulation.ts";

const HOUR_MS = 3_600_000;

/** What was seen in many chats. */
export interface Summary {
  simulatedMs: number;
  chats: number;
  texts: number;
  readonly faults: Record<string, number>;
  /** How often each change of the lifecycle was made, as "from to"; never made: 0. */
  readonly transitions: Record<string, number>;
}

/** Nothing was seen yet. */
export function emptySummary(): Summary {
  const possible = Object.entries(TRANSITIONS).flatMap(([from, all]) =>
    all.map((to) => [`${from} ${to}`, 0])
  );
  const transitions = Object.fromEntries(possible);
  return { simulatedMs: 0, chats: 0, texts: 0, faults: {}, transitions };
}

function add(summary: Summary, outcome: Outcome): void {
  summary.simulatedMs += outcome.simulatedMs;
  summary.chats++;
  summary.texts += outcome.texts;
  for (const [kind, count] of Object.entries(outcome.faults)) {
    summary.faults[kind] = (summary.faults[kind] ?? 0) + count;
  }
  for (const name of outcome.transitions) summary.transitions[name]!++;
}

/** Simulates the chats of every `step`th seed from `seed` on, until `hours` have passed in them. */
export async function simulateHours(
  hours: number,
  { seed, step = 1, summary }: { seed: number; step?: number; summary: Summary },
): Promise<void> {
  const end = summary.simulatedMs + hours * HOUR_MS;
  for (let next = seed; summary.simulatedMs < end; next += step) {
    add(summary, await simulate(next));
  }
}

/** The same in this many processes. */
async function inProcesses(jobs: number, hours: number, seed: number): Promise<Summary> {
  const summary = emptySummary();
  await Promise.all(Array.from({ length: jobs }, async (_, job) => {
    const args = ["--hours", String(hours / jobs), "--seed", String(seed + job)];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", import.meta.filename!, ...args, "--step", String(jobs), "--json"],
    }).output();
    const text = new TextDecoder().decode(stdout);
    if (!success) throw new Error(text + new TextDecoder().decode(stderr));
    const part: Summary = JSON.parse(text);
    summary.simulatedMs += part.simulatedMs;
    summary.chats += part.chats;
    summary.texts += part.texts;
    for (const which of ["faults", "transitions"] as const) {
      for (const [name, count] of Object.entries(part[which])) {
        summary[which][name] = (summary[which][name] ?? 0) + count;
      }
    }
  }));
  return summary;
}

function print({ simulatedMs, chats, texts, faults, transitions }: Summary, seconds: number): void {
  const hours = (simulatedMs / HOUR_MS).toFixed(0);
  console.log(`${hours} hours of ${chats} chats with ${texts} texts in ${seconds.toFixed(0)} s`);
  const list = (counts: Record<string, number>) =>
    Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ");
  console.log(`Faults: ${list(faults)}`);
  const never = Object.keys(transitions).filter((name) => transitions[name] === 0);
  console.log(`Transitions never taken: ${never.join(", ") || "none"}`);
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: ["hours", "seed", "step", "jobs"],
    boolean: ["json"],
  });
  const seed = Number(args.seed ?? 1);
  try {
    if (args.hours === undefined) {
      console.log((await simulate(seed)).log.join("\n"));
    } else if (args.json) {
      const summary = emptySummary();
      await simulateHours(Number(args.hours), { seed, step: Number(args.step ?? 1), summary });
      console.log(JSON.stringify(summary));
    } else {
      const start = performance.now();
      console.log(`Seed ${seed}`);
      const jobs = Number(args.jobs ?? navigator.hardwareConcurrency);
      print(await inProcesses(jobs, Number(args.hours), seed), (performance.now() - start) / 1_000);
    }
  } catch (error) {
    if (error instanceof BrokenInvariant) console.log(error.log.join("\n"));
    console.error((error as Error).message);
    Deno.exitCode = 1;
  }
}
