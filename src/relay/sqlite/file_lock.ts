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
import { RelayUnavailable, untranslated } from "../../errors.ts";

/** Everyone stays for some milliseconds, so this long means a process that was stopped inside. */
const PATIENCE_MS = 5_000;

/** The held lock. The system gives it back by itself when its holder dies. */
export class Gate {
  readonly #file: Deno.FsFile;
  readonly #path: string;

  /** See {@link Gate.enter}. */
  private constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * Waits for the lock on the file at `path`, making it if need be.
   *
   * @throws {RelayUnavailable} when somebody holds it for longer than anybody should.
   */
  static async enter(path: string, options: { clock: Clock; signal?: AbortSignal }): Promise<Gate> {
    while (true) {
      const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
      await lock(file, path, options);
      const gate = new Gate(file, path);
      if (gate.#isStillThere()) return gate;
      // Removed by the last one out while we waited: the lock we got protects nothing.
      file.close();
    }
  }

  /** Gives the lock back. With `remove`, the file goes as well, while nobody else can hold it. */
  leave(options: { remove?: boolean } = {}): void {
    try {
      // Without a file identity the others could not notice that it is gone.
      if (options.remove && this.#file.statSync().ino !== null) Deno.removeSync(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    } finally {
      this.#file.close();
    }
  }

  /** True if who opens `path` now gets the file we have locked. */
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

/** Locks, or gives up; the system call itself cannot be taken back, so its file is closed later. */
async function lock(
  file: Deno.FsFile,
  path: string,
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
): Promise<void> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal?.reason);
  const timer = clock.after(PATIENCE_MS, () => reject(stuck(path)));
  signal?.addEventListener("abort", onAbort, { once: true });
  const locked = file.lock(true);
  try {
    await Promise.race([locked, givenUp]);
  } catch (error) {
    locked.then(() => file.close(), () => file.close());
    throw error;
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}

function stuck(path: string): RelayUnavailable {
  return new RelayUnavailable(
    untranslated(
      "relay-storage",
      `Cannot open the local relay: another Whisper holds ${path} and does not move.`,
      "End or continue the other one, then try again.",
    ),
  );
}
