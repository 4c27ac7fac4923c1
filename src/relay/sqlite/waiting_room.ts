/**
 * Whether a room on this computer waits for its guest, seen without opening a relay.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { NOW } from "./database.ts";

/**
 * Whether a host waits in a room that a guest can still join. A file that is missing or cannot be read
 * has none: opening the relay says what is wrong with it.
 */
export function hasWaitingRoom(path: string): boolean {
  try {
    const { isFile } = Deno.statSync(path);
    if (!isFile) return false;
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const { rooms } = db.prepare(`SELECT count(*) AS rooms FROM rooms
        WHERE expires > ${NOW} AND sealed = 0 AND burnt = 0 AND host IS NOT NULL
          AND host_lease > ${NOW} AND (guest IS NULL OR guest_lease <= ${NOW})`)
        .get() as { rooms: number };
      return rooms > 0;
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}
