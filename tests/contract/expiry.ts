/**
 * What the relay's clock takes away. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  assertRefused,
  envelope,
  fresh,
  type Guarantee,
  ids,
  LINGER_MS,
  randomName,
  seated,
} from "./harness.ts";

/** Registers these guarantees. */
export function expiry(guarantee: Guarantee): void {
  guarantee(
    "expiry: makes a room absent, its seats lost and its envelopes unreadable",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await guest.post(guestSeat, [envelope("guest", 1)]);
      await harness.relay.age(room, LINGER_MS + 1_000);
      await assertRefused(await harness.open(), room, "absent");
      assertEquals(await ids(host, hostSeat), []);
      assertEquals(await host.renew(hostSeat), undefined);
      assertEquals(await host.seal(hostSeat), false);
      assertEquals(await host.reopen(hostSeat, fresh()), undefined);
    },
  );

  guarantee(
    "expiry: allows a new room of that name, with nothing of the old one",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.seal(hostSeat);
      await guest.post(guestSeat, [envelope("guest", 1)]);
      await harness.relay.age(room, LINGER_MS + 1_000);
      const client = await harness.open();
      const made = await client.create(room, fresh());
      assert("seat" in made);
      assertEquals(await ids(client, made.seat), []);
      assertEquals(await host.renew(hostSeat), undefined);
      seated(await (await harness.open()).claim(room, randomName(16)));
    },
  );

  guarantee(
    "expiry: leaves the new room alone when a seat of the expired one leaves",
    async (harness) => {
      const { room, hostSeat, host, guest, guestSeat } = await harness.paired();
      await harness.relay.age(room, LINGER_MS + 1_000);
      const newHost = await harness.open();
      const made = await newHost.create(room, fresh());
      assert("seat" in made);
      const newGuest = await harness.open();
      const newGuestSeat = seated(await newGuest.claim(room, randomName(16)));
      const sent = envelope("guest", 1);
      await newGuest.post(newGuestSeat, [sent]);
      assertEquals((await host.leave(hostSeat)).last, false);
      assertEquals((await guest.leave(guestSeat)).last, false);
      assertEquals(await ids(newHost, made.seat), [sent.id]);
      assert(await newHost.renew(made.seat));
      assert(await newGuest.renew(newGuestSeat));
    },
  );

  guarantee("expiry: moves forward by the linger with each renewal", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    await harness.relay.age(room, LINGER_MS - 60_000);
    await guest.renew(guestSeat);
    await harness.relay.age(room, LINGER_MS - 60_000);
    assert(await host.renew(hostSeat), "either person's renewal keeps the room");
    await harness.relay.age(room, LINGER_MS + 1_000);
    await assertRefused(await harness.open(), room, "absent");
    assertEquals(await host.renew(hostSeat), undefined);
  });

  guarantee("expiry: removes envelopes unless a renewal extends them", async (harness) => {
    for (const keep of [false, true]) {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      const sent = envelope("guest", 1);
      await guest.post(guestSeat, [sent]);
      await harness.relay.age(room, LINGER_MS - 60_000);
      assert(await guest.renew(guestSeat, { keep }));
      await harness.relay.age(room, 61_000);
      assertEquals(await ids(host, hostSeat), keep ? [sent.id] : []);
      assert(await host.renew(hostSeat));
    }
  });
}
