/**
 * What a person can see of the documents. Part of the contract in `relay_contract.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { MAX_INSPECTED } from "../../src/relay/stored.ts";
import { meaningOf } from "../../src/ui/messages/relay_documents.ts";
import { envelope, type Guarantee } from "./harness.ts";

/** Registers these guarantees. */
export function inspecting(guarantee: Guarantee): void {
  guarantee(
    "inspect: shows every field that is stored, of both sides, and each has its sentence",
    async (harness) => {
      const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
      await host.post(hostSeat, [envelope("host", 1, { token: "t".repeat(5_000) })]);
      await guest.post(guestSeat, [envelope("guest", 1)]);
      for (const [client, seat] of [[host, hostSeat], [guest, guestSeat]] as const) {
        const { documents, more } = await client.inspect(seat);
        assertEquals(more, 0);
        assertEquals(documents.map(({ kind, from }) => from ?? kind).toSorted(), [
          "guest",
          "host",
          "room",
        ]);
        const long = documents.find(({ from }) => from === "host")!.fields;
        const token = long.find(({ name }) => name === "token")!;
        assertEquals([token.value, token.bytes], [`${"t".repeat(24)}…`, 5_000]);
        const stored = await harness.relay.fields?.(room);
        if (!stored) continue;
        for (const { kind, fields } of documents) {
          const names = fields.map(({ name }) => name);
          assertEquals(names.toSorted(), stored[kind].toSorted());
          for (const name of names) {
            assert(meaningOf(kind, name) !== "not written by Whisper", `${kind} ${name}`);
          }
        }
      }
    },
  );

  guarantee("inspect: shows so many messages and counts the others", async (harness) => {
    const { host, hostSeat } = await harness.paired();
    const count = MAX_INSPECTED + 3;
    await host.post(hostSeat, Array.from({ length: count }, (_, i) => envelope("host", i + 1)));
    const { documents, more } = await host.inspect(hostSeat);
    assertEquals([documents.length, more], [1 + MAX_INSPECTED, 3]);
  });

  guarantee("inspect: shows a document of another shape and changes nothing", async (harness) => {
    const { room, host, hostSeat } = await harness.paired();
    await harness.relay.plantMisshapen(room, hostSeat.epoch);
    assertEquals((await host.inspect(hostSeat)).documents.length, 2);
    assertEquals((await host.read(hostSeat)).malformed, 1);
    assertEquals((await host.inspect(hostSeat)).documents.length, 1);
  });
}
