/**
 * The same latency between two terminals of one computer, over SQLite.
 *
 * @module
 */
import { compareLatency } from "./latency.ts";
import { bareSqlitePair, whisperPair } from "./pairs.ts";
import { type Bench, percentile, runAlone } from "./table.ts";

/** The benchmark. */
export const bench: Bench = {
  name: "sqlite",
  about: "500 texts in turns, against two programs that do no more than watch and read.",
  async run() {
    const folder = await Deno.makeTempDir({ prefix: "whisper-bench-" });
    try {
      const reference = await bareSqlitePair(`${folder}/bare.db`);
      const ours = await whisperPair({ XDG_RUNTIME_DIR: folder }, { flags: ["--local"] });
      try {
        const samples = await compareLatency({ ours, reference });
        const [p50, p99] = [0.5, 0.99].map((share) => ({
          value: percentile(samples.ours, share),
          unit: "ms",
          reference: { what: "bare pair", value: percentile(samples.reference, share) },
        }));
        return [
          { ...p50!, what: "latency, p50", bound: { of: "value", atMost: 3 } },
          { ...p50!, what: "latency, p50", bound: { of: "ratio", atMost: 1.5 } },
          { ...p99!, what: "latency, p99" },
        ];
      } finally {
        await Promise.all([ours.end(), reference.end()]);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

if (import.meta.main) await runAlone(bench);
