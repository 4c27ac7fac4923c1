/**
 * How envelopes are stored, each once.
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
import { Binary, type Document } from "mongodb";
import type { Clock } from "../../clock.ts";
import type { Envelope, RoomEpoch } from "../relay.ts";
import type { Connection } from "./client.ts";
import { documentId, type EnvelopeDocument } from "./envelope_document.ts";
import { isIdDuplicate } from "./errors.ts";
import { inMs } from "./expressions.ts";

/** By how much the two clocks of this computer may disagree on the time since the last answer. */
const MAX_DISAGREEMENT_MS = 1_000;

/**
 * The server's time, from its last answer and the time since. A computer's monotonic clock stops
 * while it sleeps, and its wall clock can be set: where the two disagree, the time is unknown.
 */
export class ServerTime {
  readonly #clock: Clock;
  #learned: { readonly server: number; readonly wall: number; readonly steady: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the time of the answer that has just come, in milliseconds since 1970. */
  learn(server: number): void {
    this.#learned = { server, wall: this.#clock.now(), steady: this.#clock.monotonic() };
  }

  /** Milliseconds since 1970 by the server's clock; undefined when that is not certain. */
  now(): number | undefined {
    if (!this.#learned) return undefined;
    const { server, wall, steady } = this.#learned;
    const elapsed = this.#clock.monotonic() - steady;
    const disagreement = this.#clock.now() - wall - elapsed;
    return Math.abs(disagreement) > MAX_DISAGREEMENT_MS ? undefined : server + elapsed;
  }
}

/** When an envelope expires: `lingerMs` after `now`, or after the server's own clock without one. */
interface Expiry {
  readonly now: number | undefined;
  readonly lingerMs: number;
}

/** Stores envelopes in order, going on behind one that is there already, until `signal`. */
export async function storeEnvelopes(
  connection: Connection,
  place: RoomEpoch,
  envelopes: readonly Envelope[],
  { now, lingerMs, signal }: Expiry & { readonly signal: AbortSignal },
): Promise<void> {
  let form = now;
  for (let from = 0; from < envelopes.length;) {
    signal.throwIfAborted();
    const command = storeCommand(place, envelopes.slice(from), { now: form, lingerMs });
    const stopped = await write(connection, command, signal);
    if (stopped === undefined) return;
    from += stopped + 1;
    // Of a batch that is repeated, more is there: an upsert does not stop at each.
    form = undefined;
  }
}

/**
 * The command that stores envelopes, each once, and leaves what is stored under their ids unchanged.
 *
 * An insert is cheaper for the server, even more so in a batch. An upsert lets the expiry be the
 * server's own time, so that a laptop that slept does not store what has expired already; and it
 * skips what is stored, where an insert stops with a duplicate key.
 */
function storeCommand(
  place: RoomEpoch,
  envelopes: readonly Envelope[],
  { now, lingerMs }: Expiry,
): Document {
  const { room, epoch } = place;
  const fieldsOf = ({ from, seq, attempt, head, token }: Envelope) => ({
    ...{ room, epoch, from, seq, attempt, head: new Binary(head), token },
  });
  if (now !== undefined) {
    const expiresAt = new Date(now + lingerMs);
    const documents = envelopes.map((envelope): EnvelopeDocument => {
      return { _id: documentId(place, envelope.id), ...fieldsOf(envelope), expiresAt };
    });
    return { insert: "messages", documents };
  }
  const expiresAt = inMs(lingerMs);
  const updates = envelopes.map((envelope) => ({
    // The room is in the identity already; a sharded collection wants to see it.
    q: { _id: documentId(place, envelope.id), room },
    u: [{
      $replaceWith: { $mergeObjects: [{ $literal: fieldsOf(envelope) }, { expiresAt }, "$$ROOT"] },
    }],
    upsert: true,
  }));
  return { update: "messages", updates };
}

/**
 * Runs a command that stores envelopes.
 *
 * @returns the position of the first that is there already; undefined when all are stored.
 */
async function write(
  { db, session }: Connection,
  command: Document,
  signal: AbortSignal,
): Promise<number | undefined> {
  const options = { ordered: true, writeConcern: { w: "majority" } };
  return parseWriteResult(
    // With the signal, for the driver waits for ever to write on through a socket that was closed
    // meanwhile, and that connection is then missing from its pool.
    await db.command({ ...command, ...options }, { session, signal }),
  );
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
