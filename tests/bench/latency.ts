/**
 * How long a text takes from the line on the sender's standard input to the line on the peer's
 * standard output, over a replica set of three nodes.
 *
 * @module
 */
import { startReplicaSet } from "../support/mongod.ts";
import { alternate, bareMongoPair, type Pair, pause, whisperPair } from "./pairs.ts";
import { type Bench, percentile, type Row, runAlone } from "./table.ts";

/** Texts before anything is measured: the compiler of V8 has seen everything by then. */
const WARM_UP = 150;
/** The two pairs take turns in blocks, so that what else runs on the machine disturbs both alike. */
const BLOCKS = 20;
const BLOCK = 25;
/** Until receipts and removals of a block have settled, and do not disturb the other pair's. */
const SETTLE_MS = 400;

interface Samples {
  readonly ours: number[];
  readonly reference: number[];
}

/** The latencies of two pairs in milliseconds, measured in turns. */
export async function compareLatency(
  { ours, reference }: { ours: Pair; reference: Pair },
): Promise<Samples> {
  const samples: Samples = { ours: [], reference: [] };
  for (const pair of [ours, reference]) {
    await alternate(pair, WARM_UP);
    await pause(SETTLE_MS);
  }
  for (let block = 0; block < BLOCKS; block++) {
    samples.ours.push(...await alternate(ours, BLOCK));
    await pause(SETTLE_MS);
    samples.reference.push(...await alternate(reference, BLOCK));
    await pause(SETTLE_MS);
  }
  return samples;
}

/** The middle and the slow end of them; `atMost`: how many times the reference ours may be. */
export function latencyRows(
  { ours, reference }: Samples,
  names: { readonly what: string; readonly reference: string; readonly atMost: number },
): Row[] {
  return [0.5, 0.99].map((share): Row => ({
    what: `${names.what}, p${share * 100}`,
    value: percentile(ours, share),
    unit: "ms",
    reference: { what: names.reference, value: percentile(reference, share) },
    bound: { of: "ratio", atMost: names.atMost },
  }));
}

/** The benchmark. */
export const bench: Bench = {
  name: "latency",
  about: "500 texts in turns, against two bare driver programs.",
  async run() {
    const server = await startReplicaSet({ count: 3 });
    try {
      const reference = await bareMongoPair(server.uri);
      const ours = await whisperPair({ WHISPER_URI: server.uri });
      try {
        const names = { what: "latency", reference: "bare driver", atMost: 1.15 };
        return latencyRows(await compareLatency({ ours, reference }), names);
      } finally {
        await Promise.all([ours.end(), reference.end()]);
      }
    } finally {
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
