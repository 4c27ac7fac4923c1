/**
 * Deleting, and the last look back: deletes envelopes that belong to no room, and counts what remains.
 *
 * This work grows with what is stored, and has a limit of the server's time: anyone with the database
 * password can store a million documents in a room, and no operation may take longer for it than its
 * caller waits. The server keeps the time, because a slow network does not mean much work.
 *
 * @module
 */
import type { Collection, Document, Filter } from "mongodb";
import type { Seat } from "../relay.ts";
import type { EnvelopeDocument } from "./envelope_document.ts";
import { isTimeExceeded } from "./errors.ts";
import { literal } from "./expressions.ts";
import { EPOCH, EPOCH_PATTERN } from "./room_document.ts";

/** Milliseconds for one command; some 20,000 documents are deleted in this time. */
export const MAX_TIME_MS = 1_000;
/** Epochs looked up at once. */
const MAX_EPOCHS = 1_000;
/** Rounds until someone who goes on writing is left to the expiry. */
const MAX_ROUNDS = 100;

/** Anything that cannot be an epoch, so that it can be deleted whatever room there is by now. */
const NO_EPOCH: Document = {
  $or: [{ epoch: { $not: { $regex: EPOCH_PATTERN } } }, { $expr: { $eq: [EPOCH, null] } }],
};

/** What one look finds, by the field that is there. */
interface Found {
  /** An epoch that envelopes of the room name; null where the field is not an epoch. */
  readonly epoch?: string | null;
  /** How many envelopes name it. */
  readonly count?: number;
  /** The epoch of the room itself. */
  readonly current?: string | null;
}

/**
 * The epochs of a room's envelopes, and then that of the room, in one question. The order matters: an
 * epoch that was found while afterwards the room has another, or there is none, cannot be the epoch of a
 * room made later. `$group` and `$sort` take in everything before a `$unionWith` begins.
 */
function lookPipeline({ room, epoch }: Seat): Document[] {
  return [
    { $match: { room, epoch: { $regex: EPOCH_PATTERN } } },
    { $group: { _id: EPOCH, count: { $sum: 1 } } },
    // The seat's own first: the limit must not hide it.
    { $project: { _id: 0, epoch: "$_id", count: 1, isOwn: { $eq: ["$_id", literal(epoch)] } } },
    { $sort: { isOwn: -1 } },
    { $limit: MAX_EPOCHS },
    {
      $unionWith: {
        coll: "messages",
        pipeline: [
          { $match: { room, ...NO_EPOCH } },
          { $limit: 1 },
          { $replaceWith: { $literal: { epoch: null } } },
        ],
      },
    },
    {
      $unionWith: {
        coll: "rooms",
        pipeline: [{ $match: { _id: room } }, { $replaceWith: { current: EPOCH } }],
      },
    },
  ];
}

/**
 * The answer to a command that was given {@link MAX_TIME_MS}.
 *
 * @returns undefined where that was not enough.
 */
export async function withinTime<T>(command: Promise<T>): Promise<T | undefined> {
  try {
    return await command;
  } catch (error) {
    if (isTimeExceeded(error)) return undefined;
    throw error;
  }
}

/**
 * Deletes what matches.
 *
 * @returns false where that takes too long to wait for: the server goes on with it.
 */
export async function deleteAll(
  messages: Collection<EnvelopeDocument>,
  filter: Filter<EnvelopeDocument>,
): Promise<boolean> {
  if (await withinTime(messages.deleteMany(filter, { maxTimeMS: MAX_TIME_MS }))) return true;
  messages.deleteMany(filter).catch(() => {});
  return false;
}

/**
 * Deletes envelopes of `seat`'s room that no living epoch holds, and counts the documents that remain;
 * null where there are too many to count.
 *
 * @param options.last the seat's own epoch is over too.
 *
 * The name may be in use again by then. So envelopes are deleted by epochs that are over, never by
 * "all but the present one".
 */
export async function sweep(
  messages: Collection<EnvelopeDocument>,
  seat: Seat,
  { last }: { last: boolean },
): Promise<number | null> {
  const { room, epoch } = seat;
  for (let round = 1;; round++) {
    const found = await withinTime(
      messages.aggregate<Found>(lookPipeline(seat), { maxTimeMS: MAX_TIME_MS }).toArray(),
    );
    if (found === undefined) return await countAll(messages, { room });
    const current = found.find(({ current }) => current !== undefined)?.current;
    const rest = current === epoch ? 1 : 0;
    const isOver = last || current !== epoch;
    if (!isOver) return rest + (found.find((one) => one.epoch === epoch)?.count ?? 0);
    const over = found.map(({ epoch }) => epoch).filter((one) => one !== undefined)
      .filter((one) => one !== current || one === epoch);
    if (over.length === 0) return rest;
    const epochs = over.filter((one) => one !== null);
    const isDone =
      (epochs.length === 0 || await deleteAll(messages, { room, epoch: { $in: epochs } })) &&
      (!over.includes(null) || await deleteAll(messages, { room, ...NO_EPOCH }));
    if (!isDone || round === MAX_ROUNDS) return await countAll(messages, { room }, rest);
  }
}

/** `others`, and the documents that match; null where they take too long to count. */
export async function countAll(
  messages: Collection<EnvelopeDocument>,
  filter: Filter<EnvelopeDocument>,
  others = 0,
): Promise<number | null> {
  const counted = await withinTime(messages.countDocuments(filter, { maxTimeMS: MAX_TIME_MS }));
  return counted === undefined ? null : others + counted;
}
