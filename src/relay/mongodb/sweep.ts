/**
 * The last look back: deletes what belongs to nobody any more, and counts what remains.
 *
 * @module
 */
import type { Collection } from "mongodb";
import type { Seat } from "../relay.ts";
import type { EnvelopeDocument } from "./envelope_document.ts";
import type { RoomDocument } from "./room_document.ts";

/** Documents deleted at once. */
const PORTION = 1_000;
/** Rounds until a hostile hand that keeps writing is left to the expiry. */
const MAX_ROUNDS = 100;

/**
 * Counts the documents that the room of `seat` has left on the relay, after deleting envelopes that
 * no room holds. `last`: the seat's own epoch is over too.
 *
 * The name may be in use again by then. Envelopes are looked up before the room is: those found while
 * afterwards there is no room, or one of another epoch, cannot be of a room made later.
 */
export async function sweep(
  rooms: Collection<RoomDocument>,
  messages: Collection<EnvelopeDocument>,
  seat: Seat,
  { last }: { last: boolean },
): Promise<number> {
  const { room, epoch } = seat;
  for (let round = 1;; round++) {
    const found = await messages.find({ room }, { projection: { epoch: 1 }, limit: PORTION })
      .toArray();
    const current = await rooms.findOne({ _id: room }, { projection: { epoch: 1, last: 1 } });
    if (current && current.epoch === epoch && !last) {
      return 1 + await messages.countDocuments({ room, epoch });
    }
    const strays = found.filter((document) => document.epoch !== current?.epoch);
    const rest = current && current.epoch === epoch ? 1 : 0;
    if (strays.length === 0) return rest;
    if (round === MAX_ROUNDS) return rest + strays.length;
    await messages.deleteMany({ room, _id: { $in: strays.map(({ _id }) => _id) } });
  }
}
