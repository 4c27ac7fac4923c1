/**
 * The way into a room: which one it is, and in which role.
 *
 * @module
 */
import { decodeBase64Url } from "@std/encoding/base64url";
import type { Random } from "../clock.ts";
import { drawCode, type InviteCode } from "../protocol/invite_code.ts";
import { type HandshakeParams, passwordFrom } from "../protocol/handshake.ts";
import { roomOfNameplate } from "../protocol/wire.ts";
import type { Seat } from "../relay/relay.ts";
import type { Entry } from "./entry.ts";
import { refusal, spoilt } from "./failures.ts";
import type { Seating } from "./seating.ts";

/** Turns at making or entering an agreed room whose holders come and go at that very moment. */
const MAX_MEETINGS = 5;

/** A seat that was taken, with what the handshake begins with. */
export interface Entered {
  readonly seat: Seat;
  readonly hostNonce: Uint8Array<ArrayBuffer>;
  readonly password: HandshakeParams["password"];
}

/**
 * Takes a seat.
 *
 * @returns also the code, where the room has one.
 * @throws {Failure} where no seat is to be had.
 */
export async function enter(
  entry: Entry,
  { seating, random }: { seating: Seating; random: Random },
): Promise<Entered & { readonly code?: InviteCode }> {
  switch (entry.mode) {
    case "new":
      return await openRoom(seating, random);
    case "join": {
      const { code } = entry;
      const claim = await seating.claim(roomOfNameplate(code.nameplate));
      if ("refused" in claim) throw refusal(claim.refused);
      return { ...asGuest(claim, passwordFrom(code.password)), code };
    }
    case "room":
      return await meet(entry, seating);
  }
}

/** What a host's handshake begins with. */
export function asHost(seat: Seat, password: Entered["password"]): Entered {
  return { seat, hostNonce: decodeBase64Url(seat.token), password };
}

function asGuest(
  { seat, hostToken }: { seat: Seat; hostToken: string },
  password: Entered["password"],
) {
  // Anybody may have written what the relay calls the host's token.
  if (!/^[A-Za-z0-9_-]{22}$/.test(hostToken)) throw spoilt();
  return { seat, hostNonce: decodeBase64Url(hostToken), password };
}

async function openRoom(seating: Seating, random: Random): Promise<Entered & { code: InviteCode }> {
  for (let taken = 0;; taken++) {
    const code = drawCode(random, taken);
    const seat = await seating.create(roomOfNameplate(code.nameplate));
    if (seat) return { ...asHost(seat, passwordFrom(code.password)), code };
  }
}

async function meet(
  { room, password }: Entry & { mode: "room" },
  seating: Seating,
): Promise<Entered> {
  for (let tries = 1;; tries++) {
    const seat = await seating.create(room);
    if (seat) return asHost(seat, password);
    const claim = await seating.claim(room);
    if ("seat" in claim) return asGuest(claim, password);
    // Its host left between the two questions: then it is ours to make.
    if (claim.refused !== "absent" || tries >= MAX_MEETINGS) throw refusal(claim.refused);
  }
}
