/**
 * Opens a relay in MongoDB. Importing this file loads the driver.
 *
 * @module
 */
import type { MongoClient } from "mongodb";
import type { Clock, Random } from "../../clock.ts";
import type { Relay } from "../relay.ts";
import { openClient } from "./client.ts";
import { hasIndexes } from "./indexes.ts";
import { MongoRelay } from "./mongodb_relay.ts";
import { type Proxy, withOwnCircuit } from "./proxy.ts";
import { databaseOf } from "./uri.ts";

/** Where the relay is, and how to learn of news there. */
export interface MongoSettings {
  /** A complete connection string, with its password. */
  readonly uri: string;
  /** True to poll even where there are change streams. */
  readonly poll?: boolean | undefined;
  /** A file with the certificates (PEM) that the server's is checked against. */
  readonly tlsCaFile?: string | undefined;
  /** The same certificates as text (PEM), from a relay link. */
  readonly authorities?: string | undefined;
  /** The one host to connect to; the relay is reached through it. */
  readonly proxy?: Proxy | undefined;
}

/**
 * Connects, signs in and returns the relay.
 *
 * @throws {Failure} with exit status 3 when that is not possible now, or the reason of `signal`.
 */
export async function openMongoRelay(
  settings: MongoSettings,
  deps: { clock: Clock; random: Random; signal?: AbortSignal | undefined },
): Promise<Relay> {
  const { uri, poll, tlsCaFile, authorities } = settings;
  const proxy = settings.proxy && withOwnCircuit(settings.proxy);
  const database = databaseOf(uri);
  let isIndexed = Promise.resolve(false);
  const open = (
    signal: AbortSignal | undefined,
    onOpening?: (client: MongoClient) => void,
  ) => {
    const options = { ...deps, tlsCaFile, authorities, proxy, signal };
    return openClient(uri, { ...options, ...onOpening && { onOpening } });
  };
  // Beside signing in: who makes a room needs to know, and the connections are needed by everybody.
  const client = await open(deps.signal, (client) => isIndexed = hasIndexes(client.db(database)));
  return new MongoRelay({ ...deps, client, openClient: open, database, isIndexed, poll });
}
