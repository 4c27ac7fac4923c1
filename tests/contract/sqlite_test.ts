import { assert, assertEquals } from "@std/assert";
import { sqliteFixture } from "./fixtures.ts";
import { envelope, Harness, ids, LINGER_MS, randomName } from "./harness.ts";
import { relayContract } from "./relay_contract.ts";

relayContract("sqlite", sqliteFixture);

Deno.test("sqlite: brings an expired room back for those in it, as long as nobody has removed it", async () => {
  for (const first of ["renew", "post"] as const) {
    const harness = new Harness(await sqliteFixture());
    try {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.seal(hostSeat);
      const [before, after] = [envelope("guest", 1), envelope("guest", 2)];
      await guest.post(guestSeat, [before]);
      // A computer that slept for an hour, with both people of the chat.
      await harness.relay.age(room, LINGER_MS + 3_600_000);
      if (first === "renew") assert(await host.renew(hostSeat));
      await guest.post(guestSeat, [after]);
      assertEquals(await ids(host, hostSeat), [before.id, after.id]);
      assert(await guest.renew(guestSeat));
      assertEquals((await host.renew(hostSeat))?.sealed, true);
      assertEquals((await guest.leave(guestSeat)).last, false);
      assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
    } finally {
      await harness.close();
    }
  }
});

Deno.test("sqlite: does not bring a room back for a seat that is not in it", async () => {
  const harness = new Harness(await sqliteFixture());
  try {
    const { room, host, hostSeat } = await harness.paired();
    await harness.relay.age(room, LINGER_MS + 1_000);
    assertEquals(await host.renew({ ...hostSeat, token: randomName(16) }), undefined);
    assertEquals(await host.renew(hostSeat), undefined);
  } finally {
    await harness.close();
  }
});
