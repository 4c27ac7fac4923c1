/**
 * `deno task soak`: two real programs, a real set of three nodes, and everything that can go wrong
 * between them, at length. Ends with a table, and with a status other than 0 when a number that has to
 * be zero is not.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { FAULTS } from "./fault_injector.ts";
import { isFlawless, soak, type SoakReport } from "./run.ts";

const USAGE = `deno task soak [--messages N] [--seed N] [--rate N] [--crowd N] [--calm] [--poll]

  --messages N   texts of both together (10000)
  --seed N       what goes wrong, and when (drawn, and printed)
  --rate N       the most that both say in a second (100)
  --crowd N      documents of another user in the relay (0)
  --calm         nothing goes wrong
  --poll         without change streams`;

/** The least value that so much of `ascending` does not exceed. */
function percentile(ascending: readonly number[], fraction: number): number {
  return ascending[Math.ceil(ascending.length * fraction) - 1] ?? NaN;
}

const ms = (number: number) => Number.isNaN(number) ? "-" : number.toFixed(number < 100 ? 1 : 0);

function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  const line = (row: readonly (string | number)[]) =>
    `| ${
      row.map((cell, i) =>
        i === 0 ? String(cell).padEnd(widths[i]!) : String(cell).padStart(widths[i]!)
      ).join(" | ")
    } |`;
  const rule = `| ${
    widths.map((width, i) => "-".repeat(width - (i ? 1 : 0)) + (i ? ":" : "")).join(" | ")
  } |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join("\n");
}

function show(report: SoakReport): string {
  const { latencies, recoveries } = report;
  const numbers = table([
    ["", "number"],
    ["said", report.said],
    ["accepted by the relay", report.sent],
    ["shown", report.shown],
    ["lost", report.lost],
    ["doubled", report.doubled],
    ["out of order", report.disordered],
    ["false alarms", report.falseAlarms],
    ["documents remaining", report.remaining],
    ["seconds", report.seconds.toFixed(0)],
    ["from saying to showing, p50, ms", ms(percentile(latencies, 0.5))],
    ["from saying to showing, p95, ms", ms(percentile(latencies, 0.95))],
    ["resident memory at a tenth, half, all, MB", report.memory.join(", ")],
  ]);
  const kinds = [...recoveries].sort(([a], [b]) => a < b ? -1 : 1);
  const faults = table([
    ["fault", "times", "recovery p50, ms", "p95, ms"],
    ...kinds.map(([name, times]) => {
      const ascending = [...times].sort((a, b) => a - b);
      return [name, times.length, ms(percentile(ascending, 0.5)), ms(percentile(ascending, 0.95))];
    }),
  ]);
  const complaints = report.complaints.length > 0 ? `\n${report.complaints.join("\n")}\n` : "";
  return `\n${numbers}\n${kinds.length > 0 ? `\n${faults}\n` : ""}${complaints}`;
}

const args = parseArgs(Deno.args, {
  string: ["messages", "seed", "rate", "crowd"],
  boolean: ["calm", "poll", "help"],
  default: { messages: "10000", rate: "100", crowd: "0" },
});
if (args.help) {
  console.log(USAGE);
  Deno.exit(0);
}
const seed = Number(args.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
console.log(`seed ${seed}`);
const report = await soak({
  messages: Number(args.messages),
  rate: Number(args.rate),
  crowd: Number(args.crowd),
  seed,
  faults: args.calm ? [] : FAULTS,
  poll: Boolean(args.poll),
  log: (line) => console.log(line),
}).catch((error) => {
  console.log(error);
  console.log(`NOT finished; again: --seed ${seed}`);
  Deno.exit(1);
});
console.log(show(report));
console.log(isFlawless(report) ? "flawless" : `NOT flawless; again: --seed ${seed}`);
Deno.exit(isFlawless(report) ? 0 : 1);
