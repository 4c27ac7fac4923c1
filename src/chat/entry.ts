/**
 * How a chat begins: with a code drawn, a code told, or a room and a passphrase agreed on beforehand.
 *
 * @module
 */
import {
  completions,
  type InviteCode,
  normalizePassphrase,
  parseCode,
} from "../protocol/invite_code.ts";
import { type HandshakeParams, passwordFrom } from "../protocol/handshake.ts";
import { roomOfName } from "../protocol/wire.ts";
import type { RoomId } from "../relay/relay.ts";

/** How a chat begins. */
export type Entry =
  | { readonly mode: "new" }
  | { readonly mode: "join"; readonly code: InviteCode }
  /** Two who agreed beforehand: whoever comes first is the host. */
  | {
    readonly mode: "room";
    readonly room: RoomId;
    /** The passphrase; the handshake wipes it. */
    readonly password: HandshakeParams["password"];
  };

/**
 * The entry with a code as it was typed.
 *
 * @throws {Failure} `usage`, saying which part is wrong and what may have been meant.
 */
export function entryByCode(text: string): Entry {
  return { mode: "join", code: parseCode(text) };
}

/**
 * The entry to a room that two people agreed on.
 *
 * @throws {Failure} `usage` for a passphrase that cannot be one.
 */
export function entryByRoom(name: string, passphrase: string): Entry {
  const password = passwordFrom(normalizePassphrase(passphrase));
  return { mode: "room", room: roomOfName(name), password };
}

/** What the last part of a code that is being typed may become. */
export function completeCode(line: string): readonly string[] {
  const [, number, word] = /^\s*(\d+)[\s-].*?([a-z]*)$/i.exec(line) ?? [];
  return number !== undefined && word ? completions(word) : [];
}
