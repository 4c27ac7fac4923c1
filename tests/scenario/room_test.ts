/**
 * A relay that meddles with the room itself: with the seats, the seal, the clock and the count.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { AlarmKind } from "../../src/chat/events.ts";
import type { RoomDocument } from "../../tests/support/memory_relay.ts";
import { assertAllHeard, assertCalm, Harness, QUIET_MS } from "./harness.ts";
import { intercept, type Interceptor } from "./hostile.ts";

/** What becomes of the two when one field of their room is changed. */
interface Outcome {
  readonly alice?: readonly AlarmKind[];
  readonly bob?: readonly AlarmKind[];
  /** Who loses the seat. */
  readonly evicted?: readonly ("alice" | "bob")[];
}

const FIELDS: [name: string, alter: (room: RoomDocument) => void, Outcome][] = [
  ["sealed", (room) => room.sealed = false, { alice: ["rollback"], bob: ["rollback"] }],
  ["burnt", (room) => room.burnt = true, {}],
  ["revision, raised", (room) => room.revision += 100, {}],
  ["revision, lowered", (room) => room.revision--, { alice: ["rollback"], bob: ["rollback"] }],
  ["lingerMs, raised", (room) => room.lingerMs *= 1_000, {}],
  ["lingerMs, lowered", (room) => room.lingerMs = 1, { evicted: ["alice", "bob"] }],
  ["expiresAt", (room) => room.expiresAt = 0, { evicted: ["alice", "bob"] }],
  ["epoch", (room) => room.epoch = "AAAAAAAAAAA", { evicted: ["alice", "bob"] }],
  [
    "the host's token",
    (room) => room.host!.token = "A".repeat(22),
    { evicted: ["alice"], bob: ["third-party"] },
  ],
  [
    "the guest's token",
    (room) => room.guest!.token = "A".repeat(22),
    { evicted: ["bob"], alice: ["third-party"] },
  ],
  ["the host, removed", (room) => room.host = undefined, { evicted: ["alice"] }],
  ["the guest, removed", (room) => room.guest = undefined, { evicted: ["bob"] }],
  ["the host's lease", (room) => room.host!.leaseUntil = 0, {}],
  ["the guest's lease", (room) => room.guest!.leaseUntil = 1e12, {}],
];

for (const [name, alter, { alice: hers = [], bob: his = [], evicted = [] }] of FIELDS) {
  Deno.test(`room: ${name}`, async () => {
    const harness = new Harness();
    const { alice, bob } = await harness.pair();
    // Both have looked at the room as it should be.
    await harness.advance(QUIET_MS);
    alter(harness.room);
    await harness.advance(60_000);
    assertEquals(alice.all("alarm").map(({ kind }) => kind), hers);
    assertEquals(bob.all("alarm").map(({ kind }) => kind), his);
    const gone = { alice: alice.status, bob: bob.status };
    assertEquals(gone.alice, evicted.includes("alice") ? 7 : undefined);
    assertEquals(gone.bob, evicted.includes("bob") ? 7 : undefined);
    if (evicted.length === 0) {
      alice.say("nothing happened");
      bob.say("not to us");
      await harness.advance(1_000);
      assertAllHeard(alice, bob);
      await harness.end();
    }
    for (const person of harness.people) if (person.status === undefined) void person.chat.leave();
    await harness.until(() => harness.people.every(({ status }) => status !== undefined));
  });
}

Deno.test("room: evicts both and says so when the room is deleted", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  harness.relay.documents.rooms.clear();
  await harness.until(() => alice.status !== undefined && bob.status !== undefined);
  assertEquals([alice.failure?.code, bob.failure?.code], ["evicted", "evicted"]);
});

Deno.test("room: deletes what an evicted person has posted, and tells what was not delivered", async () => {
  const harness = new Harness();
  // Bob reads and removes nothing.
  const interceptor: Interceptor = (name, _, proceed) =>
    name === "remove" ? Promise.resolve() : proceed();
  const { alice, bob } = await harness.pair({
    guest: { through: (relay) => intercept(interceptor, relay) },
  });
  bob.isLooking = false;
  alice.say("one", "two");
  await harness.advance(1_000);
  const posted = () =>
    [...harness.relay.documents.envelopes.values()].filter(({ envelope }) =>
      envelope.from === "host"
    );
  assert(posted().length > 0);
  harness.room.host!.token = "M".repeat(22);
  await harness.until(() => alice.status !== undefined);
  assertEquals([alice.status, alice.failure?.code], [7, "evicted"]);
  assertEquals(alice.all("session-ended").map(({ undelivered }) => undelivered), [["1", "2"]]);
  assertEquals(alice.all("closed"), [{
    event: "closed",
    remaining: null,
    reason: "evicted",
    undelivered: 2,
  }]);
  assertEquals(posted(), []);
});

Deno.test("room: counts a guess when the relay changed the host's token", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  const bob = harness.join(alice.code!, {
    through: (relay) =>
      intercept(async (name, _, proceed) => {
        const answer = await proceed();
        return name === "claim" ? { ...answer as object, hostToken: "A".repeat(22) } : answer;
      }, relay),
  });
  await harness.until(() => bob.status !== undefined);
  assertEquals([bob.status, alice.isReady, bob.isReady], [5, false, false]);
  assertEquals(alice.alarms, { guess: 1 });
  await harness.end();
});

Deno.test("room: refuses a host's token of another shape", async () => {
  for (const hostToken of ["", "A", "!".repeat(22), "A".repeat(23), "B".repeat(22)]) {
    const harness = new Harness();
    const alice = await harness.host();
    const bob = harness.join(alice.code!, {
      through: (relay) =>
        intercept(async (name, _, proceed) => {
          const answer = await proceed();
          return name === "claim" ? { ...answer as object, hostToken } : answer;
        }, relay),
    });
    await harness.until(() => bob.status !== undefined);
    assertEquals([bob.status, bob.failure?.code], [9, "protocol"], hostToken);
    void alice.chat.leave();
    await harness.until(() => alice.status !== undefined);
  }
});

Deno.test("room: reports thousands of knocks together and removes them", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  // Receipts that lie there would make the first pages of the two differ.
  await harness.advance(10_000);
  const knocks = 3_000;
  const timers = harness.clock.pending;
  for (let i = 0; i < knocks; i++) {
    const id = String(i).padStart(22, "K");
    const empty = { seq: 0, attempt: 0, head: new Uint8Array(0), token: "" };
    harness.plant({ id, from: "stranger", ...empty });
  }
  await harness.settle();
  // Both keep at most 64 for the other to see.
  assert(harness.clock.pending <= timers + 2 * 64 + 4, `${harness.clock.pending} timers`);
  await harness.advance(QUIET_MS);
  for (const person of [alice, bob]) {
    assertEquals(Object.keys(person.alarms), ["third-party"]);
    assert(person.all("alarm").length <= 3);
    assertEquals(person.all("alarm").reduce((sum, { count }) => sum + count, 0), knocks);
  }
  alice.say("some crowd");
  await harness.until(() => bob.heard.length === 1);
  await harness.end();
});

Deno.test("room: ignores a knock that carries data", async () => {
  const harness = new Harness();
  const { bob } = await harness.pair();
  const empty = { seq: 0, attempt: 0, head: new Uint8Array(0), token: "" };
  for (const said of [{ seq: 3 }, { head: new Uint8Array(1) }, { token: "psst" }]) {
    const alarms = await bob.alarmsDuring(async () => {
      const id = `${Object.keys(said)[0]}`.padStart(22, "K");
      harness.plant({ id, from: "stranger", ...empty, ...said });
      await harness.advance(QUIET_MS);
    });
    assertEquals(alarms.map(({ kind, count }) => [kind, count]), [["forged", 1]]);
  }
  await harness.end();
});

Deno.test("room: reports one knock once to each, however often it is seen", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const carol = harness.join(alice.code!, { name: "Carol" });
  await harness.until(() => carol.status !== undefined);
  await harness.advance(60_000);
  assertEquals([alice.alarms, bob.alarms], [{ "third-party": 1 }, { "third-party": 1 }]);
  assertCalm(carol);
  assertEquals(harness.relay.documents.envelopes.size, 0);
  await harness.end();
});
