/**
 * `deno task simulate --hours 1000 [--seed N]`: simulates chats until so many hours have passed in them,
 * and reports what happened. With `--seed` alone, one chat, with its log.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { BrokenInvariant, type Outcome, simulate } from "./simulation.ts";

const HOUR_MS = 3_600_000;

/** Simulates chats with seeds from `seed` on, until `hours` have passed in them. */
export async function simulateHours(
  hours: number,
  { seed = 1, each = () => {} }: { seed?: number; each?: (outcome: Outcome) => void } = {},
): Promise<number> {
  let simulatedMs = 0;
  let next = seed;
  while (simulatedMs < hours * HOUR_MS) {
    const outcome = await simulate(next++);
    simulatedMs += outcome.simulatedMs;
    each(outcome);
  }
  return next - seed;
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, { string: ["hours", "seed"] });
  const seed = args.seed === undefined ? undefined : Number(args.seed);
  try {
    if (args.hours === undefined && seed !== undefined) {
      const { log } = await simulate(seed);
      console.log(log.join("\n"));
    } else {
      const start = performance.now();
      const faults: Record<string, number> = {};
      let [simulatedMs, texts] = [0, 0];
      const chats = await simulateHours(Number(args.hours ?? 10), {
        ...seed !== undefined && { seed },
        each(outcome) {
          simulatedMs += outcome.simulatedMs;
          texts += outcome.texts;
          for (const [kind, count] of Object.entries(outcome.faults)) {
            faults[kind] = (faults[kind] ?? 0) + count;
          }
        },
      });
      const seconds = (performance.now() - start) / 1_000;
      console.log(`seeds ${seed ?? 1} to ${(seed ?? 1) + chats - 1}`);
      console.log(`${(simulatedMs / HOUR_MS).toFixed(0)} hours in ${seconds.toFixed(0)} s`);
      console.log(`${chats} chats, ${texts} texts`);
      for (const [kind, count] of Object.entries(faults)) console.log(`${kind}: ${count}`);
    }
  } catch (error) {
    if (!(error instanceof BrokenInvariant)) throw error;
    console.log(error.log.join("\n"));
    console.error(error.message);
    Deno.exitCode = 1;
  }
}
