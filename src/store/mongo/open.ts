/**
 * Opens a relay in MongoDB. Whoever imports this file loads the driver.
 *
 * @module
 */
import type { Clock, Random } from "../../clock.ts";
import type { Mailbox } from "../mailbox.ts";
import { openClient } from "./client.ts";
import { MongoMailbox } from "./mailbox.ts";
import { RenewedMailbox } from "./renewed.ts";
import { databaseOf } from "./uri.ts";

/** Where the relay is, and how to learn of news there. */
export interface MongoSettings {
  /** A complete connection string, with its password. */
  readonly uri: string;
  /** True to poll even where there are change streams. */
  readonly poll?: boolean | undefined;
  /** A file with the certificates (PEM) that the server's is checked against. */
  readonly tlsCaFile?: string | undefined;
}

/**
 * Connects, signs in and returns the mailbox.
 *
 * @throws {Failure} with exit status 3 when that is not possible now, or the reason of `signal`.
 */
export async function openMongoMailbox(
  settings: MongoSettings,
  deps: { clock: Clock; random: Random; signal?: AbortSignal | undefined },
): Promise<Mailbox> {
  const { uri, poll, tlsCaFile } = settings;
  const open = async (signal: AbortSignal | undefined) => {
    const client = await openClient(uri, { ...deps, tlsCaFile, signal });
    return new MongoMailbox({ ...deps, client, database: databaseOf(uri), poll });
  };
  return new RenewedMailbox(await open(deps.signal), { open, clock: deps.clock });
}
