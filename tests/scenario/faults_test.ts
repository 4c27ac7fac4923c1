/**
 * A relay that fails at the Nth operation, for N = 1, 2, 3 ... until the scenario passes without having
 * reached it. However it fails, each accepted text is shown exactly once and in order, nobody is
 * alarmed, and nothing is left when both have gone.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Failure, RelayUnavailable } from "../../src/errors.ts";
import { sleep } from "../../src/clock.ts";
import type { Relay } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness, type JoinOptions } from "./harness.ts";
import { intercept, type Interceptor } from "./hostile.ts";

/** An outage shorter than a person's patience when leaving. */
const OUTAGE_MS = 3_000;

/** What goes wrong at one operation. */
type Fault = (harness: Harness, proceed: () => unknown) => unknown;

function unavailable(): RelayUnavailable {
  const failure = new Failure("relay-timeout", { seconds: 9 });
  return new RelayUnavailable(failure);
}

const FAULTS: readonly (readonly [name: string, fault: Fault])[] = [
  ["not done", () => Promise.reject(unavailable())],
  ["done, the answer lost", async (_, proceed) => {
    await proceed();
    throw unavailable();
  }],
  ["done twice", async (_, proceed) => {
    await proceed();
    return await proceed();
  }],
  ["done late", async (harness, proceed) => {
    await sleep(harness.clock, OUTAGE_MS);
    return await proceed();
  }],
  ["answered late", async (harness, proceed) => {
    const answer = await proceed();
    await sleep(harness.clock, OUTAGE_MS);
    return answer;
  }],
  ["given up, and done after all when the next is through", async (harness, proceed) => {
    harness.clock.after(OUTAGE_MS, () => void Promise.resolve(proceed()).catch(() => {}));
    await Promise.resolve();
    throw unavailable();
  }],
];

/** The relay fails from the `nth` operation of either person on, as long as `isOver` says it is not. */
function failing(
  harness: Harness,
  nth: number,
  { fault, forMs }: { fault: Fault; forMs: number },
): { through: JoinOptions; reached: () => boolean } {
  let count = 0;
  let until: number | undefined;
  const interceptor: Interceptor = (name, _, proceed) => {
    if (name === "watch") return proceed();
    if (++count < nth) return proceed();
    until ??= harness.clock.monotonic() + forMs;
    return count === nth || harness.clock.monotonic() < until ? fault(harness, proceed) : proceed();
  };
  return {
    through: { through: (relay) => intercept(interceptor, relay) },
    reached: () => count >= nth,
  };
}

/** Two find each other, talk, agree on a timer and leave. */
async function wholeStory(harness: Harness, through: JoinOptions): Promise<void> {
  const alice = harness.enter({ mode: "new" }, { name: "Alice", ...through });
  alice.say("before you came");
  await harness.until(() => alice.code !== undefined);
  const bob = harness.join(alice.code!, through);
  await harness.until(() => alice.isReady && bob.isReady);
  alice.say("one", "two");
  bob.say("three");
  await harness.until(() => bob.heard.length === 3 && alice.heard.length === 1);
  bob.say("four");
  bob.chat.setTimer(3_600);
  await harness.until(() =>
    alice.heard.length === 2 && alice.chat.overview().timerSeconds === 3_600
  );
  alice.say("five");
  await harness.until(() =>
    alice.all("delivered").length === 4 && bob.all("delivered").length === 2
  );
  alice.say("and goodbye");
  void alice.chat.leave();
  await harness.until(() => alice.status !== undefined && bob.presence?.peer === "left");
  void bob.chat.leave();
  await harness.until(() => bob.status !== undefined);
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  assertEquals([alice.status, bob.status], [0, 0]);
  assertEquals(harness.remaining, 0);
  for (const person of [alice, bob]) {
    const sent = person.all("sent").map(({ id }) => id);
    assertEquals(sent, person.said.map((_, i) => `${i + 1}`), "each text is sent once");
    const delivered = person.all("delivered").map(({ id }) => id);
    assertEquals(delivered, [...new Set(delivered)], "each is delivered at most once");
  }
}

for (const [name, fault] of FAULTS) {
  for (const forMs of [0, OUTAGE_MS]) {
    const how = forMs === 0 ? "once" : `for ${OUTAGE_MS} ms`;
    Deno.test(`faults: survives when the Nth operation is ${name}, ${how}`, async () => {
      for (let nth = 1;; nth++) {
        const harness = new Harness({ seed: nth });
        const { through, reached } = failing(harness, nth, { fault, forMs });
        try {
          await wholeStory(harness, through);
        } catch (error) {
          throw new Error(`The ${nth}th operation`, { cause: error });
        }
        // Some of what was to be done later is still to come, and finds nobody.
        await harness.advance(60_000);
        assertEquals(harness.remaining, 0);
        if (!reached()) {
          assert(nth > 25, `only ${nth} operations were spoilt`);
          break;
        }
      }
    });
  }
}

Deno.test("faults: ends the chat in bounded time when the relay is lost for good", async () => {
  for (let nth = 1;; nth++) {
    const harness = new Harness({ seed: nth });
    const fault: Fault = () => Promise.reject(unavailable());
    const { through, reached } = failing(harness, nth, { fault, forMs: Infinity });
    const alice = harness.enter({ mode: "new" }, { name: "Alice", ...through });
    await harness.advance(1_000);
    const bob = alice.code === undefined ? undefined : harness.join(alice.code, through);
    await harness.advance(1_000);
    for (const person of harness.people) {
      if (person.status === undefined) void person.chat.leave();
      await harness.until(() => person.status !== undefined, 11_000);
      // Nothing had to be cleaned up, or it could not be and was said so, or it could.
      assert([0, 6, 8].includes(person.status!), `status ${person.status} at ${nth}`);
      if (person.status === 8) assertEquals(person.failure?.code, "relay-lost");
      assertEquals(
        person.all("closed").length,
        person.status === 8 ? 1 : person.all("closed").length,
      );
    }
    assertCalm(alice, ...bob ? [bob] : []);
    // What could not be removed expires by itself.
    await harness.advance(700_000);
    harness.relay.purge();
    assertEquals(harness.remaining, 0);
    assertEquals(harness.clock.pending, 0);
    if (!reached()) break;
  }
});

for (const kind of ["post", "read", "remove", "renew"]) {
  Deno.test(`faults: recovers when no ${kind} works for a while`, async () => {
    const harness = new Harness();
    let isBroken = false;
    const interceptor: Interceptor = (name, _, proceed) => {
      if (isBroken && name === kind) throw unavailable();
      return proceed();
    };
    const through = { through: (relay: Relay) => intercept(interceptor, relay) };
    const { alice, bob } = await harness.pair({ host: through, guest: through });
    isBroken = true;
    for (let i = 0; i < 10; i++) {
      alice.say(`a ${i}`);
      bob.say(`b ${i}`);
      await harness.advance(2_000);
    }
    isBroken = false;
    await harness.advance(30_000);
    assertAllHeard(alice, bob);
    assertCalm(alice, bob);
    assertEquals([alice.all("delivered").length, bob.all("delivered").length], [10, 10]);
    await harness.end();
  });
}

Deno.test("faults: loses nothing when a watch dies in silence", async () => {
  const harness = new Harness();
  const interceptor: Interceptor = (name, _, proceed) => name === "watch" ? undefined : proceed();
  const through = { through: (relay: Relay) => intercept(interceptor, relay) };
  const { alice, bob } = await harness.pair({ host: through, guest: through });
  for (let i = 0; i < 5; i++) {
    alice.say(`a ${i}`);
    await harness.until(() => bob.heard.length === i + 1, 15_000);
  }
  await harness.until(() => alice.all("delivered").length === 5);
  assertCalm(alice, bob);
  await harness.end();
});
