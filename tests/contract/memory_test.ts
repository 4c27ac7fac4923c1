import { assertEquals } from "@std/assert";
import { MemoryRelay } from "../../tests/support/memory_relay.ts";
import { LEASE_MS } from "../../src/relay/relay.ts";
import { FakeClock } from "../support/clock.ts";
import { envelope, randomName, relayContract, type RelayFixture } from "./relay_contract.ts";

relayContract("memory", () => {
  const relay = new MemoryRelay({ clock: new FakeClock() });
  const { rooms, envelopes } = relay.documents;
  const harness: RelayFixture = {
    open: () => Promise.resolve(relay.client()),
    age(name, ms) {
      for (const room of rooms.values()) {
        if (room.room !== name) continue;
        room.expiresAt -= ms;
        for (const seat of [room.host, room.guest]) if (seat) seat.leaseUntil -= ms;
      }
      for (const document of envelopes.values()) {
        if (document.room === name) document.expiresAt -= ms;
      }
      return Promise.resolve();
    },
    plantMisshapen(room, epoch) {
      const misshapen = { ...envelope("guest", 1), head: "not bytes" };
      const key = MemoryRelay.key(room, epoch, randomName(16));
      relay.plant(key, { room, epoch, expiresAt: relay.now() + 600_000, envelope: misshapen });
      return Promise.resolve();
    },
    count: (room) => Promise.resolve(relay.count(room)),
    close: () => Promise.resolve(),
  };
  return Promise.resolve(harness);
});

Deno.test("memory relay: uses the clock it was given for leases and expiry", async () => {
  const clock = new FakeClock();
  const relay = new MemoryRelay({ clock });
  const [host, guest] = [relay.client(), relay.client()];
  const made = await host.create("room", { token: "host", epoch: "one", lingerMs: 60_000 });
  if (!("seat" in made)) throw new Error("A new room was refused");
  await guest.claim("room", "guest");
  await clock.advance(LEASE_MS);
  assertEquals((await host.renew(made.seat))?.peer?.leaseLeftMs, 0);
  await clock.advance(59_999);
  assertEquals((await host.renew(made.seat))?.sealed, false);
  await clock.advance(60_000);
  assertEquals(await host.renew(made.seat), undefined);
  assertEquals(relay.documents.rooms.size, 0);
});
