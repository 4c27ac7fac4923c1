/**
 * The documents of a room as they are stored, for {@link Relay.inspect}.
 *
 * @module
 */
import type { Db, Document } from "mongodb";
import type { Seat, StoredDocuments } from "../relay.ts";
import { MAX_INSPECTED, MAX_STORED_BYTES, storedMessage, storedRoom } from "../stored.ts";
import { decodeDocument, plainBytes, RAW_BATCHES } from "./envelope_document.ts";
import { MAX_TIME_MS } from "./sweep.ts";

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

/** Counting stops here: a flood is a flood. */
const MAX_COUNTED = 1_000;

/** Reads the room, and the first messages of the epoch. */
export async function storedDocuments(
  db: Db,
  { room, epoch }: Seat,
): Promise<StoredDocuments> {
  const found = await readAll(db, "rooms", [{ $match: { _id: room } }]);
  const page = await readAll(db, "messages", [
    { $match: { room, epoch } },
    { $sort: { room: 1, epoch: 1, seq: 1 } },
    { $limit: MAX_INSPECTED },
  ]);
  const count = page.length < MAX_INSPECTED
    ? page.length
    : await db.collection("messages").countDocuments({ room, epoch }, {
      limit: MAX_COUNTED,
      maxTimeMS: MAX_TIME_MS,
    });
  return {
    documents: [
      ...found.map(storedRoom),
      ...page.map((document) => storedMessage(document, document["from"])),
    ],
    more: Math.max(0, count - page.length),
  };
}

/** Each document is decoded by itself, so that one that cannot be decoded hides no other. */
async function readAll(db: Db, collection: string, pipeline: Document[]): Promise<Document[]> {
  const { cursor } = await db.command({
    aggregate: collection,
    pipeline: [...pipeline, BOUNDED],
    cursor: { batchSize: MAX_INSPECTED + 1 },
    maxTimeMS: MAX_TIME_MS,
  }, RAW_BATCHES);
  const batch: Uint8Array[] = cursor.firstBatch;
  return batch.map((bytes) => withBytes(decodeDocument(bytes) ?? { undecodable: bytes }));
}

/** The document with plain bytes in place of the driver's. */
function withBytes(document: Document): Document {
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => [name, plainBytes(value)]),
  );
}
