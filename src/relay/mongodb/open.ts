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
import { withOwnCircuit } from "./proxy.ts";
import { inspectUri, type MongoSettings } from "./uri.ts";

/**
 * Connects, signs in and returns the relay.
 *
 * @throws {Failure} with exit status 3 when that is not possible now, or the reason of `signal`.
 */
export async function openMongoRelay(
  settings: MongoSettings,
  deps: { clock: Clock; random: Random; signal?: AbortSignal | undefined },
): Promise<Relay> {
  const { uri, poll } = settings;
  const proxy = settings.proxy && withOwnCircuit(settings.proxy);
  const { database } = inspectUri(uri);
  let isIndexed = Promise.resolve(false);
  const open = (
    signal: AbortSignal | undefined,
    onOpening?: (client: MongoClient) => void,
  ) => {
    return openClient(uri, { ...settings, ...deps, proxy, signal, onOpening });
  };
  // Beside signing in: who makes a room needs to know, and the connections are needed by everybody.
  const client = await open(deps.signal, (client) => isIndexed = hasIndexes(client.db(database)));
  return new MongoRelay({ ...deps, client, openClient: open, database, isIndexed, poll });
}
