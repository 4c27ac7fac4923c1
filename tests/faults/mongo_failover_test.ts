/**
 * The servers fail, for both people at once: elections, crashes, standstills, and change streams that
 * are refused or die.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { sleep, systemClock, systemRandom } from "../../src/clock.ts";
import { RelayUnavailable } from "../../src/errors.ts";
import type { Claim, Relay } from "../../src/relay/relay.ts";
import { type Fixture, FixturePool } from "./mongo_harness.ts";
import { allRead, assertNothingLeft, assertNothingLost, assertTold, type Pair } from "./harness.ts";
import { encodeBase64Url } from "../../src/base64url.ts";

const pool = new FixturePool("mongodb failover", { failPoints: true });

/** Two pairs, one of which polls. */
async function two(fixture: Fixture): Promise<readonly [Pair, Pair]> {
  return await Promise.all([fixture.meet(), fixture.meet({ poll: true })]);
}

function say(pairs: readonly Pair[], count: number): void {
  for (const { host, guest } of pairs) {
    host.say(count);
    guest.say(count);
  }
}

async function end(fixture: Fixture, pairs: readonly Pair[]): Promise<void> {
  await Promise.all(pairs.map(allRead));
  say(pairs, 2);
  await Promise.all(pairs.map(allRead));
  for (const pair of pairs) {
    assertNothingLost(pair);
    await assertNothingLeft(pair, fixture.count);
  }
}

/** A claim that is repeated until the relay answers. */
async function claim(relay: Relay, { room }: Pair): Promise<Claim> {
  const token = encodeBase64Url(systemRandom(16));
  for (;;) {
    try {
      return await relay.claim(room, token);
    } catch (error) {
      if (!(error instanceof RelayUnavailable)) throw error;
    }
  }
}

pool.add("a primary that is killed in the middle of a burst", async (s) => {
  const pairs = await two(s);
  const primary = await s.server.primary();
  say(pairs, 100);
  // Some are on their way, some are there, and some have not been sent.
  await pairs[0].host.until("a first one", () => pairs[0].host.told("sent").length > 0);
  s.server.signal(primary, "SIGKILL");
  say(pairs, 20);
  await Promise.all(pairs.map(allRead));
  await s.server.restart(primary);
  await end(s, pairs);
}, { restarts: true });

pool.add("two of three servers that are killed and come back", async (s) => {
  const pairs = await two(s);
  const victims = s.server.nodes.slice(0, 2);
  for (const victim of victims) s.server.signal(victim, "SIGKILL");
  say(pairs, 5);
  for (const { host } of pairs) {
    await host.until("the trouble", () => host.relay.includes("reconnecting"));
  }
  for (const victim of victims) await s.server.restart(victim);
  await end(s, pairs);
}, { restarts: true });

pool.add("a primary that steps down, and again", async (s) => {
  const pairs = await two(s);
  for (let i = 0; i < 2; i++) {
    const command = { replSetStepDown: 3, secondaryCatchUpPeriodSecs: 3, force: true };
    const stepping = s.admin.db("admin").command(command).catch(() => {});
    say(pairs, 20);
    await stepping;
    await Promise.all(pairs.map(allRead));
  }
  await end(s, pairs);
});

pool.add("a primary that stands still, and comes back as another's secondary", async (s) => {
  const pairs = await two(s);
  const primary = await s.server.primary();
  s.server.signal(primary, "SIGSTOP");
  say(pairs, 5);
  await Promise.all(pairs.map(allRead));
  for (const { host, guest } of pairs) {
    await assertTold(host);
    await assertTold(guest);
  }
  s.server.signal(primary, "SIGCONT");
  await end(s, pairs);
});

pool.add("all servers that stand still for five seconds", async (s) => {
  const pairs = await two(s);
  for (const node of s.server.nodes) s.server.signal(node, "SIGSTOP");
  say(pairs, 5);
  await sleep(systemClock, 5_000);
  for (const node of s.server.nodes) s.server.signal(node, "SIGCONT");
  await end(s, pairs);
});

pool.add("no third person is seated in the middle of an election", async (s) => {
  const pair = await s.meet();
  const stranger = await s.open();
  const command = { replSetStepDown: 3, secondaryCatchUpPeriodSecs: 3, force: true };
  const stepping = s.admin.db("admin").command(command).catch(() => {});
  const claims: Claim[] = [];
  for (let i = 0; i < 3; i++) claims.push(await claim(stranger, pair));
  await stepping;
  claims.push(await claim(stranger, pair));
  await stranger.close();
  assertEquals(claims, claims.map(() => ({ refused: "sealed" })));
  pair.host.say(2);
  await allRead(pair);
  for (const person of [pair.host, pair.guest]) {
    await person.until("the alarm", () => person.told("alarm").length > 0);
  }
  assertNothingLost(pair, { alarms: ["third-party"] });
  await assertNothingLeft(pair, s.count);
});

for (
  const [what, data] of [
    ["lose their place (286)", { errorCode: 286 }],
    ["are told not to resume (280)", { errorCode: 280 }],
  ] as const
) {
  pool.add(`change streams that ${what}, again and again`, async (s) => {
    const pair = await s.meet();
    await s.fail({ times: 6 }, { failCommands: ["getMore"], ...data });
    for (let i = 0; i < 6; i++) {
      pair.host.say();
      pair.guest.say();
      await allRead(pair);
    }
    await s.fail("off");
    await end(s, [pair]);
  });
}

pool.add("change streams that fall silent", async (s) => {
  const pair = await s.meet();
  await s.fail({ times: 2 }, {
    failCommands: ["getMore"],
    blockConnection: true,
    blockTimeMS: 15_000,
  });
  pair.host.say();
  pair.guest.say();
  await allRead(pair);
  await s.fail("off");
  await end(s, [pair]);
});

for (const errorCode of [40573, 8000]) {
  pool.add(`change streams that are refused (${errorCode}) for good`, async (s) => {
    // Streams are opened, and the relay is read, by one and the same command: only the former says so.
    await s.fail("alwaysOn", { failCommands: ["getMore"], errorCode });
    const pair = await s.meet();
    pair.host.say(5);
    pair.guest.say(5);
    await allRead(pair);
    for (const person of [pair.host, pair.guest]) {
      await person.until("polling", () => person.told("relay").at(-1)?.watch === "poll");
      assert(person.told("relay").at(-1)?.state === "up");
    }
    await end(s, [pair]);
    await s.fail("off");
  });
}

pool.end();
