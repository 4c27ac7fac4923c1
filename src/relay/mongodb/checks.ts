/**
 * The steps in which `whisper doctor` looks at a relay in MongoDB. Every step only reads, or asks for
 * changes that match no document: nothing is made on the relay, and nothing is left there.
 *
 * No finding repeats the connection string, its user or its password.
 *
 * @module
 */
import { type Document, type IndexDescriptionInfo, Long, type MongoClient } from "mongodb";
import type { Clock } from "../../clock.ts";
import { Failure, untranslated } from "../../errors.ts";
import type { Check, Examination, Finding } from "../check.ts";
import { AWAIT_MS, closeClient, openClient } from "./client.ts";
import { diagnose, isStreamRefusal } from "./errors.ts";
import { EXPIRY } from "./indexes.ts";
import { ACTIVE_MS } from "./pace.ts";
import {
  addressesOf,
  type Host,
  isLoopback,
  shakeHands,
  srvHosts,
  touch,
  writtenHosts,
} from "./reach.ts";
import { askToReach } from "./permission.ts";
import { type Privilege, rightsOf } from "./rights.ts";
import { type Address, inspectUri, tlsOf } from "./uri.ts";
import { withDeadline } from "../../deadline.ts";

/** A command of a step takes no longer. */
const PATIENCE_MS = 8_000;
/** How often the relay is asked for the time it takes; odd or even, the middle is told. */
const ROUNDS = 10;
/** Slower than this, a talk feels like one by letter. */
const SLOW_MS = 500;
/** Beyond this the time shown beside a message misleads, and certificates may seem to be expired. */
const CLOCK_OFF_MS = 60_000;
/** `maxWireVersion` of MongoDB 5.0, the first with all that a chat asks for. */
const OLDEST_WIRE_VERSION = 13;
const CODE_NO_COLLECTION = 26;
/** What a free Atlas cluster allows in a second to everybody on it. */
const FREE_OPERATIONS = 100;

/** What the steps are about. */
export interface ExamineSettings {
  /** A complete connection string. */
  readonly uri: string;
  readonly poll?: boolean | undefined;
  /** PEM certificates that a server of one's own is checked against. */
  readonly tlsCaFile?: string | undefined;
}

/** The steps; nothing is looked at yet. */
export function examineMongo(settings: ExamineSettings, deps: { clock: Clock }): Examination {
  return new MongoExamination(settings, deps.clock);
}

class MongoExamination implements Examination {
  readonly checks: readonly Check[];
  readonly #settings: ExamineSettings;
  readonly #clock: Clock;
  #address: Address | undefined;
  #hosts: readonly Host[] = [];
  /** Why the secure connection ended before it began, where it did. */
  #ended: Failure | undefined;
  #client: MongoClient | undefined;
  #operations = 0;
  #polls: boolean;

  constructor(settings: ExamineSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#polls = settings.poll ?? false;
    const step = (
      name: string,
      title: string,
      look: (signal: AbortSignal) => Promise<Finding>,
    ) => ({
      name,
      title,
      run: async (signal: AbortSignal) => {
        try {
          return await look(signal);
        } catch (error) {
          signal.throwIfAborted();
          throw error instanceof Failure ? error : diagnose(error)?.failure ?? error;
        }
      },
    });
    this.checks = [
      step("string", "Connection string", () => Promise.resolve(this.#string())),
      step("dns", "Names", (signal) => this.#dns(signal)),
      step("tcp", "Connection", (signal) => this.#tcp(signal)),
      step("tls", "TLS", (signal) => this.#tls(signal)),
      step("access", "Access list", () => Promise.resolve(this.#access())),
      step("auth", "Signing in", (signal) => this.#auth(signal)),
      step("version", "Server version", () => this.#version()),
      step("privileges", "Privileges", () => this.#privileges()),
      step("news", "News", () => this.#news()),
      step("ttl", "Expiry", () => this.#ttl()),
      step("clock", "Clock", () => this.#clocks()),
      step("latency", "Latency", () => this.#latency()),
      step("operations", "Operations", () => Promise.resolve(this.#budget())),
    ];
  }

  async close(): Promise<void> {
    if (this.#client) await closeClient(this.#client, this.#clock);
    this.#client = undefined;
  }

  #string(): Finding {
    const address = this.#address = inspectUri(this.#settings.uri);
    const { srv, hosts, database } = address;
    const kind = srv ? "mongodb+srv" : `mongodb, ${counted(hosts.length, "host")}`;
    return { state: "ok", says: `${kind}, database "${database}"` };
  }

  async #dns(signal: AbortSignal): Promise<Finding> {
    const deps = { clock: this.#clock, signal };
    const address = this.#address!;
    this.#hosts = address.srv ? await srvHosts(address.hosts[0]!, deps) : writtenHosts(address);
    if (this.#hosts.length === 0) return { state: "unknown", says: "no names: a socket file" };
    const found = await Promise.all(this.#hosts.map((host) => addressesOf(host, deps)));
    const hosts = counted(found.length, "host");
    const addresses = found.flatMap((some) => some ?? []).length;
    if (found.includes(undefined)) {
      return { state: "unknown", says: `${hosts}, looked up with TCP` };
    }
    return { state: "ok", says: `${hosts}, ${counted(addresses, "address")}` };
  }

  async #tcp(signal: AbortSignal): Promise<Finding> {
    if (this.#hosts.length === 0) return { state: "unknown", says: "no ports: a socket file" };
    await askToReach(this.#settings.uri);
    return await this.#everyHost(signal, "answer", (host, deps) => touch(host, deps));
  }

  async #tls(signal: AbortSignal): Promise<Finding> {
    const { uri, tlsCaFile } = this.#settings;
    const { on, caFile = tlsCaFile, clientCertificate } = tlsOf(uri);
    if (!on && tlsCaFile === undefined) return this.#plain();
    if (clientCertificate) return { state: "unknown", says: "asks for a certificate of yours" };
    const trusted = caFile === undefined ? [] : [await certificates(caFile)];
    try {
      return await this.#everyHost(
        signal,
        "show a certificate to trust",
        (host, deps) => shakeHands(host, trusted, deps),
      );
    } catch (error) {
      signal.throwIfAborted();
      const failure = diagnose(error)?.failure;
      if (failure?.code !== "relay-unreachable") throw error;
      this.#ended = failure;
      return { state: "unknown", says: "ended before it began" };
    }
  }

  #plain(): Finding {
    if (this.#hosts.every(isLoopback)) {
      return { state: "ok", says: "not needed on this computer" };
    }
    return {
      state: "warning",
      says: "off: the network sees the password's exchange, and who talks when",
      fix: "Let the server offer TLS (docs/SELF_HOSTING.md), and add ?tls=true.",
    };
  }

  #access(): Finding {
    if (this.#ended) {
      return { state: "failed", says: lower(this.#ended.message), fix: this.#ended.hint };
    }
    return { state: "ok", says: "this computer is let in" };
  }

  async #auth(signal: AbortSignal): Promise<Finding> {
    const { uri, tlsCaFile } = this.#settings;
    const options = { clock: this.#clock, signal, tlsCaFile };
    const client = this.#client = await openClient(uri, options);
    client.on("commandStarted", () => this.#operations++);
    const { authInfo } = await this.#admin({ connectionStatus: 1 });
    if (authInfo.authenticatedUsers.length > 0) return { state: "ok", says: "accepted" };
    if (this.#hosts.every(isLoopback)) {
      return { state: "ok", says: "not asked for on this computer" };
    }
    return {
      state: "warning",
      says: "nobody has to: whoever reaches the server can read and remove everything on it",
      fix: "Start the server with --auth and make a user (docs/SELF_HOSTING.md).",
    };
  }

  async #version(): Promise<Finding> {
    const { maxWireVersion } = await this.#admin({ hello: 1 });
    const { version } = await this.#admin({ buildInfo: 1 });
    if (maxWireVersion >= OLDEST_WIRE_VERSION) return { state: "ok", says: `MongoDB ${version}` };
    return {
      state: "failed",
      says: `MongoDB ${version} is too old`,
      fix: "Use a server of version 5.0 or newer.",
    };
  }

  async #privileges(): Promise<Finding> {
    const { database } = this.#address!;
    const { authInfo } = await this.#admin({ connectionStatus: 1, showPrivileges: true });
    const privileges: Privilege[] = authInfo.authenticatedUserPrivileges ?? [];
    // A server that tells no privileges, or has no users, still answers to being tried.
    await this.#try();
    if (authInfo.authenticatedUsers.length === 0) return { state: "ok", says: "everything" };
    if (privileges.length === 0) return { state: "ok", says: "reading and writing work" };
    const { missing, beyond } = rightsOf(privileges, database);
    if (missing.length > 0) {
      return {
        state: "failed",
        says: `this user may not ${missing.join(", ")}`,
        fix: `Give the database user the role readWrite on "${database}".`,
      };
    }
    if (!beyond) return { state: "ok", says: `readWrite on "${database}", and nothing else` };
    return {
      state: "warning",
      says: "this user may do more than a chat needs, and who learns the password may too",
      fix:
        `Make a user with nothing but readWrite on "${database}" (docs/SELF_HOSTING.md says how).`,
    };
  }

  /** Reads, changes and deletes what is not there. */
  async #try(): Promise<void> {
    const nothing = { _id: randomName() };
    for (const collection of ["rooms", "messages"]) {
      await this.#run({ find: collection, filter: nothing, limit: 1 });
      const expiresAt = new Date(0);
      await this.#run({
        update: collection,
        updates: [{ q: nothing, u: { $set: { expiresAt } } }],
      });
      await this.#run({ delete: collection, deletes: [{ q: nothing, limit: 1 }] });
    }
  }

  async #news(): Promise<Finding> {
    if (this.#polls) return { state: "ok", says: "polling, as --poll asks for" };
    const session = this.#client!.startSession({ causalConsistency: false });
    try {
      const { cursor } = await this.#run({
        aggregate: "messages",
        pipeline: [{ $changeStream: {} }],
        cursor: { batchSize: 0 },
      }, session);
      const cursors = [typeof cursor.id === "number" ? Long.fromNumber(cursor.id) : cursor.id];
      await this.#run({ killCursors: "messages", cursors }, session);
      return { state: "ok", says: "a change stream: messages come at once" };
    } catch (error) {
      if (!isStreamRefusal(error)) throw error;
      this.#polls = true;
      return {
        state: "warning",
        says: `polling: messages take up to ${ACTIVE_MS} ms longer in a talk`,
        fix: "A replica set, even of one node, has change streams (docs/SELF_HOSTING.md).",
      };
    } finally {
      await session.endSession();
    }
  }

  async #ttl(): Promise<Finding> {
    const states = await Promise.all(["rooms", "messages"].map((name) => this.#expiryOf(name)));
    if (states.includes("other")) {
      return {
        state: "failed",
        says: "the collections have an index on expiresAt that is not Whisper's",
        fix: "Name another database in the connection string, or remove that index.",
      };
    }
    if (states.every((state) => state === "there")) {
      return { state: "ok", says: "both indexes are there: what is left behind is removed" };
    }
    return { state: "ok", says: "the indexes are made with the first room" };
  }

  async #expiryOf(collection: string): Promise<"there" | "missing" | "other"> {
    let indexes: IndexDescriptionInfo[];
    try {
      const { cursor } = await this.#run({ listIndexes: collection });
      indexes = cursor.firstBatch;
    } catch (error) {
      if ((error as { code?: unknown }).code === CODE_NO_COLLECTION) return "missing";
      throw error;
    }
    const key = JSON.stringify(EXPIRY.key);
    const found = indexes.find((index) =>
      index.name === EXPIRY.name || JSON.stringify(index.key) === key
    );
    if (found === undefined) return "missing";
    const isOurs = found.name === EXPIRY.name && JSON.stringify(found.key) === key &&
      found.expireAfterSeconds === EXPIRY.expireAfterSeconds;
    return isOurs ? "there" : "other";
  }

  async #clocks(): Promise<Finding> {
    const before = this.#clock.now();
    const { localTime } = await this.#admin({ hello: 1 });
    const here = (before + this.#clock.now()) / 2;
    const off = Math.round((here - (localTime as Date).getTime()) / 1_000);
    if (Math.abs(off) * 1_000 < CLOCK_OFF_MS) {
      return { state: "ok", says: `within ${Math.max(1, Math.abs(off))} s of the relay's` };
    }
    return {
      state: "warning",
      says: `${Math.abs(off)} s ${off > 0 ? "ahead of" : "behind"} the relay's`,
      fix: "Set the date and time of this computer, or let it set them itself.",
    };
  }

  async #latency(): Promise<Finding> {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = this.#clock.monotonic();
      await this.#run({ find: "messages", filter: { _id: randomName() }, limit: 1 });
      rounds.push(this.#clock.monotonic() - began);
    }
    const p50 = median(rounds);
    const says = `p50 ${shown(p50)} ms of ${ROUNDS} rounds (${shown(Math.min(...rounds))} to ${
      shown(Math.max(...rounds))
    })`;
    if (p50 < SLOW_MS) return { state: "ok", says };
    return {
      state: "warning",
      says,
      fix: "Choose a cluster in a region nearer to both of you, or another network.",
    };
  }

  #budget(): Finding {
    const look = `this look took ${this.#operations}`;
    const isAtlas = this.#hosts.some(({ hostname }) => /\.mongodb\.net$/i.test(hostname));
    const free = isAtlas ? `; a free cluster allows ${FREE_OPERATIONS} a second for all on it` : "";
    const pace = this.#polls
      ? `each person polls up to ${1_000 / ACTIVE_MS} times a second`
      : `each person's stream asks every ${AWAIT_MS / 1_000} s, and at each message`;
    return { state: "ok", says: `${look}; in a chat ${pace}${free}` };
  }

  /** Says how many hosts do as they should; throws the first failure where none does. */
  async #everyHost(
    signal: AbortSignal,
    what: string,
    action: (host: Host, deps: { clock: Clock; signal: AbortSignal }) => Promise<void>,
  ): Promise<Finding> {
    const deps = { clock: this.#clock, signal };
    const outcomes = await Promise.allSettled(this.#hosts.map((host) => action(host, deps)));
    signal.throwIfAborted();
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    const good = outcomes.length - failed.length;
    const says = `${good} of ${counted(outcomes.length, "host")} ${what}`;
    if (failed.length === 0) return { state: "ok", says };
    if (good === 0) throw failed[0]!.reason;
    const fix = diagnose(failed[0]!.reason)?.failure.hint ?? "See what the others are missing.";
    return { state: "warning", says, fix };
  }

  #admin(command: Document): Promise<Document> {
    return this.#bounded(() => this.#client!.db("admin").command(command));
  }

  #run(command: Document, session?: ReturnType<MongoClient["startSession"]>): Promise<Document> {
    const db = this.#client!.db(this.#address!.database);
    return this.#bounded(() => db.command(command, session && { session }));
  }

  #bounded<T>(action: () => Promise<T>): Promise<T> {
    return withDeadline(this.#clock, { ms: PATIENCE_MS }, action);
  }
}

async function certificates(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw untranslated(
      "relay-tls",
      "The file with the certificates to trust (tlsCAFile) cannot be read.",
      "Check its path and that it is yours to read.",
      { cause },
    );
  }
}

/** An identity that no document has: those of Whisper are hashes. */
function randomName(): string {
  return `doctor.${crypto.randomUUID()}`;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function shown(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
