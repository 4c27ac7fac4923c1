/**
 * Tells other processes that something was committed: a byte written to a small file of its own,
 * which they watch.
 *
 * The database's files must not be watched themselves. Deno's watcher opens and closes whatever has
 * changed; where locks are those of POSIX (https://sqlite.org/howtocorrupt.html, section 2.2), closing
 * a file gives up every lock that the process holds on it, and the next one to leave, seeing no lock,
 * removes the write-ahead log under those who are still there. The bell is rung after the commit, so
 * that what it tells of can be read at once.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";

/** For rings that are never heard, as on some network file systems. */
const POLL_MS = 1_000;

/** How often to look where the system gives no watch at all (its limit on watches is reached). */
const POLL_UNWATCHED_MS = 50;

/** The bell of the database at `path`, which is to be opened and removed inside the gate. */
export function bellOf(path: string): string {
  return `${path}.bell`;
}

/** One process's hand on the bell. */
export class Bell {
  readonly #file: Deno.FsFile;

  /** Opens the bell of the database at `path`, making it if need be. */
  constructor(path: string) {
    const options = { create: true, write: true, mode: 0o600 };
    this.#file = Deno.openSync(bellOf(path), options);
  }

  /** Wakes everybody who listens. */
  ring(): void {
    try {
      this.#file.seekSync(0, Deno.SeekMode.Start);
      this.#file.writeSync(Uint8Array.of(1));
    } catch {
      // The commit stands, and the others look for it once a second anyway.
    }
  }

  /** Lets go. */
  close(): void {
    this.#file.close();
  }
}

/** Calls `look` at each ring, and now and then besides, until it is stopped. */
export class Ear {
  readonly #look: () => void;
  readonly #clock: Clock;
  readonly #watcher: Deno.FsWatcher | undefined;
  #poll: Timer | undefined;
  #stopped = false;

  /** Listens to the bell of the database at `path`. */
  constructor(path: string, options: { clock: Clock; look: () => void }) {
    this.#look = options.look;
    this.#clock = options.clock;
    this.#watcher = openWatcher(bellOf(path));
    this.#listen();
    this.#schedulePoll();
  }

  /** "poll" where the system gives no watch. */
  get kind(): "file" | "poll" {
    return this.#watcher ? "file" : "poll";
  }

  /** Ends the timer and the watch. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#poll?.cancel();
    this.#watcher?.close();
  }

  async #listen(): Promise<void> {
    if (!this.#watcher) return;
    try {
      for await (const event of this.#watcher) {
        if (this.#stopped) return;
        if (event.kind !== "access") this.#look();
      }
    } catch {
      // The system's own queue broke: the poll goes on, so nothing is missed, only slower.
    }
  }

  #schedulePoll(): void {
    this.#poll = this.#clock.after(this.#watcher ? POLL_MS : POLL_UNWATCHED_MS, () => {
      this.#look();
      if (!this.#stopped) this.#schedulePoll();
    });
  }
}

function openWatcher(file: string): Deno.FsWatcher | undefined {
  try {
    return Deno.watchFs(file, { recursive: false });
  } catch {
    return undefined;
  }
}
