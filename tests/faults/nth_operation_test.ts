/**
 * A real relay that fails at the Nth operation of one person, for every N up to one that is never
 * reached: once, or from then on for good; before it has done what was asked, or after.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../src/clock.ts";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { roomOfNameplate } from "../../src/protocol/wire.ts";
import type { Relay, RoomId } from "../../src/relay/relay.ts";
import { openMongoRelay } from "../../src/relay/mongodb/mongodb_relay.ts";
import { openSqliteRelay } from "../../src/relay/sqlite/sqlite_relay.ts";
import { intercept } from "../scenario/hostile.ts";
import { DATABASE, startReplicaSet } from "../support/mongod.ts";
import { ignore, skip } from "./mongo_harness.ts";
import { allRead, assertNothingLeft, assertNothingLost, Person } from "./harness.ts";

const deps = { clock: systemClock, random: systemRandom };

/** tests/scenario/faults_test.ts has the same matrix under a fake clock in every run. */
const isSoak = Deno.env.get("SOAK") === "1";
const notSoak = isSoak ? "" : " (skipped: SOAK=1 runs it)";

/** More than either needs from entering to having left. */
const MOST = 24;

/** One relay for everybody. */
interface RelayFixture {
  open(): Promise<Relay>;
  /** Documents of a room. */
  count(room: RoomId): Promise<number>;
}

/** How one operation fails. */
interface Fault {
  readonly name: string;
  readonly when: "before" | "after";
  readonly forGood: boolean;
}

const FAULTS: readonly Fault[] = [
  { name: "not done", when: "before", forGood: false },
  { name: "done, and the answer lost", when: "after", forGood: false },
  { name: "not done, nor any after it", when: "before", forGood: true },
  { name: "done, and every answer lost from then on", when: "after", forGood: true },
];

function outage(): RelayUnavailable {
  return new RelayUnavailable(new Failure("relay-timeout", { seconds: 9 }));
}

/** A relay whose `nth` operation fails. */
function failing(relay: Relay, nth: number, { when, forGood }: Fault) {
  const state = { operations: 0, isReached: false };
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const spoilt = intercept(async (operation, _, proceed) => {
    if (operation === "watch") return proceed();
    const number = ++state.operations;
    const fails = forGood ? number >= nth : number === nth;
    if (!fails) return await proceed();
    state.isReached = true;
    resolve();
    if (when === "after") await proceed();
    throw outage();
  }, relay);
  return { relay: spoilt, state, reached };
}

/** Two people, one of whom meets the fault; true if it was reached. */
async function meetOnce(
  fixture: RelayFixture,
  nth: number,
  fault: Fault,
  victim: "host" | "guest",
): Promise<boolean> {
  const { relay, state, reached } = failing(await fixture.open(), nth, fault);
  const other = await fixture.open();
  const host = new Person({
    name: "Alice",
    entry: { mode: "new" },
    relay: victim === "host" ? relay : other,
  });
  // A room that cannot be made is waited for until the person has enough of it.
  const isGivenUp = () => fault.forGood && state.isReached;
  const until = (what: string, one: Person, condition: () => boolean) => {
    void reached.then(() => one.look());
    return one.until(what, () => condition() || isGivenUp());
  };
  await until("the invite", host, () => host.told("invite").length > 0);
  const [invite] = host.told("invite");
  if (!invite) {
    const status = await host.leave("interrupted");
    assertEquals(status, 130, "interrupted before a chat began");
    await other.close();
    return true;
  }
  const code = parseCode(invite.code);
  const guest = new Person({
    name: "Bob",
    entry: { mode: "join", code },
    relay: victim === "guest" ? relay : other,
  });
  const pair = { host, guest, room: roomOfNameplate(code.nameplate) };
  const both = [host, guest];
  const spoilt = victim === "host" ? host : guest;
  for (const one of both) {
    await until("the other", one, () => one.told("ready").length > 0);
  }
  if (!isGivenUp()) {
    host.say(3);
    guest.say(3);
    for (const one of both) await until("receipts", one, () => one.isRead);
  }
  if (!fault.forGood) {
    await allRead(pair);
    assertNothingLost(pair);
    await assertNothingLeft(pair, fixture.count);
    return state.isReached;
  }
  // However it ends, it ends, and says so; nothing was shown twice or out of order.
  const statuses = await Promise.all(both.map((one) => one.leave("interrupted")));
  assert([0, 8, 130].includes(statuses[both.indexOf(spoilt)]!), `${statuses}`);
  if (statuses.includes(8)) {
    assertEquals(spoilt.told("error").at(-1)?.failure.code, "relay-lost");
    assert(spoilt.told("waiting").some((one) => one.for === "goodbye"), "it was not told");
    assertEquals(spoilt.told("relay").at(-1)?.state, "down");
  }
  for (const [one, reader] of [[host, guest], [guest, host]] as const) {
    assertEquals(reader.shown, [...one.said.values()].slice(0, reader.shown.length));
    assertEquals(one.told("alarm"), []);
  }
  return state.isReached;
}

/** All N of both sides and all kinds, some at the same time: each waits most of the time. */
async function every(
  relay: RelayFixture,
  test: Deno.TestContext,
  { faults, atOnce }: { faults: readonly Fault[]; atOnce: number },
): Promise<void> {
  for (const fault of faults) {
    await test.step(fault.name, async () => {
      for (const victim of ["host", "guest"] as const) {
        const reached: boolean[] = [];
        for (let n = 0; n < MOST; n += atOnce) {
          const numbers = Array.from({ length: atOnce }, (_, i) => n + i + 1);
          reached.push(
            ...await Promise.all(numbers.map((nth) => meetOnce(relay, nth, fault, victim))),
          );
        }
        assert(reached.filter(Boolean).length >= 8, `${reached}`);
        assertEquals(reached.at(-1), false, `${MOST} operations are not enough`);
      }
    });
  }
}

Deno.test({
  name: `nth operation: survives each failing operation on this computer${notSoak}`,
  ignore: !isSoak,
  async fn(test) {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    const path = `${folder}/chat.db`;
    const keeper = await openSqliteRelay({ ...deps, path });
    try {
      const { DatabaseSync } = await import("node:sqlite");
      await every(
        {
          open: () => openSqliteRelay({ ...deps, path }),
          count(room) {
            const db = new DatabaseSync(path, { readOnly: true });
            const { n } = db.prepare(
              `SELECT (SELECT count(*) FROM rooms WHERE room = ?) +
             (SELECT count(*) FROM envelopes WHERE room = ?) AS n`,
            ).get(room, room) as { n: number };
            db.close();
            return Promise.resolve(n);
          },
        },
        test,
        { faults: FAULTS.filter(({ forGood }) => !forGood), atOnce: 12 },
      );
    } finally {
      await keeper.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `nth operation: mongodb${skip || notSoak}`,
  ignore: ignore || !isSoak,
  async fn(test) {
    const server = await startReplicaSet({ count: 1 });
    const admin = await server.admin();
    const db = admin.db(DATABASE);
    try {
      await every(
        {
          open: () => openMongoRelay({ uri: server.uri }, deps),
          count: async (room) =>
            await db.collection<{ _id: string }>("rooms").countDocuments({ _id: room }) +
            await db.collection("messages").countDocuments({ room }),
        },
        test,
        { faults: FAULTS, atOnce: MOST },
      );
    } finally {
      await admin.close();
      await server.stop();
    }
  },
});
