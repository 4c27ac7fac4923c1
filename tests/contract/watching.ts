/**
 * What a watcher is told. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { envelope, type Guarantee, randomName, Recorder, told } from "./harness.ts";

/** Registers these guarantees. */
export function watching(guarantee: Guarantee): void {
  guarantee("watch: reports what the peer posts", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const toHost = await harness.watch(host, hostSeat);
    const toGuest = await harness.watch(guest, guestSeat);
    for (let seq = 1; seq <= 5; seq++) {
      const [mine, yours] = [envelope("host", seq), envelope("guest", seq)];
      await guest.post(guestSeat, [yours]);
      await toHost.until(() => told(toHost, host, hostSeat, yours.id));
      await host.post(hostSeat, [mine]);
      await toGuest.until(() => told(toGuest, guest, guestSeat, mine.id));
    }
  });

  guarantee("watch: reports what was posted before it began", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    const watch = await harness.watch(host, hostSeat);
    await watch.until(() => told(watch, host, hostSeat, sent.id));
  });

  guarantee("watch: reports a knock", async (harness) => {
    const { room, host, hostSeat } = await harness.paired();
    const watch = await harness.watch(host, hostSeat);
    const stranger = await harness.open();
    const token = randomName(16);
    assertEquals(await stranger.claim(room, token), { refused: "full" });
    await watch.until(() => told(watch, host, hostSeat, token));
  });

  guarantee(
    "watch: pushes nothing of one's own, of other rooms or of other epochs",
    async (harness) => {
      const { host, hostSeat, guest, guestSeat } = await harness.paired();
      const elsewhere = await harness.paired({ host, guest });
      const watch = await harness.watch(host, hostSeat);
      await host.post(hostSeat, [envelope("host", 1)]);
      await guest.post(elsewhere.guestSeat, [envelope("guest", 1)]);
      await guest.post({ ...guestSeat, epoch: randomName(8) }, [envelope("guest", 1)]);
      const sent = envelope("guest", 1);
      await guest.post(guestSeat, [sent]);
      await watch.until(() => told(watch, host, hostSeat, sent.id));
      for (const pushed of watch.pushed) assertEquals(pushed, sent);
    },
  );

  guarantee("watch: serves both seats of one client", async (harness) => {
    const [client, second] = [await harness.open(), await harness.open()];
    const { hostSeat, guestSeat } = await harness.paired({ host: client, guest: client });
    // One watch for each client: a store may have no room for more.
    const toHost = await harness.watch(client, hostSeat);
    const toGuest = await harness.watch(second, guestSeat);
    for (let seq = 1; seq <= 3; seq++) {
      const [mine, yours] = [envelope("host", seq), envelope("guest", seq)];
      await client.post(hostSeat, [mine]);
      await client.post(guestSeat, [yours]);
      await toHost.until(() => told(toHost, client, hostSeat, yours.id));
      await toGuest.until(() => told(toGuest, second, guestSeat, mine.id));
    }
  });

  guarantee(
    "watch: pushes the envelopes of one sender in the order they were posted",
    async (harness) => {
      const { host, hostSeat, guest, guestSeat } = await harness.paired();
      const watch = await harness.watch(host, hostSeat);
      const sent = Array.from({ length: 40 }, (_, i) => envelope("guest", i + 1));
      for (let i = 0; i < sent.length; i += 8) await guest.post(guestSeat, sent.slice(i, i + 8));
      await watch.until(() => told(watch, host, hostSeat, sent.at(-1)!.id));
      const first = new Set<number>();
      for (const { seq } of watch.pushed) first.add(seq);
      assertEquals([...first], [...first].toSorted((a, b) => a - b));
    },
  );

  guarantee("watch: skips a malformed document without ending", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    const watch = await harness.watch(host, hostSeat);
    await harness.relay.plantMisshapen(room, hostSeat.epoch);
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await watch.until(() => told(watch, host, hostSeat, sent.id));
    for (const pushed of watch.pushed) assertEquals(pushed, sent);
  });

  guarantee("watch: is silent once its signal is aborted", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const end = new AbortController();
    const ended = await harness.watch(host, hostSeat, end.signal);
    const other = await harness.watch(await harness.open(), hostSeat);
    end.abort();
    const before = ended.calls;
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await other.until(() => told(other, host, hostSeat, sent.id));
    assertEquals(ended.calls, before);
  });

  guarantee("watch: never begins under an aborted signal", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const never = new Recorder();
    host.watch(hostSeat, never, AbortSignal.abort());
    const other = await harness.watch(host, hostSeat);
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await other.until(() => told(other, host, hostSeat, sent.id));
    assertEquals(never.calls, 0);
  });
}
