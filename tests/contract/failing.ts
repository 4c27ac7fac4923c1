/**
 * How operations fail, and what they leave undone. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertNotEquals,
} from "@std/assert";
import { envelope, fresh, type Guarantee, randomName, told } from "./harness.ts";

/** Registers these guarantees. */
export function failing(guarantee: Guarantee): void {
  guarantee(
    "failing: throws the reason of an aborted signal and does nothing",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      const reason = new Error("the person has had enough");
      const options = { signal: AbortSignal.abort(reason) };
      const attempts: (() => Promise<unknown>)[] = [
        () => host.create(randomName(16), fresh(), options),
        () => guest.claim(room, randomName(16), options),
        () => host.renew(hostSeat, options),
        () => host.seal(hostSeat, options),
        () => host.vacate(hostSeat, guestSeat.token, options),
        () => host.burn(hostSeat, options),
        () => host.reopen(hostSeat, fresh(), options),
        () => host.post(hostSeat, [envelope("host", 1)], options),
        () => host.read(hostSeat, options),
        () => host.remove(hostSeat, [randomName(16)], options),
        () => host.leave(hostSeat, options),
      ];
      for (const attempt of attempts) {
        assertEquals(await attempt().then(() => undefined, (error) => error), reason);
      }
      assertEquals((await host.renew(hostSeat))?.peer?.token, guestSeat.token);
      assertEquals(await harness.relay.count(room), 1);
    },
  );

  guarantee(
    "failing: refuses every operation when closed, and closes again without harm",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.close();
      await host.close();
      const attempts: (() => Promise<unknown>)[] = [
        () => host.create(randomName(16), fresh()),
        () => host.claim(room, randomName(16)),
        () => host.renew(hostSeat),
        () => host.post(hostSeat, [envelope("host", 1)]),
        () => host.read(hostSeat),
        () => host.leave(hostSeat),
      ];
      for (const attempt of attempts) {
        assertInstanceOf(await attempt().then(() => undefined, (error) => error), Error);
      }
      assert(await guest.renew(guestSeat), "the relay goes on without it");
    },
  );

  guarantee("watch: ends with its relay", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const ended = await harness.watch(host, hostSeat);
    await host.close();
    const before = ended.pushed.length + ended.wakes;
    const client = await harness.open();
    const other = await harness.watch(client, hostSeat);
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await other.until(() => told(other, client, hostSeat, sent.id));
    assertEquals(ended.pushed.length + ended.wakes, before);
  });

  guarantee("operations: counts every operation", async (harness) => {
    const { host, hostSeat } = await harness.hosted();
    const total = () => Object.values(host.operations()).reduce((sum, count) => sum + count, 0);
    const before = total();
    assertNotEquals(before, 0);
    await host.post(hostSeat, [envelope("host", 1)]);
    assertGreater(total(), before);
  });
}
