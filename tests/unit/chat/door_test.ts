import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { Alarms } from "../../../src/chat/alarms.ts";
import { Door, MAX_KNOCKS, MAX_UNSEATED } from "../../../src/chat/door.ts";
import type { Alarm, ChatEvent } from "../../../src/chat/events.ts";
import type { Envelope, RoomView } from "../../../src/relay/relay.ts";
import { FakeClock } from "../../support/clock.ts";

const PEER = encodeBase64Url(new Uint8Array(16).fill(1));

function setUp() {
  const clock = new FakeClock();
  const told: Alarm[] = [];
  const alarms = new Alarms({
    clock,
    emit: (event: ChatEvent) => event.event === "alarm" && told.push(event),
  });
  const removed: string[] = [];
  const calls = { looks: 0, reads: 0 };
  let seated: string | undefined;
  const door = new Door({
    clock,
    alarms,
    remove: (id) => removed.push(id),
    requestRead: () => calls.reads++,
    look: () => {
      calls.looks++;
      return Promise.resolve(view(seated));
    },
  });
  const counts = () => {
    const sums: Record<string, number> = {};
    for (const { kind, count } of told) sums[kind] = (sums[kind] ?? 0) + count;
    return sums;
  };
  return { clock, door, alarms, removed, calls, counts, seat: (token: string) => seated = token };
}

function view(token: string | undefined, sealed = true): RoomView {
  return { sealed, revision: 1, ...token && { peer: { token, leaseLeftMs: 30_000 } } };
}

function knock(id: string, said: Partial<Envelope> = {}): Envelope {
  const empty = { seq: 0, attempt: 0, head: new Uint8Array(0), token: "" };
  return { id, from: "stranger", ...empty, ...said };
}

function nonce(byte: number): Uint8Array {
  return new Uint8Array(16).fill(byte);
}

Deno.test("door: a knock is told once, stays for the other to see, and is then removed", async () => {
  const { clock, door, removed, counts } = setUp();
  door.knock(knock("a"), false);
  door.knock(knock("a"), false);
  assertEquals([counts(), removed], [{ "third-party": 1 }, []]);
  await clock.advance(5_000);
  assertEquals(removed, ["a"]);
  // A read that comes before the removal is done brings it once more.
  door.knock(knock("a"), false);
  await clock.advance(60_000);
  assertEquals([counts(), removed], [{ "third-party": 1 }, ["a", "a"]]);
});

Deno.test("door: in a crowd a knock is removed at once", () => {
  const { door, removed, alarms } = setUp();
  door.knock(knock("a"), false);
  door.knock(knock("a"), true);
  door.knock(knock("b"), true);
  assertEquals(removed, ["a", "b"]);
  door.close();
  alarms.close();
});

Deno.test("door: the number of knocks that stay has an end", () => {
  for (const knocks of [MAX_KNOCKS - 1, MAX_KNOCKS, MAX_KNOCKS + 1]) {
    const { door, removed, counts, alarms, clock } = setUp();
    for (let i = 0; i < knocks; i++) door.knock(knock(`${i}`), false);
    assertEquals(removed.length, Math.max(0, knocks - MAX_KNOCKS));
    door.close();
    alarms.close();
    assertEquals(counts(), { "third-party": knocks });
    assertEquals(clock.pending, 0);
  }
});

Deno.test("door: a knock that says anything was not left by a relay", () => {
  const { door, removed, counts, alarms } = setUp();
  door.knock(knock("a", { seq: 1 }), false);
  door.knock(knock("b", { head: new Uint8Array(1) }), false);
  door.knock(knock("c", { token: "x" }), false);
  door.knock(knock("c", { token: "x" }), false);
  alarms.close();
  assertEquals([counts(), removed], [{ forged: 3 }, ["a", "b", "c", "c"]]);
});

Deno.test("door: only who holds the seat is seated, asked of the relay once for a whole page", async () => {
  const { door, calls, seat } = setUp();
  seat(encodeBase64Url(nonce(9)));
  door.opens();
  for (let i = 0; i < 8; i++) assertEquals(await door.isSeated(nonce(i)), false);
  assertEquals(await door.isSeated(nonce(9)), true);
  assertEquals(calls.looks, 1);
});

Deno.test("door: who comes soon after is judged when the relay may be asked again", async () => {
  const { clock, door, calls, seat } = setUp();
  door.opens();
  assertEquals(await door.isSeated(nonce(1)), false);
  seat(encodeBase64Url(nonce(2)));
  door.opens();
  assertEquals(await door.isSeated(nonce(2)), undefined);
  assertEquals(await door.isSeated(nonce(3)), undefined);
  assertEquals(calls, { looks: 1, reads: 0 });
  await clock.advance(250);
  assertEquals(calls, { looks: 1, reads: 1 });
  door.opens();
  assertEquals(await door.isSeated(nonce(2)), true);
  assertEquals(await door.isSeated(nonce(3)), false);
  assertEquals(calls.looks, 2);
});

Deno.test("door: the echoes remembered have an end", () => {
  const { door } = setUp();
  for (let i = 0; i < 10_000; i++) door.remember(`${i}`);
  assert(door.size <= 256);
  assert(door.isEcho("9999") && !door.isEcho("0"));
});

Deno.test("door: a few who come and go alarm nobody; more than that do", () => {
  const { door, counts, alarms } = setUp();
  for (let i = 0; i < MAX_UNSEATED; i++) door.turnAway();
  assertEquals(counts(), {});
  door.turnAway();
  assertEquals(counts(), { "third-party": 1 });
  alarms.close();
});

Deno.test("door: a room as the two left it alarms nobody, and a broken seal does, once", () => {
  const { door, counts } = setUp();
  assertEquals(door.check(view(PEER), PEER), true);
  assertEquals(door.check(view(undefined), PEER), false);
  assertEquals(counts(), {});
  door.check(view(PEER, false), PEER);
  door.check(view(PEER, false), PEER);
  assertEquals(counts(), { rollback: 1 });
});

Deno.test("door: a rollback that was told by the count is not told again by the seal", () => {
  const { door, counts } = setUp();
  door.rolledBack();
  door.check(view(PEER, false), PEER);
  assertEquals(counts(), { rollback: 1 });
});

Deno.test("door: somebody else in the peer's seat is told, once for each", () => {
  const { door, counts, alarms } = setUp();
  assertEquals(door.check(view("B".repeat(22)), PEER), false);
  assertEquals(door.check(view("B".repeat(22)), PEER), false);
  door.check(view("C".repeat(22)), PEER);
  alarms.close();
  assertEquals(counts(), { "third-party": 2 });
});
