/**
 * Rooms as SQLite gives them back, and what follows from one alone.
 *
 * @module
 */
import { MAX_NUMBER } from "../envelope.ts";
import type { Envelope, Refusal, Role } from "../relay.ts";
import { NOW } from "./database.ts";

/** A room as read: {@link ROOM_COLUMNS}. Truth is 0 or 1, times are those of SQLite's clock. */
export interface RoomRow {
  readonly epoch: string;
  readonly linger: number;
  readonly sealed: number;
  readonly burnt: number;
  readonly revision: number;
  readonly host: string | null;
  readonly host_lease: number | null;
  readonly guest: string | null;
  readonly guest_lease: number | null;
  /** The clock at the time of the reading. */
  readonly now: number;
}

/** What a {@link RoomRow} is selected by. */
export const ROOM_COLUMNS = `epoch, linger, sealed, burnt, revision,
  host, host_lease, guest, guest_lease, ${NOW} AS now`;

/** An envelope as read by {@link SELECT_OTHERS}: with any value in any field. */
export type EnvelopeRow = { readonly [F in keyof Envelope]?: unknown } & {
  /** Where it stands in the order of storing. */
  readonly n: number;
};

/**
 * Living envelopes of others, to be bound to a room, an epoch and one's own role. A count beyond those of
 * any envelope is read as another such: the driver throws at integers that JavaScript cannot represent.
 */
export const SELECT_OTHERS = `SELECT n, id, sender AS "from",
    max(-1, min(seq, ${MAX_NUMBER} + 1)) AS seq, max(-1, min(attempt, ${MAX_NUMBER} + 1)) AS attempt,
    head, token
  FROM envelopes WHERE room = ? AND epoch = ? AND sender <> ? AND expires > ${NOW}`;

/** True when that seat is held and was renewed in time. */
export function isHeldBy(room: RoomRow, role: Role): boolean {
  return room[role] !== null && (room[`${role}_lease`] ?? 0) > room.now;
}

/** Why `token` cannot have the guest's seat; undefined when it can, or has it already. */
export function refusal(room: RoomRow, token: string): Refusal | undefined {
  if (room.guest === token && room.host !== null) return undefined;
  if (room.burnt) return "burnt";
  if (room.sealed) return "sealed";
  if (isHeldBy(room, "guest")) return "full";
  // A guest without a host has no partner for the handshake.
  return room.host === null ? "absent" : undefined;
}
