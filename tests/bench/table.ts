/**
 * What a benchmark measures and how it is told: rows of one Markdown table, each number beside its
 * reference of the same run and the bound that is asked of it.
 *
 * @module
 */

/** What is asked of a number. */
export interface Bound {
  /** The number itself, or its ratio to the reference. */
  readonly of: "value" | "ratio";
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One measured number. */
export interface Row {
  /** What was measured, with its percentile where it is one: "latency, p50". */
  readonly what: string;
  readonly value: number;
  /** The unit of the value and of its reference: "ms", "MB", "messages/s". */
  readonly unit: string;
  /** What it is compared with, measured in the same run. */
  readonly reference?: { readonly what: string; readonly value: number };
  /** Without one, the number is told and nothing is asked of it. */
  readonly bound?: Bound;
}

/** One benchmark: a file of this folder, which exports one as `bench`. */
export interface Bench {
  /** The name of its file, by which the runner knows it. */
  readonly name: string;
  /** One sentence: what is measured, against what. */
  readonly about: string;
  /** Measures; takes at most three minutes. What it started has ended when it settles. */
  run(): Promise<readonly Row[]>;
}

/** The ratio of a row to its reference. */
export function ratioOf({ value, reference }: Row): number | undefined {
  return reference && value / reference.value;
}

/** Whether a row is within its bound; undefined where nothing is asked. */
export function isMet(row: Row): boolean | undefined {
  if (!row.bound) return undefined;
  const { of, atMost = Infinity, atLeast = -Infinity } = row.bound;
  const number = of === "value" ? row.value : ratioOf(row);
  // Not a number is not met.
  return number !== undefined && number <= atMost && number >= atLeast;
}

/** The table of rows, by benchmark. */
export function markdown(results: readonly (readonly [Bench, readonly Row[]])[]): string {
  const lines = results.flatMap(([{ name }, rows]) => rows.map((row) => cells(name, row)));
  const table = [["bench", "what", "measured", "reference", "ratio", "asked", ""], ...lines];
  const widths = table[0]!.map((_, i) => Math.max(3, ...table.map((line) => line[i]!.length)));
  const written = table.map((line) =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [written[0], rule, ...written.slice(1)].join("\n") + "\n";
}

function cells(name: string, row: Row): string[] {
  const { what, value, unit, reference, bound } = row;
  const ratio = ratioOf(row);
  const met = isMet(row);
  return [
    name,
    what,
    `${short(value)} ${unit}`.trim(),
    reference ? `${reference.what}: ${short(reference.value)} ${unit}`.trim() : "",
    ratio === undefined ? "" : `${ratio.toFixed(2)} x`,
    bound ? asked(bound, unit) : "",
    met === undefined ? "" : met ? "met" : "missed",
  ];
}

function asked({ of, atMost, atLeast }: Bound, unit: string): string {
  const suffix = of === "ratio" ? " x" : ` ${unit}`;
  return [
    ...atMost === undefined ? [] : [`at most ${atMost}${suffix}`],
    ...atLeast === undefined ? [] : [`at least ${atLeast}${suffix}`],
  ].join(", ");
}

/** Three digits that matter, and no more. */
function short(value: number): string {
  if (!Number.isFinite(value)) return "none";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** Runs one benchmark from its own file, and prints its table. */
export async function runAlone(bench: Bench): Promise<void> {
  console.log(markdown([[bench, await bench.run()]]));
}

/** The value below which `share` of the samples lie: 0.5 for the median. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The middle of the samples. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}
