/**
 * The steps in which `whisper doctor` looks at a relay in MongoDB. It connects as a chat does, and
 * tells by the reason at which step that failed: so it cannot disagree with a chat. Every step only
 * reads, or asks for changes that match no document: it makes nothing, and leaves nothing there.
 *
 * No finding repeats the connection string, its user or its password.
 *
 * @module
 */
// Not "node:dns/promises": some versions of Deno warn of that on standard error.
import { lookup } from "node:dns";
import { promisify } from "node:util";
import {
  type Db,
  type Document,
  type MongoClient,
  MongoServerError,
  type TopologyDescription,
} from "mongodb";
import type { Clock } from "../../clock.ts";
import { withDeadline } from "../../deadline.ts";
import { Failure, RelayUnavailable } from "../../errors.ts";
import type { Reason } from "../../failure_reasons.ts";
import {
  type Check,
  type CheckName,
  type Examination,
  type Finding,
  found,
  latencyOf,
} from "../check.ts";
import { assertNoNames, AWAIT_MS, closeClient, openClient } from "./client.ts";
import { inspectCollections } from "./collections.ts";
import { cursorId } from "./envelope_document.ts";
import { diagnose, isStreamRefusal } from "./errors.ts";
import { ACTIVE_MS } from "./pace.ts";
import { type Privilege, rightsOf } from "./rights.ts";
import { type Address, assertTlsFiles, inspectUri, type MongoSettings, tlsOf } from "./uri.ts";

/** Bounds each command of a step. */
const TIMEOUT_MS = 8_000;
/** How often the relay is asked for the time it takes. */
const ROUNDS = 10;
/** Slower than this, an interactive chat feels sluggish. */
const SLOW_MS = 500;
/** Beyond this the time shown beside a message misleads, and certificates may seem to be expired. */
const CLOCK_OFF_MS = 60_000;
/** `maxWireVersion` of MongoDB 5.0, the first with all that a chat asks for. */
const OLDEST_WIRE_VERSION = 13;
/** What a free Atlas cluster allows in a second to all of its users. */
const FREE_OPERATIONS = 100;

/** The steps of connecting, in their order. */
const WAY = ["proxy", "proxy-login", "dns", "tcp", "tls", "access", "auth"] as const;
type WayStep = (typeof WAY)[number];

/** At which step a connection fails; for a reason that is not here, at `tcp`. */
const STEP_OF: Partial<Record<Reason, WayStep>> = {
  "proxy-unreachable": "proxy",
  "proxy-silent": "proxy",
  "proxy-protocol": "proxy",
  "proxy-login": "proxy-login",
  "proxy-denied": "proxy-login",
  "dns-failed": "dns",
  "dns-denied": "dns",
  "dns-unknown-cluster": "dns",
  "dns-unknown-host": "dns",
  "certificate-expired": "tls",
  "certificate-not-yet-valid": "tls",
  "certificate-for-another-host": "tls",
  "certificate-untrusted": "tls",
  "client-certificate-required": "tls",
  "tls-not-offered": "tls",
  "tls-file": "tls",
  "tls-ended": "access",
  "unsupported-mechanism": "auth",
  "wrong-password": "auth",
  "credentials-required": "auth",
  "not-authorized": "auth",
};

/** Looks a host up, where no permission has to be asked for it. */
async function resolve(host: string): Promise<void> {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  const asked = { name: "net", host: host.replace(/:\d+$/, "") } as const;
  if (Deno.permissions.querySync(asked).state !== "granted") throw new Failure("net-denied");
  await promisify(lookup)(name);
}

/** The steps; nothing is looked at before they are taken. */
export class MongoExamination implements Examination {
  readonly checks: readonly Check[];
  readonly #settings: MongoSettings;
  readonly #clock: Clock;
  #address: Address | undefined;
  #opening: Promise<MongoClient> | undefined;
  #topology: TopologyDescription | undefined;
  #client: MongoClient | undefined;
  #operations = 0;
  #polls: boolean;

  constructor(settings: MongoSettings, { clock }: { clock: Clock }) {
    this.#settings = settings;
    this.#clock = clock;
    this.#polls = settings.poll ?? false;
    const step = (
      name: CheckName,
      look: (signal: AbortSignal) => Promise<Finding> | Finding,
    ): Check => ({
      name,
      run: async (signal) => {
        try {
          return await look(signal);
        } catch (error) {
          signal.throwIfAborted();
          throw failureOf(error);
        }
      },
    });
    const pass = (name: WayStep) => step(name, (signal) => this.#pass(name, signal));
    this.checks = [
      step("string", () => this.#string()),
      ...settings.proxy ? [pass("proxy"), pass("proxy-login")] : [],
      pass("dns"),
      pass("tcp"),
      pass("tls"),
      pass("access"),
      step("auth", () => this.#auth()),
      step("version", () => this.#version()),
      step("privileges", () => this.#privileges()),
      step("news", () => this.#news()),
      step("ttl", () => this.#collections()),
      step("clock", () => this.#clocks()),
      step("latency", () => this.#latency()),
      step("operations", () => this.#budget()),
    ];
  }

  async close(): Promise<void> {
    if (this.#client) await closeClient(this.#client, this.#clock);
    this.#client = undefined;
  }

  #string(): Finding {
    const { uri, tlsCaFile, proxy } = this.#settings;
    const address = this.#address = inspectUri(uri);
    if (proxy) assertNoNames(uri);
    assertTlsFiles(uri, tlsCaFile);
    const { srv, hosts, database } = address;
    return found("string", { srv, hosts: hosts.length, database });
  }

  /** Connects with the first step, and says of each one whether the way led past it. */
  async #pass(step: WayStep, signal: AbortSignal): Promise<Finding> {
    this.#opening ??= this.#open(signal);
    // Its time is its own: a server that stays silent is waited for in the next step.
    if (step === "dns" && await this.#isResolved(this.#opening)) return this.#dns();
    try {
      this.#client = await this.#opening;
    } catch (error) {
      const at = STEP_OF[failureOf(error).reason] ?? "tcp";
      if (WAY.indexOf(at) <= WAY.indexOf(step)) throw error;
      // Whether that was TLS itself or the access list, the server does not say.
      if (step === "tls" && at === "access") return found("tls-ended", {}, "unknown");
    }
    switch (step) {
      case "proxy":
        return found("proxy", { kind: this.#settings.proxy!.kind });
      case "proxy-login":
        return found("proxy-login", {});
      case "dns":
        return this.#dns();
      case "tcp":
        return this.#hosts();
      case "tls":
        return this.#tls();
      default:
        return found("let-in", {});
    }
  }

  #dns(): Finding {
    if (this.#settings.proxy) return found("dns-by-proxy", {});
    return found("dns", { hosts: this.#topology?.servers.size ?? this.#address!.hosts.length });
  }

  /** True as soon as every host has an address; false where `opening` has to tell. */
  async #isResolved(opening: Promise<unknown>): Promise<boolean> {
    const { srv, hosts } = this.#address!;
    if (srv || this.#settings.proxy) return false;
    const ended = opening.then(() => false, () => false);
    const resolved = Promise.all(hosts.map(resolve));
    return await Promise.race([ended, resolved.then(() => true, () => ended)]);
  }

  async #open(signal: AbortSignal): Promise<MongoClient> {
    const client = await openClient(this.#settings.uri, {
      ...this.#settings,
      clock: this.#clock,
      signal,
      onTopology: (topology) => this.#topology = topology,
    });
    client.on("commandStarted", () => this.#operations++);
    return client;
  }

  #hosts(): Finding {
    const servers = [...this.#topology?.servers.values() ?? []];
    // A server that refuses the login has answered.
    const broken = servers.filter(({ error }) => error && !(error instanceof MongoServerError));
    // This step is reached only once a server took the connection: where all failed, they did so later.
    const answering = servers.length - broken.length || servers.length;
    const facts = { answering, hosts: servers.length };
    const isPartial = answering < servers.length;
    return found("hosts-answer", facts, isPartial ? "warning" : "ok");
  }

  #tls(): Finding {
    const { uri, tlsCaFile, authorities } = this.#settings;
    if (tlsOf(uri).isOn || tlsCaFile !== undefined || authorities !== undefined) {
      return found("tls-on", {});
    }
    const { hosts } = this.#address!;
    if (hosts.every((host) => /\.onion(:\d+)?$/i.test(host))) return found("tls-by-onion", {});
    return this.#isLocal() ? found("tls-not-needed", {}) : found("tls-off", {}, "warning");
  }

  async #auth(): Promise<Finding> {
    this.#client ??= await this.#opening!;
    const { authInfo } = await this.#admin({ connectionStatus: 1 });
    if (authInfo.authenticatedUsers.length > 0) return found("signed-in", {});
    return this.#isLocal() ? found("auth-not-needed", {}) : found("auth-off", {}, "warning");
  }

  async #version(): Promise<Finding> {
    const { maxWireVersion } = await this.#admin({ hello: 1 });
    const build = await this.#admin({ buildInfo: 1 });
    // A server can say anything.
    const version = /^[\w.-]{1,32}$/.exec(build["version"])?.[0] ?? "?";
    if (maxWireVersion < OLDEST_WIRE_VERSION) throw new Failure("server-too-old", { version });
    return found("version", { version });
  }

  async #privileges(): Promise<Finding> {
    const { database } = this.#address!;
    const { authInfo } = await this.#admin({ connectionStatus: 1, showPrivileges: true });
    const privileges: Privilege[] = authInfo.authenticatedUserPrivileges ?? [];
    try {
      // A server that tells no privileges, or has no users, still answers to being tried.
      await this.#try();
    } catch (error) {
      // A view answers with whatever error its owner wrote into it; that it is one says more.
      await this.#collections();
      throw error;
    }
    if (authInfo.authenticatedUsers.length === 0) return found("rights-all", {});
    if (privileges.length === 0) return found("rights-untold", {});
    const { missing, isBeyond } = rightsOf(privileges, database);
    if (missing.length > 0) {
      return found("rights-missing", { database, actions: missing }, "failed");
    }
    return isBeyond
      ? found("rights-beyond", { database }, "warning")
      : found("rights-exact", { database });
  }

  /** Reads, changes and deletes what is not there. */
  async #try(): Promise<void> {
    const nothing = { _id: randomId() };
    for (const collection of ["rooms", "messages"]) {
      await this.#run({ find: collection, filter: nothing, limit: 1 });
      const u = { $set: { expiresAt: new Date(0) } };
      await this.#write({ update: collection, updates: [{ q: nothing, u }] });
      await this.#write({ delete: collection, deletes: [{ q: nothing, limit: 1 }] });
    }
  }

  async #news(): Promise<Finding> {
    if (this.#polls) return found("poll-wanted", {});
    const session = this.#client!.startSession({ causalConsistency: false });
    try {
      const { cursor } = await this.#run({
        aggregate: "messages",
        pipeline: [{ $changeStream: {} }],
        cursor: { batchSize: 0 },
      }, session);
      await this.#run({ killCursors: "messages", cursors: [cursorId(cursor.id)] }, session);
      return found("stream", {});
    } catch (error) {
      if (!isStreamRefusal(error)) throw error;
      this.#polls = true;
      return found("poll-only", { ms: ACTIVE_MS }, "warning");
    } finally {
      await session.endSession();
    }
  }

  async #collections(): Promise<Finding> {
    const { hasExpiry } = await this.#bounded(() => inspectCollections(this.#db()));
    return found(hasExpiry ? "expiry-ready" : "expiry-later", {});
  }

  async #clocks(): Promise<Finding> {
    const before = this.#clock.now();
    const { localTime } = await this.#admin({ hello: 1 });
    const here = (before + this.#clock.now()) / 2;
    const off = Math.round((here - (localTime as Date).getTime()) / 1_000);
    const seconds = Math.abs(off);
    if (seconds * 1_000 < CLOCK_OFF_MS) return found("clock", { seconds: Math.max(1, seconds) });
    return found("clock-off", { seconds, isAhead: off > 0 }, "warning");
  }

  async #latency(): Promise<Finding> {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = this.#clock.monotonic();
      await this.#run({ find: "messages", filter: { _id: randomId() }, limit: 1 });
      rounds.push(this.#clock.monotonic() - began);
    }
    const facts = latencyOf(rounds);
    return facts.p50Ms < SLOW_MS
      ? found("latency", facts)
      : found("latency-high", facts, "warning");
  }

  #budget(): Finding {
    const isAtlas = this.#address!.hosts.some((host) => /\.mongodb\.net(:\d+)?$/i.test(host));
    return found("operations", {
      count: this.#operations,
      pollsPerSecond: this.#polls ? 1_000 / ACTIVE_MS : undefined,
      streamSeconds: AWAIT_MS / 1_000,
      freePerSecond: isAtlas ? FREE_OPERATIONS : undefined,
    });
  }

  #isLocal(): boolean {
    const { hosts } = this.#address!;
    return hosts.every((host) => /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$|\.sock$/i.test(host));
  }

  #db(): Db {
    return this.#client!.db(this.#address!.database);
  }

  #admin(command: Document): Promise<Document> {
    return this.#bounded(() => this.#client!.db("admin").command(command));
  }

  #run(command: Document, session?: ReturnType<MongoClient["startSession"]>): Promise<Document> {
    return this.#bounded(() => this.#db().command(command, session && { session }));
  }

  /** The answer to a write carries its errors, which the driver passes on unchanged. */
  async #write(command: Document): Promise<void> {
    const [error] = (await this.#run(command))["writeErrors"] ?? [];
    if (error) throw Object.assign(new Error(error.errmsg), { ...error, name: "MongoServerError" });
  }

  #bounded<T>(action: () => Promise<T>): Promise<T> {
    return withDeadline(this.#clock, { ms: TIMEOUT_MS }, action);
  }
}

/** The failure that a chat would have; anything else is a bug, and thrown. */
function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof RelayUnavailable) return error.failure;
  const failure = diagnose(error)?.failure;
  if (failure) return failure;
  throw error;
}

/** An identity that no document has: those of Whisper are hashes. */
function randomId(): string {
  return `doctor.${crypto.randomUUID()}`;
}
