/**
 * Work that grows with what is stored, within a limit of the server's time: anyone with the database
 * password can store a million documents in a room, and no operation may take longer for it than its
 * caller waits. The server keeps the time, because a slow network does not mean much work.
 *
 * @module
 */
import { isTimeExceeded } from "./errors.ts";

/** Milliseconds for one command; some 20,000 documents are deleted in this time. */
export const MAX_TIME_MS = 1_000;

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
