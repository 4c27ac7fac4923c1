/**
 * Tells other processes that something was committed, by a byte written to a small file that they
 * watch.
 *
 * The database's own files must not be watched. Deno's watcher opens and closes whatever has
 * changed; where locks are those of POSIX (https://sqlite.org/howtocorrupt.html, section 2.2), closing
 * a file gives up every lock that the process holds on it. The next process to leave, seeing no lock,
 * then removes the write-ahead log while others still use it. The file is written after the commit,
 * so that what it announces can be read at once.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";

/** For changes that the watch misses, as on some network file systems. */
const POLL_MS = 1_000;

/** How often to look where the system gives no watch at all (its limit on watches is reached). */
const POLL_UNWATCHED_MS = 50;

/** The watched file of the database at `path`, to be opened and removed under the file lock. */
export function notifierPath(path: string): string {
  return `${path}.bell`;
}

/** Announces this process's commits. */
export class ChangeNotifier {
  readonly #file: Deno.FsFile;

  /** Opens the watched file of the database at `path`, creating it if it is missing. */
  constructor(path: string) {
    const options = { create: true, write: true, mode: 0o600 };
    this.#file = Deno.openSync(notifierPath(path), options);
  }

  /** Wakes every {@link ChangeListener}. */
  notify(): void {
    try {
      this.#file.seekSync(0, Deno.SeekMode.Start);
      this.#file.writeSync(Uint8Array.of(1));
    } catch {
      // The commit stands, and the others look for it once a second anyway.
    }
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }
}

/** Calls `look` after each announced change, and at intervals, until it is stopped. */
export class ChangeListener {
  readonly #look: () => void;
  readonly #clock: Clock;
  readonly #watcher: Deno.FsWatcher | undefined;
  #poll: Timer | undefined;
  #stopped = false;

  /** Listens for changes of the database at `path`. */
  constructor(path: string, options: { clock: Clock; look: () => void }) {
    this.#look = options.look;
    this.#clock = options.clock;
    this.#watcher = openWatcher(notifierPath(path));
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
      // The system's queue broke: the poll goes on, so changes are noticed later, but none is missed.
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
