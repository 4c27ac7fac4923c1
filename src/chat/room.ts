/**
 * The room of a chat: how it is entered (a new code, a code that was given, or a name agreed on
 * beforehand), the seat in it, and giving that seat up.
 *
 * @module
 */
import { decodeBase64Url, encodeBase64Url } from "../base64url.ts";
import type { Random } from "../clock.ts";
import { Failure } from "../errors.ts";
import type { Reason } from "../failure_reasons.ts";
import { type HandshakeParams, passwordFrom } from "../protocol/handshake.ts";
import {
  completions,
  drawCode,
  drawPassword,
  type InviteCode,
  normalizePassphrase,
  parseCode,
} from "../protocol/invite_code.ts";
import { roomOfName, roomOfNameplate } from "../protocol/wire.ts";
import type { Claim, Refusal, RoomId, Seat } from "../relay/relay.ts";
import type { RoomKind } from "./events.ts";
import type { Operation, RelayConnection } from "./retry.ts";

/** The failure of a guest who was refused a seat. */
const REFUSED = {
  full: "room-full",
  sealed: "room-sealed",
  burnt: "code-burnt",
  absent: "room-absent",
} as const satisfies Record<Refusal, Reason>;
/** Attempts at an agreed room whose holders come and go at that very moment. */
const MAX_ENTRY_ATTEMPTS = 5;

/** How a chat begins. */
export type Entry =
  | { readonly mode: "new" }
  | { readonly mode: "join"; readonly code: InviteCode }
  /** Two who agreed beforehand: the first to come is the host. */
  | {
    readonly mode: "room";
    readonly room: RoomId;
    /** The passphrase; the handshake wipes it. */
    readonly password: HandshakeParams["password"];
  };

/**
 * The entry with a code as it was typed.
 *
 * @throws {Failure} for a text that is not a code.
 */
export function entryByCode(text: string): Entry {
  return { mode: "join", code: parseCode(text) };
}

/**
 * The entry to a room that two people agreed on.
 *
 * @throws {Failure} for a passphrase that cannot be one.
 */
export function entryByRoom(name: string, passphrase: string): Entry {
  return { mode: "room", room: roomOfName(name), password: agreedPassword(passphrase) };
}

/** What a code that is being typed may become, with another last part. */
export function completeCode(line: string): readonly string[] {
  const [, number, word] = /^\s*(\d+)[\s-].*?([a-z]*)$/i.exec(line) ?? [];
  if (number === undefined || !word) return [];
  return completions(word).map((whole) => line.slice(0, -word.length) + whole);
}

/** A seat that was taken, and what the handshake begins with. */
export interface Entered {
  readonly seat: Seat;
  readonly params: HandshakeParams;
  /** The code to show, where the room has one. */
  readonly code?: InviteCode;
}

/** What a room needs. */
export interface RoomDeps {
  readonly connection: RelayConnection;
  readonly random: Random;
  readonly lingerMs: number;
  /** Aborted when the chat is over. */
  readonly signal: AbortSignal;
}

/** The room of one chat, and the seat in it. */
export class Room {
  readonly #deps: RoomDeps;
  #seat: Seat | undefined;
  /** Of a room with codes. */
  #nameplate: string | undefined;
  /** The operation that takes a seat; its answer may be on the way when the chat ends. Never rejects. */
  #taking: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(deps: RoomDeps) {
    this.#deps = deps;
  }

  /** The seat, once there is one. */
  get seat(): Seat | undefined {
    return this.#seat;
  }

  /**
   * Takes a seat.
   *
   * @throws {Failure} where there is none to take.
   */
  async enter(entry: Entry): Promise<Entered> {
    switch (entry.mode) {
      case "new":
        return await this.#create();
      case "join": {
        const { code } = entry;
        const claim = await this.#claim(roomOfNameplate(code.nameplate));
        if ("refused" in claim) throw new Failure(REFUSED[claim.refused], { by: "code" });
        this.#nameplate = code.nameplate;
        return { ...asGuest(claim, passwordFrom(code.password)), code };
      }
      case "room":
        return await this.#createOrJoin(entry);
    }
  }

  /**
   * What opens a new epoch of the room: under a new code, or, in a room that was agreed on by name, under
   * the `passphrase`, which has to be given again because it was wiped.
   *
   * @throws {Failure} for a passphrase that is missing or cannot be one; opening throws `evicted` when the
   * seat is lost.
   */
  prepareReopening(passphrase?: string): () => Promise<Entered> {
    const { random } = this.#deps;
    const nameplate = this.#nameplate;
    if (nameplate === undefined) {
      const password = agreedPassword(passphrase);
      return async () => asHost(await this.#reopen(), password);
    }
    return async () => {
      const seat = await this.#reopen();
      const code = { nameplate, password: drawPassword(random) };
      return { ...asHost(seat, passwordFrom(code.password)), code };
    };
  }

  async #reopen(): Promise<Seat> {
    const held = this.#seat!;
    const next = this.#draw();
    const answer = await this.#take("invite", async (relay, attempt) => {
      const seat = await relay.reopen(held, next, attempt);
      return seat ? { seat } : {};
    });
    if (!("seat" in answer)) throw new Failure("evicted");
    return answer.seat;
  }

  /** From here on no seat is taken but to give it up. Resolves when none is being taken. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#taking;
  }

  /**
   * Gives the seat up, however many attempts it takes.
   *
   * @returns documents of the room that are left on the relay; null where they could not be counted.
   */
  async leave(signal: AbortSignal): Promise<number | null> {
    const seat = this.#seat!;
    const { connection } = this.#deps;
    const { remaining } = await connection.run(
      "leave",
      (relay, attempt) => relay.leave(seat, attempt),
      signal,
    );
    return remaining;
  }

  /** Deletes what this seat has posted, once the seat itself is lost. */
  async withdraw(signal: AbortSignal): Promise<void> {
    const seat = this.#seat!;
    const { connection } = this.#deps;
    await connection.run("withdraw", (relay, attempt) => relay.withdraw(seat, attempt), signal);
  }

  async #create(): Promise<Entered> {
    for (let taken = 0;; taken++) {
      const code = drawCode(this.#deps.random, taken);
      const seat = await this.#createNamed(roomOfNameplate(code.nameplate));
      if (!seat) continue;
      this.#nameplate = code.nameplate;
      return { ...asHost(seat, passwordFrom(code.password)), code };
    }
  }

  async #createOrJoin({ room, password }: Entry & { mode: "room" }): Promise<Entered> {
    for (let attempts = 1;; attempts++) {
      const seat = await this.#createNamed(room);
      if (seat) return asHost(seat, password);
      const claim = await this.#claim(room);
      if ("seat" in claim) return asGuest(claim, password);
      // Its host left between the two questions: then it is ours to create.
      const isGone = claim.refused === "absent" && attempts < MAX_ENTRY_ATTEMPTS;
      if (!isGone) throw new Failure(REFUSED[claim.refused], { by: "name" });
    }
  }

  /** Creates a room and takes its host seat; undefined where there is one of that name. */
  async #createNamed(room: RoomId): Promise<Seat | undefined> {
    const wanted = { ...this.#draw(), lingerMs: this.#deps.lingerMs };
    const created = await this.#take(
      "create",
      (relay, attempt) => relay.create(room, wanted, attempt),
    );
    return "seat" in created ? created.seat : undefined;
  }

  /** Asks for the guest seat of a room. */
  #claim(room: RoomId): Promise<Claim> {
    const { token } = this.#draw();
    return this.#take("claim", (relay, attempt) => relay.claim(room, token, attempt));
  }

  #draw(): { token: string; epoch: string } {
    const { random } = this.#deps;
    return { token: encodeBase64Url(random(16)), epoch: encodeBase64Url(random(8)) };
  }

  async #take<T extends object>(
    name: string,
    operation: Operation<T | T & { readonly seat: Seat }>,
  ): Promise<T | T & { readonly seat: Seat }> {
    const { connection, signal } = this.#deps;
    const taking = connection.run(name, operation, signal).then((answer) => {
      if ("seat" in answer) this.#seat = answer.seat;
      return answer;
    });
    this.#taking = taking.catch(() => {});
    const answer = await taking;
    if (this.#isClosed) throw new DOMException("The chat is over", "AbortError");
    return answer;
  }
}

function agreedPassword(passphrase: string | undefined): HandshakeParams["password"] {
  if (passphrase === undefined) throw new Failure("passphrase-needed");
  return passwordFrom(normalizePassphrase(passphrase));
}

/** By what the two agreed on a room. */
export function roomKindOf({ mode }: Entry): RoomKind {
  return mode === "room" ? "name" : "code";
}

function asHost(seat: Seat, password: HandshakeParams["password"]): Entered {
  const { room, epoch, token } = seat;
  return { seat, params: { room, epoch, password, hostNonce: decodeBase64Url(token) } };
}

function asGuest(
  { seat, hostToken }: { seat: Seat; hostToken: string },
  password: HandshakeParams["password"],
): Entered {
  // Anybody may have written what the relay calls the host's token. The last character of 16 bytes holds
  // two bits.
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(hostToken)) throw new Failure("room-corrupt");
  const { room, epoch } = seat;
  return { seat, params: { room, epoch, password, hostNonce: decodeBase64Url(hostToken) } };
}
