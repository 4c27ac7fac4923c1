/**
 * The two collections with their three indexes: the way a reader goes, and the two that remove what has
 * expired; and whether they can hold what Whisper stores. Anyone with the database password can replace
 * a collection by a view, give it a validator, or an index that refuses most documents.
 *
 * @module
 */
import type { Collection, CollectionInfo, Db, IndexDescriptionInfo } from "mongodb";
import { Failure } from "../../errors.ts";
import type { CollectionKind } from "../../failure_reasons.ts";
import type { EnvelopeDocument } from "./envelope_document.ts";
import type { RoomDocument } from "./room_document.ts";

const COLLECTIONS = ["rooms", "messages"];

/** The way a reader goes. */
export const READING = { key: { room: 1, epoch: 1, seq: 1 }, name: "reading" } as const;

/** The server looks each minute, and removes what lies behind its date. */
export const EXPIRY = { key: { expiresAt: 1 }, name: "expiry", expireAfterSeconds: 0 } as const;

/**
 * Whether every index exists. Only reads; false also where that cannot be found out. Never rejects.
 */
export async function hasIndexes(db: Db): Promise<boolean> {
  try {
    const [rooms, messages] = await Promise.all(
      COLLECTIONS.map((name) => db.collection(name).listIndexes().toArray()),
    );
    return rooms!.some(isExpiry) && messages!.some(isExpiry) &&
      messages!.some(({ name }) => name === READING.name);
  } catch {
    return false;
  }
}

/** True for the index that removes what has expired, in the form in which it does. */
function isExpiry(index: IndexDescriptionInfo): boolean {
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

/**
 * Looks at both collections.
 *
 * @returns whether both exist with the index that removes what has expired.
 * @throws {Failure} `foreign-collection` or `foreign-index` where a chat is not possible.
 */
export async function inspectCollections(db: Db): Promise<{ hasExpiry: boolean }> {
  const filter = { name: { $in: COLLECTIONS } };
  const found = await db.listCollections(filter, { nameOnly: false }).toArray() as CollectionInfo[];
  for (const info of found) {
    const kind = kindOf(info);
    if (kind) throw new Failure("foreign-collection", { collection: plain(info.name), kind });
  }
  let expiries = 0;
  for (const { name } of found) {
    for (const index of await db.collection(name).listIndexes().toArray()) {
      if (isExpiry(index)) expiries++;
      else if (isForeign(index)) throw new Failure("foreign-index", { index: plain(index.name) });
    }
  }
  return { hasExpiry: expiries === COLLECTIONS.length };
}

/** A name that can be shown; undefined for one with anything but letters, which a server can send. */
function plain(name: string | undefined): string | undefined {
  return name !== undefined && /^[\w.$-]{1,128}$/.test(name) ? name : undefined;
}

function kindOf({ type, options = {} }: CollectionInfo): CollectionKind | undefined {
  if (type === "timeseries") return "time-series";
  if (type === "view") return "view";
  if (options["capped"]) return "capped";
  if (options["validator"]) return "validator";
  return options["collation"] ? "collation" : undefined;
}

/** True for an index that refuses or removes documents, or is in the place of one of Whisper's. */
function isForeign(index: IndexDescriptionInfo): boolean {
  if (index.name === "_id_") return false;
  const values = Object.values(index.key);
  return index.unique === true || index.expireAfterSeconds !== undefined ||
    index.name === EXPIRY.name || JSON.stringify(index.key) === JSON.stringify(EXPIRY.key) ||
    values.some((value) => value !== 1 && value !== -1);
}
