/**
 * An envelope as a MongoDB document, both ways.
 *
 * @module
 */
import { Binary, type Document } from "mongodb";
import { asEnvelope } from "../envelope.ts";
import {
  type Envelope,
  MAX_BATCH,
  MAX_HEAD_BYTES,
  MAX_TOKEN_CHARS,
  type RoomId,
  type Seat,
} from "../relay.ts";

/** One envelope as stored, in the collection `messages`. */
export interface EnvelopeDocument {
  /** {@link documentId}. */
  readonly _id: string;
  readonly room: RoomId;
  readonly epoch: string;
  readonly from: string;
  readonly seq: number;
  readonly attempt: number;
  readonly head: Binary;
  readonly token: string;
  readonly expiresAt: Date;
}

/** The epoch of a room: what one conversation's envelopes have in common. */
export interface Place {
  readonly room: RoomId;
  readonly epoch: string;
}

/** Room for the field names and the other fields of the largest envelope. */
const MAX_DOCUMENT_BYTES = MAX_HEAD_BYTES + MAX_TOKEN_CHARS + 1_024;

/** An envelope's identity holds within its epoch; the document's has to hold within the collection. */
export function documentId(place: Place, id: string): string {
  return `${place.room}.${place.epoch}.${id}`;
}

/** When an envelope expires: so long after the server's `now`, or after its clock where that is undefined. */
export interface Expiry {
  readonly now: number | undefined;
  readonly lingerMs: number;
}

/**
 * The command that stores envelopes, each once, and leaves what is stored under their identities as it
 * is.
 *
 * Inserting is cheaper for the server, alone and still more in a batch. Upserting lets the expiry be
 * the server's own time, so that a laptop that slept does not store what has expired already; and it
 * goes past what is there, where an insert stops with a duplicate key.
 */
export function storing(
  place: Place,
  envelopes: readonly Envelope[],
  { now, lingerMs }: Expiry,
): Document {
  const { room, epoch } = place;
  const fieldsOf = ({ from, seq, attempt, head, token }: Envelope) => ({
    ...{ room, epoch, from, seq, attempt, head: new Binary(head), token },
  });
  if (now !== undefined) {
    const expiresAt = new Date(now + lingerMs);
    const documents = envelopes.map((envelope) => {
      return { _id: documentId(place, envelope.id), ...fieldsOf(envelope), expiresAt };
    });
    return { insert: "messages", documents };
  }
  const expiresAt = { $add: ["$$NOW", lingerMs] };
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

/** In a form that the planner cannot answer with the index on `expiresAt`, which never is the way. */
const UNEXPIRED: Document = { $gt: [{ $ifNull: ["$expiresAt", null] }, "$$NOW"] };

/** The first `most` that others have posted in this epoch, by number; anything too large as `{}`. */
export function unread({ room, epoch, role }: Seat, most = MAX_BATCH): Document[] {
  return [
    { $match: { room, epoch, from: { $ne: role }, $expr: UNEXPIRED } },
    { $sort: { seq: 1 } },
    { $limit: most },
    { $replaceWith: withinBounds("$$ROOT") },
  ];
}

/** A projection of `path` that keeps a hostile 16 MB document from travelling. */
export function withinBounds(path: string): Document {
  return { $cond: [fitsWithin(path), path, {}] };
}

/** True on the server for documents too large to be an envelope. */
export const OVERSIZED: Document = { $not: [fitsWithin("$$ROOT")] };

function fitsWithin(path: string): Document {
  return { $lte: [{ $bsonSize: path }, MAX_DOCUMENT_BYTES] };
}

/** The envelope in a document that lies at `place`; undefined when it holds none. */
export function asStoredEnvelope(document: Document, place: Place): Envelope | undefined {
  const { _id, from, seq, attempt, head, token } = document;
  const prefix = documentId(place, "");
  if (typeof _id !== "string" || !_id.startsWith(prefix)) return undefined;
  return asEnvelope({ id: _id.slice(prefix.length), from, seq, attempt, head: bytes(head), token });
}

/** The bytes of a BSON binary; any other value as it is, for {@link asEnvelope} to refuse. */
function bytes(head: unknown): unknown {
  const { _bsontype, buffer, position } = (head ?? {}) as Partial<Binary>;
  return _bsontype === "Binary" ? buffer!.subarray(0, position) : head;
}
