/**
 * A relay in the memory of this process, for tests: the same guarantees as the real ones, under a
 * clock that the test owns, with every document in reach of a hostile hand.
 *
 * @module
 */
import type { Clock } from "../../src/clock.ts";
import { asEnvelope, assertBatch, knock, pageOf } from "../../src/relay/envelope.ts";
import {
  type Claim,
  type Departure,
  type Envelope,
  LEASE_MS,
  type Listener,
  type Operations,
  type OpOptions,
  type Page,
  type ReadOptions,
  type Refusal,
  type Relay,
  type Role,
  type RoomId,
  type RoomView,
  type Seat,
  type StoredDocuments,
} from "../../src/relay/relay.ts";
import { MAX_INSPECTED, storedFields } from "../../src/relay/stored.ts";

/** One seat as stored; `leaseUntil` in milliseconds of the relay's clock. */
export interface SeatDocument {
  token: string;
  leaseUntil: number;
}

/** One room as stored. Tests may alter every field. */
export interface RoomDocument {
  room: RoomId;
  epoch: string;
  lingerMs: number;
  /** Milliseconds of the relay's clock. */
  expiresAt: number;
  sealed: boolean;
  burnt: boolean;
  revision: number;
  host: SeatDocument | undefined;
  guest: SeatDocument | undefined;
}

/** One envelope as stored. Tests may alter, repeat, withhold or invent any. */
export interface EnvelopeDocument {
  room: RoomId;
  epoch: string;
  expiresAt: number;
  /** Any value: what is not an {@link Envelope} is what a reader has to bear. */
  envelope: { -readonly [F in keyof Envelope]?: unknown };
}

/** A watch, as long as its signal lives. */
interface Watcher {
  readonly seat: Seat;
  readonly listener: Listener;
  pending: Envelope[];
  scheduled: boolean;
}

/** The relay itself; {@link MemoryRelay.client} opens it once for each client. */
export class MemoryRelay {
  readonly #clock: Clock;
  readonly #schedule: (action: () => void) => void;
  /** Every document by its key: rooms by name, envelopes by room, epoch and identity, in order. */
  readonly documents = {
    rooms: new Map<RoomId, RoomDocument>(),
    envelopes: new Map<string, EnvelopeDocument>(),
  };
  readonly #watchers = new Set<Watcher>();

  /** `schedule` runs an action later, in order (default: `queueMicrotask`). */
  constructor(options: { clock: Clock; schedule?: (action: () => void) => void }) {
    this.#clock = options.clock;
    this.#schedule = options.schedule ?? queueMicrotask;
  }

  /** A new client of this relay. */
  client(): Relay {
    return new MemoryRelayClient(this);
  }

  /** The key of an envelope in `documents.envelopes`. */
  static key(room: RoomId, epoch: string, id: string): string {
    return `${room} ${epoch} ${id}`;
  }

  /** Stores a document as it is, valid or not, and tells those who watch. */
  plant(key: string, document: EnvelopeDocument): void {
    this.documents.envelopes.set(key, document);
    const envelope = asEnvelope(document.envelope);
    if (!envelope) return;
    for (const watcher of this.#watchers) {
      if (concerns(document, watcher.seat)) this.#push(watcher, [envelope]);
    }
  }

  /** The relay's clock, in milliseconds. */
  now(): number {
    return this.#clock.monotonic();
  }

  /** The room if it exists and has not expired. */
  living(room: RoomId): RoomDocument | undefined {
    const found = this.documents.rooms.get(room);
    return found && found.expiresAt > this.now() ? found : undefined;
  }

  /** The room if `seat` is held in it. */
  held(seat: Seat): RoomDocument | undefined {
    const found = this.living(seat.room);
    return found?.epoch === seat.epoch && found[seat.role]?.token === seat.token
      ? found
      : undefined;
  }

  /** Stores an envelope once. */
  store(room: RoomDocument, envelope: Envelope): void {
    const key = MemoryRelay.key(room.room, room.epoch, envelope.id);
    if (this.documents.envelopes.has(key)) return;
    const { room: name, epoch } = room;
    const expiresAt = this.now() + room.lingerMs;
    this.plant(key, { room: name, epoch, expiresAt, envelope: { ...asEnvelope(envelope)! } });
  }

  /** Envelopes for the holder of `seat` that have not expired, in order, and the misshapen ones. */
  read(seat: Seat, options: ReadOptions = {}): Page {
    const found: Envelope[] = [];
    let malformed = 0;
    for (const document of this.documents.envelopes.values()) {
      if (!concerns(document, seat) || document.expiresAt <= this.now()) continue;
      const envelope = asEnvelope(document.envelope);
      if (envelope) found.push(envelope);
      else malformed++;
    }
    found.sort((a, b) => a.seq - b.seq);
    const { page, upTo } = pageOf(found, options);
    return { envelopes: page, upTo, malformed };
  }

  /** Deletes envelopes of a room for which `which` holds. */
  drop(room: RoomId, which: (document: EnvelopeDocument, key: string) => boolean): void {
    for (const [key, document] of this.documents.envelopes) {
      if (document.room === room && which(document, key)) this.documents.envelopes.delete(key);
    }
  }

  /** Documents of a room, or of one of its epochs, expired or not. */
  count(room: RoomId, of?: string): number {
    const counts = ({ epoch }: { epoch: string }) => of === undefined || epoch === of;
    const found = this.documents.rooms.get(room);
    let count = found && counts(found) ? 1 : 0;
    for (const document of this.documents.envelopes.values()) {
      if (document.room === room && counts(document)) count++;
    }
    return count;
  }

  /** What a TTL index does: removes what has expired. */
  purge(): void {
    const now = this.now();
    for (const map of [this.documents.rooms, this.documents.envelopes]) {
      for (const [key, document] of map) if (document.expiresAt <= now) map.delete(key);
    }
  }

  /** Watches until `signal` is aborted. */
  watch(seat: Seat, listener: Listener, signal: AbortSignal): void {
    const watcher: Watcher = { seat, listener, pending: [], scheduled: false };
    this.#schedule(() => {
      if (signal.aborted) return;
      this.#watchers.add(watcher);
      signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
      listener.state({ state: "up", watch: "poll" });
      const { envelopes } = this.read(seat);
      if (envelopes.length > 0) this.#push(watcher, envelopes);
    });
  }

  #push(watcher: Watcher, envelopes: readonly Envelope[]): void {
    watcher.pending.push(...envelopes);
    if (watcher.scheduled) return;
    watcher.scheduled = true;
    this.#schedule(() => {
      const pending = watcher.pending;
      watcher.pending = [];
      watcher.scheduled = false;
      if (this.#watchers.has(watcher)) watcher.listener.push(pending);
    });
  }
}

/** True for documents of the other seat and of strangers in the epoch of `seat`. */
function concerns(document: EnvelopeDocument, seat: Seat): boolean {
  return document.room === seat.room && document.epoch === seat.epoch &&
    document.envelope.from !== seat.role;
}

function other(role: Role): Role {
  return role === "host" ? "guest" : "host";
}

class MemoryRelayClient implements Relay {
  /** What it stands in for. */
  readonly kind = "sqlite";
  readonly #relay: MemoryRelay;
  readonly #operations: Record<string, number> = {};
  readonly #closed = new AbortController();

  constructor(relay: MemoryRelay) {
    this.#relay = relay;
  }

  /** Every operation takes effect in a later turn, as over a network, and all at once. */
  async #operation<T>(name: string, options: OpOptions | undefined, action: () => T): Promise<T> {
    options?.signal?.throwIfAborted();
    await Promise.resolve();
    options?.signal?.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    this.#operations[name] = (this.#operations[name] ?? 0) + 1;
    return action();
  }

  #lease(token: string): SeatDocument {
    return { token, leaseUntil: this.#relay.now() + LEASE_MS };
  }

  create(
    room: RoomId,
    seat: { token: string; epoch: string; lingerMs: number },
    options?: OpOptions,
  ): Promise<{ seat: Seat } | { refused: "taken" }> {
    return this.#operation("create", options, () => {
      const { token, epoch, lingerMs } = seat;
      this.#relay.purge();
      const found = this.#relay.living(room);
      if (found && found.host?.token !== token) return { refused: "taken" };
      if (!found) {
        this.#relay.drop(room, () => true);
        this.#relay.documents.rooms.set(room, {
          room,
          epoch,
          lingerMs,
          expiresAt: this.#relay.now() + lingerMs,
          sealed: false,
          burnt: false,
          revision: 1,
          host: this.#lease(token),
          guest: undefined,
        });
      }
      return { seat: { room, epoch: found?.epoch ?? epoch, role: "host", token } };
    });
  }

  claim(room: RoomId, token: string, options?: OpOptions): Promise<Claim> {
    return this.#operation("claim", options, (): Claim => {
      const found = this.#relay.living(room);
      if (!found) return { refused: "absent" };
      if (found.guest?.token === token && !found.host) {
        this.#relay.documents.rooms.delete(room);
        this.#relay.drop(room, () => true);
        return { refused: "absent" };
      }
      const refused = this.#refusal(found, token);
      if (refused) {
        if (refused !== "absent") this.#relay.store(found, knock(token));
        return { refused };
      }
      if (found.guest?.token !== token) found.revision++;
      found.guest = this.#lease(token);
      const seat: Seat = { room, epoch: found.epoch, role: "guest", token };
      return { seat, hostToken: found.host?.token ?? "" };
    });
  }

  #refusal(room: RoomDocument, token: string): Refusal | undefined {
    if (room.guest?.token === token && room.host) return undefined;
    if (room.burnt) return "burnt";
    if (room.sealed) return "sealed";
    if (room.guest && room.guest.leaseUntil > this.#relay.now()) return "full";
    // A guest without a host has nobody to shake hands with.
    return room.host ? undefined : "absent";
  }

  renew(seat: Seat, options?: OpOptions & { keep?: boolean }): Promise<RoomView | undefined> {
    return this.#operation("renew", options, () => {
      this.#relay.purge();
      const room = this.#relay.held(seat);
      if (!room) return undefined;
      const now = this.#relay.now();
      room[seat.role] = this.#lease(seat.token);
      room.expiresAt = now + room.lingerMs;
      if (options?.keep) {
        for (const document of this.#relay.documents.envelopes.values()) {
          if (document.room === seat.room) document.expiresAt = now + room.lingerMs;
        }
      }
      const peer = room[other(seat.role)];
      return {
        sealed: room.sealed,
        ...peer && { peer: { token: peer.token, leaseLeftMs: peer.leaseUntil - now } },
        revision: room.revision,
      };
    });
  }

  seal(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#operation("seal", options, () => this.#close(seat, "sealed"));
  }

  burn(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#operation("burn", options, () => this.#close(seat, "burnt"));
  }

  #close(seat: Seat, how: "sealed" | "burnt"): boolean {
    const room = this.#relay.held(seat);
    if (!room) return false;
    if (!room[how]) room.revision++;
    room[how] = true;
    return true;
  }

  vacate(seat: Seat, guestToken: string, options?: OpOptions): Promise<void> {
    return this.#operation("vacate", options, () => {
      const room = this.#relay.held(seat);
      if (!room || room.sealed || room.guest?.token !== guestToken) return;
      room.guest = undefined;
      room.revision++;
    });
  }

  reopen(
    seat: Seat,
    next: { token: string; epoch: string },
    options?: OpOptions,
  ): Promise<Seat | undefined> {
    return this.#operation("reopen", options, (): Seat | undefined => {
      const { token, epoch } = next;
      const opened: Seat = { room: seat.room, epoch, role: "host", token };
      if (this.#relay.held(opened)) return opened;
      const room = this.#relay.held(seat);
      if (!room) return undefined;
      const expiresAt = this.#relay.now() + room.lingerMs;
      const host = this.#lease(token);
      const revision = room.revision + 1;
      const free = { sealed: false, burnt: false, guest: undefined };
      Object.assign(room, { epoch, expiresAt, host, revision, ...free });
      this.#relay.drop(seat.room, (document) => document.epoch !== epoch);
      return opened;
    });
  }

  post(seat: Seat, envelopes: readonly Envelope[], options?: OpOptions): Promise<void> {
    return this.#operation("post", options, () => {
      assertBatch(envelopes);
      const room = this.#relay.living(seat.room);
      // Nobody can read an epoch that is over: there is nothing to store.
      if (room?.epoch !== seat.epoch) return;
      for (const envelope of envelopes) this.#relay.store(room, envelope);
    });
  }

  read(seat: Seat, options?: OpOptions & ReadOptions): Promise<Page> {
    return this.#operation("read", options, () => {
      const found = this.#relay.read(seat, options);
      const isStrange = (document: EnvelopeDocument) =>
        concerns(document, seat) && !asEnvelope(document.envelope);
      if (found.malformed > 0) this.#relay.drop(seat.room, isStrange);
      return found;
    });
  }

  remove(seat: Seat, ids: readonly string[], options?: OpOptions): Promise<void> {
    return this.#operation("remove", options, () => {
      const gone = new Set(ids);
      this.#relay.drop(
        seat.room,
        ({ epoch, envelope }) => epoch === seat.epoch && gone.has(String(envelope.id)),
      );
    });
  }

  leave(seat: Seat, options?: OpOptions): Promise<Departure> {
    return this.#operation("leave", options, () => {
      const room = this.#relay.held(seat);
      let last = false;
      if (room) {
        const peer = room[other(seat.role)];
        last = !peer || peer.leaseUntil <= this.#relay.now();
        room[seat.role] = undefined;
        room.revision++;
        if (last) {
          this.#relay.documents.rooms.delete(seat.room);
          this.#relay.drop(seat.room, () => true);
        }
      }
      return { last, remaining: this.#relay.count(seat.room, seat.epoch) };
    });
  }

  withdraw(seat: Seat, options?: OpOptions): Promise<void> {
    return this.#operation("withdraw", options, () => {
      this.#relay.drop(
        seat.room,
        ({ epoch, envelope }) => epoch === seat.epoch && envelope.from === seat.role,
      );
    });
  }

  watch(seat: Seat, listener: Listener, signal: AbortSignal): void {
    this.#relay.watch(seat, listener, AbortSignal.any([signal, this.#closed.signal]));
  }

  inspect({ room, epoch }: Seat, options?: OpOptions): Promise<StoredDocuments> {
    return this.#operation("inspect", options, () => {
      const { rooms, envelopes } = this.#relay.documents;
      const found = rooms.get(room);
      const messages = [...envelopes.values()]
        .filter((one) => one.room === room && one.epoch === epoch);
      const documents = messages.slice(0, MAX_INSPECTED).map(({ envelope, ...document }) => ({
        kind: "message" as const,
        from: String(envelope.from),
        fields: storedFields({ ...document, ...envelope }),
      }));
      return {
        documents: [
          ...found ? [{ kind: "room" as const, fields: storedFields({ ...found }) }] : [],
          ...documents,
        ],
        more: messages.length - documents.length,
      };
    });
  }

  operations(): Operations {
    return { ...this.#operations };
  }

  close(): Promise<void> {
    this.#closed.abort(new Error("Cannot use the relay: it was closed"));
    return Promise.resolve();
  }
}
