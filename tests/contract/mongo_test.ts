import { systemClock, systemRandom } from "../../src/clock.ts";
import { openMongoRelay } from "../../src/relay/mongodb/open.ts";
import { databaseOf } from "../../src/relay/mongodb/uri.ts";
import {
  isOwnServer,
  mongodAvailable,
  startReplicaSet,
  startStandalone,
  type TestServer,
} from "../support/mongod.ts";
import { envelope, relayContract, type RelayFixture } from "./relay_contract.ts";

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
  relayContract(name + skip, async () => relayOf(await (server ??= start())), {
    ignore: !available.ok,
  });
  Deno.test({
    name: `${name}: the server stops${skip}`,
    ...outliving,
    fn: async () => await (await server)?.stop(),
  });
}

async function relayOf(server: TestServer): Promise<RelayFixture> {
  const admin = await server.admin();
  const db = admin.db(databaseOf(server.uri));
  const rooms = db.collection<{ _id: string }>("rooms");
  const messages = db.collection<{ _id: string }>("messages");
  return {
    open: () => openMongoRelay({ uri: server.uri }, { clock: systemClock, random: systemRandom }),
    async age(room, ms) {
      const older = (path: string) => ({ $subtract: [path, ms] });
      const seat = (role: string) => ({
        $cond: [{ $eq: [`$${role}`, null] }, null, {
          token: `$${role}.token`,
          lease: older(`$${role}.lease`),
        }],
      });
      const expiresAt = older("$expiresAt");
      await rooms.updateOne({ _id: room }, [
        { $set: { expiresAt, host: seat("host"), guest: seat("guest") } },
      ]);
      await messages.updateMany({ room }, [{ $set: { expiresAt } }]);
    },
    async plantMisshapen(room, epoch) {
      const { id, from, seq, attempt, token } = envelope("guest", 1);
      const expiresAt = new Date(Date.now() + 600_000);
      const misshapen = { room, epoch, from, seq, attempt, token, head: "not bytes", expiresAt };
      await messages.insertOne({ _id: `${room}.${epoch}.${id}`, ...misshapen });
    },
    count: async (room) =>
      await rooms.countDocuments({ _id: room }) + await messages.countDocuments({ room }),
    close: () => admin.close(),
  };
}
