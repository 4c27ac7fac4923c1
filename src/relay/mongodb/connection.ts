/**
 * One client of a MongoDB server with what belongs to it. A relay replaces the whole of it when
 * nothing gets through: addresses change, and a driver can lose its way in a cluster that fell apart
 * and came together again.
 *
 * @module
 */
import type { Collection, Db, MongoClient } from "mongodb";
import type { Clock } from "../../clock.ts";
import { Failure, RelayUnavailable } from "../../errors.ts";
import { closeClient } from "./client.ts";
import type { EnvelopeDocument } from "./envelope_document.ts";
import { Posting } from "./posting.ts";
import type { RoomDocument } from "./room_document.ts";

/** One client, its database, its collections and its session. */
export class Connection {
  readonly client: MongoClient;
  readonly db: Db;
  readonly rooms: Collection<RoomDocument>;
  readonly messages: Collection<EnvelopeDocument>;
  readonly posting: Posting;
  readonly #replaced = new AbortController();

  /** `client` is connected; {@link Connection.close} closes it. */
  constructor(client: MongoClient, database: string) {
    this.client = client;
    this.db = client.db(database);
    this.rooms = this.db.collection("rooms");
    this.messages = this.db.collection("messages");
    this.posting = new Posting(this.db);
  }

  /** Aborted, with a {@link RelayUnavailable}, when another client takes the place of this one. */
  get replaced(): AbortSignal {
    return this.#replaced.signal;
  }

  /** Ends what is under way: whether it took effect is unknown. */
  replace(): void {
    this.#replaced.abort(new RelayUnavailable(new Failure("relay-reconnected")));
  }

  /** Closes the client, in bounded time. Never rejects. */
  close(clock: Clock): Promise<void> {
    return closeClient(this.client, clock);
  }
}
