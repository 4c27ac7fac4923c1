/**
 * Whether the two collections can hold what Whisper stores. Anyone with the database password can
 * replace one by a view, give it a validator, or an index that refuses most documents.
 *
 * @module
 */
import type { CollectionInfo, Db, IndexDescriptionInfo } from "mongodb";
import { Failure } from "../../errors.ts";
import type { CollectionKind } from "../../failure_reasons.ts";
import { EXPIRY, isExpiry } from "./indexes.ts";

const COLLECTIONS = ["rooms", "messages"];

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
