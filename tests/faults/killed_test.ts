/**
 * One of the two is killed at the Nth thing that their program asks of the relay, for N = 1, 2, 3 ...
 * until it has come and gone unharmed: in the middle of joining, of talking and of leaving. The one who is
 * left is told, can leave, and leaves nothing behind.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Harness, type JoinOptions, type Person } from "../scenario/harness.ts";
import { intercept, type Interceptor } from "../scenario/hostile.ts";

/** What is promised for a crash, and what a guest waits for a host. */
const TOLD_MS = 45_000;
const HANDSHAKE_MS = 60_000;

/** A life that ends at the `last`th operation: before it is done, or before its answer comes. */
function life(last: number, when: "before" | "after") {
  const state = { operations: 0, isOver: false };
  const interceptor: Interceptor = async (operation, _, proceed) => {
    if (state.isOver) return await new Promise(() => {});
    if (operation !== "watch" && ++state.operations === last) {
      state.isOver = true;
      if (when === "after") await proceed();
      return await new Promise(() => {});
    }
    return await proceed();
  };
  const joining: JoinOptions = { through: (relay) => intercept(interceptor, relay) };
  return Object.assign(state, { joining });
}

/** All that the survivor is told of the other, to be looked for. */
function knows(person: Person): boolean {
  return person.status !== undefined || person.presence?.peer === "vanished" ||
    person.presence?.peer === "left";
}

/** Plays until `dying` is dead or everything has happened. */
async function play(harness: Harness, dying: { isOver: boolean }, alice: Person, bob: Person) {
  const alive = (condition: () => boolean) => harness.until(() => dying.isOver || condition());
  await alive(() => alice.isReady && bob.isReady);
  if (dying.isOver) return;
  alice.say("one");
  bob.say("two", "three");
  await alive(() => alice.heard.length === 2 && bob.heard.length === 1);
  if (dying.isOver) return;
  await harness.advance(15_000);
  if (dying.isOver) return;
  void bob.chat.leave();
  await alive(() => bob.status !== undefined);
  if (dying.isOver) return;
  void alice.chat.leave();
  await alive(() => alice.status !== undefined);
}

for (const when of ["before", "after"] as const) {
  Deno.test(`killed: leaves the host usable when a guest is killed ${when} the Nth operation`, async () => {
    let deaths = 0;
    for (let n = 1;; n++) {
      const harness = new Harness({ seed: n });
      const dying = life(n, when);
      const alice = await harness.host();
      const bob = harness.join(alice.code!, dying.joining);
      await play(harness, dying, alice, bob);
      if (!dying.isOver) break;
      deaths++;
      const isMet = alice.isReady;
      await harness.advance(TOLD_MS);
      const name = `${when} operation ${n}`;
      // A host whose guest was never there waits for one, and whose guest is gone knows it.
      const told = JSON.stringify(alice.events.slice(-3));
      const isForsaken = alice.presence?.peer === "vanished";
      if (isMet) assert(knows(alice), `${name}: ${told}`);
      else if (!isForsaken) {
        assertEquals(alice.all("waiting").at(-1)?.for, "guest", `${name}: ${told}`);
      }
      if (alice.presence?.peer !== "left") {
        // The one who stayed can have another guest.
        await alice.chat.invite();
        const other = harness.join(alice.code!, { name: "Carol" });
        await harness.until(() => other.isReady && alice.all("ready").at(-1)?.peer === "Carol");
        void other.chat.leave();
        await harness.until(() => other.status === 0);
      }
      void alice.chat.leave();
      await harness.until(() => alice.status !== undefined);
      assertEquals([alice.status, harness.remaining], [0, 0], name);
      assertEquals(alice.alarms, {}, name);
    }
    assert(deaths > 10, `${deaths}`);
  });

  Deno.test(`killed: leaves nothing behind when a host is killed ${when} the Nth operation`, async () => {
    let deaths = 0;
    for (let n = 1;; n++) {
      const harness = new Harness({ seed: n });
      const dying = life(n, when);
      const alice = harness.enter({ mode: "new" }, dying.joining);
      await harness.until(() => dying.isOver || alice.code !== undefined);
      if (alice.code === undefined) {
        // Nobody can come without a code; what may be there expires by itself.
        deaths++;
        await harness.advance(600_000);
        harness.relay.purge();
        assertEquals(harness.remaining, 0);
        continue;
      }
      const bob = harness.join(alice.code);
      await play(harness, dying, alice, bob);
      if (!dying.isOver) break;
      deaths++;
      const name = `${when} operation ${n}`;
      const isAlone = bob.status !== undefined;
      await harness.advance(Math.max(TOLD_MS, HANDSHAKE_MS) + 5_000);
      assert(knows(bob), `${name}: ${JSON.stringify(bob.events.slice(-3))}`);
      if (bob.status === undefined) void bob.chat.leave();
      await harness.until(() => bob.status !== undefined);
      assert(bob.status === 0 || bob.status === 6, `${name}: ${bob.status}`);
      assertEquals(bob.alarms, {}, name);
      if (isAlone) {
        // Nobody is there to clean up after her.
        await harness.advance(600_000);
        harness.relay.purge();
      }
      assertEquals(harness.remaining, 0, name);
    }
    assert(deaths > 10, `${deaths}`);
  });
}
