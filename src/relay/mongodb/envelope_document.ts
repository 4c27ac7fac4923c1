/**
 * An envelope as a MongoDB document: its shape, what asks for such documents, and how they are decoded.
 *
 * @module
 */
import { Binary, BSON, type Document, type Filter, Long } from "mongodb";
import { asEnvelope, MAX_NUMBER } from "../envelope.ts";
import {
  type Envelope,
  MAX_BATCH,
  MAX_HEAD_BYTES,
  MAX_TOKEN_CHARS,
  type RoomEpoch,
  type RoomId,
  type Seat,
} from "../relay.ts";
import { hasBytes, isBinary, isDateWithin, isInt, type } from "./expressions.ts";
import { MAX_LINGER_MS, MAX_SKEW_MS } from "./room_document.ts";

const { deserialize } = BSON;

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

/** The largest envelope with its field names and its small fields. */
const MAX_DOCUMENT_BYTES = MAX_HEAD_BYTES + MAX_TOKEN_CHARS + 1_024;

/** An envelope's id is unique within its epoch; a document's has to be within the collection. */
export function documentId(place: RoomEpoch, id: string): string {
  return `${place.room}.${place.epoch}.${id}`;
}

/**
 * True for the types and sizes of an envelope. Its identity is matched by {@link identityOf}, its
 * expiry by {@link IS_SHAPED}: in a stream, `$$NOW` is the time at which the stream was opened.
 */
function hasFields(path: string): Document {
  const at = (field: keyof EnvelopeDocument) => `${path}.${field}`;
  const count = { least: 0, most: MAX_NUMBER };
  return {
    $and: [
      { $lte: [{ $bsonSize: path }, MAX_DOCUMENT_BYTES] },
      { $in: [at("from"), ["host", "guest", "stranger"]] },
      isInt(at("seq"), count),
      isInt(at("attempt"), count),
      isBinary(at("head"), MAX_HEAD_BYTES),
      hasBytes(at("token"), MAX_TOKEN_CHARS),
      { $eq: [type(at("expiresAt")), "date"] },
    ],
  };
}

/** True for a document with an envelope's fields, that expires within the longest linger. */
const IS_SHAPED: Document = {
  $and: [
    hasFields("$$ROOT"),
    isDateWithin("$expiresAt", {
      fromMs: -MAX_LINGER_MS - MAX_SKEW_MS,
      toMs: MAX_LINGER_MS + MAX_SKEW_MS,
    }),
  ],
};

/**
 * The identities of a place, as a query and not as an expression: `$regexMatch` fails on a string
 * that is not UTF-8. Nothing in a place has a meaning in a regular expression but the dot.
 */
function identityOf(place: RoomEpoch, path = "_id"): Document {
  const prefix = documentId(place, "").replaceAll(".", String.raw`\.`);
  // Twice negated, for otherwise the planner may take the index on _id, and has to sort.
  return { $nor: [{ [path]: { $not: { $regex: `^${prefix}[A-Za-z0-9_-]{${ID_CHARS}}$` } } }] };
}

/** In a form that the planner cannot answer with the index on `expiresAt`, which never is the way. */
const UNEXPIRED: Document = { $gt: [{ $ifNull: ["$expiresAt", null] }, "$$NOW"] };

/** The fields that {@link storedEnvelope} reads: each one is of a type and a size that was asked for. */
const FIELDS = { _id: 1, from: 1, seq: 1, attempt: 1, head: 1, token: 1 } as const;

/** What others have posted in this epoch, and nothing that is an envelope. */
export function malformedFilter(seat: Seat): Filter<EnvelopeDocument> {
  const { room, epoch, role } = seat;
  return {
    ...{ room, epoch, from: { $ne: role } },
    $nor: [{ ...identityOf(seat), $expr: IS_SHAPED }],
  } as Filter<EnvelopeDocument>;
}

/** Stands in the answer to {@link unreadPipeline} for one or more documents that are no envelopes. */
const MALFORMED_MARK = { malformed: true };

/** Documents among which a read looks for malformed ones. What lies behind has its turn once they are gone. */
const MAX_INSPECTED = 4 * MAX_BATCH;

/**
 * The first envelopes that others have posted in this epoch, by number: those that begin within `bytes`
 * of what travels. Behind them a mark, if there is anything else: that is counted by removing it, and
 * never travels.
 */
export function unreadPipeline(seat: Seat, bytes: number): Document[] {
  const { room, epoch, role } = seat;
  const before = { $sum: { $bsonSize: "$$ROOT" }, window: { documents: ["unbounded", -1] } };
  return [
    ...unread(seat),
    { $limit: MAX_BATCH },
    { $project: FIELDS },
    { $setWindowFields: { sortBy: { seq: 1 }, output: { before } } },
    { $match: { $expr: { $lt: [{ $ifNull: ["$before", 0] }, bytes] } } },
    { $unset: "before" },
    {
      $unionWith: {
        coll: "messages",
        pipeline: [
          { $match: { room, epoch, from: { $ne: role } } },
          { $limit: MAX_INSPECTED },
          { $match: malformedFilter(seat) },
          { $limit: 1 },
          { $replaceWith: { $literal: MALFORMED_MARK } },
        ],
      },
    },
  ];
}

/** The envelopes that others have posted in this epoch, by number. */
function unread(seat: Seat, filter: Document = {}): Document[] {
  const { room, epoch, role } = seat;
  const $expr = { $and: [UNEXPIRED, IS_SHAPED] };
  return [
    { $match: { room, epoch, from: { $ne: role }, ...filter, ...identityOf(seat), $expr } },
    { $sort: { seq: 1 } },
  ];
}

/** The headings of all envelopes within some numbers. */
export function headingsPipeline(
  seat: Seat,
  { from, to }: { from: number; to: number },
): Document[] {
  return [
    ...unread(seat, { seq: { $gte: from, $lte: to } }),
    { $project: { ...FIELDS, token: { $literal: "" }, bytes: { $bsonSize: "$$ROOT" } } },
  ];
}

/** The envelopes in documents that {@link headingsPipeline} has named. */
export function namedPipeline(ids: readonly string[]): Document[] {
  // By identity alone, or the planner may take the index on numbers, and look at all there are.
  const $expr = { $and: [UNEXPIRED, IS_SHAPED] };
  return [{ $match: { _id: { $in: ids }, $expr } }, { $sort: { seq: 1 } }, { $project: FIELDS }];
}

/**
 * The stream of envelopes that others post in this epoch. What is none is found by the next reading:
 * it neither travels nor wakes anyone, however much of it there is.
 */
export function streamPipeline(seat: Seat): Document[] {
  const { room, epoch, role } = seat;
  // On fields of the event and of the document alone: free clusters refuse others.
  return [
    { $changeStream: {} },
    {
      $match: {
        operationType: "insert",
        "fullDocument.room": room,
        "fullDocument.epoch": epoch,
        "fullDocument.from": { $ne: role },
        ...identityOf(seat, "fullDocument._id"),
        $expr: hasFields("$fullDocument"),
      },
    },
    { $project: { fullDocument: FIELDS } },
  ];
}

/**
 * How answers with envelopes are decoded: what is not UTF-8 is not the reader's to refuse, and no
 * class of JavaScript is made of what others have written.
 */
export const DECODING = { enableUtf8Validation: false, bsonRegExp: true } as const;

/** The documents of an answer stay bytes: the driver decodes an answer as a whole or not at all. */
export const RAW_BATCHES = { fieldsAsRaw: { firstBatch: true, nextBatch: true } } as const;

const BSON_OPTIONS = { validation: { utf8: false }, bsonRegExp: true } as const;

/** The id of a cursor: the driver turns small ones into numbers, but the server insists on 64 bits. */
export function cursorId(id: Long | number): Long {
  return typeof id === "number" ? Long.fromNumber(id) : id;
}

/** Any document by itself, so that one that cannot be decoded, which is undefined, spoils no other. */
export function decodeDocument(bytes: Uint8Array): Document | undefined {
  try {
    return deserialize(bytes, BSON_OPTIONS);
  } catch {
    return undefined;
  }
}

/** One document as read: the envelope in it, if there is one, and its identity. */
export interface Decoded {
  readonly id: string;
  readonly envelope: Envelope | undefined;
  /** Of a heading: the bytes of the whole document. */
  readonly bytes: number;
  /** True for {@link MALFORMED_MARK}. */
  readonly isMark: boolean;
}

/**
 * Decodes one document of an answer to {@link unreadPipeline}, {@link namedPipeline} or
 * {@link headingsPipeline}; the envelopes of the last have an empty token.
 *
 * @param bytes its BSON, which begins with its identity.
 */
export function decodeEnvelope(bytes: Uint8Array, place: RoomEpoch): Decoded {
  const document = decodeDocument(bytes) ?? {};
  const { _id, bytes: size, malformed } = document;
  return {
    id: typeof _id === "string" ? _id : idIn(bytes, place),
    envelope: storedEnvelope(document, place),
    bytes: typeof size === "number" ? size : 0,
    isMark: malformed === true,
  };
}

/** The envelope in one event of {@link streamPipeline}; undefined when it holds none. */
export function decodeEvent(bytes: Uint8Array, place: RoomEpoch): Envelope | undefined {
  return storedEnvelope(decodeDocument(bytes)?.["fullDocument"] ?? {}, place);
}

/** Behind the size of the document, the type and name of `_id`, and the size of its value. */
const ID_OFFSET = 4 + 1 + "_id\0".length + 4;
const ID_CHARS = 22;

/** The identity of a document of which nothing else can be read: the server has matched it. */
function idIn(bytes: Uint8Array, place: RoomEpoch): string {
  const end = ID_OFFSET + documentId(place, "").length + ID_CHARS;
  return new TextDecoder().decode(bytes.subarray(ID_OFFSET, end));
}

/** The envelope in a document of `place`; undefined when it holds none. */
function storedEnvelope(document: Document, place: RoomEpoch): Envelope | undefined {
  const { _id, from, seq, attempt, head, token } = document;
  const prefix = documentId(place, "");
  if (typeof _id !== "string" || !_id.startsWith(prefix)) return undefined;
  return asEnvelope({
    id: _id.slice(prefix.length),
    from,
    seq,
    attempt,
    head: plainBytes(head),
    token,
  });
}

/** The bytes of a BSON binary; any other value as it is. */
export function plainBytes(value: unknown): unknown {
  return value instanceof Binary ? value.buffer.subarray(0, value.position) : value;
}
