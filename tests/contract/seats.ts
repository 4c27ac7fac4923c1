/**
 * Who gets a seat, who is refused one, and who is told. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { LEASE_MS, type Relay } from "../../src/relay/relay.ts";
import {
  assertRefused,
  envelope,
  fresh,
  type Guarantee,
  knocks,
  randomName,
  seated,
} from "./harness.ts";

const JOINERS = 16;
/** Rounds of the race; many when asked to soak. */
const RACES = Deno.env.get("SOAK") === "1" ? 1_000 : 12;

/** Registers these guarantees. */
export function seats(guarantee: Guarantee): void {
  guarantee(
    "create: gives the host a seat under the token and epoch asked for",
    async (harness) => {
      const client = await harness.open();
      const room = randomName(16);
      const wish = fresh();
      const { token, epoch } = wish;
      assertEquals(await client.create(room, wish), { seat: { room, epoch, role: "host", token } });
    },
  );

  guarantee("claim: gives the guest seat and names the host's token", async (harness) => {
    const { room, hostSeat } = await harness.hosted();
    const client = await harness.open();
    const token = randomName(16);
    assertEquals(await client.claim(room, token), {
      seat: { room, epoch: hostSeat.epoch, role: "guest", token },
      hostToken: hostSeat.token,
    });
  });

  guarantee("claim: leaves nothing when repeated after the host has left", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    await guest.post(guestSeat, [envelope("guest", 1)]);
    assertEquals((await host.leave(hostSeat)).last, false);
    assertEquals(await guest.claim(room, guestSeat.token), { refused: "absent" });
    assertEquals(await harness.relay.count(room), 0);
  });

  guarantee("create: refuses a living room to everyone but its host", async (harness) => {
    const { room } = await harness.hosted();
    const client = await harness.open();
    assertEquals(await client.create(room, fresh()), { refused: "taken" });
  });

  guarantee("create: returns the same seat when repeated with its token", async (harness) => {
    const client = await harness.open();
    const room = randomName(16);
    const wish = fresh();
    const first = await client.create(room, wish);
    assertEquals(await client.create(room, wish), first);
    assertEquals(await (await harness.open()).create(room, wish), first);
  });

  guarantee("create: makes one of many concurrent creators the host", async (harness) => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => harness.open()));
    for (let round = 0; round < 5; round++) {
      const room = randomName(16);
      const made = await Promise.all(clients.map((client) => client.create(room, fresh())));
      assertEquals(made.filter((answer) => "seat" in answer).length, 1);
    }
  });

  guarantee(
    "claim: returns the same seat when repeated with its token, sealed or not",
    async (harness) => {
      const { room, host, hostSeat } = await harness.hosted();
      const client = await harness.open();
      const token = randomName(16);
      const first = await client.claim(room, token);
      assertEquals(await (await harness.open()).claim(room, token), first);
      await host.seal(hostSeat);
      assertEquals(await client.claim(room, token), first);
      assertEquals(await knocks(host, hostSeat), []);
    },
  );

  guarantee(
    `claim: gives one of ${JOINERS} concurrent claimants the seat, and all others knock`,
    async (harness) => {
      const host = await harness.open();
      const joiners: Relay[] = [];
      for (let i = 0; i < JOINERS; i++) joiners.push(await harness.open());
      for (let round = 0; round < RACES; round++) {
        const { room, hostSeat } = await harness.hosted(host);
        const claims = await Promise.all(
          joiners.map((joiner) => joiner.claim(room, randomName(16))),
        );
        const winners = claims.filter((claim) => "seat" in claim).map(seated);
        assertEquals(winners.length, 1, `round ${round}`);
        for (const claim of claims) if ("refused" in claim) assertEquals(claim.refused, "full");
        assertEquals((await host.renew(hostSeat))?.peer?.token, winners[0]?.token);
        assertEquals((await knocks(host, hostSeat)).length, JOINERS - 1);
        await host.leave(hostSeat);
      }
    },
  );

  guarantee(
    "claim: refuses a missing room as absent, and leaves nothing",
    async (harness) => {
      const client = await harness.open();
      const room = randomName(16);
      await assertRefused(client, room, "absent");
      assertEquals(await harness.relay.count(room), 0);
    },
  );

  guarantee(
    "claim: refuses a third claim as full, and both inside can read the knock",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await assertRefused(await harness.open(), room, "full");
      const [seen] = await knocks(host, hostSeat);
      assertEquals(seen && { ...seen, id: "", head: [...seen.head] }, {
        id: "",
        from: "stranger",
        seq: 0,
        attempt: 0,
        head: [],
        token: "",
      });
      assertEquals(await knocks(guest, guestSeat), [seen!]);
    },
  );

  guarantee("claim: refuses a sealed room as sealed, and knocks", async (harness) => {
    const { room, host, hostSeat } = await harness.paired();
    assertEquals(await host.seal(hostSeat), true);
    await assertRefused(await harness.open(), room, "sealed");
    assertEquals((await knocks(host, hostSeat)).length, 1);
  });

  guarantee("claim: refuses a burned room, and knocks", async (harness) => {
    const { room, host, hostSeat } = await harness.hosted();
    assertEquals(await host.burn(hostSeat), true);
    await assertRefused(await harness.open(), room, "burnt");
    assertEquals((await knocks(host, hostSeat)).length, 1);
  });

  guarantee(
    "claim: knocks once when a refused claim is repeated with its token",
    async (harness) => {
      const { room, host, hostSeat } = await harness.paired();
      const client = await harness.open();
      const token = randomName(16);
      for (let i = 0; i < 3; i++) {
        assertEquals(await client.claim(room, token), {
          refused: "full",
        });
      }
      assertEquals((await knocks(host, hostSeat)).length, 1);
    },
  );

  guarantee(
    "claim: takes an unsealed seat whose lease has lapsed, and its former holder is told",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await harness.relay.age(room, LEASE_MS + 1_000);
      await host.renew(hostSeat);
      const seat = seated(await (await harness.open()).claim(room, randomName(16)));
      assertEquals((await host.renew(hostSeat))?.peer?.token, seat.token);
      assertEquals(await guest.renew(guestSeat), undefined);
    },
  );

  guarantee(
    "claim: refuses a sealed seat whose lease has lapsed, and its holder can come back",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.seal(hostSeat);
      await harness.relay.age(room, LEASE_MS + 1_000);
      await host.renew(hostSeat);
      await assertRefused(await harness.open(), room, "sealed");
      assertEquals((await guest.renew(guestSeat))?.peer?.token, hostSeat.token);
    },
  );

  guarantee("renew: renews a lapsed lease when the seat is still free", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    await harness.relay.age(room, LEASE_MS + 1_000);
    assert(await guest.renew(guestSeat));
    assertGreater((await host.renew(hostSeat))?.peer?.leaseLeftMs ?? 0, 0);
    await assertRefused(await harness.open(), room, "full");
  });

  guarantee("renew: returns the peer's token and what is left of its lease", async (harness) => {
    const { room, host, hostSeat } = await harness.hosted();
    assertEquals((await host.renew(hostSeat))?.peer, undefined);
    const guestSeat = seated(await (await harness.open()).claim(room, randomName(16)));
    const left = (await host.renew(hostSeat))?.peer?.leaseLeftMs ?? 0;
    assert(left > 0 && left <= LEASE_MS, `${left} ms are left of a new lease`);
    await harness.relay.age(room, LEASE_MS + 1_000);
    const peer = (await host.renew(hostSeat))?.peer;
    assertEquals(peer?.token, guestSeat.token);
    assert(peer!.leaseLeftMs <= -500, `${peer!.leaseLeftMs} ms are left of a lapsed lease`);
  });

  guarantee(
    "renew: returns whether the room is sealed, and a revision that rises with changes",
    async (harness) => {
      const { host, hostSeat, guest, guestSeat } = await harness.paired();
      const before = await host.renew(hostSeat);
      assertEquals(before?.sealed, false);
      await guest.seal(guestSeat);
      const after = await host.renew(hostSeat);
      assertEquals(after?.sealed, true);
      assertGreater(after!.revision, before!.revision);
    },
  );

  guarantee(
    "seal: succeeds again when repeated, and is refused without a seat",
    async (harness) => {
      const { host, hostSeat } = await harness.paired();
      assertEquals(await host.seal(hostSeat), true);
      assertEquals(await host.seal(hostSeat), true);
      assertEquals(await host.seal({ ...hostSeat, token: randomName(16) }), false);
      assertEquals(await host.burn({ ...hostSeat, token: randomName(16) }), false);
    },
  );

  guarantee(
    "vacate: frees the guest's seat for the next, and the guest is told",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.vacate(hostSeat, guestSeat.token);
      await host.vacate(hostSeat, guestSeat.token);
      assertEquals((await host.renew(hostSeat))?.peer, undefined);
      assertEquals(await guest.renew(guestSeat), undefined);
      seated(await (await harness.open()).claim(room, randomName(16)));
    },
  );

  guarantee("vacate: leaves a guest of another token alone, and a sealed one", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    await host.vacate(hostSeat, randomName(16));
    assert(await guest.renew(guestSeat));
    await host.seal(hostSeat);
    await host.vacate(hostSeat, guestSeat.token);
    assert(await guest.renew(guestSeat));
  });

  guarantee("seat: refuses to renew, vacate or reopen without one", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    const forged = { ...hostSeat, token: randomName(16) };
    const client = await harness.open();
    assertEquals(await client.renew(forged), undefined);
    await client.vacate(forged, guestSeat.token);
    assertEquals(await client.reopen(forged, fresh()), undefined);
    assertEquals(await client.renew({ ...hostSeat, role: "guest" }), undefined);
    assertEquals(await client.renew({ ...hostSeat, epoch: randomName(8) }), undefined);
    assertEquals(await client.renew({ ...hostSeat, room: randomName(16) }), undefined);
    assert(await host.renew(hostSeat));
    assert(await guest.renew(guestSeat));
    assertEquals(await harness.relay.count(room), 1);
  });
}
