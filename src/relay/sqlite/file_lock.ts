/**
 * One process at a time opens, makes or removes the database: a lock on a small file beside it.
 *
 * SQLite's own locks cannot protect this. They lie on the file itself and on `-wal` and `-shm`, which
 * are found by name: a process that opens the file just as another one removes it would have the
 * removed file with its successor's `-wal`, and destroy that on closing.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { anyOf, untilAborted } from "../../deadline.ts";
import { Failure, RelayUnavailable } from "../../errors.ts";
import { removeIfThere } from "../../file_problem.ts";

/** The lock is held for milliseconds, so this long means a process that was stopped while holding it. */
const TIMEOUT_MS = 5_000;

/** A held lock. The system releases it when its holder dies. */
export class FileLock {
  readonly #file: Deno.FsFile;
  readonly #path: string;

  /** See {@link FileLock.acquire}. */
  private constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * Waits for the lock on the file at `path`, making it if need be.
   *
   * @throws {RelayUnavailable} when another process holds it for longer than it should.
   */
  static async acquire(
    path: string,
    options: { clock: Clock; signal?: AbortSignal | undefined },
  ): Promise<FileLock> {
    while (true) {
      const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
      await lock(file, path, options);
      const acquired = new FileLock(file, path);
      if (acquired.#isStillThere()) return acquired;
      // The last process to leave removed it while we waited: this lock protects nothing.
      file.close();
    }
  }

  /** Releases the lock. With `remove`, removes the file first, while no other process can hold it. */
  release(options: { remove?: boolean } = {}): void {
    try {
      // Without a file identity the others could not notice that it is gone.
      if (options.remove && this.#file.statSync().ino !== null) removeIfThere(this.#path);
    } finally {
      this.#file.close();
    }
  }

  /** True if opening `path` now gives the file that we have locked. */
  #isStillThere(): boolean {
    try {
      const there = Deno.lstatSync(this.#path);
      const ours = this.#file.statSync();
      return there.ino === ours.ino && there.dev === ours.dev;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      this.#file.close();
      throw error;
    }
  }
}

/** Locks, or gives up. The system call cannot be canceled, so its file is closed when it ends. */
async function lock(
  file: Deno.FsFile,
  path: string,
  { clock, signal }: { clock: Clock; signal?: AbortSignal | undefined },
): Promise<void> {
  const late = new AbortController();
  const stuck = new RelayUnavailable(new Failure("file-locked", { path }));
  const timer = clock.after(TIMEOUT_MS, () => late.abort(stuck));
  const locked = file.lock(true);
  try {
    await untilAborted(anyOf([late.signal, signal]), locked);
  } catch (error) {
    locked.then(() => file.close(), () => file.close());
    throw error;
  } finally {
    timer.cancel();
  }
}
