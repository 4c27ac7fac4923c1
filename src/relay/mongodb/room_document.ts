/**
 * The room as one MongoDB document, and the aggregation pipelines that change it. A change is one
 * update of one document, which the server makes atomic: that is why two seats are two. All times
 * are the server's (`$$NOW`), so that no client's clock can free or keep a seat.
 *
 * @module
 */
import type { Document, Filter } from "mongodb";
import { LEASE_MS, type Role, type RoomId, type Seat } from "../relay.ts";

/** One seat as stored. */
export interface SeatDocument {
  readonly token: string;
  readonly lease: Date;
}

/** One room as stored, in the collection `rooms`. */
export interface RoomDocument {
  readonly _id: RoomId;
  readonly epoch: string;
  /** Earlier epochs whose envelopes may still lie here, newest last. */
  readonly past: readonly string[];
  readonly rev: number;
  readonly sealed: boolean;
  readonly burnt: boolean;
  readonly lingerMs: number;
  readonly host: SeatDocument | null;
  readonly guest: SeatDocument | null;
  /** Tokens of those who left this epoch, so that leaving repeats. */
  readonly left: { readonly host: string | null; readonly guest: string | null };
  /** Token of the last one out, who deletes the room; set, the room is dead. */
  readonly last: string | null;
  readonly expiresAt: Date;
}

/** What one answer tells of a room, with times as distances in the server's clock. */
export interface RoomFacts {
  readonly epoch: string;
  readonly past: string[];
  readonly rev: number;
  readonly sealed: boolean;
  readonly burnt: boolean;
  readonly lingerMs: number;
  /** False once it has expired, although the server may not have removed it yet. */
  readonly living: boolean;
  /** The server's clock, in milliseconds since 1970. */
  readonly now: number;
  readonly last: string | null;
  readonly host: SeatFacts | null;
  readonly guest: SeatFacts | null;
}

/** A held seat; `leftMs` until its lease lapses. */
export interface SeatFacts {
  readonly token: string;
  readonly leftMs: number;
}

/** Reopening more often within one room leaves the oldest to their own expiry. */
const MAX_PAST = 16;

const LIVING: Document = { $gt: ["$expiresAt", "$$NOW"] };

/** The projection that turns a {@link RoomDocument} into {@link RoomFacts}. */
export const FACTS: Document = {
  _id: 0,
  epoch: 1,
  past: 1,
  rev: 1,
  sealed: 1,
  burnt: 1,
  lingerMs: 1,
  last: 1,
  living: LIVING,
  now: { $toLong: "$$NOW" },
  host: seatFacts("host"),
  guest: seatFacts("guest"),
};

function seatFacts(role: Role): Document {
  return {
    $cond: [free(role), null, {
      token: `$${role}.token`,
      leftMs: { $subtract: [`$${role}.lease`, "$$NOW"] },
    }],
  };
}

/** True for what {@link FACTS} has been applied to; no stored document has the server's time. */
export function hasFacts(answer: Document): boolean {
  return typeof answer["now"] === "number";
}

/**
 * The facts in an answer.
 *
 * @returns undefined for a document that is no room: anybody who may write may have written it.
 */
export function asFacts(answer: Document | null): RoomFacts | undefined {
  if (answer === null) return undefined;
  const { epoch, past, rev, sealed, burnt, lingerMs, living, now, last, host, guest } = answer;
  const fits = typeof epoch === "string" && Array.isArray(past) &&
    past.every((name) => typeof name === "string") && Number.isSafeInteger(rev) &&
    typeof sealed === "boolean" && typeof burnt === "boolean" && Number.isSafeInteger(lingerMs) &&
    typeof living === "boolean" && Number.isSafeInteger(now) &&
    (last === null || typeof last === "string") &&
    isSeat(host) && isSeat(guest);
  return fits
    ? { epoch, past, rev, sealed, burnt, lingerMs, living, now, last, host, guest }
    : undefined;
}

function isSeat(value: unknown): value is SeatFacts | null {
  if (value === null) return true;
  const { token, leftMs } = value as Partial<SeatFacts>;
  return typeof token === "string" && typeof leftMs === "number";
}

/** The living room in which `seat` is held. */
export function held(seat: Seat): Filter<RoomDocument> {
  return {
    _id: seat.room,
    epoch: seat.epoch,
    [`${seat.role}.token`]: seat.token,
    $expr: LIVING,
  };
}

/** Makes the room, or takes over one that has expired; leaves a living one as it is. */
export function creation(wish: { token: string; epoch: string; lingerMs: number }): Document[] {
  const made: Document = {
    _id: "$_id",
    epoch: literal(wish.epoch),
    past: pastWithEpoch(),
    rev: { $add: [{ $ifNull: ["$rev", 0] }, 1] },
    sealed: false,
    burnt: false,
    lingerMs: literal(wish.lingerMs),
    host: lease(wish.token),
    guest: null,
    left: { host: null, guest: null },
    last: null,
    expiresAt: inMs(wish.lingerMs),
  };
  return [{ $replaceWith: { $cond: [LIVING, "$$ROOT", made] } }];
}

/** Gives the guest seat to `token` if it may have it; the answer's guest tells whether it did. */
export function claiming(token: string): Document[] {
  const already = isHeldBy("guest", token);
  const vacant = { $or: [free("guest"), { $lte: ["$guest.lease", "$$NOW"] }] };
  const open = { $and: [{ $not: ["$sealed"] }, { $not: ["$burnt"] }, vacant] };
  // A guest without a host has nobody to shake hands with.
  const granted = { $and: [LIVING, { $not: [free("host")] }, { $or: [already, open] }] };
  return [{
    $set: {
      guest: { $cond: [granted, lease(token), "$guest"] },
      rev: { $add: ["$rev", { $cond: [{ $and: [granted, { $not: [already] }] }, 1, 0] }] },
    },
  }];
}

/** Prolongs the lease of `seat` and the life of its room. */
export function renewal(seat: Seat): Document[] {
  return [{ $set: { [seat.role]: lease(seat.token), expiresAt: inLinger() } }];
}

/** Closes the room one way or the other. */
export function closing(how: "sealed" | "burnt"): Document[] {
  return [{ $set: { [how]: true, rev: { $add: ["$rev", { $cond: [`$${how}`, 0, 1] }] } } }];
}

/** Frees the guest seat. */
export function vacancy(): Document[] {
  return [{ $set: { guest: null, rev: { $add: ["$rev", 1] } } }];
}

/** Where {@link reopening} may act: the seat is held, or the new epoch was opened already. */
export function reopenable(
  seat: Seat,
  next: { token: string; epoch: string },
): Filter<RoomDocument> {
  return {
    _id: seat.room,
    $or: [
      { epoch: seat.epoch, [`${seat.role}.token`]: seat.token },
      { epoch: next.epoch, "host.token": next.token },
    ],
    $expr: LIVING,
  };
}

/** Opens the epoch `next`, unless it is open. */
export function reopening(next: { token: string; epoch: string }): Document[] {
  const opened: Document = {
    epoch: literal(next.epoch),
    past: pastWithEpoch(),
    rev: { $add: ["$rev", 1] },
    sealed: false,
    burnt: false,
    host: lease(next.token),
    guest: null,
    left: { host: null, guest: null },
    expiresAt: inLinger(),
  };
  const already = { $eq: ["$epoch", literal(next.epoch)] };
  return [{
    $replaceWith: { $cond: [already, "$$ROOT", { $mergeObjects: ["$$ROOT", opened] }] },
  }];
}

/** Where {@link departure} may act: the seat is held, even in an expired room, or was left by it. */
export function leavable(seat: Seat): Filter<RoomDocument> {
  return {
    _id: seat.room,
    epoch: seat.epoch,
    $or: [{ [`${seat.role}.token`]: seat.token }, { [`left.${seat.role}`]: seat.token }],
  };
}

/**
 * Clears the seat and, in the same update, decides whether that was the last one out: departures
 * from one document happen one after the other, so that of two exactly one finds the other gone.
 * A room with a last one is dead at once: nobody can come back into what is being deleted.
 */
export function departure(seat: Seat): Document[] {
  const { role, token } = seat;
  const other: Role = role === "host" ? "guest" : "host";
  const own = isHeldBy(role, token);
  const empty = {
    $and: [
      { $or: [own, free(role)] },
      { $or: [free(other), { $lte: [`$${other}.lease`, "$$NOW"] }] },
    ],
  };
  const last = { $and: [{ $eq: ["$last", null] }, empty] };
  return [{
    $set: {
      [role]: { $cond: [own, null, `$${role}`] },
      left: { $mergeObjects: ["$left", { [role]: literal(token) }] },
      rev: { $add: ["$rev", { $cond: [own, 1, 0] }] },
      last: { $cond: [last, literal(token), "$last"] },
      expiresAt: { $cond: [last, "$$NOW", "$expiresAt"] },
    },
  }];
}

function lease(token: string): Document {
  return { token: literal(token), lease: inMs(LEASE_MS) };
}

function free(role: Role): Document {
  return { $eq: [{ $ifNull: [`$${role}`, null] }, null] };
}

function isHeldBy(role: Role, token: string): Document {
  return { $eq: [`$${role}.token`, literal(token)] };
}

function pastWithEpoch(): Document {
  const past = { $concatArrays: [{ $ifNull: ["$past", []] }, ["$epoch"]] };
  return { $cond: [{ $ifNull: ["$epoch", false] }, { $slice: [past, -MAX_PAST] }, []] };
}

function inMs(ms: number): Document {
  return { $add: ["$$NOW", ms] };
}

function inLinger(): Document {
  return { $add: ["$$NOW", "$lingerMs"] };
}

/** A value that the server must not take for a field path or an operator. */
function literal(value: string | number): Document {
  return { $literal: value };
}
