/**
 * Notices commits of other processes: the file system says that something was written, SQLite says
 * whether it is there yet.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { directoryOf } from "./place.ts";

/**
 * The file system tells of a write before the commit that it belongs to can be read, so after each
 * sign of one we look again, in milliseconds: a commit without a disk's delay, one with it, a slow one.
 */
const LOOK_AGAIN_MS = [2, 8, 30];

/** For events that never come, as on some network file systems. */
const POLL_MS = 1_000;

/** How often to look where the system gives no watch at all (its limit on watches is reached). */
const POLL_UNWATCHED_MS = 50;

/** Calls `look` soon after each commit, and now and then besides, until it is stopped. */
export class FileWatch {
  readonly #look: () => void;
  readonly #clock: Clock;
  readonly #watcher: Deno.FsWatcher | undefined;
  #poll: Timer | undefined;
  #again: Timer[] = [];
  #stopped = false;

  constructor(path: string, options: { clock: Clock; look: () => void }) {
    this.#look = options.look;
    this.#clock = options.clock;
    this.#watcher = openWatcher(directoryOf(path));
    this.#follow();
    this.#schedulePoll();
  }

  /** "poll" where the system gives no watch. */
  get kind(): "file" | "poll" {
    return this.#watcher ? "file" : "poll";
  }

  /** Ends every timer and the watch itself. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#poll?.cancel();
    for (const timer of this.#again) timer.cancel();
    this.#watcher?.close();
  }

  async #follow(): Promise<void> {
    if (!this.#watcher) return;
    try {
      for await (const event of this.#watcher) {
        if (this.#stopped) return;
        if (event.kind !== "access") this.#touched();
      }
    } catch {
      // The system's own queue broke: the poll goes on, so nothing is missed, only slower.
    }
  }

  #touched(): void {
    for (const timer of this.#again) timer.cancel();
    this.#again = LOOK_AGAIN_MS.map((ms) => this.#clock.after(ms, this.#look));
    this.#look();
  }

  #schedulePoll(): void {
    if (this.#stopped) return;
    this.#poll = this.#clock.after(this.#watcher ? POLL_MS : POLL_UNWATCHED_MS, () => {
      this.#look();
      this.#schedulePoll();
    });
  }
}

function openWatcher(directory: string): Deno.FsWatcher | undefined {
  try {
    return Deno.watchFs(directory, { recursive: false });
  } catch {
    return undefined;
  }
}
