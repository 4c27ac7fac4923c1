/**
 * What people feel on real networks: round trips. Both programs reach a replica set of three nodes
 * through proxies that delay every byte, and the time of each step is given in multiples of the round
 * trip time (RTT), beyond what the same step takes without delay.
 *
 * @module
 */
import { bucket } from "../../src/protocol/payload.ts";
import { startReplicaSet, type TestServer } from "../support/mongod.ts";
import { Network } from "../support/proxy.ts";
import { bareMongoPair, type Pair, pause } from "./pairs.ts";
import { Program } from "./program.ts";
import { type Bench, median, percentile, type Row, runAlone } from "./table.ts";

/** Round trip times in milliseconds; the first is what the others are compared with. */
const RTTS = [0, 20, 80, 200] as const;
/** Chats for each round trip time. */
const CHATS = 3;
/** Messages of each kind in each chat. */
const MESSAGES = 20;
/** No configuration of the person who runs this is read. */
const NOWHERE = "/nonexistent";

/** Milliseconds of every step of one chat, or of many. */
interface Steps {
  readonly code: number[];
  readonly ready: number[];
  readonly leavingFirst: number[];
  readonly leavingLast: number[];
  readonly inTurns: number[];
  readonly oneSpeaks: number[];
  readonly delivered: number[];
}

/** The steps of one chat over a network. */
async function chat(uri: string, steps: Steps): Promise<void> {
  const env = { WHISPER_URI: uri, XDG_CONFIG_HOME: NOWHERE };
  const start = (...args: string[]) => Program.deno("main.ts", [...args, "--json"], env);
  const time = async (into: number[], action: () => Promise<unknown>) => {
    const began = performance.now();
    await action();
    into.push(performance.now() - began);
  };
  const has = (event: string) => (line: string) => line.includes(`"event":"${event}"`);

  const host = start("new", "--name", "Alice");
  let code = "";
  await time(steps.code, async () => {
    code = JSON.parse((await host.next(has("invite"))).text).code;
  });
  await pause(1_000);
  const hostReady = host.next(has("ready"));
  const guest = start("join", code, "--name", "Bob");
  await time(steps.ready, () => Promise.all([hostReady, guest.next(has("ready"))]));
  await pause(2_000);

  let count = 0;
  const say = async (from: Program, to: Program, shown: number[], delivered?: number[]) => {
    const id = String(count++);
    const text = `message ${id} ${"x".repeat(80)}`;
    const began = performance.now();
    const isDelivered = from.next((line) =>
      has("delivered")(line) && line.includes(`"id":"${id}"`)
    );
    const came = to.next((line) => has("message")(line) && line.includes(`message ${id} `));
    await from.write(JSON.stringify({ send: text, id }));
    shown.push((await came).at - began);
    if (delivered) delivered.push((await isDelivered).at - began);
    else isDelivered.catch(() => {});
  };
  // In turns, as two people talk: each answers when the message before is shown.
  for (let i = 0; i < MESSAGES; i++) {
    const [from, to] = i % 2 === 0 ? [host, guest] : [guest, host];
    await say(from, to, steps.inTurns);
  }
  await pause(1_000);
  for (let i = 0; i < MESSAGES; i++) await say(host, guest, steps.oneSpeaks);
  await pause(1_000);
  for (let i = 0; i < MESSAGES / 2; i++) {
    await say(host, guest, [], steps.delivered);
    await pause(300);
  }
  await pause(1_000);
  await time(steps.leavingFirst, async () => {
    const closed = guest.next(has("closed"));
    await guest.end();
    await closed.catch(() => {});
  });
  await time(steps.leavingLast, () => host.end());
}

/** The same messages between two bare driver programs. */
async function bare(pair: Pair): Promise<{ inTurns: number[]; oneSpeaks: number[] }> {
  const say = async (i: number, from: Program, to: Program) => {
    const text = `message ${i} ${"x".repeat(80)}`;
    const began = performance.now();
    const came = to.next((line) => pair.shown(line) === text);
    await from.write(pair.say(text, String(i)));
    return (await came).at - began;
  };
  const inTurns: number[] = [], oneSpeaks: number[] = [];
  const [a, b] = pair.sides;
  for (let i = 0; i < MESSAGES * CHATS; i++) {
    inTurns.push(i % 2 === 0 ? await say(i, a, b) : await say(i, b, a));
  }
  for (let i = 0; i < MESSAGES * CHATS; i++) oneSpeaks.push(await say(1_000 + i, a, b));
  return { inTurns, oneSpeaks };
}

/** Everything at one round trip time. */
async function measure(server: TestServer, rtt: number) {
  const steps: Steps = {
    code: [],
    ready: [],
    leavingFirst: [],
    leavingLast: [],
    inTurns: [],
    oneSpeaks: [],
    delivered: [],
  };
  const network = await Network.open(server);
  network.all((proxy) => proxy.conditions = { delayMs: rtt / 2 });
  try {
    const pair = await bareMongoPair(network.uri);
    const reference = await bare(pair);
    await pair.end();
    for (let i = 0; i < CHATS; i++) await chat(network.uri, steps);
    return { steps, reference };
  } finally {
    await network.close();
  }
}

/** Long texts pasted at once, over a link of that many bits in a second for each of the two. */
const BULKS = [
  { kbits: 1_000, count: 100, chars: 16_000 },
  { kbits: 256, count: 40, chars: 6_000 },
] as const;
/** Of a text of that many characters on the wire: in its bucket, as a token, with its header. */
const OVERHEAD = 4 / 3;
/** Bytes of a payload beside its text. */
const COUNTERS = 80;

/** One side pastes texts; how long until the other has shown all, and what that took. */
async function bulk(
  server: TestServer,
  { kbits, count, chars }: typeof BULKS[number],
): Promise<{ seconds: number; sent: number; reports: number }> {
  const networks = [await Network.open(server), await Network.open(server)] as const;
  const [own, peer] = networks;
  const start = (network: Network, ...args: string[]) =>
    Program.deno("main.ts", [...args, "--json"], {
      WHISPER_URI: network.uri,
      XDG_CONFIG_HOME: NOWHERE,
    });
  const has = (event: string) => (line: string) => line.includes(`"event":"${event}"`);
  try {
    const host = start(own, "new", "--name", "Alice");
    const { code } = JSON.parse((await host.next(has("invite"))).text);
    const ready = host.next(has("ready"));
    const guest = start(peer, "join", code, "--name", "Bob");
    await Promise.all([ready, guest.next(has("ready"))]);
    await pause(2_000);
    for (const network of networks) {
      network.all((proxy) => proxy.conditions = { delayMs: 40, bytesPerSecond: kbits * 125 });
    }
    let [shown, reports] = [0, 0];
    const all = Promise.withResolvers<void>();
    guest.onLine(({ text }) => has("message")(text) && ++shown === count && all.resolve());
    for (const program of [host, guest]) {
      program.onLine(({ text }) => text.includes('"state":"reconnecting"') && reports++);
    }
    const sentBefore = own.sent;
    const began = performance.now();
    await host.write(
      ...Array.from(
        { length: count },
        (_, i) => JSON.stringify({ send: "x".repeat(chars), id: `${i}` }),
      ),
    );
    await all.promise;
    const seconds = (performance.now() - began) / 1_000;
    const sent = own.sent - sentBefore;
    for (const network of networks) network.all((proxy) => proxy.conditions = {});
    await guest.end();
    await host.end();
    return { seconds, sent, reports };
  } finally {
    for (const network of networks) await network.close();
  }
}

/** The round trips asked of each step, with their names. */
const ASKED = [
  ["code", "launch to code", 6],
  ["ready", "join to ready", 12],
  ["leavingFirst", "leaving, first", 4],
  ["leavingLast", "leaving, last", 5],
] as const;

/** The benchmark. */
export const bench: Bench = {
  name: "network",
  about: "Round trips of each step, and messages against two bare driver programs.",
  async run() {
    const server = await startReplicaSet({ count: 3 });
    try {
      const measured = [];
      for (const rtt of RTTS) measured.push({ rtt, ...await measure(server, rtt) });
      const [none, ...slow] = measured;
      const rows: Row[] = [];
      for (const { rtt, steps, reference } of slow) {
        const trips = (name: keyof Steps) =>
          (median(steps[name]) - median(none!.steps[name])) / rtt;
        for (const [name, what, atMost] of ASKED) {
          rows.push({
            what: `RTT ${rtt} ms: ${what}`,
            value: trips(name),
            unit: "round trips",
            bound: { of: "value", atMost },
          });
        }
        for (
          const [name, what] of [["inTurns", "in turns"], ["oneSpeaks", "one speaks"]] as const
        ) {
          for (const [share, atMost] of [[0.5, 1.05], [0.9, 1.2]] as const) {
            rows.push({
              what: `RTT ${rtt} ms: ${what}, shown p${share * 100}`,
              value: percentile(steps[name], share),
              unit: "ms",
              reference: { what: "bare driver", value: percentile(reference[name], share) },
              bound: { of: "ratio", atMost },
            });
          }
        }
        rows.push({
          what: `RTT ${rtt} ms: delivered p50`,
          value: median(steps.delivered),
          unit: "ms",
          bound: { of: "value", atMost: 2.1 * rtt + 50 },
        });
      }
      for (const one of BULKS) {
        const { kbits, count, chars } = one;
        const { seconds, sent, reports } = await bulk(server, one);
        const bytes = count * bucket(chars + COUNTERS) * OVERHEAD;
        const what = `${kbits} kbit/s: ${count} texts of ${chars} bytes`;
        const wire = { what: "the bytes on the wire", value: bytes / kbits / 125 };
        rows.push(
          {
            what: `${what}, until all are shown`,
            value: seconds,
            unit: "s",
            reference: wire,
            bound: { of: "ratio", atMost: 1.5 },
          },
          {
            what: `${what}, sent`,
            value: sent / 1_000,
            unit: "kB",
            reference: { what: "their tokens", value: bytes / 1_000 },
            bound: { of: "ratio", atMost: 1.3 },
          },
          {
            what: `${what}, reports of an outage`,
            value: reports,
            unit: "",
          },
        );
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};

if (import.meta.main) await runAlone(bench);
