/**
 * What a new pairing of a room leaves of the last one: nothing. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { envelope, fresh, type Guarantee, ids, randomName, seated } from "./harness.ts";

/** Registers these guarantees. */
export function epochs(guarantee: Guarantee): void {
  guarantee(
    "reopen: makes its caller the host and the peer a stranger",
    async (harness) => {
      for (const who of ["host", "guest"] as const) {
        const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
        await host.seal(hostSeat);
        const [client, seat] = who === "host" ? [host, hostSeat] : [guest, guestSeat];
        const [otherClient, otherSeat] = who === "host" ? [guest, guestSeat] : [host, hostSeat];
        const next = fresh();
        const { token, epoch } = next;
        const opened = await client.reopen(seat, next);
        assertEquals(opened, { room, epoch, role: "host", token });
        assertEquals(await otherClient.renew(otherSeat), undefined);
        assertEquals(await client.renew(seat), undefined);
        const view = await client.renew(opened!);
        assertEquals({ sealed: view?.sealed, peer: view?.peer }, {
          sealed: false,
          peer: undefined,
        });
      }
    },
  );

  guarantee(
    "reopen: admits a new guest even when the room was burned or sealed",
    async (harness) => {
      for (const how of ["seal", "burn"] as const) {
        const { room, host, hostSeat } = await harness.paired();
        await host[how](hostSeat);
        const next = fresh();
        await host.reopen(hostSeat, next);
        const claim = await (await harness.open()).claim(room, randomName(16));
        assertEquals(seated(claim).epoch, next.epoch);
        assertEquals("hostToken" in claim && claim.hostToken, next.token);
      }
    },
  );

  guarantee("reopen: deletes the envelopes of earlier epochs", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    await guest.post(guestSeat, [envelope("guest", 0), envelope("guest", 1)]);
    await host.post(hostSeat, [envelope("host", 0)]);
    const opened = await host.reopen(hostSeat, fresh());
    assertEquals(await ids(host, opened!), []);
    assertEquals(await ids(host, hostSeat), []);
    assertEquals(await harness.relay.count(room), 1);
  });

  guarantee(
    "reopen: returns the same seat when repeated, and disturbs nothing",
    async (harness) => {
      const { room, host, hostSeat } = await harness.paired();
      const next = fresh();
      const opened = await host.reopen(hostSeat, next);
      const client = await harness.open();
      const guestSeat = seated(await client.claim(room, randomName(16)));
      const sent = envelope("guest", 0);
      await client.post(guestSeat, [sent]);
      assertEquals(await host.reopen(hostSeat, next), opened);
      assertEquals(await ids(host, opened!), [sent.id]);
      assert(await client.renew(guestSeat));
    },
  );

  guarantee("reopen: makes one of two concurrent callers the host", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const opened = await Promise.all([
      host.reopen(hostSeat, fresh()),
      guest.reopen(guestSeat, fresh()),
    ]);
    assertEquals(opened.filter((seat) => seat).length, 1);
  });

  guarantee(
    "reopen: isolates the new epoch from posts of the old one",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      const opened = await host.reopen(hostSeat, fresh());
      await guest.post(guestSeat, [envelope("guest", 1)]);
      assertEquals(await ids(host, opened!), []);
      const newGuest = await harness.open();
      const newSeat = seated(await newGuest.claim(room, randomName(16)));
      const sent = envelope("guest", 1);
      await newGuest.post(newSeat, [sent]);
      assertEquals(await ids(host, opened!), [sent.id]);
    },
  );
}
