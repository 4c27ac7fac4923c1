/**
 * A driver's client, opened with few sockets and short patience, or not at all.
 *
 * @module
 */
import { type ConnectionReadyEvent, MongoClient, type MongoClientOptions } from "mongodb";
import { atMost, type Clock } from "../../clock.ts";
import { type Failure, RelayUnavailable, untranslated } from "../../errors.ts";
import { DECODING } from "./envelope_document.ts";
import { diagnose, isFast } from "./errors.ts";
import { askToReach } from "./permission.ts";
import { withDeadline } from "../../deadline.ts";

/**
 * Longest wait for a socket, a server, and a free connection. A monitor that hears nothing for this
 * long interrupts what hangs on a half-open socket; with {@link HEARTBEAT_MS} before it, a laptop
 * that wakes in another network knows within 15 s.
 */
const PATIENCE_MS = 8_000;
const HEARTBEAT_MS = 5_000;
/** How long the server may keep a reader of the change stream waiting for news. */
export const AWAIT_MS = 6_000;
/** A socket is dead when even that answer is overdue. */
const SOCKET_TIMEOUT_MS = AWAIT_MS + 4_000;
/** Looking up the cluster, choosing a server and signing in, all together. */
const OPENING_MS = 20_000;
/** Saying goodbye to a server that may not listen. */
const CLOSING_MS = 2_000;
/** A connection that is being opened when its client is closed has this long to come about. */
const SETTLING_MS = 500;

/**
 * With three monitors on three nodes these make at most five sockets: one for the change stream, one
 * for everything else. Everything here wins over the connection string, which Atlas hands out for
 * servers, not for chats.
 */
const OPTIONS: MongoClientOptions = {
  appName: "whisper",
  maxPoolSize: 2,
  minPoolSize: 0,
  maxConnecting: 2,
  maxIdleTimeMS: 60_000,
  waitQueueTimeoutMS: PATIENCE_MS,
  serverMonitoringMode: "poll",
  heartbeatFrequencyMS: HEARTBEAT_MS,
  connectTimeoutMS: PATIENCE_MS,
  serverSelectionTimeoutMS: PATIENCE_MS,
  socketTimeoutMS: SOCKET_TIMEOUT_MS,
  compressors: ["none"],
  readPreference: "primary",
  retryReads: true,
  retryWrites: true,
  writeConcern: { w: "majority" },
  monitorCommands: true,
  ...DECODING,
  ignoreUndefined: true,
  // Defeats NODE_TLS_REJECT_UNAUTHORIZED=0, which Deno honours without any permission.
  rejectUnauthorized: true,
};

/**
 * Connects and signs in.
 *
 * @throws {Failure} with a sentence for the person, as soon as every known server has failed in a way
 * that waiting does not mend.
 */
export async function openClient(
  uri: string,
  options: { clock: Clock; signal?: AbortSignal | undefined; tlsCaFile?: string | undefined },
): Promise<MongoClient> {
  const { clock, signal, tlsCaFile } = options;
  signal?.throwIfAborted();
  await askToReach(uri);
  let client: MongoClient | undefined;
  try {
    const opening = client = new MongoClient(uri, {
      ...OPTIONS,
      ...tlsCaFile !== undefined && { tls: true, tlsCAFile: tlsCaFile },
    });
    followConnections(opening);
    const hopeless = allServersFail(opening);
    await withDeadline(
      clock,
      { ms: OPENING_MS, signals: [signal] },
      () => Promise.race([opening.connect(), hopeless]),
    );
    for (const event of WATCHED) client.removeAllListeners(event);
    return client;
  } catch (error) {
    if (client) await closeClient(client, clock);
    signal?.throwIfAborted();
    throw diagnose(error)?.failure ?? (error instanceof RelayUnavailable ? error.failure : error);
  }
}

/** Closes every socket, in bounded time even if nobody answers. Never rejects. */
export async function closeClient(client: MongoClient, clock: Clock): Promise<void> {
  // The driver closes what is open, and forgets what is only being opened.
  const opening = [...openings.get(client)?.values() ?? []].map(({ promise }) => promise);
  await atMost(clock, SETTLING_MS, Promise.all(opening));
  try {
    await withDeadline(clock, { ms: CLOSING_MS }, () => client.close());
  } catch {
    // What could not be said goodbye to within the time ends with the process.
  }
}

/** Of each client, the connections that are being opened: resolved when that has come to something. */
const openings = new WeakMap<MongoClient, Map<string, PromiseWithResolvers<void>>>();

function followConnections(client: MongoClient): void {
  const opening = new Map<string, PromiseWithResolvers<void>>();
  openings.set(client, opening);
  const opened = (event: ConnectionName) => {
    opening.get(nameOf(event))?.resolve();
    opening.delete(nameOf(event));
  };
  client.on("connectionCreated", (event) => opening.set(nameOf(event), Promise.withResolvers()));
  client.on("connectionReady", opened);
  client.on("connectionClosed", opened);
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
    });
    client.on("serverHeartbeatSucceeded", ({ connectionId }) => failed.delete(connectionId));
    client.on("serverHeartbeatFailed", ({ connectionId, failure }) => {
      if (!isFast(failure)) return;
      failed.add(connectionId);
      if (known.size > 0 && [...known].every((address) => failed.has(address))) reject(failure);
    });
  });
}

/** The failure of an operation on a relay that was closed. */
export function closedFailure(): Failure {
  return untranslated("relay-lost", "The relay was closed.", "Begin a new chat.");
}
