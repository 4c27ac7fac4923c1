/**
 * How two part, and what is left. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { LEASE_MS } from "../../src/relay/relay.ts";
import {
  assertRefused,
  envelope,
  fresh,
  type Guarantee,
  ids,
  randomName,
  seated,
} from "./harness.ts";

/** Rounds of parting at once; many when asked to soak. */
const PARTINGS = Deno.env.get("SOAK") === "1" ? 1_000 : 10;

/** Registers these guarantees. */
export function leaving(guarantee: Guarantee): void {
  guarantee(
    "leave: the first leaver leaves all to the second, who deletes everything",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.seal(hostSeat);
      const goodbye = envelope("guest", 1);
      await host.post(hostSeat, [envelope("host", 1), envelope("host", 2)]);
      await guest.post(guestSeat, [goodbye]);
      const first = await guest.leave(guestSeat);
      assertEquals(first, { last: false, remaining: 4 });
      assertEquals(await guest.renew(guestSeat), undefined);
      assertEquals((await host.renew(hostSeat))?.peer, undefined);
      assertEquals(await ids(host, hostSeat), [goodbye.id]);
      assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
      assertEquals(await harness.relay.count(room), 0);
    },
  );

  guarantee(
    "withdraw: deletes what one seat has posted, and nothing else, with the seat lost too",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      const remaining = envelope("guest", 1);
      await host.post(hostSeat, [envelope("host", 1), envelope("host", 2)]);
      await guest.post(guestSeat, [remaining]);
      await host.withdraw({ ...hostSeat, token: randomName(16) });
      assertEquals(await ids(guest, guestSeat), []);
      assertEquals(await ids(host, hostSeat), [remaining.id]);
      assertEquals(await harness.relay.count(room), 2);
      await host.withdraw(hostSeat);
      assertEquals(await host.leave(hostSeat), { last: false, remaining: 2 });
    },
  );

  guarantee("leave: makes a host alone the last one out", async (harness) => {
    const { room, host, hostSeat } = await harness.hosted();
    assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
    assertEquals(await harness.relay.count(room), 0);
    await assertRefused(host, room, "absent");
  });

  guarantee(
    "leave: makes exactly one of two concurrent leavers the last one out",
    async (harness) => {
      const clients = { host: await harness.open(), guest: await harness.open() };
      for (let round = 0; round < PARTINGS; round++) {
        const { room, host, hostSeat, guest, guestSeat } = await harness.paired(clients);
        await host.seal(hostSeat);
        await host.post(hostSeat, [envelope("host", 1)]);
        await guest.post(guestSeat, [envelope("guest", 1)]);
        const gone = await Promise.all([host.leave(hostSeat), guest.leave(guestSeat)]);
        assertEquals(gone.filter(({ last }) => last).length, 1, `round ${round}`);
        assertEquals(gone.find(({ last }) => last)?.remaining, 0);
        assertEquals(await harness.relay.count(room), 0);
      }
    },
  );

  guarantee("leave: repeats without harm", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    await guest.leave(guestSeat);
    assertEquals((await guest.leave(guestSeat)).last, false);
    assert(await host.renew(hostSeat));
    await host.leave(hostSeat);
    assertEquals((await host.leave(hostSeat)).remaining, 0);
    assertEquals((await guest.leave(guestSeat)).remaining, 0);
    assertEquals(await harness.relay.count(room), 0);
  });

  guarantee(
    "leave: makes the leaver the last one out when the peer's lease has lapsed",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.seal(hostSeat);
      await guest.post(guestSeat, [envelope("guest", 1)]);
      await harness.relay.age(room, LEASE_MS + 1_000);
      assert(await host.renew(hostSeat));
      assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
      assertEquals(await guest.renew(guestSeat), undefined);
      assertEquals(await guest.leave(guestSeat), { last: false, remaining: 0 });
    },
  );

  guarantee(
    "leave: deletes what earlier epochs and strangers left when the last one leaves",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await guest.post(guestSeat, [envelope("guest", 1)]);
      const opened = await host.reopen(hostSeat, fresh());
      await guest.post(guestSeat, [envelope("guest", 2)]);
      await harness.relay.plantMisshapen(room, hostSeat.epoch);
      await host.burn(opened!);
      await assertRefused(await harness.open(), room, "burnt");
      assertEquals(await host.leave(opened!), { last: true, remaining: 0 });
      assertEquals(await harness.relay.count(room), 0);
    },
  );

  guarantee("leave: counts nothing of a later epoch", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    await guest.post(guestSeat, [envelope("guest", 1)]);
    const opened = await host.reopen(hostSeat, fresh());
    await host.post(opened!, [envelope("host", 1)]);
    assertEquals(await guest.leave(guestSeat), { last: false, remaining: 0 });
    assertEquals(await harness.relay.count(room), 2);
  });

  guarantee("leave: deletes nothing for a caller without a seat", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const stranger = await harness.open();
    assertEquals((await stranger.leave({ ...hostSeat, token: randomName(16) })).last, false);
    assertEquals((await stranger.leave({ ...guestSeat, epoch: randomName(8) })).last, false);
    assert(await host.renew(hostSeat));
    assert(await guest.renew(guestSeat));
  });

  guarantee(
    "leave: frees the seat in an unsealed room, and not in a sealed one",
    async (harness) => {
      const open = await harness.paired();
      await open.guest.leave(open.guestSeat);
      seated(await (await harness.open()).claim(open.room, randomName(16)));
      const sealed = await harness.paired(open);
      await sealed.host.seal(sealed.hostSeat);
      await sealed.guest.leave(sealed.guestSeat);
      await assertRefused(await harness.open(), sealed.room, "sealed");
    },
  );
}
