/**
 * Leaving when the relay does not answer: told, tried for a bounded time, and ended with a promise that
 * is held.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import { Harness, type Person } from "../scenario/harness.ts";
import { intercept, type Interceptor } from "../scenario/hostile.ts";

/** What leaving may take when it is asked for politely, and when it is interrupted. */
const LEAVE_MS = 10_000;
const INTERRUPT_MS = 2_000;

/** How a relay can be out of reach. */
const OUTAGES: readonly (readonly [name: string, answer: () => Promise<never>])[] = [
  [
    "says that it cannot",
    () =>
      Promise.reject(
        new RelayUnavailable(new Failure("relay-timeout", { seconds: 9 })),
      ),
  ],
  ["says nothing", () => new Promise(() => {})],
];

/** Alice, whose relay can be put out of reach, and Bob, whose relay cannot. */
async function apart(answer: () => Promise<never>) {
  const harness = new Harness();
  const relay = { isOut: false };
  const interceptor: Interceptor = (operation, args, proceed) => {
    if (!relay.isOut || operation === "watch") return proceed();
    const { signal } = args.at(-1) as { signal?: AbortSignal };
    return Promise.race([answer(), rejection(signal)]);
  };
  const host = {
    through: (relay: Parameters<typeof intercept>[1]) => intercept(interceptor, relay),
  };
  const { alice, bob } = await harness.pair({ host });
  relay.isOut = true;
  return { harness, relay, alice, bob };
}

function rejection(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}

/** What Alice was told from the moment she left, and how long it took. */
async function leave(harness: Harness, alice: Person, reason: "exit" | "interrupted") {
  const before = alice.events.length;
  const at = harness.clock.monotonic();
  void alice.chat.leave(reason);
  await harness.until(() => alice.status !== undefined);
  return { told: alice.events.slice(before), tookMs: harness.clock.monotonic() - at };
}

for (const [how, answer] of OUTAGES) {
  for (const [reason, atMostMs] of [["exit", LEAVE_MS], ["interrupted", INTERRUPT_MS]] as const) {
    Deno.test(`leave: ends in bounded time with status 8 when the relay ${how}, by ${reason}`, async () => {
      const { harness, alice, bob } = await apart(answer);
      alice.say("one", "two");
      const { told, tookMs } = await leave(harness, alice, reason);
      assertLessOrEqual(tookMs, atMostMs);
      assertEquals(alice.status, 8);
      const waiting = told.find((event) => event.event === "waiting");
      assert(waiting?.event === "waiting" && waiting.for === "goodbye");
      assertGreaterOrEqual(waiting.atMostMs!, atMostMs - 1_000);
      assertEquals(told.filter(({ event }) => event === "closed"), [
        { event: "closed", remaining: null, reason: "relay-lost", undelivered: 2 },
      ]);
      const states = told.flatMap((event) => event.event === "relay" ? [event.state] : []);
      assertEquals(states.at(-1), "down");
      const unsent = told.find((event) => event.event === "queue-dropped");
      assert(unsent?.event === "queue-dropped");
      assertEquals(unsent.ids.length, 2);
      const [lost, ...others] = told.filter((event) => event.event === "error");
      assert(lost?.event === "error");
      assertEquals([lost.fatal, lost.failure.code, others], [true, "relay-lost", []]);
      // Bob hears of it by the lease, leaves, and takes along what is there.
      await harness.until(() => bob.presence?.peer === "vanished");
      void bob.chat.leave();
      await harness.until(() => bob.status !== undefined);
      assertEquals([bob.status, harness.remaining], [0, 0]);
      assertEquals(harness.clock.pending, 0);
    });
  }
}

Deno.test("leave: delivers messages and goodbye when the relay comes back in time", async () => {
  const { harness, relay, alice, bob } = await apart(OUTAGES[0]![1]);
  alice.say("one", "two");
  void alice.chat.leave();
  await harness.advance(5_000);
  relay.isOut = false;
  await harness.until(() => alice.status !== undefined);
  assertEquals(alice.status, 0);
  await harness.until(() => bob.presence?.peer === "left");
  assertEquals(bob.heard, ["one", "two"]);
  await harness.end();
});

Deno.test("leave: expires everything when both lose the relay for good", async () => {
  const harness = new Harness();
  const relay = { isOut: false };
  const interceptor: Interceptor = (_, __, proceed) => relay.isOut ? OUTAGES[0]![1]() : proceed();
  const joining = {
    lingerMs: 60_000,
    through: (relay: Parameters<typeof intercept>[1]) => intercept(interceptor, relay),
  };
  const { alice, bob } = await harness.pair({ host: joining, guest: joining });
  alice.say("one");
  await harness.settle();
  relay.isOut = true;
  for (const person of [alice, bob]) {
    void person.chat.leave();
    await harness.until(() => person.status !== undefined);
    assertEquals(person.status, 8);
  }
  assert(harness.remaining > 0);
  await harness.advance(60_000);
  harness.relay.purge();
  assertEquals(harness.remaining, 0);
});
