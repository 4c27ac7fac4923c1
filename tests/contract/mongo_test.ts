import type { Db } from "mongodb";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { openMongoMailbox } from "../../src/store/mongo/open.ts";
import {
  DATABASE,
  mongodAvailable,
  startReplicaSet,
  startStandalone,
  type TestServer,
} from "../support/mongod.ts";
import { envelope, mailboxContract, randomName, type Relay } from "./mailbox_contract.ts";

const available = await mongodAvailable();
const skip = available.ok ? "" : ` (skipped: ${available.why})`;
const KINDS: [string, () => Promise<TestServer>, boolean][] = [
  ["mongodb, one node", () => startReplicaSet({ count: 1 }), false],
  ["mongodb, three nodes", () => startReplicaSet({ count: 3 }), false],
  ["mongodb, standalone", () => startStandalone(), true],
];
const only = Deno.env.get("ONLY");
for (const [name, start] of KINDS) {
  if (only && !name.includes(only)) continue;
  let server: Promise<TestServer> | undefined;
  mailboxContract(name + skip, async () => relayOf(await (server ??= start())), {
    ignore: !available.ok,
    sanitizeOps: false,
    sanitizeResources: false,
  });
  Deno.test({
    name: `${name}: the server stops${skip}`,
    ignore: !available.ok,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => void await (await server)?.stop(),
  });
}

function relayOf(server: TestServer): Relay {
  const db = server.root.db(DATABASE);
  return {
    open: () => openMongoMailbox({ uri: server.uri }, { clock: systemClock, random: systemRandom }),
    async age(room, ms) {
      const older = (path: string) => ({ $subtract: [path, ms] });
      const seat = (role: string) => ({
        $cond: [{ $eq: [`$${role}`, null] }, null, {
          token: `$${role}.token`,
          lease: older(`$${role}.lease`),
        }],
      });
      const expiresAt = older("$expiresAt");
      await db.collection("rooms").updateOne({ _id: room as never }, [
        { $set: { expiresAt, host: seat("host"), guest: seat("guest") } },
      ]);
      await db.collection("messages").updateMany({ room }, [{ $set: { expiresAt } }]);
    },
    plantMisshapen: (room, epoch) => plant(db, room, epoch),
    count: async (room) =>
      await db.collection("rooms").countDocuments({ _id: room as never }) +
      await db.collection("messages").countDocuments({ room }),
    close: () => Promise.resolve(),
  };
}

async function plant(db: Db, room: string, epoch: string): Promise<void> {
  const { id, from, seq, attempt, token } = envelope("guest", 1);
  await db.collection("messages").insertOne({
    _id: `${room}.${epoch}.${id}` as never,
    ...{ room, epoch, from, seq, attempt, token },
    head: "not bytes",
    expiresAt: new Date(Date.now() + 600_000),
  });
}
