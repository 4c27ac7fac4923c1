/**
 * Leaving, at every step: it ends in bounded time, the peer is told, and nothing is left.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { CloseReason } from "../../src/chat/events.ts";
import { assertCalm, Harness, type JoinOptions, type Person } from "./harness.ts";
import { intercept, type Interceptor } from "./hostile.ts";

/** Two come, and `who` leaves while asking the relay for the `nth` time. */
async function leaveAt(
  nth: number,
  who: "alice" | "bob",
  reason: CloseReason,
): Promise<{ harness: Harness; alice: Person; bob: Person; reached: boolean }> {
  const harness = new Harness({ seed: nth });
  let count = 0;
  const interceptor: Interceptor = (_, __, proceed) => {
    const leave = () => harness.people[who === "alice" ? 0 : 1]!.chat.leave(reason);
    if (++count === nth) queueMicrotask(() => void leave());
    return proceed();
  };
  const through = (name: string): JoinOptions =>
    name === who ? { through: (relay) => intercept(interceptor, relay) } : {};
  const alice = harness.enter({ mode: "new" }, { name: "Alice", ...through("alice") });
  alice.say("early");
  await harness.settle();
  const bob = harness.join(alice.code ?? "1234-abandon-ability-able", through("bob"));
  bob.say("early, too");
  await harness.advance(1_000);
  return { harness, alice, bob, reached: count >= nth };
}

for (const who of ["alice", "bob"] as const) {
  for (const reason of ["exit", "interrupted"] as const) {
    Deno.test(`leave: ends in bounded time for ${who} by ${reason} at each operation of joining`, async () => {
      for (let nth = 1;; nth++) {
        const { harness, alice, bob, reached } = await leaveAt(nth, who, reason);
        if (!reached) break;
        const leaver = who === "alice" ? alice : bob;
        await harness.until(() => leaver.status !== undefined, 11_000);
        // The peer waits until it has seen that, and then leaves, too.
        await harness.advance(60_000);
        for (const person of harness.people) {
          if (person.status === undefined) void person.chat.leave();
          await harness.until(() => person.status !== undefined, 11_000);
        }
        assertCalm(...harness.people);
        assertEquals(harness.remaining, 0, `at operation ${nth}`);
        assertEquals(harness.clock.pending, 0, `at operation ${nth}`);
        // Each text was read, or its sender was told that it was not.
        for (const [from, to] of [[alice, bob], [bob, alice]]) {
          const isRead = to!.heard.includes(from!.said[0]!);
          const isTold = from!.all("queue-dropped").length > 0 ||
            from!.all("delivered").length === 0;
          assert(isRead || isTold, `at operation ${nth}`);
        }
      }
    });
  }
}

Deno.test("leave: deletes everything when both leave at the same moment", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const harness = new Harness({ seed });
    const { alice, bob } = await harness.pair();
    alice.say("bye");
    bob.say("bye bye");
    void alice.chat.leave();
    void bob.chat.leave();
    await harness.until(() => alice.status !== undefined && bob.status !== undefined);
    assertEquals([alice.status, bob.status], [0, 0]);
    // Which of them is the first out is anybody's guess. What comes too late for it is told as unseen.
    for (const [from, to] of [[alice, bob], [bob, alice]] as const) {
      const unseen = from.presence?.peer === "left" ? from.presence.unseen : 0;
      if (unseen === 0) assertEquals(to.heard, from.said, `seed ${seed}`);
    }
    assert([alice, bob].some((person) => person.all("closed")[0]!.remaining === 0));
    assertCalm(alice, bob);
    await harness.end();
  }
});

Deno.test("leave: leaves nothing when no guest joined", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  assertEquals(alice.all("closed"), [{
    event: "closed",
    remaining: 0,
    reason: "exit",
    undelivered: 0,
  }]);
  assertEquals(alice.status, 0);
  await harness.end();
});

Deno.test("leave: reports messages that were never sent when no guest joined", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  alice.say("one", "two");
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined);
  assertEquals(alice.all("queue-dropped"), [{ event: "queue-dropped", ids: ["1", "2"] }]);
  assertEquals(alice.all("closed").map(({ undelivered }) => undelivered), [2]);
  await harness.end();
});

Deno.test("leave: tells the guest when the host stopped responding", async () => {
  const harness = new Harness();
  const alice = await harness.host({
    through: (relay) =>
      intercept(
        (name, _, proceed) => name === "create" ? proceed() : new Promise(() => {}),
        relay,
      ),
  });
  const bob = harness.join(alice.code!);
  await harness.until(() => bob.status !== undefined, 61_000);
  assertEquals([bob.status, bob.failure?.code], [6, "no-room"]);
  void alice.chat.leave("interrupted");
  await harness.until(() => alice.status !== undefined);
});

Deno.test("leave: waits for the first call and says goodbye once", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const [first, second] = [alice.chat.leave(), alice.chat.leave()];
  assertEquals(first, second);
  await harness.until(() => alice.status !== undefined);
  await harness.advance(1_000);
  assertEquals(alice.all("closed").length, 1);
  assertEquals(bob.all("presence").map(({ peer }) => peer), ["left"]);
  await harness.end();
});

Deno.test("leave: says goodbye when Ctrl+C was pressed twice at once, and not when pressed again later", async () => {
  for (const [pauseMs, isGraceful] of [[0, true], [300, true], [2_000, false]] as const) {
    const harness = new Harness();
    const { alice, bob } = await harness.pair({
      host: {
        through: (relay) =>
          intercept(
            (operation, _, proceed) =>
              operation === "leave" && !isGraceful ? new Promise(() => {}) : proceed(),
            relay,
          ),
      },
    });
    void alice.chat.leave("interrupted");
    await harness.advance(pauseMs);
    void alice.chat.leave("interrupted");
    await harness.until(() => alice.status !== undefined, 11_000);
    assertEquals(alice.status, isGraceful ? 0 : 8, `${pauseMs} ms apart`);
    await harness.advance(1_000);
    if (isGraceful) assertEquals(bob.all("presence").at(-1)?.peer, "left");
    void bob.chat.leave();
    await harness.until(() => bob.status !== undefined, 11_000);
    await harness.advance(60_000);
  }
});

Deno.test("hangUp: says goodbye when it comes several times, and when Ctrl+C arrives after it", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  void alice.chat.hangUp();
  void alice.chat.hangUp();
  void alice.chat.leave("interrupted");
  void alice.chat.hangUp();
  await harness.until(() => alice.status !== undefined);
  await harness.advance(1_000);
  assertEquals([alice.status, alice.failure], [0, undefined]);
  assertEquals(bob.all("presence").map(({ peer }) => peer), ["left"]);
  void bob.chat.leave();
  await harness.until(() => bob.status !== undefined);
  assertEquals(harness.remaining, 0);
});

Deno.test("leave: gives the seat up within its time when nothing can be posted", async () => {
  const harness = new Harness();
  let isBlocked = false;
  const interceptor: Interceptor = (name, _, proceed) =>
    name === "post" && isBlocked ? new Promise(() => {}) : proceed();
  const { alice, bob } = await harness.pair({
    host: { through: (relay) => intercept(interceptor, relay) },
  });
  isBlocked = true;
  alice.say("one");
  const began = harness.clock.monotonic();
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined, 11_000);
  assert(harness.clock.monotonic() - began <= 8_000);
  assertEquals([alice.status, alice.all("closed")[0]?.reason], [0, "exit"]);
  assertEquals(alice.all("queue-dropped"), [{ event: "queue-dropped", ids: ["1"] }]);
  assertEquals(harness.room.host, undefined);
  assertEquals(bob.status, undefined);
  await harness.end();
});
