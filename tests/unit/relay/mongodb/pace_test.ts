import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Random } from "../../../../src/clock.ts";
import { Pace } from "../../../../src/relay/mongodb/pace.ts";
import { FakeClock } from "../../../support/clock.ts";
import { seededRandom } from "../../../support/random.ts";

/** Jitter of exactly nothing lies between these two. */
const middle: Random = (length) => new Uint8Array(length).fill(127);

async function setting(random: Random = middle): Promise<{ clock: FakeClock; pace: Pace }> {
  const clock = new FakeClock();
  await clock.advance(1);
  return { clock, pace: new Pace({ clock, random }) };
}

Deno.test("pace: eases from 250 ms to 1 s after ten seconds and to 3 s after a minute", async () => {
  const { clock, pace } = await setting();
  const next = () => Math.round(pace.next() / 10) * 10;
  assertEquals(next(), 250);
  await clock.advance(9_999);
  assertEquals(next(), 250);
  await clock.advance(1);
  assertEquals(next(), 1_000);
  await clock.advance(49_999);
  assertEquals(next(), 1_000);
  await clock.advance(1);
  assertEquals(next(), 3_000);
  pace.activity();
  assertEquals(next(), 250);
});

Deno.test("pace: a relay that asks for fewer operations is asked half as often for a minute", async () => {
  const { clock, pace } = await setting();
  pace.throttled();
  assertEquals(Math.round(pace.next() / 10) * 10, 500);
  await clock.advance(60_000);
  assertEquals(Math.round(pace.next() / 10) * 10, 3_000);
});

Deno.test("pace: jitter stays within a fifth, and two clients differ", async () => {
  const one = await setting(seededRandom(1));
  const two = await setting(seededRandom(2));
  let apart = 0;
  for (let i = 0; i < 1_000; i++) {
    const [a, b] = [one.pace.next(), two.pace.next()];
    for (const ms of [a, b]) assert(ms >= 200 && ms <= 300.001, `${ms}`);
    if (a !== b) apart++;
  }
  assert(apart > 900);
});

Deno.test("pace: in a conversation, looks give way to other operations, and never for long", async () => {
  const { clock, pace } = await setting();
  const next = () => Math.round(pace.next() / 10) * 10;
  pace.operation();
  pace.operation();
  assertEquals(next(), 650);
  assertEquals(next(), 250, "once they have given way, they come as before");
  for (let i = 0; i < 100; i++) pace.operation();
  assertEquals(next(), 1_250);
  await clock.advance(10_000);
  pace.operation();
  assertEquals(next(), 1_000, "a look that is seldom anyway need not give way");
});

Deno.test("pace: a client that does up to four things a second besides asks for at most five", async () => {
  for (let besides = 0; besides <= 4; besides++) {
    const { pace } = await setting(seededRandom(besides));
    let looks = 0;
    let owed = 0;
    for (let ms = 0; ms < 1_000_000;) {
      const wait = pace.next();
      ms += wait;
      looks++;
      owed += besides * wait / 1_000;
      for (; owed >= 1; owed--) pace.operation();
    }
    assertLessOrEqual(looks / 1_000 + besides, 5, `${besides} besides`);
  }
});

Deno.test("pace: two idle clients ask less than once a second together", async () => {
  const { clock, pace } = await setting(seededRandom(3));
  await clock.advance(60_000);
  let looks = 0;
  for (let ms = 0; ms < 3_600_000; ms += pace.next()) looks++;
  assertLessOrEqual(2 * looks, 3_600);
});
