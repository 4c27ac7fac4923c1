/**
 * A relay that has to be asked: latency and operations at each pace of asking.
 *
 * @module
 */
import { startStandalone } from "../support/mongod.ts";
import { pause } from "./pairs.ts";
import { openRoom, openRooms, type Room } from "./rooms.ts";
import { type Bench, median, type Row, runAlone } from "./table.ts";

/** A pace, by the silence before a text that finds it. */
interface Pace {
  readonly what: string;
  readonly rooms: number;
  readonly texts: number;
  readonly silenceMs: number;
  /** Up to so much more, by chance: a text falls anywhere between two looks. */
  readonly chanceMs: number;
}

const PACES: readonly Pace[] = [
  { what: "in a conversation", rooms: 4, texts: 40, silenceMs: 500, chanceMs: 500 },
  { what: "after 12 s of silence", rooms: 8, texts: 6, silenceMs: 12_000, chanceMs: 1_000 },
  { what: "after 62 s of silence", rooms: 20, texts: 1, silenceMs: 62_000, chanceMs: 3_000 },
];

interface Measured {
  readonly latencies: number[];
  /** Operations of one client in a minute while nothing is said. */
  readonly silent: number[];
}

async function measure(room: Room, { texts, silenceMs, chanceMs }: Pace, into: Measured) {
  for (let i = 0; i < texts; i++) {
    await pause(silenceMs - LAST_MS);
    const before = room.operations();
    const began = performance.now();
    await pause(LAST_MS + Math.random() * chanceMs);
    const minutes = (performance.now() - began) / 60_000;
    into.silent.push((room.operations() - before) / 2 / minutes);
    into.latencies.push(await room.say());
  }
}

/** The end of a silence, by when the pace is reached; operations are counted over this part of it. */
const LAST_MS = 500;

/** The benchmark. */
export const bench: Bench = {
  name: "polling",
  about: "A server without change streams: latency and operations at each pace of asking.",
  async run() {
    const server = await startStandalone();
    try {
      const results = await Promise.all(PACES.map(async (pace) => {
        const rooms = await openRooms(
          pace.rooms,
          () => openRoom({ uri: server.uri, poll: false }),
        );
        const measured: Measured = { latencies: [], silent: [] };
        await Promise.all(rooms.map((room) => measure(room, pace, measured)));
        await Promise.all(rooms.map((room) => room.end()));
        return { pace, measured };
      }));
      return results.flatMap(({ pace, measured }): Row[] => [
        { what: `latency p50 ${pace.what}`, value: median(measured.latencies), unit: "ms" },
        {
          what: `operations of one client ${pace.what}`,
          value: measured.silent.reduce((sum, rate) => sum + rate, 0) / measured.silent.length,
          unit: "a minute",
        },
      ]);
    } finally {
      await server.stop();
    }
  },
};

if (import.meta.main) {
  await runAlone(bench);
}
