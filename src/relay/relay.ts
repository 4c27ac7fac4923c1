/**
 * The one interface the conversation knows of a relay: rooms with two seats, and per-room envelopes
 * that the relay cannot read. MongoDB and SQLite implement it; one contract suite
 * (`tests/contract/relay_contract.ts`) runs against both, and against the memory relay of the tests.
 *
 * ## Guarantees
 *
 * - **Two seats.** However many race, at most one holds each seat. A seat is bound to a random token
 *   that the client chose before the claim, so a claim whose reply was lost is recognized when it
 *   is repeated. A refused claim leaves a knock that wakes those inside.
 * - **Epoch and seal.** Every envelope belongs to one epoch of its room. A sealed room gives no seat
 *   away, not even one whose lease has lapsed; only a seat holder opens a new epoch.
 * - **Identity.** An envelope is its `id`, a hash of all it says. Posting it again stores nothing and
 *   succeeds. Two different envelopes may claim one sequence number: anyone with the database
 *   password can write what they like, so an envelope never blocks another, and the reader's
 *   cryptography decides which one is true.
 * - **Order.** `post` stores a batch in its order: when one envelope can be seen, all before it could
 *   be. `read` returns envelopes by sequence number.
 * - **Presence by lease**, in the relay's own clock. `renew` prolongs one's own and reports both.
 * - **Expiry.** Every document carries an expiry in the relay's clock, pushed forward by `renew`;
 *   what has expired is never returned, and is removed by the relay even if all clients are dead.
 * - **Leaving** clears one's seat atomically. Exactly one of two simultaneous leavers is the last one
 *   out; that one deletes every envelope of every epoch and the room, and counts what remains.
 * - **Watching.** A wake-up or a push is a hint; `read` is the truth. The store reopens what broke.
 * - **Failing.** An operation is a single attempt. It succeeds, or throws {@link RelayUnavailable} (try
 *   again), or a {@link Failure} that trying again does not help, or the reason of its aborted signal.
 *   Every operation may be repeated after an unknown outcome, and none repeats itself: when and how
 *   often is decided in `src/chat/retry.ts`.
 *
 * @module
 */
import type { Failure } from "../errors.ts";

/** A room's public name on the relay: the hash of its nameplate, base64url. */
export type RoomId = string;

/** One of the two seats. The host answers the handshake, the guest begins it. */
export type Role = "host" | "guest";

/** The other of the two seats. */
export function otherSeat(role: Role): Role {
  return role === "host" ? "guest" : "host";
}

/** An epoch of a room: what the envelopes of one conversation have in common. */
export interface RoomEpoch {
  readonly room: RoomId;
  /** Which pairing of this room, base64url of 8 random bytes. */
  readonly epoch: string;
}

/** A held seat: what every operation of its holder is bound to. */
export interface Seat extends RoomEpoch {
  readonly role: Role;
  /** Base64url of 16 random bytes, chosen before the claim; also the handshake's nonce. */
  readonly token: string;
}

/** Who posted: a seat, or a client that was refused one (a knock). */
export type Sender = Role | "stranger";

/** One opaque document. The relay reads none of it; the protocol fills it. */
export interface Envelope {
  /** Base64url of 16 bytes that are a hash of everything else here but `attempt`. */
  readonly id: string;
  readonly from: Sender;
  /** 0 for the handshake and knocks, from 1 on for messages. At most 2^31-1. */
  readonly seq: number;
  /** How many attempts at storing it came before this one, for want of an answer. */
  readonly attempt: number;
  readonly head: Uint8Array<ArrayBuffer>;
  /** A Fernet token, or the empty string. */
  readonly token: string;
}

/**
 * The largest `head` and `token` that a relay accepts and returns. The longest head is the host-share of
 * the handshake with its ML-KEM-768 key, 1,266 bytes; heads of messages have 65.
 */
export const MAX_HEAD_BYTES = 2_048;
/** The longest token is a chunk of a file in its bucket (45,055 bytes): 60,152 characters. */
export const MAX_TOKEN_CHARS = 65_536;
/** Envelopes in one `post` and in one answer of `read`. */
export const MAX_BATCH = 256;

/**
 * Envelopes of one answer of `read` begin within so many bytes, so that 256 of the largest are not in
 * memory at a time.
 */
export const MAX_READ_BYTES = 1024 * 1024;

/** How long a seat stays taken without a renewal: three renewals of 10 s. */
export const LEASE_MS = 30_000;

/** What a seat holder learns when renewing. */
export interface RoomView {
  /** True once `seal` was called in this epoch. */
  readonly sealed: boolean;
  /** The other seat; undefined when it is free. */
  readonly peer?: {
    readonly token: string;
    /** Milliseconds until its lease lapses, in the relay's clock; zero or negative once lapsed. */
    readonly leaseLeftMs: number;
  };
  /** Counts the changes of this room; never falls on an honest relay. */
  readonly revision: number;
}

/** Why a seat was refused. */
export type Refusal = "absent" | "full" | "sealed" | "burnt";

/** The answer to a claim. */
export type Claim =
  | { readonly seat: Seat; readonly hostToken: string }
  | { readonly refused: Refusal };

/** What is left after leaving. */
export interface Departure {
  /** True for exactly one of the two: the one who deleted everything. */
  readonly last: boolean;
  /**
   * Documents of the seat's epoch still on the relay, the room included; null where they are too many
   * to count. What belongs to a later epoch of the room is not this seat's.
   */
  readonly remaining: number | null;
}

/** How a client learns of changes. */
export type WatchKind = "stream" | "poll" | "file";

/** What a watcher is told. Calls are made one at a time. */
export interface Listener {
  /**
   * New envelopes, maybe ones already read. Those of the other seat and of strangers only. A promise
   * resolves when they were dealt with: a watch may wait for it before it asks for more.
   */
  push(envelopes: Envelope[]): void | Promise<void>;
  /** Something changed: read. */
  wake(): void;
  /**
   * The watch works, is being reopened, or is over. `retryInMs`: until the next attempt.
   * After "down" the watch makes no further calls.
   */
  state(state: WatchState): void;
}

/** State of a watch. */
export type WatchState =
  | { readonly state: "up"; readonly watch: WatchKind }
  | { readonly state: "reconnecting"; readonly retryInMs: number; readonly cause: Failure }
  | { readonly state: "down"; readonly cause: Failure };

/** Operations sent to the relay since the relay was opened, by kind ("insert", "getMore", ...). */
export type Operations = Readonly<Record<string, number>>;

/** One field of a stored document. */
export interface StoredField {
  /** Its name as stored; of a nested field with its parent's: `host.token`. */
  readonly name: string;
  /** What is stored, cut where it is long. Anybody may have written it: sanitize it before showing it. */
  readonly value: string;
  /** Bytes of the value; of numbers, dates and the like what is written in `value`. */
  readonly bytes: number;
}

/** One stored document. */
export interface StoredDocument {
  readonly kind: "room" | "message";
  /** Of a message: who posted it, as the document says. */
  readonly from?: string;
  readonly fields: readonly StoredField[];
}

/** What lies on the relay for one epoch of a room. */
export interface StoredDocuments {
  readonly documents: readonly StoredDocument[];
  /** Messages that are there, too, and are not among them. */
  readonly more: number;
}

/** An envelope before its token is read. */
export type Heading = Omit<Envelope, "token">;

/** The envelopes that a read is for, where most of what lies there is forged. */
export interface Wanted {
  /** Sequence numbers. */
  readonly from: number;
  readonly to: number;
  /** Asked once for each envelope of these numbers, in their order. */
  accepts(heading: Heading): boolean;
}

/** What to read. */
export interface ReadOptions {
  readonly bytes?: number;
  readonly wanted?: Wanted | undefined;
}

/** What a read returns. */
export interface Page {
  readonly envelopes: Envelope[];
  /** Nothing up to this sequence number was left out; infinite where nothing was at all. */
  readonly upTo: number;
  /** Documents of another shape that were removed. */
  readonly malformed: number;
}

/** Options of every operation. */
export interface OpOptions {
  readonly signal?: AbortSignal;
}

/** A relay, opened. */
export interface Relay {
  readonly kind: "mongodb" | "sqlite";

  /**
   * Makes the room and takes its host seat, unless a living room of that name exists.
   * Repeating it with the same token returns the same seat.
   */
  create(
    room: RoomId,
    seat: { token: string; epoch: string; lingerMs: number },
    options?: OpOptions,
  ): Promise<{ seat: Seat } | { refused: "taken" }>;

  /** Takes the guest seat. A refusal other than "absent" leaves a knock. */
  claim(room: RoomId, token: string, options?: OpOptions): Promise<Claim>;

  /**
   * Prolongs one's lease and the expiry of the room. With `keep`, also the expiry of every envelope
   * in it, for what waits for a peer who is away.
   *
   * @returns undefined when the seat is no longer held.
   */
  renew(seat: Seat, options?: OpOptions & { keep?: boolean }): Promise<RoomView | undefined>;

  /** Closes the room to everyone but the two. False when the seat is no longer held. */
  seal(seat: Seat, options?: OpOptions): Promise<boolean>;

  /** Host only: frees the guest seat if `guestToken` still holds it and the room is not sealed. */
  vacate(seat: Seat, guestToken: string, options?: OpOptions): Promise<void>;

  /** Host only: no claim succeeds in this epoch any more. False when the seat is no longer held. */
  burn(seat: Seat, options?: OpOptions): Promise<boolean>;

  /**
   * Opens a new epoch: this client becomes its host under a new token, the other seat is free, the
   * room is neither sealed nor burned, and every envelope of earlier epochs is deleted. Repeating it
   * returns the same seat.
   *
   * @returns undefined when the seat is no longer held.
   */
  reopen(
    seat: Seat,
    next: { token: string; epoch: string },
    options?: OpOptions,
  ): Promise<Seat | undefined>;

  /** Stores envelopes in order, each once. */
  post(seat: Seat, envelopes: readonly Envelope[], options?: OpOptions): Promise<void>;

  /**
   * What the other seat and strangers have posted in this epoch, unless it was removed: the first by
   * sequence number, at most {@link MAX_BATCH}, that begin within `bytes` ({@link MAX_READ_BYTES} by
   * itself and at most). A document of another shape is not returned but counted and removed, so that
   * it is counted once.
   *
   * With `wanted`, only those: no token of another one is read, and it stays where it is.
   */
  read(seat: Seat, options?: OpOptions & ReadOptions): Promise<Page>;

  /** Removes envelopes of this epoch by identity; those that are gone already do no harm. */
  remove(seat: Seat, ids: readonly string[], options?: OpOptions): Promise<void>;

  /** Gives up the seat; the last one out takes everything along. Repeating it is harmless. */
  leave(seat: Seat, options?: OpOptions): Promise<Departure>;

  /** Deletes what this seat has posted in its epoch, whether or not the seat is still held. */
  withdraw(seat: Seat, options?: OpOptions): Promise<void>;

  /** Starts watching for envelopes of others in this epoch. The watch ends with its signal. */
  watch(seat: Seat, listener: Listener, signal: AbortSignal): void;

  /**
   * What lies there for the epoch of `seat`, of both sides, field by field: the room, and the first
   * messages by number. Changes nothing.
   */
  inspect(seat: Seat, options?: OpOptions): Promise<StoredDocuments>;

  /** Operations so far, for `/relay` and the benchmarks. */
  operations(): Operations;

  /**
   * Opens another client in place of the present one, for operations and watches alike. Where it is
   * missing, there is nothing to reopen.
   *
   * @throws when that is not possible now; the present client stays.
   */
  reconnect?(options?: OpOptions): Promise<void>;

  /** True while no server answers the present client, as far as it knows. */
  isCutOff?(): boolean;

  /** True when the present client works, but has lost a connection for good: another one has all. */
  isCrippled?(): boolean;

  /** Closes every connection, file and timer. */
  close(): Promise<void>;
}
