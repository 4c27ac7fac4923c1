/**
 * Two real programs talk over a real set of three nodes, each through a network of its own, while
 * things go wrong.
 *
 * @module
 */
import { DATABASE, startReplicaSet } from "../support/mongod.ts";
import { Program } from "../support/program.ts";
import { Network } from "../support/proxy.ts";
import { seededRandom } from "../support/random.ts";
import { Ledger, type Side, type Verdict } from "./ledger.ts";
import { Chance, type Fault, type Place } from "./fault_injector.ts";

/** How to run. */
export interface SoakOptions {
  /** Texts of both together. */
  readonly messages: number;
  readonly seed: number;
  /** The most that both say in a second. */
  readonly rate: number;
  /** Kinds of fault; none for a calm sea. Each comes once before one comes again. */
  readonly faults: readonly Fault[];
  /** Documents of another user in the relay. */
  readonly crowd: number;
  /** True to poll even where there are change streams. */
  readonly poll: boolean;
  /** Told what happens, for who waits. */
  readonly log: (line: string) => void;
}

/** What was found. */
export interface SoakReport extends Verdict {
  /** Documents left on the relay. */
  readonly remaining: number;
  /** How the programs ended. */
  readonly statuses: Readonly<Record<Side, number>>;
  readonly complaints: readonly string[];
  readonly seconds: number;
  /** Milliseconds from saying to showing, ascending. */
  readonly latencies: readonly number[];
  /** Milliseconds from the end of a fault until what was said after it was shown, both ways. */
  readonly recoveries: ReadonlyMap<string, readonly number[]>;
  /** Resident megabytes of the larger program at a tenth, at half, and at the end. */
  readonly memory: readonly number[];
}

/** Texts that may be on their way in one direction: who types waits for no answer, but not for ever. */
const WINDOW = 200;
/** The last events of each program are shown when the report is missing. */
const LAST_LINES = 12;
const SIDES = ["host", "guest"] as const;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** True when all that has to be zero is. */
export function isFlawless(report: SoakReport): boolean {
  const { lost, doubled, disordered, falseAlarms, remaining, said, shown, statuses } = report;
  const zeros = [lost, doubled, disordered, falseAlarms, remaining, statuses.host, statuses.guest];
  return zeros.every((number) => number === 0) && shown === said;
}

/** Runs once. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const server = await startReplicaSet({ count: 3, failPoints: true });
  const admin = await server.admin();
  const folder = await Deno.makeTempDir({ prefix: "whisper-soak-" });
  const networks = { host: await Network.open(server), guest: await Network.open(server) };
  const start = (side: Side, args: readonly string[]) =>
    new Program([...args, "--json", "--name", side, ...options.poll ? ["--poll"] : []], {
      env: { WHISPER_URI: networks[side].uri, XDG_CONFIG_HOME: folder },
    });
  const running: Program[] = [];
  try {
    const host = start("host", ["new"]);
    running.push(host);
    const { code } = await host.event("invite");
    if (options.crowd > 0) await crowd(admin.db(DATABASE).collection("messages"), options.crowd);
    const guest = start("guest", ["join", String(code)]);
    running.push(guest);
    await Promise.all([host.event("ready"), guest.event("ready")]);
    const programs = { host, guest };
    const chance = new Chance(seededRandom(options.seed));
    const talk = new Talk({ server, admin, networks, programs, chance }, options);
    const found = await talk.run();
    const db = admin.db(DATABASE);
    const remaining = await db.collection("rooms").countDocuments() +
      await db.collection("messages").countDocuments({ room: { $ne: CROWD } });
    return { ...found, remaining };
  } catch (error) {
    for (const program of running) {
      const last = program.lines.slice(-LAST_LINES).map((line) => JSON.stringify(line));
      options.log(`${program.isOver ? "It has ended" : "It runs"}; told last:\n${last.join("\n")}`);
    }
    throw new Error("The soak came to a standstill", { cause: (error as Error).cause });
  } finally {
    for (const program of running) await program[Symbol.asyncDispose]();
    for (const side of SIDES) await networks[side].close();
    await admin.close();
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The room of those who only take up space. */
const CROWD = "crowd";

async function crowd(
  messages: { insertMany(documents: object[]): Promise<unknown> },
  count: number,
): Promise<void> {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const token = "x".repeat(300);
  for (let from = 0; from < count; from += 1_000) {
    await messages.insertMany(Array.from({ length: Math.min(1_000, count - from) }, (_, i) => ({
      ...{ room: CROWD, epoch: `${(from + i) % 100}`, seq: from + i, from: "guest" },
      ...{ attempt: 0, head: "", token, expiresAt },
    })));
  }
}

class Talk {
  readonly #place: Place;
  readonly #options: SoakOptions;
  readonly #ledger = new Ledger();
  readonly #recoveries = new Map<string, number[]>();
  readonly #memory: number[] = [];
  #isOver = false;

  constructor(place: Place, options: SoakOptions) {
    this.#place = place;
    this.#options = options;
  }

  async run(): Promise<Omit<SoakReport, "remaining">> {
    const { programs } = this.#place;
    const startedAt = performance.now();
    const following = Promise.all(SIDES.map((side) => this.#ledger.follow(side, programs[side])));
    const speaking = Promise.all(SIDES.map((side) => this.#speak(side)));
    const spoiling = this.#spoil();
    // A program that stays silent for too long ends the run.
    await Promise.race([Promise.all([speaking, spoiling]), following]);
    await Promise.race([this.#silence(), following]);
    const seconds = (performance.now() - startedAt) / 1_000;
    this.#weigh();
    await programs.guest.end();
    const guest = await programs.guest.over();
    await programs.host.line(({ event, peer }) => event === "presence" && peer === "left");
    await programs.host.end();
    const host = await programs.host.over();
    await following;
    for (const { stderr } of [host, guest]) if (stderr) this.#ledger.complaints.push(stderr);
    return {
      ...this.#ledger.verdict(),
      statuses: { host: host.code, guest: guest.code },
      complaints: this.#ledger.complaints,
      seconds,
      latencies: this.#ledger.latencies(),
      recoveries: this.#recoveries,
      memory: this.#memory,
    };
  }

  async #speak(side: Side): Promise<void> {
    const { messages, rate } = this.#options;
    const own = side === "host" ? Math.ceil(messages / 2) : Math.floor(messages / 2);
    const startedAt = performance.now();
    for (let i = 0; i < own; i++) {
      const dueAt = startedAt + i * 2_000 / rate;
      if (dueAt > performance.now()) await pause(dueAt - performance.now());
      while (this.#ledger.outstanding(side) >= WINDOW) await this.#ledger.change();
      await this.#place.programs[side].tell(this.#ledger.say(side));
      if (side === "host" && [Math.floor(own / 10), Math.floor(own / 2)].includes(i)) this.#weigh();
    }
    this.#isOver = true;
  }

  /** One fault after the other, each after the recovery from the one before, until all is said. */
  async #spoil(): Promise<void> {
    const { faults, log } = this.#options;
    const { chance } = this.#place;
    let rest: Fault[] = [];
    while (faults.length > 0 && (!this.#isOver || rest.length > 0)) {
      if (rest.length === 0) rest = [...faults];
      const [fault] = rest.splice(chance.between(0, rest.length - 1), 1);
      await pause(chance.between(200, 1_000));
      const more = await fault!.inject(this.#place);
      const ms = await this.#recover();
      log(`${fault!.name}: well again after ${Math.round(ms)} ms`);
      this.#recoveries.set(fault!.name, [...this.#recoveries.get(fault!.name) ?? [], ms]);
      await more?.after();
    }
  }

  /** Milliseconds until something that is said from now on is shown, in both directions. */
  async #recover(): Promise<number> {
    const since = performance.now();
    await Promise.all(SIDES.map(async (side) => {
      const first = this.#ledger.said(side);
      // A program that has nothing left to send sends this.
      if (this.#isOver) await this.#place.programs[side].tell(this.#ledger.say(side));
      while (this.#ledger.shown(side) <= first) await this.#ledger.change();
    }));
    return performance.now() - since;
  }

  /** Resolves when all that was said is known to be read. */
  async #silence(): Promise<void> {
    while (SIDES.some((side) => this.#ledger.outstanding(side) > 0)) await this.#ledger.change();
  }

  /** Writes down how much memory the larger of the two takes. */
  #weigh(): void {
    const { host, guest } = this.#place.programs;
    this.#memory.push(Math.max(residentMegabytes(host.pid), residentMegabytes(guest.pid)));
  }
}

/** Where the system tells; 0 elsewhere. */
function residentMegabytes(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))!;
    return Math.round(Number(kilobytes) / 1_024);
  } catch {
    return 0;
  }
}
