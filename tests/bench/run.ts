/**
 * Runs benchmarks and prints one table. Arguments: names, none for all; `--check` ends with status 1
 * where something that is asked is missed.
 *
 * @module
 */
import { type Bench, isMet, markdown, type Row } from "./table.ts";

const NAMES = [
  "latency",
  "burst",
  "sqlite",
  "fernet",
  "start",
  "memory",
  "long_log",
  "operations",
  "growth",
  "network",
  "idle",
  "proxy",
  "files",
  "polling",
  "first_frame",
  "keystroke",
];

const wanted = Deno.args.filter((arg) => !arg.startsWith("-"));
const unknown = [
  ...wanted.filter((name) => !NAMES.includes(name)),
  ...Deno.args.filter((arg) => arg.startsWith("-") && arg !== "--check"),
];
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. The benchmarks are: ${NAMES.join(", ")}.`);
  Deno.exit(2);
}

const results: [Bench, readonly Row[]][] = [];
let failures = 0;
for (const name of NAMES) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} ...`);
  try {
    const { bench } = await import(`./${name}.ts`) as { bench: Bench };
    results.push([bench, await bench.run()]);
  } catch (error) {
    failures++;
    console.error(`${name} could not be run: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(markdown(results));
const missed = results.flatMap(([, rows]) => rows).filter((row) => isMet(row) === false);
// What something left behind, as a driver's timer, keeps nobody waiting.
Deno.exit(failures > 0 || (Deno.args.includes("--check") && missed.length > 0) ? 1 : 0);
