/**
 * What people feel on real networks: round trips. Both programs reach a replica set of three nodes
 * through proxies that delay every byte, and the time of each step is given in multiples of the round
 * trip time (RTT), beyond what the same step takes without delay. Arguments: names of what is measured
 * (`20`, `80`, `200`: the RTT; `tls`, `tls200`: with TLS; `1000k`, `256k`, `64k`: bulk on a slow link).
 *
 * @module
 */
import { bucket } from "../../src/protocol/payload.ts";
import { makeAuthority, signServer } from "../support/certificate.ts";
import { startReplicaSet, type TestServer } from "../support/mongod.ts";
import { Network } from "../support/proxy.ts";
import { bareMongoPair, type Pair, pause, whisperSides } from "./pairs.ts";
import { Program } from "./program.ts";
import { type Bench, median, percentile, type Row, runAlone } from "./table.ts";

/** Chats for each round trip time. */
const CHATS = 3;
/**
 * Chats without delay: processor time, which the others are compared with. The first makes the
 * collections and indexes, and is not the median of three.
 */
const CHATS_WITHOUT_DELAY = 3;
/** Messages of each kind in each chat, and of each turn of a pair of programs. */
const MESSAGES = 20;
const TURN = 10;
/** Messages whose delivery is waited for, in each chat. */
const DELIVERED = 8;
/** No configuration of the person who runs this is read. */
const NOWHERE = "/nonexistent";

/** Milliseconds of every step of one chat, or of many. */
interface Steps {
  readonly code: number[];
  readonly ready: number[];
  readonly leavingFirst: number[];
  readonly leavingLast: number[];
  readonly delivered: number[];
}

/** Milliseconds until messages of one pair are shown. */
interface Shown {
  readonly inTurns: number[];
  readonly oneSpeaks: number[];
}

/** What was measured at one round trip time. */
interface Measured {
  readonly steps: Steps;
  readonly shown: Shown;
  /** Between two bare driver programs, in turns with the chats. */
  readonly bare: Shown;
}

/** Says one message; resolves with the milliseconds until it is shown. */
async function say(pair: Pair, { from, number }: { from: 0 | 1; number: number }): Promise<number> {
  const text = `message ${number} ${"x".repeat(80)}`;
  const came = pair.sides[1 - from]!.next((line) => pair.shown(line) === text);
  const began = performance.now();
  await pair.sides[from].write(pair.say(text, String(number)));
  return (await came).at - began;
}

/** The steps of one chat over a network, and its messages in turns with those of a bare pair. */
async function chat(uri: string, { steps, shown, bare }: Measured): Promise<void> {
  const env = { WHISPER_URI: uri, XDG_CONFIG_HOME: NOWHERE };
  const start = (...args: string[]) => Program.whisper([...args, "--json"], env);
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

  const pair = whisperSides([host, guest]);
  const reference = await bareMongoPair(uri);
  await pause(1_000);
  let number = 0;
  // In turns, as two people talk: each answers when the message before is shown.
  for (const kind of ["inTurns", "oneSpeaks"] as const) {
    for (let turn = 0; turn < MESSAGES / TURN; turn++) {
      for (const [one, into] of [[pair, shown], [reference, bare]] as const) {
        for (let i = 0; i < TURN; i++) {
          const from = kind === "inTurns" && i % 2 === 1 ? 1 : 0;
          into[kind].push(await say(one, { from, number: number++ }));
        }
        // Until receipts and removals are over.
        await pause(400);
      }
    }
  }
  await reference.end();
  for (let i = 0; i < DELIVERED; i++) {
    const id = String(number++);
    await time(steps.delivered, async () => {
      const delivered = host.next((line) =>
        has("delivered")(line) && line.includes(`"id":"${id}"`)
      );
      await host.write(JSON.stringify({ send: `message ${id}`, id }));
      await delivered;
    });
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

/** Everything at one round trip time. */
async function measure(
  server: TestServer,
  { rtt, certificate }: { rtt: number; certificate: Certificate | undefined },
): Promise<Measured> {
  const measured: Measured = {
    steps: { code: [], ready: [], leavingFirst: [], leavingLast: [], delivered: [] },
    shown: { inTurns: [], oneSpeaks: [] },
    bare: { inTurns: [], oneSpeaks: [] },
  };
  const network = await Network.open(server, certificate && { certificate: certificate.pem });
  network.all((proxy) => proxy.conditions = { delayMs: rtt / 2 });
  const uri = certificate
    ? `${network.uri}&tls=true&tlsCAFile=${encodeURIComponent(certificate.authorityFile)}`
    : network.uri;
  try {
    const chats = rtt === 0 ? CHATS_WITHOUT_DELAY : CHATS;
    for (let i = 0; i < chats; i++) await chat(uri, measured);
    return measured;
  } finally {
    await network.close();
  }
}

/** What the proxies show to clients, and the file that those check it by. */
interface Certificate {
  readonly pem: string;
  readonly authorityFile: string;
}

async function makeCertificate(): Promise<Certificate> {
  const authority = await makeAuthority("Whisper benchmark");
  const [notBefore, notAfter] = [new Date("2020-01-01"), new Date("2049-01-01")];
  const pem = await signServer(authority, { hosts: ["127.0.0.1"], notBefore, notAfter });
  const authorityFile = await Deno.makeTempFile({ prefix: "whisper-bench-", suffix: ".pem" });
  await Deno.writeTextFile(authorityFile, authority.pem);
  return { pem, authorityFile };
}

/** Long texts pasted at once, over a link of that many bits in a second for each of the two. */
interface Bulk {
  readonly kbits: number;
  readonly count: number;
  readonly chars: number;
}

const BULKS: readonly Bulk[] = [
  { kbits: 1_000, count: 100, chars: 16_000 },
  { kbits: 256, count: 40, chars: 6_000 },
  { kbits: 64, count: 40, chars: 6_000 },
];
/** Of a text of that many characters on the wire: in its bucket, as a token, with its header. */
const OVERHEAD = 4 / 3;
/** Bytes of a payload beside its text. */
const COUNTERS = 80;

/** One side pastes texts; how long until the other has shown all, and what that took. */
async function bulk(
  server: TestServer,
  { kbits, count, chars }: Bulk,
): Promise<{ seconds: number; sent: number; reports: number }> {
  const networks = [await Network.open(server), await Network.open(server)] as const;
  const [own, peer] = networks;
  const start = (network: Network, ...args: string[]) =>
    Program.whisper([...args, "--json"], {
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

/** The round trips asked of each step, with their names; with TLS, the first two take two more. */
const ASKED = [
  ["code", "launch to code", 6, 2],
  ["ready", "join to ready", 12, 2],
  ["leavingFirst", "leaving, first", 4, 0],
  ["leavingLast", "leaving, last", 5, 0],
] as const;

/** The rows of one round trip time; `none` is what was measured without delay. */
function rowsOf(
  { rtt, isTls }: Way,
  { steps, shown, bare }: Measured,
  none: Measured,
): readonly Row[] {
  const way = isTls ? `RTT ${rtt} ms, TLS` : `RTT ${rtt} ms`;
  const rows: Row[] = [];
  for (const [name, what, atMost, more] of ASKED) {
    rows.push({
      what: `${way}: ${what}`,
      value: (median(steps[name]) - median(none.steps[name])) / rtt,
      unit: "round trips",
      bound: { of: "value", atMost: atMost + (isTls ? more : 0) },
    });
  }
  for (const [name, what] of [["inTurns", "in turns"], ["oneSpeaks", "one speaks"]] as const) {
    for (const [share, atMost] of [[0.5, 1.05], [0.9, 1.2]] as const) {
      rows.push({
        what: `${way}: ${what}, shown p${share * 100}`,
        value: percentile(shown[name], share),
        unit: "ms",
        reference: { what: "bare driver", value: percentile(bare[name], share) },
        bound: { of: "ratio", atMost },
      });
    }
  }
  rows.push({
    what: `${way}: delivered p50`,
    value: median(steps.delivered),
    unit: "ms",
    bound: { of: "value", atMost: 2.1 * rtt + 50 },
  });
  return rows;
}

/** The times themselves without delay: what is processor time in all others. */
function rowsWithoutDelay({ steps, shown, bare }: Measured): readonly Row[] {
  return [
    { what: "RTT 0: launch to code", value: median(steps.code), unit: "ms" },
    { what: "RTT 0: join to ready", value: median(steps.ready), unit: "ms" },
    {
      what: "RTT 0: in turns, shown p50",
      value: median(shown.inTurns),
      unit: "ms",
      reference: { what: "bare driver", value: median(bare.inTurns) },
    },
  ];
}

/** The rows of texts pasted over a slow link. */
async function bulkRows(server: TestServer, one: Bulk): Promise<readonly Row[]> {
  const { kbits, count, chars } = one;
  const { seconds, sent, reports } = await bulk(server, one);
  const bytes = count * bucket(chars + COUNTERS) * OVERHEAD;
  const what = `${kbits} kbit/s: ${count} texts of ${chars} bytes`;
  return [
    {
      what: `${what}, until all are shown`,
      value: seconds,
      unit: "s",
      reference: { what: "the bytes on the wire", value: bytes / kbits / 125 },
      bound: { of: "ratio", atMost: 1.5 },
    },
    {
      what: `${what}, sent`,
      value: sent / 1_000,
      unit: "kB",
      reference: { what: "their tokens", value: bytes / 1_000 },
      bound: { of: "ratio", atMost: 1.3 },
    },
    { what: `${what}, reports of an outage`, value: reports, unit: "" },
  ];
}

/** A way to the relay. */
interface Way {
  /** Round trip time in milliseconds. */
  readonly rtt: number;
  readonly isTls: boolean;
}

/** What is measured under which name; without names, all but those that take long. */
const WAYS: Readonly<Record<string, Way>> = {
  "20": { rtt: 20, isTls: false },
  "80": { rtt: 80, isTls: false },
  "200": { rtt: 200, isTls: false },
  "tls": { rtt: 80, isTls: true },
  "tls200": { rtt: 200, isTls: true },
};
const USUAL = ["80", "200", "tls", "1000k", "256k"];

async function measureAll(names: readonly string[]): Promise<readonly Row[]> {
  const server = await startReplicaSet({ count: 3 });
  const certificate = await makeCertificate();
  const at = (way: Way) =>
    measure(server, { rtt: way.rtt, certificate: way.isTls ? certificate : undefined });
  try {
    const rows: Row[] = [];
    const without = new Map<boolean, Measured>();
    for (const way of names.map((name) => WAYS[name]).filter((way) => way !== undefined)) {
      const { isTls } = way;
      const none = without.get(isTls) ?? await at({ rtt: 0, isTls });
      if (!without.has(isTls) && !isTls) rows.push(...rowsWithoutDelay(none));
      without.set(isTls, none);
      rows.push(...rowsOf(way, await at(way), none));
    }
    for (const one of BULKS) {
      if (names.includes(`${one.kbits}k`)) rows.push(...await bulkRows(server, one));
    }
    return rows;
  } finally {
    await Deno.remove(certificate.authorityFile);
    await server.stop();
  }
}

/** The benchmark. */
export const bench: Bench = {
  name: "network",
  about: "Round trips of each step, and messages against two bare driver programs.",
  run: () => measureAll(USUAL),
};

if (import.meta.main) {
  const names = Deno.args.length > 0 ? Deno.args : USUAL;
  await runAlone({ ...bench, run: () => measureAll(names) });
}
