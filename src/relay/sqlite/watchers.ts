/**
 * The watches of one relay: who watches which seat, what each has been told, and whether it works.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { asFailure, RelayUnavailable } from "../../errors.ts";
import { asEnvelope } from "../envelope.ts";
import { type Listener, MAX_BATCH, type Seat } from "../relay.ts";
import type { EnvelopeRow } from "./rows.ts";
import { ChangeListener } from "./change_notifier.ts";
import { relayError } from "./errors.ts";

/** Until the next look after a failed one: the poll of {@link ChangeListener}. */
const RETRY_MS = 1_000;

/** What the watches need to know of the database. */
export interface Source {
  /** SQLite's count of the commits of others. */
  version(): number;
  /** At most {@link MAX_BATCH} envelopes for `seat` that were stored after `n`, oldest first. */
  after(seat: Seat, n: number): EnvelopeRow[];
}

interface Watcher {
  readonly seat: Seat;
  readonly listener: Listener;
  /** The last envelope that was looked at. */
  seen: number;
  troubled: boolean;
}

/** The watches of one relay over one file. */
export class Watchers {
  readonly #source: Source;
  readonly #options: { readonly path: string; readonly clock: Clock };
  readonly #watchers = new Set<Watcher>();
  #changes: ChangeListener | undefined;
  #version = -1;
  #closed = false;

  constructor(source: Source, options: { path: string; clock: Clock }) {
    this.#source = source;
    this.#options = options;
  }

  /** Tells `listener` of what others post, soon from now until `signal` is aborted. */
  add(seat: Seat, listener: Listener, signal: AbortSignal): void {
    const watcher: Watcher = { seat, listener, seen: 0, troubled: false };
    // Later, so that the caller has finished what it is in the middle of.
    queueMicrotask(() => {
      if (signal.aborted || this.#closed) return;
      this.#watchers.add(watcher);
      signal.addEventListener("abort", () => this.#remove(watcher), { once: true });
      const { path, clock } = this.#options;
      this.#changes ??= new ChangeListener(path, { clock, look: () => this.#look() });
      listener.state({ state: "up", watch: this.#changes.kind });
      this.#tell(watcher);
    });
  }

  /** SQLite counts the commits of others only; ours may concern a second watch of this relay. */
  changedHere(): void {
    if (this.#watchers.size === 0) return;
    queueMicrotask(() => {
      for (const watcher of this.#watchers) this.#tell(watcher);
    });
  }

  /** Ends every watch, silently. */
  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers) this.#remove(watcher);
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#changes?.stop();
    this.#changes = undefined;
  }

  #look(): void {
    if (this.#watchers.size === 0) return;
    const seen = this.#version;
    try {
      this.#version = this.#source.version();
    } catch (error) {
      for (const watcher of this.#watchers) this.#report(watcher, error);
      return;
    }
    for (const watcher of this.#watchers) {
      if (this.#version !== seen || watcher.troubled) this.#tell(watcher);
    }
  }

  /** Pushes what came since the last time. */
  #tell(watcher: Watcher): void {
    const { seat, listener } = watcher;
    try {
      // A listener may end its watch, or the relay, in the middle of a push.
      while (this.#watchers.has(watcher)) {
        const rows = this.#source.after(seat, watcher.seen);
        if (watcher.troubled) {
          watcher.troubled = false;
          listener.state({ state: "up", watch: this.#changes?.kind ?? "poll" });
        }
        watcher.seen = rows.at(-1)?.n ?? watcher.seen;
        const envelopes = rows.map(asEnvelope).filter((envelope) => envelope !== undefined);
        if (envelopes.length > 0) listener.push(envelopes);
        if (rows.length < MAX_BATCH) return;
      }
    } catch (error) {
      this.#report(watcher, error);
    }
  }

  #report(watcher: Watcher, error: unknown): void {
    const cause = relayError(error, this.#options.path);
    if (cause instanceof RelayUnavailable) {
      if (watcher.troubled) return;
      watcher.troubled = true;
      const { failure } = cause;
      watcher.listener.state({ state: "reconnecting", retryInMs: RETRY_MS, cause: failure });
    } else {
      // A mistake, too: nobody would catch it here, and the program would end without leaving.
      this.#remove(watcher);
      watcher.listener.state({ state: "down", cause: asFailure(cause) });
    }
  }
}
