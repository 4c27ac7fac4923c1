import { assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../../../src/clock.ts";
import { RelayUnavailable } from "../../../../src/errors.ts";
import { FileLock } from "../../../../src/relay/sqlite/file_lock.ts";
import { FakeClock } from "../../../support/clock.ts";
import { inDirectory, names } from "./support.ts";

Deno.test("FileLock: one process at a time holds it, also across its removal", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/lock`;
    let inside = 0;
    await Promise.all(Array.from({ length: 8 }, async (_, i) => {
      for (let round = 0; round < 10; round++) {
        const lock = await FileLock.acquire(path, { clock: systemClock });
        assertEquals(++inside, 1);
        await Promise.resolve();
        inside--;
        lock.release({ remove: (i + round) % 2 === 0 });
      }
    }));
    const last = await FileLock.acquire(path, { clock: systemClock });
    last.release({ remove: true });
    assertEquals(names(directory), []);
  }));

Deno.test("FileLock.acquire: gives up when its signal is aborted, or after some seconds", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/lock`;
    const clock = new FakeClock();
    const lock = await FileLock.acquire(path, { clock });
    const leave = new AbortController();
    const aborted = FileLock.acquire(path, { clock, signal: leave.signal });
    const waited = FileLock.acquire(path, { clock });
    leave.abort(new Error("never mind"));
    await assertRejects(() => aborted, Error, "never mind");
    const expectation = assertRejects(() => waited, RelayUnavailable, "file-locked");
    await clock.advance(5_000);
    await expectation;
    assertEquals(clock.pending, 0);
    // Those who gave up still get their lock, and release it at once.
    const letGo = closings(3);
    lock.release();
    await letGo;
    (await FileLock.acquire(path, { clock })).release({ remove: true });
  }));

/** Resolves once `count` files have been closed. */
function closings(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { prototype } = Deno.FsFile;
  const close = prototype.close;
  prototype.close = function () {
    close.call(this);
    if (--count > 0) return;
    prototype.close = close;
    resolve();
  };
  return promise;
}
