/**
 * The documents of a room as they are stored, for {@link Relay.inspect}.
 *
 * @module
 */
import { Binary, type Collection, type Document } from "mongodb";
import type { Seat, StoredDocuments, StoredField } from "../relay.ts";
import { MAX_INSPECTED, MAX_STORED_BYTES, storedFields } from "../stored.ts";
import { MAX_TIME_MS } from "./bounded.ts";
import { DECODING, type EnvelopeDocument } from "./envelope_document.ts";
import type { RoomDocument } from "./room_document.ts";

/** In place of a document that is larger than any of Whisper's: it does not travel. */
const BOUNDED: Document = {
  $replaceWith: {
    $cond: [
      { $lte: [{ $bsonSize: "$$ROOT" }, MAX_STORED_BYTES] },
      "$$ROOT",
      { tooLarge: { $bsonSize: "$$ROOT" } },
    ],
  },
};

const OPTIONS = { ...DECODING, maxTimeMS: MAX_TIME_MS };
/** Counting stops here: a flood is a flood. */
const MAX_COUNTED = 1_000;

/** Reads the room, and the first messages of the epoch. */
export async function storedDocuments(
  rooms: Collection<RoomDocument>,
  messages: Collection<EnvelopeDocument>,
  { room, epoch }: Seat,
): Promise<StoredDocuments> {
  const found = await rooms.aggregate([{ $match: { _id: room } }, BOUNDED], OPTIONS).toArray();
  const page = await messages.aggregate([
    { $match: { room, epoch } },
    { $sort: { room: 1, epoch: 1, seq: 1 } },
    { $limit: MAX_INSPECTED },
    BOUNDED,
  ], OPTIONS).toArray();
  const count = page.length < MAX_INSPECTED
    ? page.length
    : await messages.countDocuments({ room, epoch }, {
      limit: MAX_COUNTED,
      maxTimeMS: MAX_TIME_MS,
    });
  return {
    documents: [
      ...found.map((document) => ({ kind: "room" as const, fields: fieldsOf(document) })),
      ...page.map((document) => ({
        kind: "message" as const,
        from: String(document["from"]).slice(0, 16),
        fields: fieldsOf(document),
      })),
    ],
    more: Math.max(0, count - page.length),
  };
}

function fieldsOf(document: Document): StoredField[] {
  return storedFields(
    Object.fromEntries(
      Object.entries(document).map(([name, value]) => [
        name,
        value instanceof Binary ? value.buffer.subarray(0, value.position) : value,
      ]),
    ),
  );
}
