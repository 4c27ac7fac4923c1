/**
 * One client of a MongoDB server with what belongs to it. A relay replaces the whole of it when
 * nothing gets through: addresses change, and a driver can lose its way in a cluster that fell apart
 * and came together again.
 *
 * It stores envelopes, each once. A command that got no answer may still be under way: in a socket that
 * a network holds back, or in a server that stands still. Repeated, read and removed in the meantime, its
 * envelopes come a second time when it lands. So every repetition says that it is one (`attempt`, by who
 * repeats), and its reader knows a retransmission by that. A server could refuse them
 * (https://www.mongodb.com/docs/manual/core/retryable-writes/), but every node would have to write down
 * the number of each command: 5 to 10 % of the work that a text is to them.
 *
 * @module
 */
import type { ClientSession, Collection, Db, Document, MongoClient } from "mongodb";
import type { Clock } from "../../clock.ts";
import { Failure, RelayUnavailable } from "../../errors.ts";
import type { Envelope, RoomEpoch } from "../relay.ts";
import { closeClient } from "./client.ts";
import { type EnvelopeDocument, type Expiry, storeCommand } from "./envelope_document.ts";
import { isIdDuplicate } from "./errors.ts";
import type { RoomDocument } from "./room_document.ts";

/** One client, its database, its collections and its session. */
export class Connection {
  readonly client: MongoClient;
  readonly db: Db;
  readonly rooms: Collection<RoomDocument>;
  readonly messages: Collection<EnvelopeDocument>;
  /** One for all writes, which ends with the client: to take one for each from the pool costs more. */
  #session: ClientSession | undefined;
  readonly #replaced = new AbortController();

  /** `client` is connected; {@link Connection.close} closes it. */
  constructor(client: MongoClient, database: string) {
    this.client = client;
    this.db = client.db(database);
    this.rooms = this.db.collection("rooms");
    this.messages = this.db.collection("messages");
  }

  /** Aborted, with a {@link RelayUnavailable}, when another client takes the place of this one. */
  get replaced(): AbortSignal {
    return this.#replaced.signal;
  }

  /** Ends what is under way: whether it took effect is unknown. */
  replace(): void {
    this.#replaced.abort(new RelayUnavailable(new Failure("relay-reconnected")));
  }

  /** Stores envelopes in order, going on behind one that is there already, until `signal`. */
  async store(
    place: RoomEpoch,
    envelopes: readonly Envelope[],
    { now, lingerMs }: Expiry,
    signal: AbortSignal,
  ): Promise<void> {
    let form = now;
    for (let from = 0; from < envelopes.length;) {
      signal.throwIfAborted();
      const rest = envelopes.slice(from);
      const stopped = await this.#write(storeCommand(place, rest, { now: form, lingerMs }), signal);
      if (stopped === undefined) return;
      from += stopped + 1;
      // Of a batch that is repeated, more is there: an upsert does not stop at each.
      form = undefined;
    }
  }

  /** Closes the client, in bounded time. Never rejects. */
  close(clock: Clock): Promise<void> {
    return closeClient(this.client, clock);
  }

  /** The position of the first that is there already; undefined when all are stored. */
  async #write(command: Document, signal: AbortSignal): Promise<number | undefined> {
    // Causal consistency is about reading; a write has none to wait for.
    this.#session ??= this.client.startSession({ causalConsistency: false });
    const options = { ordered: true, writeConcern: { w: "majority" } };
    return parseWriteResult(
      // With the signal, for the driver waits for ever to write on through a socket that was closed
      // meanwhile, and that connection is then missing from its pool.
      await this.db.command({ ...command, ...options }, { session: this.#session, signal }),
    );
  }
}

/**
 * What the answer to a write says, which the driver passes on unchanged.
 *
 * @returns the position of the first envelope that was stored before; undefined when all are stored.
 * @throws what stopped the write, a duplicate in any index but that on `_id` included.
 */
function parseWriteResult({ writeErrors, writeConcernError }: Document): number | undefined {
  const [first] = (writeErrors ?? []) as WriteError[];
  const error = first ?? writeConcernError as WriteError | undefined;
  if (error === undefined) return undefined;
  const { code, errmsg, keyPattern } = error;
  if (
    first && isIdDuplicate({ code, message: errmsg, keys: keyPattern && Object.keys(keyPattern) })
  ) {
    return first.index;
  }
  throw Object.assign(new Error(errmsg), { name: "MongoServerError", code, keyPattern });
}

/** One entry of `writeErrors`. */
interface WriteError {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
  /** Of a duplicate: the index that it is one in. */
  readonly keyPattern?: Document;
}
