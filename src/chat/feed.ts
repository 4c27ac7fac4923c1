/**
 * What comes in from the relay: pushes as they happen, complete reads whenever something may have
 * changed and now and then besides, and the removal of what is done with. One consumer, one call at a
 * time.
 *
 * @module
 */
import type { Clock, Random, Timer } from "../clock.ts";
import { type Envelope, MAX_BATCH, type Seat } from "../relay/relay.ts";
import type { ReadMark } from "./gap.ts";
import type { Removal } from "./inbox.ts";
import { BatchSize, type RelayConnection } from "./retry.ts";

/** A watch can die in silence; this often, in milliseconds, the relay is read regardless. */
const RECONCILE_MS = 12_000;
/**
 * A removal on its way would hold up what is said just then. So removals wait for a pause of the
 * conversation, but not longer than that; and when it is time, they rather go right behind a post.
 */
const PAUSE_MS = 250;
const REMOVE_WITHIN_MS = 2_000;
const REMOVE_AFTER_POST_MS = 1_500;
/** Receipts hold no word: they wait for the next removal, but not longer than this. */
const REMOVE_PATIENTLY_MS = 5_000;

/** The fewest that are read at once: of the largest, 220 kB. */
const MIN_PAGE = 8;

/** What a feed needs and whom it feeds. */
export interface FeedDeps {
  readonly connection: RelayConnection;
  readonly seat: Seat;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes envelopes; `read` when they are what is on the relay, with the malformed ones counted. */
  consume(envelopes: Envelope[], read?: ReadMark & { malformed: number }): Promise<void>;
  /** The `number`th read begins now. */
  readBegins(number: number): void;
  /** The relay confirmed removals, after `reads` reads had begun. */
  removed(ids: readonly string[], reads: number): void;
  failed(error: unknown): void;
}

/** One epoch's feed; it runs from `start` until its signal. */
export class Feed {
  readonly #deps: FeedDeps;
  readonly #signal: AbortSignal;
  readonly #pushed: Envelope[] = [];
  readonly #removals = new Set<string>();
  /** Removals asked for so far. */
  #asked = 0;
  #reads = 0;
  /** Envelopes that are read at once. */
  readonly #page = new BatchSize({ least: MIN_PAGE, most: MAX_BATCH });
  #readWanted = false;
  #isPumping = false;
  #removing: Promise<void> | undefined;
  #reconcile: Timer | undefined;
  #removeTimer: Timer | undefined;
  #patientTimer: Timer | undefined;
  /** Who waits for a read that begins after the one of that number. */
  #waiting: { readonly after: number; readonly resolve: () => void }[] = [];
  /** When the oldest removal that is not patient was asked for. */
  #removeSince = Infinity;
  /** When something was said or read last. */
  #activeAt = -Infinity;

  constructor(deps: FeedDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Begins to watch and to read. */
  start(): void {
    const { connection, seat } = this.#deps;
    this.#signal.addEventListener("abort", () => {
      this.#reconcile?.cancel();
      this.#cancelRemoval();
      this.#answer(Infinity);
    }, { once: true });
    connection.watch(seat, {
      push: (envelopes) => {
        this.#pushed.push(...envelopes);
        this.#pump();
      },
      wake: () => this.requestRead(),
      down: (cause) => this.#deps.failed(cause),
    }, this.#signal);
    this.requestRead();
  }

  /** Reads soon. */
  requestRead(): void {
    this.#readWanted = true;
    this.#pump();
  }

  /** Resolves when all that is on the relay by now has been consumed, or the feed has ended. */
  caughtUp(): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ after: this.#reads, resolve });
    this.requestRead();
    return promise;
  }

  /** Removes an envelope soon. */
  remove(id: string, { patiently = false }: Removal = {}): void {
    if (this.#signal.aborted) return;
    const { clock } = this.#deps;
    this.#asked++;
    this.#removals.add(id);
    if (this.#removals.size >= MAX_BATCH) return void this.flush();
    if (patiently) {
      this.#patientTimer ??= clock.after(REMOVE_PATIENTLY_MS, () => void this.flush());
      return;
    }
    this.#activeAt = clock.monotonic();
    this.#removeSince = Math.min(this.#removeSince, this.#activeAt);
    this.#removeTimer ??= clock.after(PAUSE_MS, () => this.#removeInPause());
  }

  /** Something of ours has just been stored. */
  posted(): void {
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
    for (const timer of [this.#removeTimer, this.#patientTimer]) timer?.cancel();
    this.#removeTimer = this.#patientTimer = undefined;
    this.#removeSince = Infinity;
  }

  async #removeAll(): Promise<void> {
    const { connection, seat } = this.#deps;
    try {
      while (this.#removals.size > 0) {
        const ids = [...this.#removals].slice(0, MAX_BATCH);
        for (const id of ids) this.#removals.delete(id);
        await connection.run(
          "remove",
          ({ relay, signal }) => relay.remove(seat, ids, { signal }),
          this.#signal,
        );
        this.#deps.removed(ids, this.#reads);
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#deps.failed(error);
    } finally {
      this.#removing = undefined;
    }
  }

  #pump(): void {
    // Set before anything runs: what is consumed may ask for a read at once.
    if (this.#signal.aborted || this.#isPumping) return;
    this.#isPumping = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#signal.aborted && (this.#pushed.length > 0 || this.#readWanted)) {
        // Pushed envelopes first: they are here already, and a read may take a while.
        if (this.#pushed.length > 0) await this.#deps.consume(this.#pushed.splice(0));
        else await this.#read();
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#deps.failed(error);
    } finally {
      this.#isPumping = false;
    }
  }

  async #read(): Promise<void> {
    const { connection, seat, clock, random } = this.#deps;
    this.#readWanted = false;
    this.#reconcile?.cancel();
    const number = ++this.#reads;
    this.#deps.readBegins(number);
    const { envelopes, malformed } = await connection.run("read", ({ relay, signal, number }) => {
      if (number > 0) this.#page.shrink();
      return relay.read(seat, { most: this.#page.current, signal });
    }, this.#signal);
    const isPage = envelopes.length >= this.#page.current;
    this.#page.grow();
    const upTo = isPage ? envelopes.at(-1)!.seq - 1 : Infinity;
    const asked = this.#asked;
    await this.#deps.consume(envelopes, { number, upTo, malformed });
    if (isPage && (this.#asked > asked || this.#removals.size > 0 || this.#removing)) {
      // What was read must be gone before the next page can show what stands behind it.
      await this.flush();
      this.#readWanted = true;
    }
    if (!this.#readWanted) this.#answer(number);
    if (this.#signal.aborted) return;
    const jitter = 0.8 + 0.4 * (random(1)[0]! / 255);
    this.#reconcile = clock.after(RECONCILE_MS * jitter, () => this.requestRead());
  }

  #answer(number: number): void {
    for (const { after, resolve } of this.#waiting) if (after < number) resolve();
    this.#waiting = this.#waiting.filter(({ after }) => after >= number);
  }
}
