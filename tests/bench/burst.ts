/**
 * Two thousand texts at once: how many a second are shown to the peer and acknowledged.
 *
 * @module
 */
import { startReplicaSet } from "../support/mongod.ts";
import { alternate, bareMongoPair, type Pair, pause, TEXT_CHARS, whisperPair } from "./pairs.ts";
import { type Bench, median, runAlone } from "./table.ts";

const TEXTS = 2_000;
const ROUNDS = 5;
const SETTLE_MS = 1_000;

/** Texts a second, until the peer has shown the last one and, where it says so, all are acknowledged. */
async function burst(pair: Pair, round: number): Promise<number> {
  const [from, to] = pair.sides;
  const texts = Array.from({ length: TEXTS }, (_, i) => `${round}/${i} `.padEnd(TEXT_CHARS, "x"));
  const ids = new Set(texts.map((_, i) => `${round}/${i}`));
  const unseen = new Set(texts);
  const { promise, resolve } = Promise.withResolvers<number>();
  const look = (at: number) => {
    if (unseen.size === 0 && (ids.size === 0 || !pair.acknowledges)) resolve(at);
  };
  const stops = [
    to.onLine(({ text, at }) => {
      unseen.delete(pair.shown(text) ?? "");
      look(at);
    }),
    from.onLine(({ text, at }) => {
      ids.delete(pair.acknowledged(text) ?? "");
      look(at);
    }),
  ];
  const began = performance.now();
  await from.write(...texts.map((text, i) => pair.say(text, `${round}/${i}`)));
  const ended = await promise;
  for (const stop of stops) stop();
  return TEXTS / ((ended - began) / 1_000);
}

/** The benchmark. */
export const bench: Bench = {
  name: "burst",
  about: "2,000 texts at once, against 2,000 inserts of the bare driver at once.",
  async run() {
    const server = await startReplicaSet({ count: 3 });
    try {
      const reference = await bareMongoPair(server.uri);
      const ours = await whisperPair({ WHISPER_URI: server.uri });
      try {
        const rates = { ours: [] as number[], reference: [] as number[] };
        for (const pair of [ours, reference]) await alternate(pair, 50);
        for (let round = 0; round < ROUNDS; round++) {
          await pause(SETTLE_MS);
          rates.ours.push(await burst(ours, round));
          await pause(SETTLE_MS);
          rates.reference.push(await burst(reference, round));
        }
        return [{
          what: "burst of 2,000, shown and acknowledged",
          value: median(rates.ours),
          unit: "messages/s",
          reference: { what: "bare driver, shown", value: median(rates.reference) },
          bound: { of: "ratio", atLeast: 0.5 },
        }];
      } finally {
        await Promise.all([ours.end(), reference.end()]);
      }
    } finally {
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
