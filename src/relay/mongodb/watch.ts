/**
 * How a client of MongoDB learns of new envelopes: by one change stream, or by polling where there
 * are none.
 *
 * A stream that broke is not resumed but reopened, followed by a wake: what came in between is
 * read, not replayed. So there is no resume token to lose, and repeated events do no harm.
 *
 * @module
 */
import { type ClientSession, type Db, type Document, Long } from "mongodb";
import { atMost, backoff, type Clock, pause, type Random, sleep } from "../../clock.ts";
import { asFailure, Failure, RelayUnavailable } from "../../errors.ts";
import { Portion } from "../portion.ts";
import { type Envelope, type Listener, MAX_BATCH, type Seat } from "../relay.ts";
import { AWAIT_MS } from "./client.ts";
import { cursorId, decodeEvent, RAW_BATCHES, streamPipeline } from "./envelope_document.ts";
import { isStreamRefusal, isUnknownAnswer, relayError } from "./errors.ts";
import type { Pace } from "./pace.ts";
import { withDeadline } from "../../deadline.ts";

/** Opening a stream waits for a server and for the majority, like any other operation. */
const OPENING_MS = 9_000;
/** No answer for this long after one was due; usually the socket times out first. */
const NEWS_MS = AWAIT_MS + 6_000;
/** Unknown answers in a row after which a stream counts as refused. */
const MAX_UNKNOWN_ANSWERS = 3;
/**
 * A batch is decrypted and displayed before the next is asked for: making that request would hold it up.
 * One that takes longer than this is waiting for the relay itself, as in a handshake.
 */
const PROCESSING_MS = 10;
/** Envelopes in one answer: that many of the largest are 4 MB. */
const MAX_NEWS = MAX_BATCH / 4;
/**
 * After so many full batches in a row someone writes faster than anyone can read: what the stream has
 * yet to deliver is skipped, and the room read instead.
 */
const MAX_FULL_BATCHES = 32;
/** Bytes that each document of the first batch may have: what comes at once is held at once. */
const TYPICAL_BYTES = 1_536;
/** Closing tells the server, which may not listen; its cursor then ends by itself. */
const CLOSING_MS = 1_000;

/** What a watch needs. */
export interface WatchDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly pace: Pace;
  /** True to poll even where there are change streams. */
  readonly poll?: boolean | undefined;
  /** Aborted, and replaced, when there is a reason to poll at once. */
  wakeSignal(): AbortSignal;
}

/** Watches until `signal` is aborted. Never rejects. */
export async function watchRoom(
  deps: WatchDeps,
  seat: Seat,
  options: { listener: Listener; signal: AbortSignal },
): Promise<void> {
  try {
    if (!deps.poll) await follow(deps, seat, options);
    await poll(deps, options);
  } catch (error) {
    const { listener, signal } = options;
    if (signal.aborted) return;
    listener.state({ state: "down", cause: asFailure(error) });
  }
}

/** Follows streams, one after the other. Returns when the relay turns out to have none. */
async function follow(
  deps: WatchDeps,
  seat: Seat,
  options: { listener: Listener; signal: AbortSignal },
): Promise<void> {
  const { listener, signal } = options;
  let failures = 0;
  let isUp = false;
  let unknownAnswers = 0;
  const portion = new Portion({ typical: TYPICAL_BYTES });
  while (true) {
    signal.throwIfAborted();
    const stream = new Stream(deps, seat, portion);
    let fullBatches = 0;
    try {
      await stream.open(signal);
      if (!isUp) listener.state({ state: "up", watch: "stream" });
      isUp = true;
      listener.wake();
      while (fullBatches < MAX_FULL_BATCHES) {
        const news = await stream.next(signal);
        signal.throwIfAborted();
        // Only after an answer: a stream that opens and then fails must not be reopened without end.
        failures = unknownAnswers = 0;
        fullBatches = news.isFull ? fullBatches + 1 : 0;
        if (news.envelopes.length > 0) {
          const taken = Promise.resolve(listener.push(news.envelopes));
          await atMost(deps.clock, PROCESSING_MS, taken);
          signal.throwIfAborted();
        }
        if (news.strange) listener.wake();
      }
    } catch (error) {
      signal.throwIfAborted();
      isUp = false;
      if (isStreamRefusal(error)) return;
      unknownAnswers = isUnknownAnswer(error) ? unknownAnswers + 1 : 0;
      if (unknownAnswers === MAX_UNKNOWN_ANSWERS) return;
      portion.failed();
      const trouble = relayError(error);
      if (!(trouble instanceof RelayUnavailable)) throw trouble;
      const retryInMs = backoff(failures++, deps.random);
      listener.state({ state: "reconnecting", retryInMs, cause: trouble.failure });
      await sleep(deps.clock, retryInMs, signal);
    } finally {
      await stream.close({ works: signal.aborted || fullBatches === MAX_FULL_BATCHES });
    }
  }
}

/** Wakes the listener at the pace of the conversation. */
async function poll(
  deps: WatchDeps,
  { listener, signal }: { listener: Listener; signal: AbortSignal },
): Promise<never> {
  signal.throwIfAborted();
  listener.state({ state: "up", watch: "poll" });
  while (true) {
    listener.wake();
    await pause(deps.clock, deps.pace.next(), { signal, wake: deps.wakeSignal() });
  }
}

/** What one answer of the stream brought. */
interface News {
  readonly envelopes: Envelope[];
  /** True if there was a document that is not an envelope. */
  readonly strange: boolean;
  /** True if there may be more. */
  readonly isFull: boolean;
}

/**
 * One change stream, by the two commands that it is made of. The driver's own would resume it once by
 * itself, unseen, and when its server dies would wait 8 s for that server in order to close it.
 */
class Stream {
  readonly #deps: WatchDeps;
  readonly #seat: Seat;
  /** A cursor belongs to the session that opened it. */
  readonly #session: ClientSession;
  readonly #portion: Portion;
  #cursor = Long.ZERO;

  constructor(deps: WatchDeps, seat: Seat, portion: Portion) {
    this.#deps = deps;
    this.#seat = seat;
    this.#portion = portion;
    this.#session = deps.db.client.startSession({ causalConsistency: false });
  }

  /** Resolves when the stream tells of everything that is stored from now on. */
  async open(signal: AbortSignal): Promise<void> {
    const pipeline = streamPipeline(this.#seat);
    const command = { aggregate: "messages", pipeline, cursor: { batchSize: 0 } };
    this.#take(await this.#run(command, OPENING_MS, signal));
  }

  /** The next envelopes; none after {@link AWAIT_MS}. */
  async next(signal: AbortSignal): Promise<News> {
    const [getMore, batchSize] = [this.#cursor, Math.min(this.#portion.count, MAX_NEWS)];
    const command = { getMore, collection: "messages", batchSize, maxTimeMS: AWAIT_MS };
    const began = this.#deps.clock.monotonic();
    const documents = this.#take(await this.#run(command, NEWS_MS, signal));
    const bytes = documents.reduce((sum, { length }) => sum + length, 0);
    const ms = this.#deps.clock.monotonic() - began;
    this.#portion.passed({ bytes, count: documents.length, ms });
    const envelopes = documents.map((bytes) => decodeEvent(bytes, this.#seat))
      .filter((envelope) => envelope !== undefined);
    return {
      envelopes,
      strange: envelopes.length < documents.length,
      isFull: documents.length === MAX_NEWS,
    };
  }

  /** Frees what the server keeps for it, if it still `works`. Never rejects. */
  async close({ works }: { works: boolean }): Promise<void> {
    try {
      if (works && !this.#cursor.isZero()) {
        const command = { killCursors: "messages", cursors: [this.#cursor] };
        await this.#run(command, CLOSING_MS);
      }
      await this.#session.endSession();
    } catch {
      // The server closes a cursor that is not used.
    }
  }

  /** The answer to a command, which has `ms` milliseconds. */
  #run(command: Document, ms: number, signal?: AbortSignal): Promise<Document> {
    const { clock, db } = this.#deps;
    const options = { session: this.#session, ...RAW_BATCHES };
    return withDeadline(clock, { ms, signals: [signal] }, () => db.command(command, options));
  }

  /** The documents in the answer to `aggregate` or to `getMore`. */
  #take({ cursor }: Document): Uint8Array[] {
    this.#cursor = cursorId(cursor.id);
    // A stream ends when its collection is dropped or renamed; Whisper then opens a new one.
    if (this.#cursor.isZero()) throw new RelayUnavailable(new Failure("stream-ended"));
    return cursor.nextBatch ?? cursor.firstBatch ?? [];
  }
}
