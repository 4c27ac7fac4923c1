/**
 * One message at a time, for tests; the program opens what came together.
 *
 * @module
 */
import type { Bytes } from "../../src/crypto/bytes.ts";
import type { OpenedMessage, RatchetSession } from "../../src/crypto/ratchet_session.ts";

/** Decrypts a message, and throws the error of one that does not decrypt. */
export async function openOne(
  session: RatchetSession,
  head: Bytes,
  token: string,
): Promise<OpenedMessage> {
  const { opened, error } = await session.openAll([{ head, token }]);
  if (!opened[0]) throw error;
  return opened[0];
}
