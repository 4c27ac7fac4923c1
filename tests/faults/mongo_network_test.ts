/**
 * One person's network fails, in every way a network can; the other's is well. Real servers, real
 * sockets, real time.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { sleep, systemClock } from "../../src/clock.ts";
import type { Proxy } from "../support/proxy.ts";
import { type Fixture, FixturePool } from "./mongo_harness.ts";
import {
  allRead,
  assertNothingLeft,
  assertNothingLost,
  assertTold,
  type Pair,
  type Person,
} from "./harness.ts";

/** A person whose way to the relay is dead knows it within this time: it is promised. */
const NOTICED_MS = 15_000;

/** Longer than a connection that leads nowhere is waited for. */
const PORTAL_MS = 20_000;
/** What hangs in a portal does not hold up the recovery: without that it took nine seconds. */
const BACK_MS = 6_000;

/** What a portal answers to everything. */
const PAGE = "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n";

/** What was read is gone from the relay after this time. */
const REMOVED_MS = 3_000;

const pool = new FixturePool("mongodb network");

/** Resolves when the relay is known to be in trouble. */
function trouble(person: Person): Promise<void> {
  return person.until("the trouble", () => person.relay.at(-1) === "reconnecting");
}

/** Resolves when the relay is known to be well. */
function recovery(person: Person): Promise<void> {
  return person.until("the recovery", () => person.relay.at(-1) === "up");
}

/** Both say something, and read it; then they leave, and nothing is lost or left. */
async function end(fixture: Fixture, pair: Pair): Promise<void> {
  pair.host.say(3);
  pair.guest.say(3);
  await allRead(pair);
  assertNothingLost(pair);
  await assertNothingLeft(pair, fixture.count);
}

type Step = readonly [name: string, run: (fixture: Fixture) => Promise<void>];

/** The guest's way is spoilt at once, and mended `lossMs` later. */
function loss(
  name: string,
  options: { lossMs: number; poll?: boolean; told: boolean },
  [spoil, mend]: readonly [spoil: (proxy: Proxy) => void, mend: (proxy: Proxy) => void],
): Step {
  const { lossMs, poll = false, told } = options;
  return [name, async (fixture) => {
    const network = await fixture.network();
    const pair = await fixture.meet({ network, poll });
    pair.host.say();
    pair.guest.say();
    network.all(spoil);
    pair.host.say(5);
    pair.guest.say(5);
    await sleep(systemClock, lossMs);
    network.all(mend);
    await allRead(pair);
    await recovery(pair.guest);
    if (told) await assertTold(pair.guest);
    await end(fixture, pair);
  }];
}

/** The guest's sockets are half open; nobody tells. */
function stranding(name: string, options: { poll?: boolean; talking: boolean }): Step {
  const { poll = false, talking } = options;
  return [name, async (fixture) => {
    const network = await fixture.network();
    const pair = await fixture.meet({ network, poll });
    pair.guest.say();
    await allRead(pair);
    network.all((proxy) => proxy.strand());
    const before = performance.now();
    if (talking) pair.guest.say(2);
    await trouble(pair.guest);
    assertLessOrEqual(performance.now() - before, NOTICED_MS);
    await recovery(pair.guest);
    await end(fixture, pair);
  }];
}

/** A network that ends all connections after `bytes`, and after ever more, so that some get through. */
function cutting(bytes: number): Step {
  return [`connections end after ${bytes} bytes, and then after ever more`, async (fixture) => {
    const network = await fixture.network();
    const arm = (proxy: Proxy, bytes: number) =>
      proxy.budget(bytes, () => {
        proxy.reset();
        arm(proxy, bytes * 1.5);
      });
    const pair = await fixture.meet({ network });
    network.all((proxy) => arm(proxy, bytes));
    pair.host.say(20);
    pair.guest.say(20);
    await allRead(pair);
    network.all((proxy) => proxy.heal());
    await recovery(pair.guest);
    await end(fixture, pair);
  }];
}

/** A Wi-Fi that wants people to sign in: old connections break, and new ones lead into the portal. */
function portal(name: string, { answer, talking }: { answer?: string; talking: boolean }): Step {
  return [name, async (fixture) => {
    const network = await fixture.network();
    const pair = await fixture.meet({ network });
    pair.guest.say();
    await allRead(pair);
    network.all((proxy) => {
      proxy.silence(answer);
      proxy.reset();
    });
    if (talking) pair.guest.say(2);
    await trouble(pair.guest);
    await sleep(systemClock, PORTAL_MS);
    // The connections that were made into it stay as they are.
    network.all((proxy) => proxy.heal());
    const before = performance.now();
    await recovery(pair.guest);
    assertLessOrEqual(performance.now() - before, BACK_MS);
    await end(fixture, pair);
  }];
}

/** Leaving through a dead network. */
const leaving: Step = [
  "leaving when the network is dead: told, bounded, the rest expires",
  async (fixture) => {
    const network = await fixture.network();
    const { host, guest, room } = await fixture.meet({ network });
    host.say();
    guest.say();
    await allRead({ host, guest });
    network.all((proxy) => proxy.blackhole());
    guest.say(2);
    assertEquals(await guest.leave(), 8);
    assert(guest.told("waiting").some((one) => one.for === "goodbye"), "it was not told");
    assertEquals(guest.told("closed").at(-1)?.remaining, null);
    assertEquals(guest.told("queue-dropped").map(({ ids }) => ids.length), [2]);
    assertEquals(guest.told("error").map(({ failure }) => failure.code), ["relay-lost"]);
    // The peer learns of it by the lease, and deletes what is there.
    await host.until("the loss", () => host.presences.at(-1) === "vanished");
    assertEquals(await host.leave(), 0);
    assertEquals(host.told("closed").at(-1)?.remaining, 0);
    assertEquals(await fixture.count(room), 0);
  },
];

/** A post that the network delayed until long after it was given up. */
const echo: Step = [
  "a post that lands long after it was repeated, read and removed comes back to nobody",
  async (fixture) => {
    const network = await fixture.network();
    const pair = await fixture.meet({ network });
    pair.guest.say();
    await allRead(pair);
    network.all((proxy) => proxy.hold());
    pair.guest.say();
    // Repeated on another connection. Then more follows than a reader remembers of what came once.
    await allRead(pair);
    for (let i = 0; i < 5; i++) {
      pair.guest.say(50);
      await allRead(pair);
    }
    assert(network.isHolding);
    await sleep(systemClock, REMOVED_MS);
    network.all((proxy) => proxy.heal());
    await sleep(systemClock, REMOVED_MS);
    await end(fixture, pair);
  },
];

/** What two who poll cost a cluster. */
const cost: Step = [
  "two who poll and talk ask for at most ten operations a second",
  async (fixture) => {
    const pair = await fixture.meet({ poll: true });
    const total = () =>
      [pair.host, pair.guest].flatMap(({ chat }) => Object.values(chat.overview().operations))
        .reduce((sum, count) => sum + count, 0);
    const [before, startedAt] = [total(), performance.now()];
    for (let i = 0; i < 12; i++) {
      (i % 2 ? pair.host : pair.guest).say();
      await sleep(systemClock, 1_000);
    }
    assertLessOrEqual((total() - before) / (performance.now() - startedAt) * 1_000, 10);
    await end(fixture, pair);
  },
];

const dark = [(proxy: Proxy) => proxy.blackhole(), (proxy: Proxy) => proxy.heal()] as const;

pool.together("whatever happens to one person's network", [
  loss("a loss of one second", { lossMs: 1_000, told: false }, dark),
  loss("a loss of five seconds", { lossMs: 5_000, told: false }, dark),
  loss("a loss of twenty seconds", { lossMs: 20_000, told: true }, dark),
  loss("a loss of twenty seconds, polling", { lossMs: 20_000, poll: true, told: true }, dark),
  loss("a loss of twelve seconds after which nothing is as before", {
    lossMs: 12_000,
    told: true,
  }, [
    (proxy) => proxy.blackhole(),
    (proxy) => {
      proxy.reset();
      proxy.heal();
    },
  ]),
  loss("servers that accept and stay silent", { lossMs: 12_000, told: true }, [
    (proxy) => {
      proxy.silence();
      proxy.reset();
    },
    (proxy) => {
      proxy.reset();
      proxy.heal();
    },
  ]),
  loss("servers that refuse", { lossMs: 3_000, told: true }, [
    (proxy) => {
      proxy.refuse();
      proxy.reset();
    },
    (proxy) => proxy.heal(),
  ]),
  loss("a reset", { lossMs: 0, told: true }, [(proxy) => proxy.reset(), () => {}]),
  loss("a half-closed connection", { lossMs: 0, told: true }, [
    (proxy) => proxy.halfClose(),
    () => {},
  ]),
  loss("a way that is far and narrow", { lossMs: 3_000, told: false }, [
    (proxy) => proxy.conditions = { delayMs: 150, jitterMs: 100, bytesPerSecond: 20_000 },
    (proxy) => proxy.heal(),
  ]),
  stranding("half-open sockets in the middle of a talk", { talking: true }),
  stranding("half-open sockets in a silence", { talking: false }),
  stranding("half-open sockets in a silence, polling", { talking: false, poll: true }),
  ...[1_000, 3_000, 10_000].map(cutting),
  leaving,
  echo,
  cost,
]);

pool.together("whatever a captive portal does", [
  portal("a captive portal that is silent, in the middle of a talk", { talking: true }),
  portal("a captive portal that is silent, in a silence", { talking: false }),
  portal("a captive portal that answers with a web page", { answer: PAGE, talking: true }),
]);

pool.add(
  "a client that talks, and one whose way was lost, has at most six sockets",
  async (s) => {
    const network = await s.network();
    const pair = await s.meet({ network });
    pair.guest.say(30);
    await allRead(pair);
    assert(network.connections >= 4, `${network.connections}: the monitors were not counted`);
    assertLessOrEqual(network.connections, 6);
    network.all((proxy) => proxy.reset());
    pair.guest.say(30);
    await allRead(pair);
    assertLessOrEqual(network.connections, 6);
    await end(s, pair);
    assertEquals(network.connections, 0);
  },
);

pool.end();
