import { assertEquals } from "@std/assert";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { Vanishing } from "../../../src/chat/vanishing.ts";
import { FakeClock } from "../../support/clock.ts";

interface Proposal {
  readonly seconds: number;
  readonly agreed: boolean;
}

function setUp({ isHost = false, isAlone = false } = {}) {
  const clock = new FakeClock({ turns: 0 });
  const told: ChatEvent[] = [];
  const proposed: Proposal[] = [];
  const vanishing = new Vanishing({
    clock,
    emit: (event) => told.push(event),
    propose: (seconds, agreed) => {
      if (!isAlone) proposed.push({ seconds, agreed });
      return !isAlone;
    },
    isHost: () => isHost,
  });
  return { clock, told, proposed, vanishing };
}

Deno.test("vanishing: a proposal holds when it was agreed to, and not before", () => {
  const { told, proposed, vanishing } = setUp();
  assertEquals(vanishing.propose(30), true);
  assertEquals([vanishing.seconds, told], [0, []]);
  vanishing.heard(30, true);
  assertEquals(vanishing.seconds, 30);
  assertEquals(told, [{ event: "timer", seconds: 30, by: "you" }]);
  assertEquals(proposed, [{ seconds: 30, agreed: false }]);
});

Deno.test("vanishing: an agreement to something else, or to nothing, changes nothing", () => {
  const { told, vanishing } = setUp();
  vanishing.heard(30, true);
  vanishing.propose(60);
  vanishing.heard(30, true);
  assertEquals([vanishing.seconds, told], [0, []]);
  vanishing.heard(60, true);
  vanishing.heard(60, true);
  assertEquals([vanishing.seconds, told.length], [60, 1]);
});

Deno.test("vanishing: with nobody there nothing is proposed", () => {
  const { vanishing } = setUp({ isAlone: true });
  assertEquals(vanishing.propose(30), false);
  vanishing.heard(30, true);
  assertEquals(vanishing.seconds, 0);
});

Deno.test("vanishing: of proposals that cross, the host keeps its own and the guest yields", () => {
  const host = setUp({ isHost: true });
  host.vanishing.propose(60);
  host.vanishing.heard(5, false);
  assertEquals([host.vanishing.seconds, host.proposed.length], [0, 1]);
  const guest = setUp();
  guest.vanishing.propose(5);
  guest.vanishing.heard(60, false);
  assertEquals(guest.vanishing.seconds, 60);
  assertEquals(guest.proposed.at(-1), { seconds: 60, agreed: true });
  guest.vanishing.heard(5, true);
  assertEquals(guest.vanishing.seconds, 60);
});

Deno.test("vanishing: only what is shown while a time holds vanishes, each at its own moment", async () => {
  const { clock, told, vanishing } = setUp();
  vanishing.displayed("peer", 1);
  vanishing.heard(10, false);
  vanishing.displayed("peer", 2);
  await clock.advance(4_000);
  vanishing.displayed("you", 1);
  await clock.advance(6_000);
  const expired = () => told.filter(({ event }) => event === "expired");
  assertEquals(expired(), [{ event: "expired", from: "peer", seq: 2 }]);
  await clock.advance(4_000);
  assertEquals(expired().at(-1), { event: "expired", from: "you", seq: 1 });
  assertEquals([expired().length, clock.pending], [2, 0]);
});

Deno.test("vanishing: a reset forgets the agreement and every running time", async () => {
  const { clock, told, vanishing } = setUp();
  vanishing.heard(10, false);
  vanishing.displayed("peer", 1);
  vanishing.propose(20);
  vanishing.reset();
  assertEquals([vanishing.seconds, clock.pending], [0, 0]);
  vanishing.heard(20, true);
  await clock.advance(60_000);
  assertEquals(told.map(({ event }) => event), ["timer"]);
});
