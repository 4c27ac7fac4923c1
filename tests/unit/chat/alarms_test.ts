import { assertEquals, assertMatch } from "@std/assert";
import { Alarms } from "../../../src/chat/alarms.ts";
import type { Alarm, ChatEvent } from "../../../src/chat/events.ts";
import { alarmMessage } from "../../../src/ui/messages/events.ts";
import { FakeClock } from "../../support/clock.ts";

function setUp() {
  const clock = new FakeClock({ turns: 0 });
  const told: Alarm[] = [];
  const emit = (event: ChatEvent) => {
    if (event.event === "alarm") told.push(event);
  };
  return { clock, told, alarms: new Alarms({ clock, emit }) };
}

Deno.test("alarms: the first of a kind is told at once, the rest of five seconds together", async () => {
  const { clock, told, alarms } = setUp();
  for (let i = 0; i < 1_000; i++) alarms.raise("forged");
  assertEquals(told.map(({ kind, count }) => [kind, count]), [["forged", 1]]);
  await clock.advance(4_999);
  alarms.raise("forged", 5);
  assertEquals(told.length, 1);
  await clock.advance(1);
  assertEquals(told.map(({ count }) => count), [1, 1_004]);
  await clock.advance(60_000);
  assertEquals([told.length, clock.pending], [2, 0]);
});

Deno.test("alarms: one kind does not hide another", () => {
  const { told, alarms } = setUp();
  alarms.raise("forged");
  alarms.raise("altered");
  alarms.raise("replayed");
  alarms.raise("third-party");
  assertEquals(told.map(({ kind }) => kind), ["forged", "altered", "replayed", "third-party"]);
  alarms.close();
});

Deno.test("alarms: after a quiet time the next is told at once again", async () => {
  const { clock, told, alarms } = setUp();
  alarms.raise("altered");
  await clock.advance(5_000);
  alarms.raise("altered");
  assertEquals(told.map(({ count }) => count), [1, 1]);
  alarms.close();
});

Deno.test("alarms: what is untold when the chat ends is told then", () => {
  const { clock, told, alarms } = setUp();
  alarms.raise("replayed");
  alarms.raise("replayed", 3);
  alarms.close();
  assertEquals(told.map(({ count }) => count), [1, 3]);
  assertEquals(clock.pending, 0);
});

Deno.test("alarms: every guess, gap and rollback is told, with its numbers", () => {
  const { told, alarms } = setUp();
  for (const count of [1, 2, 3]) alarms.guess(count);
  alarms.gap([4, 4], 1);
  alarms.gap([6, 9], 5);
  alarms.gap(undefined, 1);
  alarms.gap(undefined, 2);
  alarms.rollback();
  assertEquals(told.map(({ kind, count, first, last }) => [kind, count, first, last]), [
    ["guess", 1, undefined, undefined],
    ["guess", 2, undefined, undefined],
    ["guess", 3, undefined, undefined],
    ["gap", 1, 4, 4],
    ["gap", 4, 6, 9],
    ["gap", 1, undefined, undefined],
    ["gap", 2, undefined, undefined],
    ["rollback", 1, undefined, undefined],
  ]);
  const [first, , third, one, four, , two] = told.map((alarm) => alarmMessage(alarm, "code"));
  assertMatch(first!, /2 attempts left/);
  assertMatch(third!, /This code is no longer valid/);
  assertEquals(one, "1 message is missing (number 4).");
  assertEquals(four, "4 messages are missing (numbers 6 to 9).");
  assertEquals(two, "2 control messages are missing; no text was lost with them.");
});
