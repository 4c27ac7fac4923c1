import {
  isOwnServer,
  mongodAvailable,
  startReplicaSet,
  startStandalone,
  type TestServer,
} from "../support/mongod.ts";
import { assertEquals } from "@std/assert";
import { Harness } from "./harness.ts";
import { mongoFixture } from "./fixtures.ts";
import { relayContract } from "./relay_contract.ts";

const available = await mongodAvailable();
const skip = available.ok ? "" : ` (skipped: ${available.why})`;
const KINDS: readonly [name: string, start: () => Promise<TestServer>][] = isOwnServer
  ? [["mongodb, a server of one's own", () => startReplicaSet({ count: 1 })]]
  : [
    ["mongodb, one node", () => startReplicaSet({ count: 1 })],
    ["mongodb, three nodes", () => startReplicaSet({ count: 3 })],
    ["mongodb, standalone", () => startStandalone()],
  ];
for (const [name, start] of KINDS) {
  let server: Promise<TestServer> | undefined;
  // The servers outlive the tests between these two; nothing else may.
  const outliving = { ignore: !available.ok, sanitizeOps: false, sanitizeResources: false };
  Deno.test({
    name: `${name}: the server starts${skip}`,
    ...outliving,
    fn: async () => void await (server = start()),
  });
  relayContract(name + skip, async () => mongoFixture(await (server ??= start())), {
    ignore: !available.ok,
  });
  Deno.test({
    name: `${name}: claim: does nothing when it arrives after its guest has left${skip}`,
    ignore: !available.ok,
    async fn() {
      const harness = new Harness(await mongoFixture(await (server ??= start())));
      try {
        const { room, host, hostSeat, guest, guestSeat } = await harness.paired();
        await guest.leave(guestSeat);
        assertEquals(await guest.claim(room, guestSeat.token), { refused: "absent" });
        assertEquals((await host.renew(hostSeat))?.peer, undefined);
      } finally {
        await harness.close();
      }
    },
  });
  Deno.test({
    name: `${name}: the server stops${skip}`,
    ...outliving,
    fn: async () => await (await server)?.stop(),
  });
}
