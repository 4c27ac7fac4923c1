/**
 * Keeps in step with the relay: takes pushes as they come, reads everything whenever something may have
 * changed and now and then besides, and removes what is dealt with. One consumer, one call at a time.
 *
 * @module
 */
import { type Clock, type Random, sleep, type Timer } from "../clock.ts";
import { sizeOfAll } from "../relay/envelope.ts";
import { Portion } from "../relay/portion.ts";
import { type Envelope, MAX_BATCH, type Seat, type Wanted } from "../relay/relay.ts";
import type { ReadMark, Removal } from "./receiver.ts";
import type { RelayConnection } from "./retry.ts";

/** A watch can die in silence; this often, in milliseconds, the relay is read regardless. */
const RECONCILE_MS = 12_000;
/** And this often where the watch is known to live, because something was pushed in the meantime. */
const RECONCILE_WITHIN_MS = 60_000;
/**
 * A removal under way would hold up what is sent just then. So removals wait for a pause of the
 * conversation, but not longer than that; and when it is time, they rather go right behind a post.
 */
const PAUSE_MS = 250;
const REMOVE_WITHIN_MS = 2_000;
const REMOVE_AFTER_POST_MS = 1_500;
/** Receipts carry no text: they wait for the next removal, but not longer than this. */
const REMOVE_LAZILY_MS = 5_000;
/** Pushed envelopes that wait at a time; more are dropped, and read page by page instead. */
export const MAX_PUSHED = 4 * MAX_BATCH;
/** Characters of the tokens in them: many short envelopes or a few of the largest. */
const MAX_PUSHED_CHARS = 2 ** 21;
/** Removals that wait at a time. */
const MAX_REMOVALS = 16 * MAX_BATCH;
/** Removals in one request: the ids take 60 kB. */
const REMOVE_AT_ONCE = 4 * MAX_BATCH;
/**
 * Pushed envelopes in a row that were mostly rejected, or their characters, after which the stream rests
 * for a while, in which the room is read: someone writes faster than anyone can check, and a read shows
 * what is next first.
 */
const MAX_REJECTED_PUSHES = 2 * MAX_BATCH;
const MAX_REJECTED_CHARS = 2 ** 17;
const REST_MS = 2_000;
/** The largest page in a flood, in bytes: it is read only to be removed. */
const MAX_FLOOD_BYTES = 2 ** 17;
/**
 * Reads in a row that met a flood are followed by pauses that grow by so much, up to a limit. That
 * bounds the work that a flood makes, and with it the memory between two collections.
 */
const PAUSE_STEP_MS = 10;
const MAX_PAUSE_MS = 500;

/** What is read from the relay, beside the envelopes. */
export interface ReadResult extends ReadMark {
  /** Documents of another shape, which the relay has removed. */
  readonly malformed: number;
}

/** Dependencies and callbacks of a {@link Sync}. */
export interface SyncDeps {
  readonly connection: RelayConnection;
  readonly seat: Seat;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Takes envelopes; with `read`, they are what is on the relay.
   *
   * @returns how many were rejected.
   */
  onEnvelopes(envelopes: Envelope[], read?: ReadResult): Promise<number>;
  /** What may be genuine, by its heading; undefined before the handshake is done. */
  wanted(): Wanted | undefined;
  onFailure(error: unknown): void;
}

/** The synchronization of one session; it runs from `start` until its signal. */
export class Sync {
  readonly #deps: SyncDeps;
  readonly #signal: AbortSignal;
  #pushed: Envelope[] = [];
  /** Pushed since the last that was of use. */
  #rejected = { envelopes: 0, chars: 0 };
  #rejectedPages = 0;
  /** The last read was for what is wanted alone. */
  #wasSelective = false;
  #restTimer: Timer | undefined;
  /** Ends the present watch, so that another one begins from now. */
  #watch = new AbortController();
  readonly #removals = new Set<string>();
  /** Removals asked for so far. */
  #removalsAsked = 0;
  #reads = 0;
  readonly #page = new Portion();
  /** The ids of the last full page: reading it again is of no use while nothing of it is gone. */
  #lastPage: ReadonlySet<string> = new Set();
  #readWanted = false;
  #isReading = false;
  /** The consumer at work: it takes one thing after the other. */
  #taking: Promise<unknown> = Promise.resolve();
  #removing: Promise<void> | undefined;
  /** When the last read ended. */
  #readAt = -Infinity;
  #reconcileTimer: Timer | undefined;
  #removeTimer: Timer | undefined;
  #lazyTimer: Timer | undefined;
  /** Callers who wait for a read that begins after the one of that number. */
  #waiting: { readonly after: number; readonly resolve: () => void }[] = [];
  /** When the oldest removal that is not lazy was asked for. */
  #removeSince = Infinity;
  /** When something was sent or received last. */
  #activeAt = -Infinity;

  constructor(deps: SyncDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Reads that have begun so far. */
  get readsBegun(): number {
    return this.#reads;
  }

  /** Pushed envelopes and removals that wait; bounded. */
  get size(): number {
    return this.#pushed.length + this.#removals.size;
  }

  /** Begins to watch and to read. */
  start(): void {
    this.#signal.addEventListener("abort", () => {
      this.#reconcileTimer?.cancel();
      this.#restTimer?.cancel();
      this.#cancelRemoval();
      this.#resolveWaiting(Infinity);
    }, { once: true });
    this.#startWatch();
    this.requestRead();
  }

  #startWatch(): void {
    const { connection, seat } = this.#deps;
    this.#watch = new AbortController();
    connection.watch(seat, {
      push: (envelopes) => this.#onPush(envelopes),
      wake: () => this.requestRead(),
      down: (cause) => this.#deps.onFailure(cause),
    }, AbortSignal.any([this.#signal, this.#watch.signal]));
  }

  /** Resolves when they were taken. */
  async #onPush(envelopes: readonly Envelope[]): Promise<void> {
    const isFlood = this.#pushed.length + envelopes.length > MAX_PUSHED ||
      charsOf(this.#pushed) + charsOf(envelopes) > MAX_PUSHED_CHARS ||
      this.#removals.size >= MAX_REMOVALS ||
      this.#rejected.envelopes >= MAX_REJECTED_PUSHES || this.#rejected.chars >= MAX_REJECTED_CHARS;
    if (isFlood) {
      this.#pushed = [];
      // A new watch would push the same again, on this computer at once.
      if (this.#rejected.envelopes > 0) this.#restWatch();
      this.#rejected = { envelopes: 0, chars: 0 };
      return this.requestRead();
    }
    this.#pushed.push(...envelopes);
    await this.#inTurn(() => this.#takePushed()).catch((error) => this.#fail(error));
  }

  #restWatch(): void {
    this.#watch.abort();
    this.#restTimer?.cancel();
    this.#restTimer = this.#deps.clock.after(REST_MS, () => this.#startWatch());
  }

  /** Reads soon. */
  requestRead(): void {
    this.#readWanted = true;
    if (!this.#isReading) this.#read().catch((error) => this.#fail(error));
  }

  /** Resolves when all that is on the relay by now has been taken, or the session has ended. */
  caughtUp(): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ after: this.#reads, resolve });
    this.requestRead();
    return promise;
  }

  /** Removes an envelope from the relay soon. */
  remove(id: string, { lazily = false }: Removal = {}): void {
    if (this.#signal.aborted) return;
    // Beyond that it stays where it is: another read brings it again, and the last to leave deletes all.
    if (this.#removals.size >= MAX_REMOVALS) return;
    const { clock } = this.#deps;
    this.#removals.add(id);
    this.#removalsAsked++;
    if (this.#removals.size >= MAX_BATCH) return void this.flush();
    if (lazily) {
      this.#lazyTimer ??= clock.after(REMOVE_LAZILY_MS, () => void this.flush());
      return;
    }
    this.#activeAt = clock.monotonic();
    this.#removeSince = Math.min(this.#removeSince, this.#activeAt);
    this.#removeTimer ??= clock.after(PAUSE_MS, () => this.#removeInPause());
  }

  /** True when forgeries should rather stay where they are for now. */
  get isBehind(): boolean {
    return 2 * this.#removals.size >= MAX_REMOVALS;
  }

  /** Something of ours has just been stored. */
  onPosted(): void {
    if (this.#signal.aborted) return;
    this.#activeAt = this.#deps.clock.monotonic();
    if (this.#activeAt - this.#removeSince >= REMOVE_AFTER_POST_MS) void this.flush();
  }

  /** Removes what is to be removed, now. */
  flush(): Promise<void> {
    this.#cancelRemoval();
    // With nothing to do it would be over before it could be called under way.
    if (this.#removals.size === 0) return this.#removing ?? Promise.resolve();
    return this.#removing ??= this.#removeAll();
  }

  #removeInPause(): void {
    const { clock } = this.#deps;
    const due = Math.min(this.#activeAt + PAUSE_MS, this.#removeSince + REMOVE_WITHIN_MS);
    const inMs = due - clock.monotonic();
    if (inMs <= 0) return void this.flush();
    this.#removeTimer = clock.after(inMs, () => this.#removeInPause());
  }

  #cancelRemoval(): void {
    for (const timer of [this.#removeTimer, this.#lazyTimer]) timer?.cancel();
    this.#removeTimer = this.#lazyTimer = undefined;
    this.#removeSince = Infinity;
  }

  async #removeAll(): Promise<void> {
    const { connection, seat } = this.#deps;
    try {
      while (this.#removals.size > 0) {
        const ids = this.#removals.values().take(REMOVE_AT_ONCE).toArray();
        await connection.run(
          "remove",
          (relay, attempt) => relay.remove(seat, ids, attempt),
          this.#signal,
        );
        // Only now: what a read brings in the meantime needs no second removal.
        for (const id of ids) this.#removals.delete(id);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#removing = undefined;
    }
  }

  #fail(error: unknown): void {
    if (!this.#signal.aborted) this.#deps.onFailure(error);
  }

  /** Runs `action` when everything before it has been taken. */
  #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#taking.then(async () => {
      if (!this.#signal.aborted) await action();
    });
    this.#taking = turn.catch(() => {});
    return turn;
  }

  async #takePushed(): Promise<void> {
    const pushed = this.#pushed.splice(0);
    if (pushed.length === 0) return;
    const rejected = await this.#deps.onEnvelopes(pushed);
    if (!isMostly(rejected, pushed)) {
      this.#rejected = { envelopes: 0, chars: 0 };
      // A read would only repeat what the watch is about to push, over the same slow link.
      const sinceRead = this.#deps.clock.monotonic() - this.#readAt;
      if (!this.#isReading && sinceRead < RECONCILE_WITHIN_MS - RECONCILE_MS) {
        this.#reconcileLater();
      }
      return;
    }
    const { envelopes, chars } = this.#rejected;
    this.#rejected = { envelopes: envelopes + rejected, chars: chars + charsOf(pushed) };
  }

  /** Reads as long as that is wanted. What is pushed meanwhile is taken: it does not wait for an answer. */
  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#readWanted && !this.#signal.aborted) await this.#readPage();
    } finally {
      this.#isReading = false;
    }
  }

  async #readPage(): Promise<void> {
    const { connection, seat, clock } = this.#deps;
    this.#readWanted = false;
    this.#reconcileTimer?.cancel();
    const number = ++this.#reads;
    // In a flood every other read is for what may be genuine: forgeries hide nothing, and cost no tokens.
    const wanted = this.#rejectedPages > 0 && !this.#wasSelective ? this.#deps.wanted() : undefined;
    this.#wasSelective = wanted !== undefined;
    const page = await connection.run("read", async (relay, { signal, number }) => {
      if (number > 0) this.#page.failed();
      const bytes = Math.min(
        this.#page.bytes,
        this.#rejectedPages > 0 ? MAX_FLOOD_BYTES : Infinity,
      );
      const began = clock.monotonic();
      const found = await relay.read(seat, { bytes, wanted, signal });
      const ms = clock.monotonic() - began;
      // A choice among all that lies there takes its time on the server.
      const { envelopes } = found;
      if (!wanted) this.#page.passed({ bytes: sizeOfAll(envelopes), count: envelopes.length, ms });
      return found;
    }, this.#signal);
    const { envelopes, malformed, upTo } = page;
    const isPage = upTo !== Infinity;
    const askedBefore = this.#removalsAsked;
    let rejected = 0;
    await this.#inTurn(async () => {
      rejected = await this.#deps.onEnvelopes(envelopes, { number, upTo, malformed });
    });
    let goesOn = wanted !== undefined;
    if (!wanted) {
      const hasProgress = envelopes.some(({ id }) => !this.#lastPage.has(id));
      this.#lastPage = new Set(isPage ? envelopes.map(({ id }) => id) : []);
      goesOn = isPage && hasProgress && this.#removalsAsked > askedBefore;
      this.#rejectedPages = isPage && isMostly(rejected, envelopes) ? this.#rejectedPages + 1 : 0;
    }
    if (goesOn) {
      // What was read must be gone before the next page can show what is behind it.
      await this.flush();
      const pauseMs = Math.min(PAUSE_STEP_MS * this.#rejectedPages, MAX_PAUSE_MS);
      if (pauseMs > 0) await sleep(clock, pauseMs, this.#signal);
      this.#readWanted = true;
    }
    if (!this.#readWanted) this.#resolveWaiting(number);
    this.#readAt = clock.monotonic();
    this.#reconcileLater();
  }

  #reconcileLater(): void {
    if (this.#signal.aborted) return;
    const { clock, random } = this.#deps;
    const jitter = 0.8 + 0.4 * (random(1)[0]! / 255);
    this.#reconcileTimer?.cancel();
    this.#reconcileTimer = clock.after(RECONCILE_MS * jitter, () => this.requestRead());
  }

  #resolveWaiting(number: number): void {
    for (const { after, resolve } of this.#waiting) if (after < number) resolve();
    this.#waiting = this.#waiting.filter(({ after }) => after >= number);
  }
}

/** True where at least half were rejected: a message among them does not end a flood. */
function isMostly(rejected: number, envelopes: readonly Envelope[]): boolean {
  return 2 * rejected >= envelopes.length;
}

function charsOf(envelopes: readonly Envelope[]): number {
  return envelopes.reduce((sum, { token }) => sum + token.length, 0);
}
