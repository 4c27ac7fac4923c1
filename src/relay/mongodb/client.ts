/**
 * A driver's client, opened with few sockets and short timeouts, or not at all, and what belongs to one.
 *
 * @module
 */
import {
  type ClientSession,
  type Collection,
  type ConnectionReadyEvent,
  type Db,
  MongoClient,
  type MongoClientOptions,
  type TopologyDescription,
} from "mongodb";
import { atMost, type Clock } from "../../clock.ts";
import { withDeadline } from "../../deadline.ts";
import { Failure, RelayUnavailable } from "../../errors.ts";
import { DECODING, type EnvelopeDocument } from "./envelope_document.ts";
import { lookCloserAtDns } from "./dns.ts";
import { diagnose, isConclusive } from "./errors.ts";
import type { RoomDocument } from "./room_document.ts";
import { assertTlsFiles, completeUri, inspectUri, type MongoSettings, tlsOf } from "./uri.ts";

/**
 * Longest wait for a socket, a server, and a free connection. A monitor that hears nothing for this
 * long interrupts what hangs on a half-open socket; with {@link HEARTBEAT_MS} before it, a laptop
 * that wakes in another network knows within 15 s.
 */
const TIMEOUT_MS = 8_000;
const HEARTBEAT_MS = 5_000;
/** How long the server may keep a reader of the change stream waiting for news. */
export const AWAIT_MS = 6_000;
/** A socket is dead when even that answer is overdue. */
const SOCKET_TIMEOUT_MS = AWAIT_MS + 4_000;
/** No command holds a connection for this long: its socket has timed out before. */
const LOST_MS = 3 * SOCKET_TIMEOUT_MS;
/** Looking up the cluster, choosing a server and signing in, all together. */
const OPENING_MS = 20_000;
/** The same through a proxy: Tor takes its time to reach an onion service. */
const OPENING_BY_PROXY_MS = 60_000;
/** Closing a session on a server that may not answer. */
const CLOSING_MS = 2_000;
/** A connection that is being opened when its client is closed has this long to be opened. */
const SETTLING_MS = 500;

/**
 * Connections to the primary: one waits in the change stream, one takes messages, and one what must
 * not hold up either: receipts, removals, renewals and reads.
 */
const POOL_SIZE = 3;
/** How often a pool closes connections that were idle for too long; the driver's 100 ms cost wake-ups. */
const POOL_CHECK_MS = 30_000;

/**
 * With three monitors on three nodes these make at most six sockets. Everything here wins over the
 * connection string, which Atlas hands out for servers, not for chats.
 */
const OPTIONS: MongoClientOptions = {
  appName: "whisper",
  maxPoolSize: POOL_SIZE,
  minPoolSize: 0,
  maxConnecting: POOL_SIZE,
  maxIdleTimeMS: 60_000,
  waitQueueTimeoutMS: TIMEOUT_MS,
  serverMonitoringMode: "poll",
  heartbeatFrequencyMS: HEARTBEAT_MS,
  connectTimeoutMS: TIMEOUT_MS,
  serverSelectionTimeoutMS: TIMEOUT_MS,
  socketTimeoutMS: SOCKET_TIMEOUT_MS,
  compressors: ["none"],
  readPreference: "primary",
  retryReads: true,
  retryWrites: true,
  writeConcern: { w: "majority" },
  monitorCommands: true,
  ...DECODING,
  ignoreUndefined: true,
  // Defeats NODE_TLS_REJECT_UNAUTHORIZED=0, which Deno obeys without any permission.
  rejectUnauthorized: true,
};

/** How to open a client. */
export interface ClientOptions extends Pick<MongoSettings, "tlsCaFile" | "authorities" | "proxy"> {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Told what is known of the servers whenever that changes, until the client is open. */
  readonly onTopology?: ((topology: TopologyDescription) => void) | undefined;
  /**
   * Called once operations can be begun. They go out when a server is found, each on a connection that
   * is opened beside the first: on a distant server a connection costs three round trips or more.
   */
  readonly onOpening?: ((client: MongoClient) => void) | undefined;
}

/**
 * Connects and authenticates.
 *
 * @throws {Failure} as soon as every known server has failed in a way that waiting does not change.
 */
export async function openClient(uri: string, options: ClientOptions): Promise<MongoClient> {
  const { clock, signal, tlsCaFile, authorities, proxy, onTopology, onOpening } = options;
  signal?.throwIfAborted();
  assertTlsFiles(uri, tlsCaFile);
  if (proxy) assertNoNames(uri);
  else assertReachable(uri);
  const driverOptions = proxy && (await import("./proxy_connection.ts")).throughProxy(proxy);
  let client: MongoClient | undefined;
  try {
    const opening = client = new MongoClient(completeUri(uri), {
      ...OPTIONS,
      ...tlsCaFile !== undefined && { tls: true, tlsCAFile: tlsCaFile },
      ...authorities !== undefined && { tls: true, ca: authorities },
      ...driverOptions,
    });
    checkPoolSeldom(opening);
    followConnections(opening, clock);
    opening.once("topologyOpening", () => onOpening?.(opening));
    if (onTopology) {
      opening.on("topologyDescriptionChanged", ({ newDescription }) => onTopology(newDescription));
    }
    const failing = allServersFail(opening);
    await withDeadline(
      clock,
      { ms: proxy ? OPENING_BY_PROXY_MS : OPENING_MS, signals: [signal] },
      () => Promise.race([opening.connect(), failing]),
    );
    for (const event of WATCHED) client.removeAllListeners(event);
    // Through Tor another client takes longer than the present one needs to find its way back.
    if (!proxy) followServers(client);
    return client;
  } catch (error) {
    if (client) await closeClient(client, clock);
    signal?.throwIfAborted();
    const known = diagnose(error)?.failure ?? (error instanceof RelayUnavailable && error.failure);
    if (!known) throw error;
    const isTls = tlsCaFile !== undefined || authorities !== undefined || tlsOf(uri).isOn;
    throw await closerLook(known, { uri, isTls });
  }
}

/**
 * With a proxy, no name is looked up here.
 *
 * @throws {Failure} `srv-behind-proxy`.
 */
export function assertNoNames(uri: string): void {
  if (inspectUri(uri).srv) throw new Failure("srv-behind-proxy");
}

/**
 * Asks Deno whether the hosts may be reached, beforehand: some versions of it make the driver believe
 * that the server refuses the connection. The hosts of `mongodb+srv://` are not known yet.
 *
 * @throws {Failure} `net-denied`.
 */
function assertReachable(uri: string): void {
  const { srv, hosts } = inspectUri(uri);
  if (srv) return;
  for (const host of hosts) {
    if (!/:\d+$/.test(host)) continue;
    if (Deno.permissions.querySync({ name: "net", host }).state !== "granted") {
      throw new Failure("net-denied");
    }
  }
}

/**
 * Slows down the timer of each pool, which no public option reaches
 * (`tests/contract/client_test.ts` notices when this one is gone). Without it an idle chat
 * wakes the processor 20 times a second.
 */
function checkPoolSeldom({ options }: MongoClient): void {
  Object.assign(options, { minPoolSizeCheckFrequencyMS: POOL_CHECK_MS });
}

/** A reason that only holds while connecting, in place of one that could mean more. */
async function closerLook(
  failure: Failure,
  { uri, isTls }: { uri: string; isTls: boolean },
): Promise<Failure> {
  const options = { cause: failure.cause };
  const { files } = tlsOf(uri);
  switch (failure.reason) {
    case "connection-lost":
      // There was none to lose. With TLS it had been negotiated, or the failure would be another one:
      // MongoDB closes at that point, without an alert, where a client shows no certificate.
      if (isTls && !files.some(({ option }) => /^tlsCertificateKeyFile$/i.test(option))) {
        return new Failure("client-certificate-required", {}, options);
      }
      // A server that requires TLS does this, and one at its limit.
      return new Failure("hung-up", {}, options);
    case "relay-timeout":
      return new Failure("no-answer", {}, options);
    case "dns-unknown-cluster":
    case "dns-denied":
      return await lookCloserAtDns(failure, inspectUri(uri).hosts[0]!);
    default:
      return failure;
  }
}

/** Closes every socket, in bounded time even if no server answers. Never rejects. */
export async function closeClient(client: MongoClient, clock: Clock): Promise<void> {
  // The driver closes what is open, and forgets what is only being opened.
  const opening = [...connections.get(client)?.opening.values() ?? []].map(({ promise }) =>
    promise
  );
  await atMost(clock, SETTLING_MS, Promise.all(opening));
  try {
    await withDeadline(clock, { ms: CLOSING_MS }, () => client.close());
  } catch {
    // What could not be closed in time ends with the process.
  }
}

/**
 * One client with its database, its collections and its session. A relay replaces the whole of it when
 * nothing gets through: addresses change, and a driver can lose its way in a cluster that fell apart
 * and came together again.
 */
export class Connection {
  readonly client: MongoClient;
  readonly db: Db;
  readonly rooms: Collection<RoomDocument>;
  readonly messages: Collection<EnvelopeDocument>;
  #session: ClientSession | undefined;
  readonly #replaced = new AbortController();

  /** `client` is connected; {@link closeClient} closes it. */
  constructor(client: MongoClient, database: string) {
    this.client = client;
    this.db = client.db(database);
    this.rooms = this.db.collection("rooms");
    this.messages = this.db.collection("messages");
  }

  /**
   * One for all writes, which ends with the client: to take one for each from the pool costs more.
   * Causal consistency is about reading; a write has none to wait for.
   */
  get session(): ClientSession {
    return this.#session ??= this.client.startSession({ causalConsistency: false });
  }

  /** Aborted, with a {@link RelayUnavailable}, when another client takes the place of this one. */
  get replaced(): AbortSignal {
    return this.#replaced.signal;
  }

  /** Ends what is under way: whether it took effect is unknown. */
  replace(): void {
    this.#replaced.abort(new RelayUnavailable(new Failure("relay-reconnected")));
  }
}

/** What is known of each client's connections, by their name. */
const connections = new WeakMap<MongoClient, {
  /** Being opened: resolved when that has ended. */
  readonly opening: Map<string, PromiseWithResolvers<void>>;
  /** In use, and since when by the monotonic clock. */
  readonly inUse: Map<string, number>;
}>();

function followConnections(client: MongoClient, clock: Clock): void {
  const opening = new Map<string, PromiseWithResolvers<void>>();
  const inUse = new Map<string, number>();
  connections.set(client, { opening, inUse });
  const opened = (event: ConnectionName) => {
    opening.get(nameOf(event))?.resolve();
    opening.delete(nameOf(event));
  };
  client.on("connectionCreated", (event) => opening.set(nameOf(event), Promise.withResolvers()));
  client.on("connectionReady", opened);
  client.on("connectionClosed", opened);
  client.on("connectionCheckedOut", (event) => inUse.set(nameOf(event), clock.monotonic()));
  client.on("connectionCheckedIn", (event) => inUse.delete(nameOf(event)));
}

/**
 * True when a connection never came back to its pool: a command that waits to be written through a
 * socket that the driver has closed waits for ever, and its place stays taken.
 */
export function isCrippled(client: MongoClient, clock: Clock): boolean {
  const since = connections.get(client)?.inUse.values() ?? [];
  return [...since].some((at) => clock.monotonic() - at > LOST_MS);
}

/** Clients that know of no server that answers. */
const cutOff = new WeakSet<MongoClient>();

function followServers(client: MongoClient): void {
  client.on("topologyDescriptionChanged", ({ newDescription: { servers } }) => {
    if ([...servers.values()].every(({ type }) => type === "Unknown")) cutOff.add(client);
    else cutOff.delete(client);
  });
}

/** True while no server answers. */
export function isCutOff(client: MongoClient): boolean {
  return cutOff.has(client);
}

type ConnectionName = Pick<ConnectionReadyEvent, "address" | "connectionId">;

function nameOf({ address, connectionId }: ConnectionName): string {
  return `${address} ${connectionId}`;
}

/** What tells of the servers while none has been found yet. */
const WATCHED = [
  ...["topologyDescriptionChanged", "serverHeartbeatSucceeded", "serverHeartbeatFailed"] as const,
];

/** Rejects once each server that the client knows has failed for good. */
function allServersFail(client: MongoClient): Promise<never> {
  return new Promise((_, reject) => {
    const known = new Set<string>();
    const failed = new Set<string>();
    client.on("topologyDescriptionChanged", ({ newDescription }) => {
      known.clear();
      for (const address of newDescription.servers.keys()) known.add(address);
      if (isHopeless(newDescription)) reject({ reason: newDescription });
    });
    client.on("serverHeartbeatSucceeded", ({ connectionId }) => failed.delete(connectionId));
    client.on("serverHeartbeatFailed", ({ connectionId, failure }) => {
      if (!isConclusive(failure)) return;
      failed.add(connectionId);
      if (known.size > 0 && [...known].every((address) => failed.has(address))) reject(failure);
    });
  });
}

/** True when the servers answer, and none is of the set that is looked for, or of any. */
function isHopeless({ servers }: TopologyDescription): boolean {
  return [...servers.values()].every(({ type }) => type === "RSGhost");
}
