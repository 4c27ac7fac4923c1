/**
 * The last look back: deletes envelopes that belong to no room, and counts what remains.
 *
 * @module
 */
import type { Collection, Document } from "mongodb";
import type { RoomId, Seat } from "../relay.ts";
import type { EnvelopeDocument } from "./envelope_document.ts";
import { EPOCH, EPOCH_PATTERN, type RoomDocument } from "./room_document.ts";

/** Epochs looked up at once. */
const MAX_EPOCHS = 1_000;
/** Rounds until someone who goes on writing is left to the expiry. */
const MAX_ROUNDS = 100;

/** Anything that cannot be an epoch, so that it can be deleted whatever room there is by now. */
const NO_EPOCH: Document = {
  $or: [{ epoch: { $not: { $regex: EPOCH_PATTERN } } }, { $expr: { $eq: [EPOCH, null] } }],
};

/** The epochs of a room's envelopes, and null where the field is not an epoch. */
function epochsPipeline(room: RoomId): Document[] {
  return [
    { $match: { room, epoch: { $regex: EPOCH_PATTERN } } },
    { $group: { _id: EPOCH } },
    { $limit: MAX_EPOCHS },
    {
      $unionWith: {
        coll: "messages",
        pipeline: [
          { $match: { room, ...NO_EPOCH } },
          { $limit: 1 },
          { $replaceWith: { $literal: { _id: null } } },
        ],
      },
    },
  ];
}

/**
 * Deletes envelopes of `seat`'s room that no living epoch holds, and counts the documents that remain.
 *
 * @param options.last the seat's own epoch is over too.
 *
 * The name may be in use again by then. Epochs are looked up before the room is: one that was found
 * while afterwards the room has another, or there is none, cannot be the epoch of a room made later.
 * So envelopes are deleted by epochs that are over, never by "all but the present one".
 */
export async function sweep(
  rooms: Collection<RoomDocument>,
  messages: Collection<EnvelopeDocument>,
  seat: Seat,
  { last }: { last: boolean },
): Promise<number> {
  const { room, epoch } = seat;
  for (let round = 1;; round++) {
    const found = await messages.aggregate<{ _id: string | null }>(epochsPipeline(room)).toArray();
    const current = await rooms.findOne({ _id: room }, { projection: { _id: 0, epoch: EPOCH } });
    const isOver = last || current?.epoch !== epoch;
    if (!isOver) return 1 + await messages.countDocuments({ room, epoch });
    const rest = current?.epoch === epoch ? 1 : 0;
    const over = found.map(({ _id }) => _id).filter((one) =>
      one !== current?.epoch || one === epoch
    );
    if (over.length === 0) return rest;
    if (round === MAX_ROUNDS) return rest + await messages.countDocuments({ room });
    const epochs = over.filter((one) => one !== null);
    if (epochs.length > 0) await messages.deleteMany({ room, epoch: { $in: epochs } });
    if (over.includes(null)) await messages.deleteMany({ room, ...NO_EPOCH });
  }
}
