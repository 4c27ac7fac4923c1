/**
 * The three indexes: the way a reader goes, and the two that remove what has expired.
 *
 * @module
 */
import type { Collection } from "mongodb";
import type { EnvelopeDocument } from "./envelope_document.ts";
import type { RoomDocument } from "./room_document.ts";

/**
 * Creates what is missing, collections included; nothing that exists is changed or dropped, for
 * which an ordinary user has no privilege. Order within an epoch is an index that allows two of one
 * sequence number: see "Identity" in `../relay.ts`.
 *
 * A room is only made under a guarantee of its end, so who makes one waits for this.
 */
export async function ensureIndexes(
  rooms: Collection<RoomDocument>,
  messages: Collection<EnvelopeDocument>,
): Promise<void> {
  // Not at once: that would open a second connection, which takes longer than both.
  await rooms.createIndexes([EXPIRY]);
  await messages.createIndexes([READING, EXPIRY]);
}

const READING = { key: { room: 1, epoch: 1, seq: 1 }, name: "reading" } as const;

/** The server looks each minute, and removes what lies behind its date. */
export const EXPIRY = { key: { expiresAt: 1 }, name: "expiry", expireAfterSeconds: 0 } as const;
