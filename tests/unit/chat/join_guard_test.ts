import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url } from "../../../src/base64url.ts";
import { Alarms } from "../../../src/chat/alarms.ts";
import {
  JoinGuard,
  MAX_ABANDONED,
  MAX_KNOCKS,
  MAX_UNSEATED,
} from "../../../src/chat/join_guard.ts";
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
  const guard = new JoinGuard({
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
  return { clock, guard, alarms, removed, calls, counts, seat: (token: string) => seated = token };
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

Deno.test("JoinGuard.onKnock: reports a knock once, and removes it when the other seat has seen it", async () => {
  const { clock, guard, removed, counts } = setUp();
  guard.onKnock(knock("a"), false);
  guard.onKnock(knock("a"), false);
  assertEquals([counts(), removed], [{ "third-party": 1 }, []]);
  await clock.advance(5_000);
  assertEquals(removed, ["a"]);
  // A read before the removal is done brings it again.
  guard.onKnock(knock("a"), false);
  await clock.advance(60_000);
  assertEquals([counts(), removed], [{ "third-party": 1 }, ["a", "a"]]);
});

Deno.test("JoinGuard.onKnock: removes a knock at once when the room is crowded", () => {
  const { guard, removed, alarms } = setUp();
  guard.onKnock(knock("a"), false);
  guard.onKnock(knock("a"), true);
  guard.onKnock(knock("b"), true);
  assertEquals(removed, ["a", "b"]);
  guard.close();
  alarms.close();
});

Deno.test("JoinGuard.onKnock: lets a bounded number of knocks stay", () => {
  for (const knocks of [MAX_KNOCKS - 1, MAX_KNOCKS, MAX_KNOCKS + 1]) {
    const { guard, removed, counts, alarms, clock } = setUp();
    for (let i = 0; i < knocks; i++) guard.onKnock(knock(`${i}`), false);
    assertEquals(removed.length, Math.max(0, knocks - MAX_KNOCKS));
    guard.close();
    alarms.close();
    assertEquals(counts(), { "third-party": knocks });
    assertEquals(clock.pending, 0);
  }
});

Deno.test("JoinGuard.onKnock: reports a knock with content as forged", () => {
  const { guard, removed, counts, alarms } = setUp();
  guard.onKnock(knock("a", { seq: 1 }), false);
  guard.onKnock(knock("b", { head: new Uint8Array(1) }), false);
  guard.onKnock(knock("c", { token: "x" }), false);
  guard.onKnock(knock("c", { token: "x" }), false);
  alarms.close();
  assertEquals([counts(), removed], [{ forged: 3 }, ["a", "b", "c", "c"]]);
});

Deno.test("JoinGuard.isSeated: asks the relay once for a whole page", async () => {
  const { guard, calls, seat } = setUp();
  seat(encodeBase64Url(nonce(9)));
  guard.beginBatch();
  for (let i = 0; i < 8; i++) assertEquals(await guard.isSeated(nonce(i)), false);
  assertEquals(await guard.isSeated(nonce(9)), true);
  assertEquals(calls.looks, 1);
});

Deno.test("JoinGuard.isSeated: defers the answer until the relay may be asked again", async () => {
  const { clock, guard, calls, seat } = setUp();
  guard.beginBatch();
  assertEquals(await guard.isSeated(nonce(1)), false);
  seat(encodeBase64Url(nonce(2)));
  guard.beginBatch();
  assertEquals(await guard.isSeated(nonce(2)), undefined);
  assertEquals(await guard.isSeated(nonce(3)), undefined);
  assertEquals(calls, { looks: 1, reads: 0 });
  await clock.advance(250);
  assertEquals(calls, { looks: 1, reads: 1 });
  guard.beginBatch();
  assertEquals(await guard.isSeated(nonce(2)), true);
  assertEquals(await guard.isSeated(nonce(3)), false);
  assertEquals(calls.looks, 2);
});

Deno.test("JoinGuard.remember: is bounded", () => {
  const { guard } = setUp();
  for (let i = 0; i < 10_000; i++) guard.remember(`${i}`);
  assert(guard.size <= 256);
  assert(guard.isDuplicate("9999") && !guard.isDuplicate("0"));
});

Deno.test("JoinGuard.rejectUnseated: raises an alarm after a few", () => {
  const { guard, counts, alarms } = setUp();
  for (let i = 0; i < MAX_UNSEATED; i++) guard.rejectUnseated();
  assertEquals(counts(), {});
  guard.rejectUnseated();
  assertEquals(counts(), { "third-party": 1 });
  alarms.close();
});

Deno.test("JoinGuard.checkSeats: reports a broken seal once", () => {
  const { guard, counts } = setUp();
  assertEquals(guard.checkSeats(view(PEER), PEER), true);
  assertEquals(guard.checkSeats(view(undefined), PEER), false);
  assertEquals(counts(), {});
  guard.checkSeats(view(PEER, false), PEER);
  guard.checkSeats(view(PEER, false), PEER);
  assertEquals(counts(), { rollback: 1 });
});

Deno.test("JoinGuard.checkSeats: does not report a rollback that the count has reported", () => {
  const { guard, counts } = setUp();
  guard.onRollback();
  guard.checkSeats(view(PEER, false), PEER);
  assertEquals(counts(), { rollback: 1 });
});

Deno.test("JoinGuard.checkSeats: reports each stranger in the peer's seat once", () => {
  const { guard, counts, alarms } = setUp();
  assertEquals(guard.checkSeats(view("B".repeat(22)), PEER), false);
  assertEquals(guard.checkSeats(view("B".repeat(22)), PEER), false);
  guard.checkSeats(view("C".repeat(22)), PEER);
  alarms.close();
  assertEquals(counts(), { "third-party": 2 });
});

Deno.test("JoinGuard.onAbandoned: raises an alarm of its own when the seat changes hands again and again", () => {
  const { guard, counts, alarms } = setUp();
  for (let i = 0; i < MAX_ABANDONED; i++) guard.onAbandoned();
  assertEquals(counts(), {});
  guard.onAbandoned();
  assertEquals(counts(), { crowded: 1 });
  alarms.close();
});
