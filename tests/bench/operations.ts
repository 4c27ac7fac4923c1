/**
 * Operations on the cluster for each text, both sides together, as the driver's command monitoring
 * counts them, and bytes on the wire.
 *
 * @module
 */
import { startReplicaSet } from "../support/mongod.ts";
import { meterTo } from "./meter.ts";
import { alternate, type Pair, pause, whisperPair } from "./pairs.ts";
import { type Bench, type Row, runAlone } from "./table.ts";

const TEXTS = 200;
const MOST = 4;
/** Until receipts and removals have settled. */
const SETTLE_MS = 1_500;

type Counts = Record<string, number>;

/** Commands of both sides so far, by kind. */
async function operations(pair: Pair): Promise<Counts> {
  const sum: Counts = {};
  for (const side of pair.sides) {
    const answer = side.next((line) => line.startsWith('{"event":"operations"'));
    await side.write('{"command":"relay"}');
    const { operations } = JSON.parse((await answer).text);
    for (const [kind, count] of Object.entries(operations as Counts)) {
      sum[kind] = (sum[kind] ?? 0) + count;
    }
  }
  return sum;
}

/** One way to talk. */
interface Manner {
  readonly what: string;
  readonly asked: boolean;
  talk(pair: Pair): Promise<number>;
}

const MANNERS: readonly Manner[] = [
  {
    what: "in turns, at once",
    asked: true,
    async talk(pair) {
      await alternate(pair, TEXTS);
      return TEXTS;
    },
  },
  {
    what: "one speaks, ten a second",
    asked: true,
    async talk(pair) {
      for (let i = 0; i < TEXTS; i++) {
        await pair.sides[0].write(pair.say("x".repeat(100), `paced ${i}`));
        await pause(100);
      }
      return TEXTS;
    },
  },
  {
    what: "200 at once",
    asked: true,
    async talk(pair) {
      const all = Array.from({ length: TEXTS }, (_, i) => pair.say("x".repeat(100), `burst ${i}`));
      await pair.sides[0].write(...all);
      return TEXTS;
    },
  },
  {
    what: "in turns, every two seconds",
    asked: false,
    async talk(pair) {
      const texts = 16;
      for (let i = 0; i < texts; i++) {
        await pair.sides[i % 2 as 0 | 1].write(pair.say("x".repeat(100), `seldom ${i}`));
        await pause(2_000);
      }
      return texts;
    },
  },
];

/** The benchmark. */
export const bench: Bench = {
  name: "operations",
  about: "Operations for each text, both sides together, by command monitoring.",
  async run() {
    const server = await startReplicaSet({ count: 3 });
    const meter = await meterTo(server);
    try {
      const pair = await whisperPair({ WHISPER_URI: meter.uri });
      try {
        const rows: Row[] = [];
        for (const { what, asked, talk } of MANNERS) {
          await pause(SETTLE_MS);
          const before = await operations(pair);
          const bytes = meter.bytes();
          const texts = await talk(pair);
          await pause(SETTLE_MS);
          const wire = meter.bytes() - bytes;
          const after = await operations(pair);
          const kinds = Object.entries(after)
            .map(([kind, count]) => [kind, (count - (before[kind] ?? 0)) / texts] as const)
            .filter(([, each]) => each > 0);
          const each = kinds.map(([kind, count]) => `${kind} ${count.toFixed(2)}`).join(", ");
          rows.push({
            what: `${what} (${each})`,
            value: kinds.reduce((sum, [, count]) => sum + count, 0),
            unit: "operations/text",
            ...asked && { bound: { of: "value", atMost: MOST } },
          }, {
            what: `${what}: on the wire for 100 bytes of text`,
            value: wire / texts,
            unit: "bytes",
          });
        }
        return rows;
      } finally {
        await pair.end();
      }
    } finally {
      meter.stop();
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
