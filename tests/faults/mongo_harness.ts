/**
 * The harness of the fault tests over MongoDB: one real set of three nodes, and for each person a
 * network of their own.
 *
 * @module
 */
import type { Document, MongoClient } from "mongodb";
import { systemClock, systemRandom } from "../../src/clock.ts";
import type { Relay, RoomId } from "../../src/relay/relay.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import {
  DATABASE,
  ownServersOrSkip,
  type ServerOptions,
  startReplicaSet,
  type TestServer,
} from "../support/mongod.ts";
import { Network } from "../support/proxy.ts";
import { meet, type Pair } from "./harness.ts";

const own = await ownServersOrSkip();
/** True where there are no servers to break. */
export const ignore = own.ignore;
/** To be put behind the name of a test. */
export const skip = own.skip;

const deps = { clock: systemClock, random: systemRandom };

/** What a fixture can use. */
export interface Fixture {
  readonly server: TestServer;
  readonly admin: MongoClient;
  /** A client of the relay: over a network of one's own, or straight. */
  open(network?: Network, options?: { poll?: boolean }): Promise<Relay>;
  /** A network that ends with the fixture. */
  network(): Promise<Network>;
  /** Two who know each other; the guest over `network`. Both are gone when the fixture ends. */
  meet(options?: { network?: Network; poll?: boolean }): Promise<Pair>;
  /** Documents of a room. */
  count(room: RoomId): Promise<number>;
  /** Makes commands of all clients fail on the present primary. */
  fail(mode: Document | "alwaysOn" | "off", data?: Document): Promise<void>;
}

/** Registers pool over one set, between a test that starts it and one that stops it. */
export class FixturePool {
  readonly #title: string;
  readonly #options: ServerOptions;
  #server: Promise<TestServer> | undefined;

  constructor(title: string, options: ServerOptions = {}) {
    this.#title = title;
    this.#options = options;
    this.#outliving("the servers start", async () => void await this.#start());
  }

  /** Registers one fixture. A server that it `restarts` outlives it. */
  add(
    name: string,
    run: (fixture: Fixture) => Promise<void>,
    { restarts = false }: { restarts?: boolean } = {},
  ): void {
    const fn = () => this.#play(run);
    if (restarts) this.#outliving(name, fn);
    else Deno.test({ name: `${this.#title}: ${name}${skip}`, ignore, fn });
  }

  /** Registers pool that do not touch the servers and so can be played at the same time. */
  together(
    name: string,
    pool: readonly (readonly [name: string, run: (fixture: Fixture) => Promise<void>])[],
  ): void {
    Deno.test({
      name: `${this.#title}: ${name}${skip}`,
      ignore,
      fn: async (test) => {
        // What one step leaves open would be blamed on another; the test as a whole is watched.
        const unwatched = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
        await Promise.all(
          pool.map(([name, run]) => test.step({ name, ...unwatched, fn: () => this.#play(run) })),
        );
      },
    });
  }

  /** To be called after the last fixture. */
  end(): void {
    this.#outliving("the servers stop", async () => await (await this.#server)?.stop());
  }

  #outliving(name: string, fn: () => Promise<void>): void {
    const sanitizers = { sanitizeOps: false, sanitizeResources: false };
    Deno.test({ name: `${this.#title}: ${name}${skip}`, ignore, ...sanitizers, fn });
  }

  #start(): Promise<TestServer> {
    return this.#server ??= startReplicaSet({ count: 3, ...this.#options });
  }

  async #play(run: (fixture: Fixture) => Promise<void>): Promise<void> {
    const server = await this.#start();
    const admin = await server.admin();
    const networks: Network[] = [];
    const people: Pair[] = [];
    const open = (network?: Network, options: { poll?: boolean } = {}) =>
      openMongoRelay({ uri: network?.uri ?? server.uri, ...options }, deps);
    const db = admin.db(DATABASE);
    try {
      await run({
        server,
        admin,
        open,
        async network() {
          const network = await Network.open(server);
          networks.push(network);
          return network;
        },
        async meet({ network, poll = false } = {}) {
          const pair = await meet(
            { relay: open(undefined, { poll }) },
            { relay: open(network, { poll }) },
          );
          people.push(pair);
          return pair;
        },
        count: async (room) =>
          await db.collection<{ _id: string }>("rooms").countDocuments({ _id: room }) +
          await db.collection("messages").countDocuments({ room }),
        async fail(mode, data = {}) {
          const point = mode === "off" ? {} : { data: { appName: "whisper", ...data } };
          await admin.db("admin").command({ configureFailPoint: "failCommand", mode, ...point });
        },
      });
    } finally {
      for (const network of networks) network.all((proxy) => proxy.heal());
      await Promise.all(people.flatMap(({ host, guest }) => [host.leave(), guest.leave()]));
      for (const network of networks) await network.close();
      await admin.close();
    }
  }
}
