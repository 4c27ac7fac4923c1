/**
 * `deno run -A tests/soak/networks.ts [name...]`: two real programs talk over every kind of bad network,
 * each kind by itself: slow, unsteady, interrupted, behind a captive portal, without DNS, limited. Prints
 * what was lost, duplicated, out of order, falsely reported and left, and how long each recovery took;
 * ends with a status other than 0 when a number that has to be zero is not. A name picks the networks that
 * contain it. Those with DNS need Linux and root, for a file system of their own.
 *
 * @module
 */
import type { MongoClient } from "mongodb";
import { startReplicaSet, type TestServer } from "../support/mongod.ts";
import { type Line, Program } from "../support/program.ts";
import { Network, type NetworkConditions, type Proxy } from "../support/proxy.ts";
import { SilentNameServer } from "../support/name_server.ts";
import { Ledger, type Side } from "./ledger.ts";

/** What two programs and their networks are, while one kind of network is tried. */
interface Place {
  readonly server: TestServer;
  readonly admin: MongoClient;
  readonly database: string;
  readonly networks: Readonly<Record<Side, Network>>;
  readonly programs: Readonly<Record<Side, Program>>;
  readonly ledger: Ledger;
}

/** One kind of network in the middle of a chat. */
interface Kind {
  readonly name: string;
  /** From before the first question to the relay. */
  readonly conditions?: NetworkConditions;
  /** Both share one way to the relay, and so its limits. */
  readonly isShared?: boolean;
  /** The relay has names, which a server of the test looks up. */
  readonly isNamed?: boolean;
  /** Nobody says anything while it lasts. */
  readonly isSilent?: boolean;
  /** What happens; it is over when this resolves. */
  happens(place: Place): Promise<void>;
}

const SIDES = ["host", "guest"] as const;
/** Networks tried at the same time. */
const AT_ONCE = 4;
const OUTAGE_MS = 45_000;
const NAMES = ["n1.r.test", "n2.r.test", "n3.r.test"];
const WEB_PAGE =
  "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n";

/** Undefined where the computer does not allow one. */
const nameServer = await SilentNameServer.open();

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Texts of both, a second apart, for `ms`. */
async function talk(place: Place, ms = 20_000): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    for (const side of SIDES) await say(place, side);
    await pause(1_000);
  }
}

async function say({ programs, ledger }: Place, side: Side): Promise<void> {
  await programs[side].tell(ledger.say(side));
}

/** Texts pasted by both at once, and all of them shown. */
async function paste(place: Place, count: number): Promise<void> {
  for (let i = 0; i < count; i++) for (const side of SIDES) await say(place, side);
  const { ledger } = place;
  while (SIDES.some((side) => ledger.shown(side) < ledger.said(side))) await ledger.change();
}

const steady = (name: string, conditions: NetworkConditions, count: number): Kind => ({
  name,
  conditions,
  async happens(place) {
    await talk(place);
    await paste(place, count);
  },
});

/** The guest's way breaks, and is well again 45 s later. */
const outage = (
  name: string,
  { breaks, heals = (proxy) => proxy.heal(), isSilent = false, isNamed = false }: {
    breaks: (proxy: Proxy) => void;
    heals?: (proxy: Proxy) => void;
    isSilent?: boolean;
    isNamed?: boolean;
  },
): Kind => ({
  name,
  isSilent,
  isNamed,
  async happens(place) {
    const { guest } = place.networks;
    guest.all(breaks);
    if (isSilent) await pause(OUTAGE_MS);
    else await talk(place, OUTAGE_MS);
    guest.all(heals);
  },
});

const resets = (name: string, sides: readonly Side[]): Kind => ({
  name,
  async happens(place) {
    for (let i = 0; i < 4; i++) {
      await talk(place, 10_000);
      for (const side of sides) place.networks[side].all((proxy) => proxy.reset());
    }
  },
});

/** What was on the way is lost with its connections. */
const healedByReset = (proxy: Proxy) => {
  proxy.reset();
  proxy.heal();
};

const KINDS: readonly Kind[] = [
  steady("256 kbit/s, RTT 80 ms", { delayMs: 40, bytesPerSecond: 32_000 }, 100),
  steady("64 kbit/s, RTT 300 ms", { delayMs: 150, bytesPerSecond: 8_000 }, 25),
  steady("jitter of 100 ms each way", { jitterMs: 100 }, 100),
  steady("jitter of 300 ms each way", { jitterMs: 300 }, 100),
  resets("resets every 10 s, one side", ["guest"]),
  resets("resets every 10 s, both sides", ["host", "guest"]),
  outage("nothing passes for 45 s, talking", { breaks: (proxy) => proxy.blackhole() }),
  outage("nothing passes for 45 s, silent", {
    breaks: (proxy) => proxy.blackhole(),
    isSilent: true,
  }),
  outage("the same, talking, and the old connections are dead", {
    breaks: (proxy) => proxy.blackhole(),
    heals: healedByReset,
  }),
  outage("the same, silent, and the old connections are dead", {
    breaks: (proxy) => proxy.blackhole(),
    heals: healedByReset,
    isSilent: true,
  }),
  outage("a captive portal that says nothing, 45 s", {
    breaks(proxy) {
      proxy.silence();
      proxy.reset();
    },
  }),
  outage("a captive portal that answers with a web page, 45 s", {
    breaks(proxy) {
      proxy.silence(WEB_PAGE);
      proxy.reset();
    },
  }),
  {
    name: "DNS is silent for 45 s, connections reset",
    isNamed: true,
    async happens(place) {
      nameServer!.isSilent = true;
      place.networks.guest.all((proxy) => proxy.reset());
      await talk(place, OUTAGE_MS);
      nameServer!.isSilent = false;
    },
  },
  {
    name: "10 requests a second for both, the rest waits",
    conditions: { chunksPerSecond: 10 },
    isShared: true,
    happens: (place) => talk(place),
  },
  {
    name: "4 requests a second for both, the rest waits",
    conditions: { chunksPerSecond: 4 },
    isShared: true,
    happens: (place) => talk(place),
  },
  {
    name: "requests are refused in every other second",
    async happens(place) {
      const over = new AbortController();
      const refusing = refuse(place, over.signal);
      await talk(place);
      over.abort();
      await refusing;
    },
  },
];

/** The server asks for fewer requests, in every other second. */
async function refuse({ admin, database }: Place, signal: AbortSignal): Promise<void> {
  const set = (mode: string, data = {}) =>
    admin.db("admin").command({ configureFailPoint: "failCommand", mode, ...data });
  const data = {
    failCommands: ["insert", "delete", "aggregate", "findAndModify"],
    namespace: `${database}.messages`,
    appName: "whisper",
    errorCode: 462,
  };
  while (!signal.aborted) {
    await set("alwaysOn", { data });
    await pause(1_000);
    await set("off");
    await pause(1_000);
  }
}

/** What was found in one network. */
interface Finding {
  readonly name: string;
  readonly code?: number;
  readonly ready?: number;
  readonly told?: number;
  readonly recovery?: number;
  readonly numbers: Readonly<Record<string, number>>;
  readonly isFlawless: boolean;
  readonly words: readonly string[];
}

async function tryKind(kind: Kind, server: TestServer, database: string): Promise<Finding> {
  const admin = await server.admin();
  const options = kind.isNamed ? { nameOf: (number: number) => NAMES[number]! } : {};
  const own = await Network.open(server, options);
  const networks = { host: own, guest: kind.isShared ? own : await Network.open(server, options) };
  for (const side of SIDES) {
    networks[side].all((proxy) => proxy.conditions = kind.conditions ?? {});
  }
  const start = (side: Side, ...args: string[]) =>
    new Program([...args, "--json", "--name", side], {
      env: {
        WHISPER_URI: networks[side].uri.replace("/whisper", `/${database}`),
        XDG_CONFIG_HOME: "/nonexistent",
      },
      ...kind.isNamed && { command: nameServer!.command },
    });
  const running: Program[] = [];
  try {
    let began = performance.now();
    const host = start("host", "new");
    running.push(host);
    const invitation = await host.event("invite");
    const code = performance.now() - began;
    began = performance.now();
    const guest = start("guest", "join", String(invitation["code"]));
    running.push(guest);
    await Promise.all([host.event("ready"), guest.event("ready")]);
    const ready = performance.now() - began;
    const ledger = new Ledger();
    const programs = { host, guest };
    const place: Place = { server, admin, database, networks, programs, ledger };
    const following = Promise.all(SIDES.map((side) => ledger.follow(side, programs[side])));
    const from = guest.lines.length;
    const spoiltAt = performance.now();
    let told: number | undefined;
    const isTrouble = ({ event, state }: Line) => event === "relay" && state === "reconnecting";
    guest.line(isTrouble, from).then(() => told = performance.now() - spoiltAt, () => {});
    await Promise.race([kind.happens(place), following]);
    const healedAt = performance.now();
    const first = Object.fromEntries(SIDES.map((side) => [side, ledger.said(side)]));
    for (const side of SIDES) await say(place, side);
    await Promise.race([
      (async () => {
        while (SIDES.some((side) => ledger.shown(side) <= first[side]!)) await ledger.change();
      })(),
      following,
    ]);
    const recovery = performance.now() - healedAt;
    await Promise.race([
      (async () => {
        while (SIDES.some((side) => ledger.outstanding(side) > 0)) await ledger.change();
      })(),
      following,
    ]);
    await guest.end();
    const guestStatus = (await guest.over()).code;
    await host.line(({ event, peer }) => event === "presence" && peer === "left");
    await host.end();
    const hostStatus = (await host.over()).code;
    await following;
    const db = admin.db(database);
    const left = await db.collection("rooms").countDocuments() +
      await db.collection("messages").countDocuments();
    const { said, shown, lost, doubled, disordered, falseAlarms } = ledger.verdict();
    const numbers = { said, lost, doubled, disordered, alarms: falseAlarms, left };
    const zeros = [lost, doubled, disordered, falseAlarms, left, guestStatus, hostStatus];
    return {
      ...{ name: kind.name, code, ready, recovery, numbers, words: ledger.complaints },
      ...told !== undefined && { told },
      isFlawless: said === shown && zeros.every((number) => number === 0),
    };
  } finally {
    for (const program of running) await program[Symbol.asyncDispose]();
    for (const network of new Set(Object.values(networks))) await network.close();
    await admin.close();
  }
}

/** A network that is bad before there is a chat: how the program ends, and in which words. */
interface Beginning {
  readonly name: string;
  readonly uri: (network: Network) => string;
  readonly breaks?: (proxy: Proxy) => void;
  readonly isNamed?: boolean;
  /** In the failure's message or hint. */
  readonly says: RegExp;
}

const BEGINNINGS: readonly Beginning[] = [
  {
    name: "a captive portal at the start",
    uri: ({ uri }) => uri,
    breaks: (proxy) => proxy.silence(),
    says: /doesn't answer.*sign in/,
  },
  {
    name: "a captive portal at the start, TLS",
    uri: ({ uri }) => `${uri}&tls=true`,
    breaks: (proxy) => proxy.silence(),
    says: /doesn't answer.*sign in/,
  },
  {
    name: "a captive portal with a web page at the start, TLS",
    uri: ({ uri }) => `${uri}&tls=true`,
    breaks: (proxy) => proxy.silence(WEB_PAGE),
    says: /doesn't offer TLS.*sign in/,
  },
  {
    name: "servers at their limit of connections",
    uri: ({ uri }) => uri,
    breaks: (proxy) => proxy.hangUp(),
    says: /as many connections as it allows/,
  },
  {
    name: "DNS is silent at the start",
    uri: () => `mongodb://${NAMES[0]}:27017/whisper`,
    isNamed: true,
    says: /Check the network/,
  },
  {
    name: "DNS is silent at the start, mongodb+srv",
    uri: () => "mongodb+srv://cluster0.r.test/whisper",
    isNamed: true,
    says: /Check the network/,
  },
];

async function begin(beginning: Beginning, server: TestServer): Promise<Finding> {
  const { name, uri, breaks = () => {}, isNamed = false, says } = beginning;
  const network = await Network.open(server);
  network.all(breaks);
  const began = performance.now();
  const program = new Program(["new", "--json", "--name", "host"], {
    env: { WHISPER_URI: uri(network), XDG_CONFIG_HOME: "/nonexistent" },
    ...isNamed && { command: nameServer!.command },
  });
  try {
    const { code } = await program.over();
    const told = performance.now() - began;
    const failure = program.all("error").at(-1);
    const words = `${failure?.["message"]} ${failure?.["hint"]}`;
    return { name, told, numbers: {}, isFlawless: code === 3 && says.test(words), words: [words] };
  } finally {
    await program[Symbol.asyncDispose]();
    await network.close();
  }
}

/** Runs all, some at a time, and calls `done` with each result. */
async function run(tasks: readonly (() => Promise<Finding>)[]): Promise<Finding[]> {
  const rest = [...tasks.entries()];
  const findings: Finding[] = [];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      const [number, task] = next;
      const finding = findings[number] = await task();
      console.error(`${finding.name}: ${finding.isFlawless ? "flawless" : "NOT flawless"}`);
    }
  }));
  return findings;
}

function table(findings: readonly Finding[]): string {
  const time = (value: number | undefined) =>
    value === undefined ? "" : `${(value / 1_000).toFixed(1)} s`;
  const NUMBERS = ["said", "lost", "doubled", "disordered", "alarms", "left"];
  const head = ["network", "code", "ready", "told after", "back after", ...NUMBERS, ""];
  const rows = findings.map(({ name, code, ready, told, recovery, numbers, isFlawless }) => [
    name,
    ...[code, ready, told, recovery].map(time),
    ...NUMBERS.map((number) => String(numbers[number] ?? "")),
    isFlawless ? "flawless" : "NOT flawless",
  ]);
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** A task, or undefined where the name is not wanted or the computer cannot do it. */
function wanted(name: string, isNamed: boolean): boolean {
  const isAsked = Deno.args.length === 0 || Deno.args.some((part) => name.includes(part));
  if (isAsked && isNamed && !nameServer) console.error(`${name}: needs Linux and root`);
  return isAsked && (!isNamed || nameServer !== undefined);
}

const server = await startReplicaSet({ count: 3, auth: false, failPoints: true });
try {
  const kinds = KINDS.filter(({ name, isNamed = false }) => wanted(name, isNamed));
  const findings = await run(
    kinds.map((kind, number) => async () => {
      try {
        return await tryKind(kind, server, `network${number}`);
      } catch (error) {
        const words = [String((error as Error).cause ?? error), String(error)];
        return { name: kind.name, numbers: {}, isFlawless: false, words };
      }
    }),
  );
  // At the end, because the name server is silent for all.
  if (nameServer) nameServer.isSilent = true;
  const beginnings = BEGINNINGS.filter(({ name, isNamed = false }) => wanted(name, isNamed));
  findings.push(...await run(beginnings.map((one) => () => begin(one, server))));
  console.log(table(findings));
  for (const { name, words, isFlawless } of findings) {
    if (!isFlawless) console.log(`\n${name}:\n${words.join("\n")}`);
  }
  Deno.exitCode = findings.every(({ isFlawless }) => isFlawless) ? 0 : 1;
} finally {
  await nameServer?.close();
  await server.stop();
}
