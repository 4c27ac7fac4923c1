/**
 * How envelopes are stored, read and removed. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Heading,
  MAX_BATCH,
  MAX_HEAD_BYTES,
  MAX_READ_BYTES,
  MAX_TOKEN_CHARS,
} from "../../src/relay/relay.ts";
import { envelope, fresh, type Guarantee, ids, randomName, seated } from "./harness.ts";

/** Registers these guarantees. */
export function envelopes(guarantee: Guarantee): void {
  guarantee("read: returns every field as it was posted", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const sent = [
      envelope("guest", 0, { head: new Uint8Array(0), token: "" }),
      envelope("guest", 1, { attempt: 3, head: Uint8Array.from({ length: 256 }, (_, i) => i) }),
      envelope("guest", 2 ** 31 - 1, {
        head: new Uint8Array(MAX_HEAD_BYTES).fill(255),
        token: "x".repeat(MAX_TOKEN_CHARS),
      }),
    ];
    await guest.post(guestSeat, sent);
    assertEquals(await host.read(hostSeat), { envelopes: sent, malformed: 0, upTo: Infinity });
  });

  guarantee("read: returns what the peer posted, and not one's own", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const [mine, yours] = [envelope("host", 1), envelope("guest", 1)];
    await host.post(hostSeat, [mine]);
    await guest.post(guestSeat, [yours]);
    assertEquals(await ids(host, hostSeat), [yours.id]);
    assertEquals(await ids(guest, guestSeat), [mine.id]);
  });

  guarantee("read: separates rooms, even under one epoch", async (harness) => {
    const client = await harness.open();
    const epoch = randomName(8);
    const [one, two] = [randomName(16), randomName(16)];
    const made = await client.create(one, { ...fresh(), epoch });
    assert("seat" in made);
    await client.create(two, { ...fresh(), epoch });
    const guest = await harness.open();
    await guest.post(seated(await guest.claim(two, randomName(16))), [envelope("guest", 1)]);
    assertEquals(await ids(client, made.seat), []);
  });

  guarantee("post: stores nothing and succeeds when repeated", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await guest.post(guestSeat, [{ ...sent, attempt: 1 }]);
    assertEquals((await host.read(hostSeat)).envelopes, [sent]);
    assertEquals(await harness.relay.count(room), 2);
  });

  guarantee("post: stores the rest of a batch that was stored in part", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const sent = Array.from({ length: 6 }, (_, i) => envelope("guest", i + 1));
    await guest.post(guestSeat, [sent[1]!, sent[3]!]);
    await guest.post(guestSeat, [...sent, sent[0]!]);
    assertEquals(await ids(host, hostSeat), sent.map(({ id }) => id));
  });

  guarantee("post: accepts an empty batch", async (harness) => {
    const { room, guest, guestSeat } = await harness.paired();
    await guest.post(guestSeat, []);
    assertEquals(await harness.relay.count(room), 1);
  });

  guarantee("read: orders envelopes by sequence number", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const sent = [3, 1, 10, 2].map((seq) => envelope("guest", seq));
    for (const one of sent) await guest.post(guestSeat, [one]);
    const { envelopes } = await host.read(hostSeat);
    assertEquals(envelopes.map(({ seq }) => seq), [1, 2, 3, 10]);
  });

  guarantee(
    "read: returns both envelopes that claim one sequence number",
    async (harness) => {
      const { host, hostSeat, guest, guestSeat } = await harness.paired();
      const [one, two] = [envelope("guest", 5), envelope("guest", 5)];
      await guest.post(guestSeat, [one]);
      await (await harness.open()).post(guestSeat, [two]);
      assertEquals((await ids(host, hostSeat)).sort(), [one.id, two.id].sort());
    },
  );

  guarantee("read: returns the first that begin within the bytes asked for", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const token = "x".repeat(10_000);
    const sent = [5, 1, 4, 2, 3].map((seq) => envelope("guest", seq, { token }));
    await guest.post(guestSeat, sent);
    for (const [bytes, expected] of [[1, [1]], [25_000, [1, 2, 3]]] as const) {
      const { envelopes, upTo } = await host.read(hostSeat, { bytes });
      assertEquals(envelopes.map(({ seq }) => seq), [...expected]);
      assert(upTo === expected.length - 1 || upTo === expected.length, `${upTo}`);
    }
    assertEquals((await host.read(hostSeat, { bytes: 60_000 })).upTo, Infinity);
  });

  guarantee("read: is bounded in bytes by itself, however many are large", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const token = "x".repeat(MAX_TOKEN_CHARS);
    const sent = Array.from({ length: 24 }, (_, i) => envelope("guest", i + 1, { token }));
    for (const one of sent) await guest.post(guestSeat, [one]);
    const { envelopes, upTo } = await host.read(hostSeat);
    const size = envelopes.length * MAX_TOKEN_CHARS;
    assert(size > MAX_READ_BYTES - 2 * MAX_TOKEN_CHARS && size <= MAX_READ_BYTES, `${size}`);
    assert(upTo <= envelopes.length, `${upTo}`);
  });

  guarantee("read: returns what is wanted by its heading, and leaves the rest", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const stranger = await harness.open();
    const sent = [1, 2, 3, 4].map((seq) => envelope("guest", seq));
    const forged = Array.from({ length: 300 }, () => envelope("guest", 2));
    for (let i = 0; i < forged.length; i += 100) {
      await stranger.post(guestSeat, forged.slice(i, i + 100));
    }
    await guest.post(guestSeat, sent);
    const genuine = new Map(sent.map((one) => [one.id, one]));
    const asked: string[] = [];
    const wanted = {
      ...{ from: 2, to: 3 },
      accepts: ({ id, seq, head }: Heading) => {
        asked.push(id);
        return seq === genuine.get(id)?.seq && head.length === genuine.get(id)!.head.length;
      },
    };
    const page = await host.read(hostSeat, { wanted });
    assertEquals(page, { envelopes: sent.slice(1, 3), upTo: Infinity, malformed: 0 });
    assertEquals([asked.length, new Set(asked).size], [302, 302]);
    const [first] = (await host.read(hostSeat, { wanted, bytes: 1 })).envelopes;
    assertEquals(first, sent[1]);
    const nothing = { ...wanted, accepts: () => false };
    assertEquals((await host.read(hostSeat, { wanted: nothing })).envelopes, []);
    assertEquals(await harness.relay.count(hostSeat.room), 305);
  });

  guarantee("post: makes a batch visible in its order", async (harness) => {
    const { host, hostSeat, guest, guestSeat } = await harness.paired();
    const sent = Array.from({ length: 64 }, (_, i) => envelope("guest", i + 1));
    const posting = guest.post(guestSeat, sent);
    let posted = false;
    posting.then(() => posted = true, () => {});
    while (!posted) {
      const seen = (await host.read(hostSeat)).envelopes.map(({ seq }) => seq);
      assertEquals(seen, Array.from({ length: seen.length }, (_, i) => i + 1));
    }
    await posting;
    assertEquals((await ids(host, hostSeat)).length, 64);
  });

  guarantee(
    `read: returns the first ${MAX_BATCH} by sequence number, and the rest later`,
    async (harness) => {
      const { host, hostSeat, guest, guestSeat } = await harness.paired();
      const sent = Array.from({ length: MAX_BATCH + 4 }, (_, i) => envelope("guest", i + 1));
      await guest.post(guestSeat, sent.slice(4));
      await guest.post(guestSeat, sent.slice(0, 4));
      const first = await ids(host, hostSeat);
      assertEquals(first, sent.slice(0, MAX_BATCH).map(({ id }) => id));
      await host.remove(hostSeat, first);
      assertEquals(await ids(host, hostSeat), sent.slice(MAX_BATCH).map(({ id }) => id));
    },
  );

  guarantee("post: refuses a batch, head or token past its limit as a whole", async (harness) => {
    const { room, guest, guestSeat } = await harness.paired();
    const good = envelope("guest", 1);
    const refused = [
      Array.from({ length: MAX_BATCH + 1 }, (_, i) => envelope("guest", i + 1)),
      [good, envelope("guest", 2, { head: new Uint8Array(MAX_HEAD_BYTES + 1) })],
      [good, envelope("guest", 2, { token: "x".repeat(MAX_TOKEN_CHARS + 1) })],
    ];
    for (const batch of refused) {
      await assertRejects(() => guest.post(guestSeat, batch), RangeError);
    }
    assertEquals(await harness.relay.count(room), 1);
  });

  guarantee("read: counts a document of another shape, which hides nothing", async (harness) => {
    const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
    await harness.relay.plantMisshapen(room, hostSeat.epoch);
    await harness.relay.plantMisshapen(room, randomName(8));
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    assertEquals(await host.read(hostSeat), { envelopes: [sent], malformed: 1, upTo: Infinity });
    assertEquals(await host.read(hostSeat), { envelopes: [sent], malformed: 0, upTo: Infinity });
  });

  guarantee("remove: deletes what it names, once, in its own epoch", async (harness) => {
    const one = await harness.paired();
    const two = await harness.paired(one);
    const sent = [1, 2, 3].map((seq) => envelope("guest", seq));
    await one.guest.post(one.guestSeat, sent);
    await two.guest.post(two.guestSeat, sent);
    const gone = [sent[0]!.id, sent[2]!.id, randomName(16)];
    await one.host.remove(one.hostSeat, gone);
    await one.host.remove(one.hostSeat, gone);
    await one.host.remove(one.hostSeat, []);
    await one.host.remove({ ...one.hostSeat, epoch: randomName(8) }, [sent[1]!.id]);
    assertEquals(await ids(one.host, one.hostSeat), [sent[1]!.id]);
    assertEquals((await ids(two.host, two.hostSeat)).length, 3);
    assertEquals(await harness.relay.count(one.room), 2);
  });
}
