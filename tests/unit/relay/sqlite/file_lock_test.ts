import { assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../../../src/clock.ts";
import { RelayUnavailable } from "../../../../src/errors.ts";
import { Gate } from "../../../../src/relay/sqlite/file_lock.ts";
import { FakeClock } from "../../../support/clock.ts";
import { inDirectory, names } from "./support.ts";

Deno.test("one at a time is inside the gate, also across its removal", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/lock`;
    let inside = 0;
    await Promise.all(Array.from({ length: 8 }, async (_, i) => {
      for (let round = 0; round < 10; round++) {
        const gate = await Gate.enter(path, { clock: systemClock });
        assertEquals(++inside, 1);
        await Promise.resolve();
        inside--;
        gate.leave({ remove: (i + round) % 2 === 0 });
      }
    }));
    const last = await Gate.enter(path, { clock: systemClock });
    last.leave({ remove: true });
    assertEquals(names(directory), []);
  }));

Deno.test("who waits at the gate gives up when its signal says so, or after some seconds", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/lock`;
    const clock = new FakeClock();
    const gate = await Gate.enter(path, { clock });
    const leave = new AbortController();
    const aborted = Gate.enter(path, { clock, signal: leave.signal });
    const waited = Gate.enter(path, { clock });
    leave.abort(new Error("never mind"));
    await assertRejects(() => aborted, Error, "never mind");
    const expectation = assertRejects(() => waited, RelayUnavailable, "does not move");
    await clock.advance(5_000);
    await expectation;
    assertEquals(clock.pending, 0);
    // Those who gave up still get their lock, and let go of it at once.
    const letGo = closings(3);
    gate.leave();
    await letGo;
    (await Gate.enter(path, { clock })).leave({ remove: true });
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
