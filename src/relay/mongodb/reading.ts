/**
 * How envelopes are read: a page within a bound of bytes that the server keeps, or, where most of what
 * lies there is forged, the headings of all first and then the envelopes that are wanted.
 *
 * @module
 */
import type { Db, Document, Long } from "mongodb";
import type { Clock } from "../../clock.ts";
import { type Envelope, MAX_BATCH, MAX_READ_BYTES, type Seat, type Wanted } from "../relay.ts";
import {
  cursorId,
  decodeEnvelope,
  headingsPipeline,
  namedPipeline,
  RAW_BATCHES,
  unreadPipeline,
} from "./envelope_document.ts";

/** Headings in one answer: some 60 kB. More would outlive a collection of young objects. */
const HEADINGS = 256;
/** What lies behind is scanned once that before it is gone: one attempt ends before its deadline. */
const SCAN_MS = 5_000;

/** What was read, before anything of it is removed. */
export interface Reading {
  readonly envelopes: Envelope[];
  readonly upTo: number;
  /** Documents that the server takes for envelopes, and that cannot be decoded. */
  readonly undecodable: string[];
  readonly hasMalformed: boolean;
}

/** Reads the first envelopes that begin within `bytes`. */
export async function readPage(
  db: Db,
  seat: Seat,
  { bytes = MAX_READ_BYTES }: { bytes?: number | undefined },
): Promise<Reading> {
  const documents = await all(db, unreadPipeline(seat, bytes), MAX_BATCH + 2);
  return decodePage(documents, seat, bytes);
}

/** Reads the first envelopes that are wanted and begin within `bytes`. */
export async function readWanted(
  db: Db,
  seat: Seat,
  { bytes = MAX_READ_BYTES, wanted, clock }: {
    bytes?: number | undefined;
    wanted: Wanted;
    clock: Clock;
  },
): Promise<Reading> {
  const ids: string[] = [];
  const undecodable: string[] = [];
  let upTo = Infinity;
  let found = 0;
  const until = clock.monotonic() + SCAN_MS;
  await each(db, headingsPipeline(seat, wanted), HEADINGS, (batch) => {
    let seq = 0;
    for (const document of batch) {
      const { id, envelope: heading, bytes: size } = decodeEnvelope(document, seat);
      if (!heading) {
        undecodable.push(id);
        continue;
      }
      seq = heading.seq;
      if (!wanted.accepts(heading)) continue;
      if (ids.length === MAX_BATCH || found >= bytes) return stop(seq);
      ids.push(id);
      found += size;
    }
    return clock.monotonic() < until || stop(seq);
  });
  if (ids.length === 0) return { envelopes: [], upTo, undecodable, hasMalformed: false };
  const documents = await all(db, namedPipeline(ids), MAX_BATCH + 1);
  const page = decodePage(documents, seat, Infinity);
  return { ...page, upTo, undecodable: [...undecodable, ...page.undecodable] };

  function stop(seq: number): false {
    upTo = seq - 1;
    return false;
  }
}

function decodePage(documents: readonly Uint8Array[], seat: Seat, bytes: number): Reading {
  const envelopes: Envelope[] = [];
  const undecodable: string[] = [];
  let hasMalformed = false;
  let size = 0;
  let count = 0;
  for (const document of documents) {
    const { id, envelope, isMark } = decodeEnvelope(document, seat);
    if (isMark) {
      hasMalformed = true;
      continue;
    }
    size += document.length;
    count++;
    if (envelope) envelopes.push(envelope);
    else undecodable.push(id);
  }
  const isAll = count < MAX_BATCH && size < bytes;
  const upTo = isAll ? Infinity : (envelopes.at(-1)?.seq ?? 0) - 1;
  return { envelopes, upTo, undecodable, hasMalformed };
}

/** All documents, of as many answers as it takes. */
async function all(db: Db, pipeline: Document[], batchSize: number): Promise<Uint8Array[]> {
  const documents: Uint8Array[] = [];
  await each(db, pipeline, batchSize, (batch) => {
    documents.push(...batch);
    return true;
  });
  return documents;
}

/** Hands over the documents of each answer, as long as `take` is true. */
async function each(
  db: Db,
  pipeline: Document[],
  batchSize: number,
  take: (batch: Uint8Array[]) => boolean,
): Promise<void> {
  const session = db.client.startSession({ causalConsistency: false });
  const run = async (command: Document): Promise<{ id: Long; goesOn: boolean }> => {
    const { cursor } = await db.command(command, { session, ...RAW_BATCHES });
    const goesOn = take(cursor.firstBatch ?? cursor.nextBatch);
    return { id: cursorId(cursor.id), goesOn };
  };
  try {
    let { id, goesOn } = await run({ aggregate: "messages", pipeline, cursor: { batchSize } });
    while (!id.isZero() && goesOn) {
      ({ id, goesOn } = await run({ getMore: id, collection: "messages", batchSize }));
    }
    if (!id.isZero()) await db.command({ killCursors: "messages", cursors: [id] }, { session });
  } finally {
    await session.endSession();
  }
}
