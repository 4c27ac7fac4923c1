/**
 * What can go wrong between two people, one thing at a time: their networks, their servers, and their
 * own computers.
 *
 * @module
 */
import type { MongoClient } from "mongodb";
import type { Random } from "../../src/clock.ts";
import type { TestServer } from "../support/mongod.ts";
import type { Program } from "../support/program.ts";
import type { Network, Proxy } from "../support/proxy.ts";
import type { Side } from "./ledger.ts";

/** Where things go wrong. */
export interface Place {
  readonly server: TestServer;
  readonly admin: MongoClient;
  readonly networks: Readonly<Record<Side, Network>>;
  readonly programs: Readonly<Record<Side, Program>>;
  readonly chance: Chance;
}

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /**
   * Does it, and resolves when it is over: what does not mend itself is mended by then. The time that
   * is measured begins there. What may be done later is in the promise's `after`.
   */
  inject(place: Place): Promise<void | { after: () => Promise<void> }>;
}

/** Choices that follow from a seed. */
export class Chance {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    const bytes = this.#random(4);
    const fraction = new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
    return low + Math.floor(fraction * (high - low + 1));
  }

  /** One of several. */
  one<T>(several: readonly T[]): T {
    return several[this.between(0, several.length - 1)]!;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One side's network is spoilt for a while. */
function network(
  name: string,
  [least, most]: readonly [least: number, most: number],
  spoil: (proxy: Proxy) => void,
): Fault {
  return {
    name,
    async inject({ networks, chance }) {
      const { [chance.one(["host", "guest"] as const)]: network } = networks;
      network.all(spoil);
      await pause(chance.between(least, most));
      network.all((proxy) => proxy.heal());
    },
  };
}

/** Commands of both fail on the primary, a few times. */
function failing(name: string, times: number, data: object): Fault {
  return {
    name,
    async inject({ admin }) {
      const point = { mode: { times }, data: { appName: "whisper", ...data } };
      await admin.db("admin").command({ configureFailPoint: "failCommand", ...point });
    },
  };
}

/** A server is killed, and started again once the others have gone on without it. */
function killing(name: string, which: "primary" | "secondary"): Fault {
  return {
    name,
    async inject({ server, chance }) {
      const primary = await server.primary();
      const others = server.nodes.filter(({ host }) => host !== primary.host);
      const victim = which === "primary" ? primary : chance.one(others);
      server.signal(victim, "SIGKILL");
      return { after: async () => void await server.restart(victim) };
    },
  };
}

/** Every kind. */
export const FAULTS: readonly Fault[] = [
  network("connections reset", [0, 0], (proxy) => proxy.reset()),
  network("network lost for 1 to 3 s", [1_000, 3_000], (proxy) => proxy.blackhole()),
  network("network lost for 10 to 12 s", [10_000, 12_000], (proxy) => proxy.blackhole()),
  network("connections refused for 1 to 3 s", [1_000, 3_000], (proxy) => {
    proxy.refuse();
    proxy.reset();
  }),
  network("servers silent for 2 to 4 s", [2_000, 4_000], (proxy) => {
    proxy.silence();
    proxy.reset();
  }),
  network("connections half closed", [0, 0], (proxy) => proxy.halfClose()),
  network("sockets half open", [0, 0], (proxy) => proxy.strand()),
  network("network slow for 3 s", [3_000, 3_000], (proxy) => {
    proxy.conditions = { delayMs: 100, jitterMs: 200, bytesPerSecond: 100_000 };
  }),
  {
    name: "network slow, then still for 12 s in the middle of a message",
    async inject({ networks, chance }) {
      const { [chance.one(["host", "guest"] as const)]: network } = networks;
      network.all((proxy) => proxy.conditions = { bytesPerSecond: 20_000 });
      await pause(chance.between(500, 2_000));
      network.all((proxy) => proxy.blackhole());
      await pause(12_000);
      network.all((proxy) => proxy.heal());
    },
  },
  {
    name: "connections cut in the middle of a message",
    inject({ networks, chance }) {
      const { [chance.one(["host", "guest"] as const)]: network } = networks;
      network.all((proxy) => proxy.budget(chance.between(1, 20_000), () => proxy.reset()));
      return Promise.resolve();
    },
  },
  {
    name: "primary steps down",
    async inject({ admin }) {
      const command = { replSetStepDown: 3, secondaryCatchUpPeriodSecs: 3, force: true };
      await admin.db("admin").command(command).catch(() => {});
    },
  },
  killing("primary killed", "primary"),
  killing("secondary killed", "secondary"),
  {
    name: "primary stopped for 3 to 6 s",
    async inject({ server, chance }) {
      const primary = await server.primary();
      server.signal(primary, "SIGSTOP");
      await pause(chance.between(3_000, 6_000));
      server.signal(primary, "SIGCONT");
    },
  },
  {
    name: "a program stopped for 2 to 5 s",
    async inject({ programs, chance }) {
      const { [chance.one(["host", "guest"] as const)]: program } = programs;
      program.kill("SIGSTOP");
      await pause(chance.between(2_000, 5_000));
      program.kill("SIGCONT");
    },
  },
  failing("change stream lost its place (286)", 2, { failCommands: ["getMore"], errorCode: 286 }),
  failing("change stream not resumable (280)", 2, { failCommands: ["getMore"], errorCode: 280 }),
  failing("answers to writes lost", 4, {
    failCommands: ["insert", "update", "delete", "findAndModify"],
    closeConnection: true,
  }),
];
