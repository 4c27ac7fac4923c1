/**
 * The indexes that remove what has expired, against someone who drops them.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Clock, systemClock, systemRandom } from "../../src/clock.ts";
import { Failure } from "../../src/errors.ts";
import { EXPIRY, READING } from "../../src/relay/mongodb/collections.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import { DATABASE, ownServersOrSkip, startReplicaSet, startStandalone } from "../support/mongod.ts";
import { randomName } from "./relay_contract.ts";

const { ignore, skip } = await ownServersOrSkip();

Deno.test({
  name: `MongoRelay.renew: makes a dropped expiry index again while a room is held${skip}`,
  ignore,
  async fn() {
    const server = await startStandalone();
    const admin = await server.admin();
    let aheadMs = 0;
    const clock: Clock = {
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic() + aheadMs,
      after: (ms, action) => systemClock.after(ms, action),
    };
    const relay = await openMongoRelay({ uri: server.uri }, { clock, random: systemRandom });
    try {
      const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 600_000 };
      const made = await relay.create(randomName(16), wish);
      assert("seat" in made);
      const db = admin.db(DATABASE);
      const expiries = async () => {
        const found = await Promise.all(
          ["rooms", "messages"].map((name) => db.collection(name).indexExists("expiry")),
        );
        return found.filter((exists) => exists).length;
      };
      assertEquals(await expiries(), 2);
      for (const name of ["rooms", "messages"]) await db.collection(name).dropIndex("expiry");
      aheadMs = 61_000;
      assert(await relay.renew(made.seat));
      for (let waits = 0; waits < 100 && await expiries() < 2; waits++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assertEquals(await expiries(), 2);
    } finally {
      await relay.close();
      await admin.close();
      await server.stop();
    }
  },
});

Deno.test({
  name: `MongoRelay.create: takes the room down where its expiry cannot be made sure of${skip}`,
  ignore,
  async fn() {
    const server = await startReplicaSet({ count: 1 });
    const admin = await server.admin();
    const db = admin.db(DATABASE);
    const found = () => db.collection("rooms").countDocuments();
    const actions = ["find", "insert", "update", "remove", "createCollection", "listIndexes"];
    const resource = { db: DATABASE, collection: "" };
    await admin.db("admin").command({
      createRole: "noIndexes",
      privileges: [{ resource, actions }],
      roles: [],
    });
    await admin.db("admin").command({ createUser: "less", pwd: "less", roles: ["noIndexes"] });
    const uri = server.uri.replace(/\/\/[^@]*@/, "//less:less@");
    const open = () => openMongoRelay({ uri }, { clock: systemClock, random: systemRandom });
    const wish = { token: randomName(16), epoch: randomName(8), lingerMs: 600_000 };
    const relay = await open();
    try {
      const failure = await assertRejects(() => relay.create(randomName(16), wish), Failure);
      assertEquals([failure.reason, await found()], ["not-authorized", 0]);
      // Where the indexes exist, nobody has to create them.
      await db.collection("rooms").createIndexes([EXPIRY]);
      await db.collection("messages").createIndexes([EXPIRY, READING]);
      const other = await open();
      assert("seat" in await other.create(randomName(16), wish));
      await other.close();
      assertEquals(await found(), 1);
    } finally {
      await relay.close();
      await admin.close();
      await server.stop();
    }
  },
});
