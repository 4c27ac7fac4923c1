/**
 * The three indexes: the way a reader goes, and the two that remove what has expired.
 *
 * @module
 */
import type { Collection, Db, IndexDescriptionInfo } from "mongodb";
import type { EnvelopeDocument } from "./envelope_document.ts";
import type { RoomDocument } from "./room_document.ts";

/**
 * Whether every index exists. Only reads; false also where that cannot be found out. Never rejects.
 */
export async function hasIndexes(db: Db): Promise<boolean> {
  try {
    const [rooms, messages] = await Promise.all(
      ["rooms", "messages"].map((name) => db.collection(name).listIndexes().toArray()),
    );
    return rooms!.some(isExpiry) && messages!.some(isExpiry) &&
      messages!.some(({ name }) => name === READING.name);
  } catch {
    return false;
  }
}

/** True for the index that removes what has expired, in the form in which it does. */
export function isExpiry(index: IndexDescriptionInfo): boolean {
  return index.name === EXPIRY.name && JSON.stringify(index.key) === JSON.stringify(EXPIRY.key) &&
    index.expireAfterSeconds === EXPIRY.expireAfterSeconds && !index["partialFilterExpression"];
}

/**
 * Creates what is missing, collections included; nothing that exists is changed or dropped, for
 * which an ordinary user has no privilege. Order within an epoch is an index that allows two of one
 * sequence number: see "Identity" in `../relay.ts`.
 */
export async function ensureIndexes(
  rooms: Collection<RoomDocument>,
  messages: Collection<EnvelopeDocument>,
): Promise<void> {
  await Promise.all([rooms.createIndexes([EXPIRY]), messages.createIndexes([READING, EXPIRY])]);
}

/** The way a reader goes. */
export const READING = { key: { room: 1, epoch: 1, seq: 1 }, name: "reading" } as const;

/** The server looks each minute, and removes what lies behind its date. */
export const EXPIRY = { key: { expiresAt: 1 }, name: "expiry", expireAfterSeconds: 0 } as const;
