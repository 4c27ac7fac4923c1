/**
 * Storing envelopes, so that a command takes effect once at most, whatever becomes of its answer.
 *
 * A command that got no answer may still be under way: in a socket that a network holds back, or in a
 * server that stands still. Repeated, read and removed in the meantime, its envelopes would come a
 * second time when it lands, and look like somebody's replay. So each batch is a retryable write
 * (https://www.mongodb.com/docs/manual/core/retryable-writes/) under a number of our own: a server of a
 * replica set does what has one number once, and refuses what has a lower number than the last. The
 * driver numbers its writes too, but anew for each repetition that it does not make itself.
 *
 * @module
 */
import { type ClientSession, type Db, type Document, Long } from "mongodb";
import { RelayUnavailable } from "../../errors.ts";
import type { Envelope } from "../mailbox.ts";
import { type Expiry, type Place, storing } from "./envelope_document.ts";
import { translate } from "./errors.ts";

/** Far above what the driver has counted to in a session before it was ours. */
const FIRST_NUMBER = 2 ** 40;
/** The answer of a server that is no member of a set, and numbers nothing. */
const ILLEGAL_OPERATION = 20;
const DUPLICATE_KEY = 11000;

/** The one who stores, for one client. */
export class Posting {
  readonly #db: Db;
  /** Numbers belong to a session. It ends with the client: nobody else may ever number by it. */
  #session: ClientSession | undefined;
  #number = FIRST_NUMBER;
  /** What the last number was given to. */
  #batch = "";
  #isNumbered = true;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Stores envelopes in order, going on behind one that is there already. */
  async store(
    place: Place,
    envelopes: readonly Envelope[],
    expiry: Expiry,
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      await this.#storeAll(place, envelopes, expiry);
    } catch (error) {
      const trouble = translate(error);
      if (!(trouble instanceof RelayUnavailable) || trouble.throttled) throw error;
      // Whoever has given this up repeats it, if anybody does.
      signal?.throwIfAborted();
      // Once at once: of an election or a connection that broke nobody need know. A repetition says
      // that it is one, for what its server has lost in falling may have been read.
      const again = envelopes.map((envelope) => ({ ...envelope, attempt: envelope.attempt + 1 }));
      await this.#storeAll(place, again, expiry);
    }
  }

  async #storeAll(
    place: Place,
    envelopes: readonly Envelope[],
    { now, lingerMs }: Expiry,
  ): Promise<void> {
    let form = now;
    for (let from = 0; from < envelopes.length;) {
      const rest = envelopes.slice(from);
      const command = storing(place, rest, { now: form, lingerMs });
      const stopped = await this.#run(command, [place.room, place.epoch, ...rest.map(idOf)].join());
      if (stopped === undefined) return;
      from += stopped + 1;
      // Of a batch that is repeated, more is there: an upsert does not stop at each.
      form = undefined;
    }
  }

  /** The position of the first that is there already; undefined when all are stored. */
  async #run(command: Document, what: string): Promise<number | undefined> {
    const options = { ordered: true, writeConcern: { w: "majority" } };
    const batch = `${Object.keys(command)[0]} ${what}`;
    if (this.#isNumbered && batch !== this.#batch) {
      this.#batch = batch;
      this.#number++;
    }
    const number = this.#isNumbered ? { txnNumber: Long.fromNumber(this.#number) } : {};
    // Causal consistency is about reading; a write has none to wait for.
    this.#session ??= this.#db.client.startSession({ causalConsistency: false });
    try {
      const answer = await this.#db.command({ ...command, ...options, ...number }, {
        session: this.#session,
      });
      return judge(answer);
    } catch (error) {
      if (!this.#isNumbered || (error as { code?: unknown }).code !== ILLEGAL_OPERATION) {
        throw error;
      }
      this.#isNumbered = false;
      return await this.#run(command, what);
    }
  }
}

function idOf({ id }: Envelope): string {
  return id;
}

/** What the answer to a write says, which the driver hands on as it is. */
function judge({ writeErrors, writeConcernError }: Document): number | undefined {
  const [first] = (writeErrors ?? []) as { index: number; code: number; errmsg: string }[];
  if (first?.code === DUPLICATE_KEY) return first.index;
  const error = first ?? writeConcernError;
  if (error === undefined) return undefined;
  throw Object.assign(new Error(error.errmsg), { name: "MongoServerError", code: error.code });
}
