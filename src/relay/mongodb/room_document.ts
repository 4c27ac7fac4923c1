/**
 * The room as one MongoDB document, and the aggregation pipelines that change it. A change is one
 * update of one document, which the server makes atomic: that is why at most two hold a seat. All
 * times are the server's (`$$NOW`), so that no client's clock can free or hold a seat.
 *
 * Anyone who may write to the database may have written a room. Every pipeline and the projection
 * therefore read each field through an expression that gives a bounded value of the right type,
 * whatever is stored: no update fails on a foreign value, and nothing else travels.
 *
 * @module
 */
import type { Document, Filter } from "mongodb";
import { LEASE_MS, otherSeat, type Role, type RoomId, type Seat } from "../relay.ts";
import { boundedString, inMs, int, isDateWithin, literal, type } from "./expressions.ts";

/** One seat as stored. */
export interface SeatDocument {
  readonly token: string;
  readonly lease: Date;
}

/** One room as stored, in the collection `rooms`. */
export interface RoomDocument {
  readonly _id: RoomId;
  readonly epoch: string;
  /** Earlier epochs whose envelopes may still exist, newest last. */
  readonly past: readonly string[];
  readonly rev: number;
  readonly sealed: boolean;
  readonly burnt: boolean;
  readonly lingerMs: number;
  readonly host: SeatDocument | null;
  readonly guest: SeatDocument | null;
  /** Tokens of those who left this epoch, so that leaving can be repeated. */
  readonly left: { readonly host: string | null; readonly guest: string | null };
  /** Token of the last one out, who deletes the room; once set, the room is over. */
  readonly last: string | null;
  readonly expiresAt: Date;
}

/** What {@link ROOM_PROJECTION} returns of a room, with times as distances in the server's clock. */
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

/** The range of `--linger`. A document that claims another one is read as the nearest of these. */
const MIN_LINGER_MS = 60_000;
export const MAX_LINGER_MS = 86_400_000;
/** By how much the clocks of two servers of one set may differ after a failover. */
export const MAX_SKEW_MS = 3_600_000;

/** Longer than any token or epoch: 22 and 11 characters. */
const MAX_NAME_CHARS = 64;
/** An epoch, as a regular expression for the server and for us. */
export const EPOCH_PATTERN = `^[A-Za-z0-9_-]{1,${MAX_NAME_CHARS}}$`;
const IS_EPOCH = new RegExp(EPOCH_PATTERN);

/** A date, in the future, within the longest linger: anything else would squat a room for good. */
const LIVING: Document = isSoon("$expiresAt", MAX_LINGER_MS);

/**
 * Where a held seat is good. Anyone who can write an absurd expiry can delete the room as well, but the
 * next renewal corrects it, so that those inside need not notice.
 */
const HELD: Document = {
  $not: [{ $and: [{ $eq: [type("$expiresAt"), "date"] }, { $lte: ["$expiresAt", "$$NOW"] }] }],
};

const REVISION = int("$rev", { least: 0, most: 2 ** 50, otherwise: 0 });
const LINGER: Document = {
  $min: [MAX_LINGER_MS, {
    $max: [MIN_LINGER_MS, int("$lingerMs", { otherwise: MIN_LINGER_MS })],
  }],
};
const SEALED = { $eq: ["$sealed", true] };
const BURNED = { $eq: ["$burnt", true] };
/** The epoch of a document, of either collection; null where it is not one. */
export const EPOCH: Document = name("$epoch");
const LAST = name("$last");

/** Epochs of the past that are epochs. An array with anything else in it counts as empty. */
const PAST: Document = {
  $cond: [
    { $and: [{ $isArray: "$past" }, { $lte: [{ $bsonSize: { past: "$past" } }, 4_096] }] },
    { $filter: { input: "$past", as: "one", cond: { $ne: [name("$$one"), null] } } },
    [],
  ],
};

/** The projection that turns a {@link RoomDocument} into {@link RoomFacts}. */
export const ROOM_PROJECTION: Document = {
  _id: 0,
  epoch: EPOCH,
  past: PAST,
  rev: REVISION,
  sealed: SEALED,
  burnt: BURNED,
  lingerMs: LINGER,
  last: LAST,
  living: LIVING,
  now: { $toLong: "$$NOW" },
  host: seatFacts("host"),
  guest: seatFacts("guest"),
};

function seatFacts(role: Role): Document {
  const lease = `$${role}.lease`;
  const isLease = isDateWithin(lease, { fromMs: -MAX_LINGER_MS, toMs: LEASE_MS + MAX_SKEW_MS });
  return {
    $cond: [isFree(role), null, {
      token: `$${role}.token`,
      leftMs: { $cond: [isLease, { $subtract: [lease, "$$NOW"] }, 0] },
    }],
  };
}

/** True for an answer that {@link ROOM_PROJECTION} was applied to; no stored room has the server's time. */
export function isProjected(answer: Document): boolean {
  return typeof answer["now"] === "number";
}

/**
 * The facts in an answer.
 *
 * @returns undefined where there is no room, or none whose epoch can be told.
 */
export function roomFacts(answer: Document | null): RoomFacts | undefined {
  const epoch: unknown = answer?.["epoch"];
  return typeof epoch === "string" && IS_EPOCH.test(epoch) ? answer as RoomFacts : undefined;
}

/** The room in which `seat` is held, unless it has expired. */
export function roomFilter(seat: Seat): Filter<RoomDocument> {
  return {
    _id: seat.room,
    epoch: seat.epoch,
    [`${seat.role}.token`]: seat.token,
    $expr: HELD,
  };
}

/** Makes the room, or replaces one that has expired or is none; leaves a living one as it is. */
export function createUpdate(wish: { token: string; epoch: string; lingerMs: number }): Document[] {
  const made: Document = {
    _id: "$_id",
    lingerMs: literal(wish.lingerMs),
    ...newEpoch(wish),
    expiresAt: inMs(wish.lingerMs),
  };
  // A room without an epoch has no holder, whatever its expiry says.
  const living = { $and: [LIVING, { $ne: [EPOCH, null] }] };
  return [{ $replaceWith: { $cond: [living, "$$ROOT", made] } }];
}

/** Gives the guest seat to `token` if it may have it; the answer's guest tells whether it did. */
export function claimUpdate(token: string): Document[] {
  const already = isHeldBy("guest", token);
  const open = { $and: [{ $not: [SEALED] }, { $not: [BURNED] }, { $not: [isHeld("guest")] }] };
  // A claim that arrives after its guest has left is an old one that the network held back.
  const isOld = { $eq: ["$left.guest", literal(token)] };
  // A guest without a host has nobody to shake hands with.
  const granted = {
    $and: [LIVING, { $not: [isFree("host")] }, {
      $or: [already, { $and: [open, { $not: [isOld] }] }],
    }],
  };
  return [{
    $set: {
      guest: { $cond: [granted, seat(token), "$guest"] },
      rev: { $add: [REVISION, { $cond: [{ $and: [granted, { $not: [already] }] }, 1, 0] }] },
    },
  }];
}

/** Prolongs the lease of `held` and the life of its room. */
export function renewUpdate(held: Seat): Document[] {
  return [{
    $set: { [held.role]: seat(held.token), lingerMs: LINGER, expiresAt: inLinger() },
  }];
}

/** Closes the room one way or the other. */
export function closeUpdate(how: "sealed" | "burnt"): Document[] {
  return [{ $set: { [how]: true, rev: { $add: [REVISION, { $cond: [`$${how}`, 0, 1] }] } } }];
}

/** Frees the guest seat. */
export function freeGuestUpdate(): Document[] {
  return [{ $set: { guest: null, rev: { $add: [REVISION, 1] } } }];
}

/** Where {@link reopenUpdate} may act: the seat is held, or the new epoch was opened already. */
export function reopenFilter(
  seat: Seat,
  next: { token: string; epoch: string },
): Filter<RoomDocument> {
  return {
    _id: seat.room,
    $or: [
      { epoch: seat.epoch, [`${seat.role}.token`]: seat.token },
      { epoch: next.epoch, "host.token": next.token },
    ],
    $expr: HELD,
  };
}

/** Opens the epoch `next`, unless it is open. */
export function reopenUpdate(next: { token: string; epoch: string }): Document[] {
  const opened: Document = { ...newEpoch(next), expiresAt: inLinger() };
  const already = { $eq: ["$epoch", literal(next.epoch)] };
  return [{
    $replaceWith: { $cond: [already, "$$ROOT", { $mergeObjects: ["$$ROOT", opened] }] },
  }];
}

/** Where {@link leaveUpdate} may act: the seat is held, even in an expired room, or was left by it. */
export function leaveFilter(seat: Seat): Filter<RoomDocument> {
  return {
    _id: seat.room,
    epoch: seat.epoch,
    $or: [{ [`${seat.role}.token`]: seat.token }, { [`left.${seat.role}`]: seat.token }],
  };
}

/**
 * Clears the seat and, in the same update, decides whether that was the last one out: the server
 * applies two such updates one after the other, so that exactly one finds the other seat free.
 * An empty room expires at once, so that no seat can be taken in what is being deleted.
 */
export function leaveUpdate({ role, token }: Seat): Document[] {
  const own = isHeldBy(role, token);
  const empty = { $and: [{ $or: [own, isFree(role)] }, { $not: [isHeld(otherSeat(role))] }] };
  // Anyone can write a token there; only one of those who left can have been the last.
  const decided = {
    $and: [{ $ne: [LAST, null] }, { $in: [LAST, ["$left.host", "$left.guest"]] }],
  };
  const last = { $and: [empty, { $not: [decided] }] };
  const left = { $cond: [{ $eq: [type("$left"), "object"] }, "$left", {}] };
  return [{
    $set: {
      [role]: { $cond: [own, null, `$${role}`] },
      left: { $mergeObjects: [left, { [role]: literal(token) }] },
      rev: { $add: [REVISION, { $cond: [own, 1, 0] }] },
      last: { $cond: [last, literal(token), "$last"] },
      expiresAt: { $cond: [empty, "$$NOW", "$expiresAt"] },
    },
  }];
}

function seat(token: string): Document {
  return { token: literal(token), lease: inMs(LEASE_MS) };
}

/** True unless the seat holds a token. */
function isFree(role: Role): Document {
  return { $eq: [name(`$${role}.token`), null] };
}

/** True while the lease of a seat lasts. One that reaches further than any lease does is none. */
function isHeld(role: Role): Document {
  return { $and: [{ $not: [isFree(role)] }, isSoon(`$${role}.lease`, LEASE_MS)] };
}

function isHeldBy(role: Role, token: string): Document {
  return { $eq: [`$${role}.token`, literal(token)] };
}

/** The fields with which an epoch begins: its host is seated, and the one before is of the past. */
function newEpoch({ token, epoch }: { token: string; epoch: string }): Document {
  const past = { $slice: [{ $concatArrays: [PAST, ["$epoch"]] }, -MAX_PAST] };
  return {
    epoch: literal(epoch),
    past: { $cond: [{ $eq: [EPOCH, null] }, PAST, past] },
    rev: { $add: [REVISION, 1] },
    sealed: false,
    burnt: false,
    host: seat(token),
    guest: null,
    left: { host: null, guest: null },
    last: null,
  };
}

/** True for a date in the future, at most `ms` and the skew of two servers away. */
function isSoon(path: string, ms: number): Document {
  const isFuture = { $gt: [path, "$$NOW"] };
  return { $and: [isFuture, isDateWithin(path, { fromMs: 0, toMs: ms + MAX_SKEW_MS })] };
}

/** A token or an epoch; null for anything else. */
function name(path: string): Document {
  return boundedString(path, MAX_NAME_CHARS);
}

function inLinger(): Document {
  return { $add: ["$$NOW", LINGER] };
}
