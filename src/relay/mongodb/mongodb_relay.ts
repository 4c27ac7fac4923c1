/**
 * The relay in MongoDB: two collections, `rooms` and `messages`, of one database. Importing this file
 * loads the driver.
 *
 * @module
 */
import type { Document, Filter, MongoClient } from "mongodb";
import { atMost, type Clock, type Random } from "../../clock.ts";
import { anyOf, untilAborted } from "../../deadline.ts";
import { Failure, RelayUnavailable } from "../../errors.ts";
import { assertBatch, knock } from "../envelope.ts";
import {
  type Claim,
  type Departure,
  type Envelope,
  type Listener,
  type Operations,
  type OpOptions,
  otherSeat,
  type Page,
  type ReadOptions,
  type Refusal,
  type Relay,
  type RoomEpoch,
  type RoomId,
  type RoomView,
  type Seat,
  type StoredDocuments,
} from "../relay.ts";
import { closeClient, Connection, isCrippled, isCutOff, openClient } from "./client.ts";
import { ensureIndexes, hasIndexes, inspectCollections } from "./collections.ts";
import { documentId, type EnvelopeDocument, malformedFilter } from "./envelope_document.ts";
import { inMs } from "./expressions.ts";
import { isUnknownAnswer, relayError } from "./errors.ts";
import { Pace } from "./pace.ts";
import { withOwnCircuit } from "./proxy.ts";
import { readPage, readWanted } from "./reading.ts";
import {
  claimUpdate,
  closeUpdate,
  createUpdate,
  freeGuestUpdate,
  isProjected,
  leaveFilter,
  leaveUpdate,
  renewUpdate,
  reopenFilter,
  reopenUpdate,
  ROOM_PROJECTION,
  type RoomDocument,
  type RoomFacts,
  roomFacts,
  roomFilter,
  type SeatFacts,
} from "./room_document.ts";
import { storedDocuments } from "./stored_documents.ts";
import { ServerTime, storeEnvelopes } from "./storing.ts";
import { countAll, deleteAll, MAX_TIME_MS, sweep, withinTime } from "./sweep.ts";
import { inspectUri, type MongoSettings } from "./uri.ts";
import { watchRoom } from "./watch.ts";

/** Closing waits this long for watches to tell the server that they end. */
const CLOSING_MS = 1_500;
/** How often a held room's indexes are looked for: once in the time between two passes of the server. */
const INDEX_CHECK_MS = 60_000;
/** Answers to one change that may be lost, one after the other, before it counts as an outage. */
const MAX_LOST_ANSWERS = 3;

/** What a relay in MongoDB is made of. */
interface MongoRelayDeps {
  /** Connected; the relay closes it. */
  readonly client: MongoClient;
  /** Opens another client like that one, until its signal. */
  readonly openClient: (signal: AbortSignal) => Promise<MongoClient>;
  readonly database: string;
  /** Whether the indexes exist. Never rejects. */
  readonly isIndexed: Promise<boolean>;
  readonly clock: Clock;
  readonly random: Random;
  /** True to poll even where there are change streams. */
  readonly poll?: boolean | undefined;
}

/**
 * Connects, signs in and returns the relay.
 *
 * @throws {Failure} with exit status 3 when that is not possible now, or the reason of `signal`.
 */
export async function openMongoRelay(
  settings: MongoSettings,
  deps: { clock: Clock; random: Random; signal?: AbortSignal | undefined },
): Promise<Relay> {
  const { uri, poll } = settings;
  const proxy = settings.proxy && withOwnCircuit(settings.proxy);
  const { database } = inspectUri(uri);
  let isIndexed = Promise.resolve(false);
  const open = (signal: AbortSignal | undefined, onOpening?: (client: MongoClient) => void) =>
    openClient(uri, { ...settings, ...deps, proxy, signal, onOpening });
  // Beside signing in: who makes a room needs to know, and the connections are needed by everybody.
  const client = await open(deps.signal, (client) => isIndexed = hasIndexes(client.db(database)));
  return new MongoRelay({ ...deps, client, openClient: open, database, isIndexed, poll });
}

/** The relay in a MongoDB server, cluster or standalone. */
class MongoRelay implements Relay {
  readonly kind = "mongodb";
  readonly #deps: Omit<MongoRelayDeps, "client">;
  #connection: Connection;
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #operations: Record<string, number> = {};
  readonly #closed = new AbortController();
  readonly #watches = new Set<Promise<void>>();
  /** How long envelopes of a room stay, as its document says. */
  readonly #lingerMs = new Map<RoomId, number>();
  /** Seats by token that were the last ones out: what they began may have to be repeated. */
  readonly #last = new Set<string>();
  readonly #serverTime: ServerTime;
  #isIndexed: Promise<boolean>;
  #indexesCheckedAt: number;
  #wake = new AbortController();
  /** What the last reading found. */
  #noticed: ReadonlySet<string> = new Set();

  constructor({ client, ...deps }: MongoRelayDeps) {
    this.#deps = deps;
    this.#clock = deps.clock;
    this.#pace = new Pace(deps);
    this.#serverTime = new ServerTime(deps.clock);
    this.#indexesCheckedAt = deps.clock.monotonic();
    this.#isIndexed = deps.isIndexed;
    this.#connection = this.#connect(client);
  }

  async reconnect({ signal }: OpOptions = {}): Promise<void> {
    const end = anyOf([signal, this.#closed.signal]);
    const next = this.#connect(await this.#deps.openClient(end));
    if (end.aborted) return await closeClient(next.client, this.#clock);
    const last = this.#connection;
    this.#connection = next;
    last.replace();
    await closeClient(last.client, this.#clock);
  }

  isCutOff(): boolean {
    return isCutOff(this.#connection.client);
  }

  isCrippled(): boolean {
    return isCrippled(this.#connection.client, this.#clock);
  }

  #connect(client: MongoClient): Connection {
    client.on("commandStarted", ({ commandName }) => {
      this.#operations[commandName] = (this.#operations[commandName] ?? 0) + 1;
      if (commandName !== "aggregate") this.#pace.operation();
    });
    return new Connection(client, this.#deps.database);
  }

  create(
    room: RoomId,
    wish: { token: string; epoch: string; lingerMs: number },
    options?: OpOptions,
  ): Promise<{ seat: Seat } | { refused: "taken" }> {
    return this.#operation(options, async () => {
      const facts = await this.#change({ _id: room }, createUpdate(wish), { upsert: true });
      if (!facts?.living || facts.host?.token !== wish.token) return { refused: "taken" };
      await this.#guaranteeExpiry(room, facts);
      await this.#forget(room, facts);
      this.#lingerMs.set(room, facts.lingerMs);
      return { seat: { room, epoch: facts.epoch, role: "host", token: wish.token } };
    });
  }

  claim(room: RoomId, token: string, options?: OpOptions): Promise<Claim> {
    return this.#operation(options, async (signal): Promise<Claim> => {
      const facts = await this.#change({ _id: room }, claimUpdate(token));
      if (!facts?.living) return { refused: "absent" };
      const { epoch, host, guest } = facts;
      if (host && guest?.token === token) {
        this.#lingerMs.set(room, facts.lingerMs);
        return { seat: { room, epoch, role: "guest", token }, hostToken: host.token };
      }
      if (guest?.token === token) {
        // An earlier attempt took the seat, its answer was lost, and the host has left since.
        await this.leave({ room, epoch, role: "guest", token }, options);
        return { refused: "absent" };
      }
      const refused = refusalOf(facts);
      if (refused !== "absent") await this.#knock({ room, epoch }, token, facts.lingerMs, signal);
      return { refused };
    });
  }

  renew(seat: Seat, options?: OpOptions & { keep?: boolean }): Promise<RoomView | undefined> {
    return this.#operation(options, async () => {
      const facts = await this.#change(roomFilter(seat), renewUpdate(seat));
      if (!facts) return undefined;
      this.#lingerMs.set(seat.room, facts.lingerMs);
      await this.#repairIndexes();
      if (options?.keep) {
        const expiresAt = inMs(facts.lingerMs);
        const update = [{ $set: { expiresAt } }];
        const { room, epoch } = seat;
        const { messages } = this.#connection;
        const options = { maxTimeMS: MAX_TIME_MS };
        await withinTime(messages.updateMany({ room, epoch }, update, options));
      }
      const peer = facts[otherSeat(seat.role)];
      return {
        sealed: facts.sealed,
        ...peer && { peer: { token: peer.token, leaseLeftMs: peer.leftMs } },
        revision: facts.rev,
      };
    });
  }

  seal(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#operation(options, () => this.#close(seat, "sealed"));
  }

  burn(seat: Seat, options?: OpOptions): Promise<boolean> {
    return this.#operation(options, () => this.#close(seat, "burnt"));
  }

  vacate(seat: Seat, guestToken: string, options?: OpOptions): Promise<void> {
    return this.#operation(options, async () => {
      const filter = { ...roomFilter(seat), "guest.token": guestToken, sealed: false };
      if (seat.role === "host") await this.#connection.rooms.updateOne(filter, freeGuestUpdate());
    });
  }

  reopen(
    seat: Seat,
    next: { token: string; epoch: string },
    options?: OpOptions,
  ): Promise<Seat | undefined> {
    return this.#operation(options, async (): Promise<Seat | undefined> => {
      const facts = await this.#change(reopenFilter(seat, next), reopenUpdate(next));
      if (!facts) return undefined;
      await this.#forget(seat.room, facts);
      return { room: seat.room, epoch: next.epoch, role: "host", token: next.token };
    });
  }

  post(seat: Seat, envelopes: readonly Envelope[], options?: OpOptions): Promise<void> {
    return this.#operation(options, async (signal) => {
      assertBatch(envelopes);
      if (envelopes.length === 0) return;
      const lingerMs = this.#lingerMs.get(seat.room) ?? await this.#learnLinger(seat);
      // An epoch that is over has no readers: there is nothing to store.
      if (lingerMs === undefined) return;
      await this.#store(seat, envelopes, lingerMs, signal);
      this.#active();
    });
  }

  read(seat: Seat, { wanted, ...options }: OpOptions & ReadOptions = {}): Promise<Page> {
    return this.#operation(options, async () => {
      const { db } = this.#connection;
      const { envelopes, upTo, hasMalformed, undecodable } = wanted
        ? await readWanted(db, seat, { ...options, wanted, clock: this.#clock })
        : await readPage(db, seat, options);
      let malformed = 0;
      if (hasMalformed) malformed += await this.#discard(malformedFilter(seat));
      if (undecodable.length > 0) {
        malformed += await this.#discard({ _id: { $in: undecodable } });
      }
      this.#notice(envelopes);
      return { envelopes, upTo, malformed };
    });
  }

  remove(seat: Seat, ids: readonly string[], options?: OpOptions): Promise<void> {
    return this.#operation(options, async () => {
      if (ids.length === 0) return;
      const _id = { $in: ids.map((id) => documentId(seat, id)) };
      await this.#connection.messages.deleteMany({ _id });
    });
  }

  leave(seat: Seat, options?: OpOptions): Promise<Departure> {
    return this.#operation(options, async () => {
      // A room that its last one has left may be gone before that is asked for again.
      const done = ({ last }: Document) => {
        if (last === seat.token) this.#last.add(seat.token);
      };
      const facts = await this.#change(leaveFilter(seat), leaveUpdate(seat), { done });
      if (facts) done(facts);
      const last = this.#last.has(seat.token);
      const { rooms, messages } = this.#connection;
      // By both seats, whatever the document says of the last one out: that anyone can write.
      const isEmpty = facts !== undefined && !isHeld(facts.host) && !isHeld(facts.guest);
      if (!last && !isEmpty) {
        return { last, remaining: await sweep(messages, seat, { last: false }) };
      }
      const epochs = [...facts?.past ?? [], seat.epoch];
      const [isDone] = await Promise.all([
        deleteAll(messages, { room: seat.room, epoch: { $in: epochs } }),
        rooms.deleteOne({ _id: seat.room, epoch: seat.epoch }),
      ]);
      const remaining = isDone
        ? await sweep(messages, seat, { last: true })
        : await countAll(messages, { room: seat.room });
      return { last, remaining };
    });
  }

  withdraw({ room, epoch, role }: Seat, options?: OpOptions): Promise<void> {
    return this.#operation(options, async () => {
      await deleteAll(this.#connection.messages, { room, epoch, from: role });
    });
  }

  watch(seat: Seat, listener: Listener, signal: AbortSignal): void {
    const watching = this.#watch(seat, listener, AbortSignal.any([signal, this.#closed.signal]));
    this.#watches.add(watching);
    watching.finally(() => this.#watches.delete(watching));
  }

  inspect(seat: Seat, options?: OpOptions): Promise<StoredDocuments> {
    return this.#operation(options, () => storedDocuments(this.#connection.db, seat));
  }

  operations(): Operations {
    return { ...this.#operations };
  }

  async close(): Promise<void> {
    if (!this.#closed.signal.aborted) this.#closed.abort(new Failure("relay-closed"));
    await atMost(this.#clock, CLOSING_MS, Promise.allSettled(this.#watches));
    await closeClient(this.#connection.client, this.#clock);
  }

  /** Watches until `signal`, through whichever client there is. Never rejects. */
  async #watch(seat: Seat, listener: Listener, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { db, replaced } = this.#connection;
      const wakeSignal = () => this.#wake.signal;
      const deps = { ...this.#deps, db, pace: this.#pace, wakeSignal };
      await watchRoom(deps, seat, { listener, signal: AbortSignal.any([signal, replaced]) });
      if (!replaced.aborted) return;
    }
  }

  /** One attempt: it ends with its signal, with its client, or with the relay. */
  async #operation<T>(
    options: OpOptions | undefined,
    action: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = anyOf([options?.signal, this.#closed.signal, this.#connection.replaced]);
    signal.throwIfAborted();
    try {
      return await untilAborted(signal, action(signal));
    } catch (error) {
      signal.throwIfAborted();
      const thrown = relayError(error);
      if (thrown instanceof RelayUnavailable && thrown.throttled) this.#pace.throttled();
      throw isUnknownAnswer(error) ? await this.#obstacle(signal) ?? thrown : thrown;
    }
  }

  /** What in the database makes a server refuse in words that no rule knows; undefined if nothing. */
  async #obstacle(signal: AbortSignal): Promise<Failure | undefined> {
    try {
      await untilAborted(signal, inspectCollections(this.#connection.db));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Failure) return error;
    }
    return undefined;
  }

  /** Changes a room. `done` hears of what was done before an answer was lost. */
  async #change(
    filter: Filter<RoomDocument>,
    pipeline: Document[],
    { upsert = false, done }: { upsert?: boolean; done?: (room: Document) => void } = {},
  ): Promise<RoomFacts | undefined> {
    const change = () =>
      this.#connection.rooms.findOneAndUpdate(filter, pipeline, {
        upsert,
        returnDocument: "after",
        projection: ROOM_PROJECTION,
      });
    let answer = await change();
    // Where an answer was lost, the driver asks again by itself, and the server answers with what it had
    // done, but without the projection. Every change here may be repeated: what follows does nothing.
    for (let lost = 0; answer && !isProjected(answer); lost++) {
      done?.(answer);
      if (lost === MAX_LOST_ANSWERS) throw new RelayUnavailable(new Failure("lost-answer"));
      answer = await change();
    }
    const facts = roomFacts(answer);
    if (facts) this.#serverTime.learn(facts.now);
    return facts;
  }

  async #close(seat: Seat, how: "sealed" | "burnt"): Promise<boolean> {
    const { matchedCount } = await this.#connection.rooms.updateOne(
      roomFilter(seat),
      closeUpdate(how),
    );
    return matchedCount === 1;
  }

  /** Stores a knock, unless the room is gone meanwhile: those who left have deleted all but it. */
  async #knock(
    place: RoomEpoch,
    token: string,
    lingerMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const envelope = knock(token);
    await this.#store(place, [envelope], lingerMs, signal);
    const { rooms, messages } = this.#connection;
    const room = await rooms.findOne({ _id: place.room, epoch: place.epoch }, {
      projection: { _id: 1 },
    });
    if (!room) await messages.deleteOne({ _id: documentId(place, envelope.id) });
  }

  /** Deletes what earlier epochs of a room have left. */
  async #forget(room: RoomId, { past }: RoomFacts): Promise<void> {
    const { messages } = this.#connection;
    if (past.length > 0) await deleteAll(messages, { room, epoch: { $in: past } });
  }

  /**
   * No room stays without a guarantee of its end: where there is none to be had, it is taken down again,
   * before anybody learns of it. The indexes are looked for while the room is made.
   *
   * @throws why the indexes cannot be created.
   */
  async #guaranteeExpiry(room: RoomId, { epoch }: RoomFacts): Promise<void> {
    if (await this.#isIndexed) return;
    try {
      await this.#ensureIndexes();
      this.#isIndexed = Promise.resolve(true);
    } catch (error) {
      await this.#connection.rooms.deleteOne({ _id: room, epoch });
      throw error;
    }
  }

  /** Anyone with the password can drop the indexes, and with them the promise of an expiry. */
  async #repairIndexes(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#indexesCheckedAt < INDEX_CHECK_MS) return;
    this.#indexesCheckedAt = now;
    try {
      await this.#ensureIndexes();
    } catch {
      // A user without the right to create indexes can still chat in a room that another one made.
    }
  }

  #ensureIndexes(): Promise<void> {
    return ensureIndexes(this.#connection.rooms, this.#connection.messages);
  }

  async #learnLinger({ room, epoch }: Seat): Promise<number | undefined> {
    const facts = roomFacts(
      await this.#connection.rooms.findOne({ _id: room, epoch }, { projection: ROOM_PROJECTION }),
    );
    if (!facts?.living) return undefined;
    this.#lingerMs.set(room, facts.lingerMs);
    return facts.lingerMs;
  }

  #store(
    place: RoomEpoch,
    envelopes: readonly Envelope[],
    lingerMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const options = { now: this.#serverTime.now(), lingerMs, signal };
    return storeEnvelopes(this.#connection, place, envelopes, options);
  }

  /**
   * Deletes what is not an envelope, and returns how many documents that were; 1 for more than can be
   * deleted in one read. The next read goes on with them.
   */
  async #discard(filter: Filter<EnvelopeDocument>): Promise<number> {
    const options = { maxTimeMS: MAX_TIME_MS };
    const deleted = await withinTime(this.#connection.messages.deleteMany(filter, options));
    return deleted?.deletedCount ?? 1;
  }

  /** Something new was read: look often. What is only not removed yet is nothing new. */
  #notice(envelopes: readonly Envelope[]): void {
    const isNew = ({ from, id }: Envelope) => from !== "stranger" && !this.#noticed.has(id);
    if (envelopes.some(isNew)) this.#pace.activity();
    this.#noticed = new Set(envelopes.map(({ id }) => id));
  }

  /** Something was said: look for an answer now, and often. */
  #active(): void {
    const isNews = !this.#pace.isActive;
    this.#pace.activity();
    if (!isNews) return;
    const wake = this.#wake;
    this.#wake = new AbortController();
    wake.abort();
  }
}

function isHeld(seat: SeatFacts | null): boolean {
  return seat !== null && seat.leftMs > 0;
}

/** Why `facts` had no seat to give. */
function refusalOf(facts: RoomFacts): Refusal {
  if (facts.burnt) return "burnt";
  if (facts.sealed) return "sealed";
  return isHeld(facts.guest) ? "full" : "absent";
}
