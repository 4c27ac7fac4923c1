/**
 * Storing envelopes, each once.
 *
 * A command that got no answer may still be under way: in a socket that a network holds back, or in a
 * server that stands still. Repeated, read and removed in the meantime, its envelopes come a second time
 * when it lands. So every repetition says that it is one (`attempt`, by who repeats), and its reader
 * knows a retransmission by that. A server could refuse them
 * (https://www.mongodb.com/docs/manual/core/retryable-writes/), but every node would have to write down
 * the number of each command: 5 to 10 % of the work that a text is to them.
 *
 * @module
 */
import type { ClientSession, Db, Document } from "mongodb";
import type { Envelope } from "../relay.ts";
import { type Expiry, type Place, storeCommand } from "./envelope_document.ts";
import { isIdDuplicate } from "./errors.ts";

/** Stores envelopes through one client. */
export class Posting {
  readonly #db: Db;
  /** One for all, which ends with the client: to take one for each from the pool costs more. */
  #session: ClientSession | undefined;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Stores envelopes in order, going on behind one that is there already, until `signal`. */
  async store(
    place: Place,
    envelopes: readonly Envelope[],
    { now, lingerMs }: Expiry,
    signal: AbortSignal,
  ): Promise<void> {
    let form = now;
    for (let from = 0; from < envelopes.length;) {
      signal.throwIfAborted();
      const rest = envelopes.slice(from);
      const stopped = await this.#run(storeCommand(place, rest, { now: form, lingerMs }), signal);
      if (stopped === undefined) return;
      from += stopped + 1;
      // Of a batch that is repeated, more is there: an upsert does not stop at each.
      form = undefined;
    }
  }

  /** The position of the first that is there already; undefined when all are stored. */
  async #run(command: Document, signal: AbortSignal): Promise<number | undefined> {
    // Causal consistency is about reading; a write has none to wait for.
    this.#session ??= this.#db.client.startSession({ causalConsistency: false });
    const options = { ordered: true, writeConcern: { w: "majority" } };
    return parseWriteResult(
      // With the signal, for the driver waits for ever to write on through a socket that was closed
      // meanwhile, and that connection is then missing from its pool.
      await this.#db.command({ ...command, ...options }, { session: this.#session, signal }),
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
