import { assertEquals } from "@std/assert";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { DisappearingMessages } from "../../../src/chat/disappearing.ts";
import { FakeClock } from "../../support/clock.ts";

interface Proposal {
  readonly seconds: number;
  readonly agreed: boolean;
}

function setUp({ isHost = false, isAlone = false } = {}) {
  const clock = new FakeClock({ turns: 0 });
  const told: ChatEvent[] = [];
  const proposed: Proposal[] = [];
  const messages = new DisappearingMessages({
    clock,
    emit: (event) => told.push(event),
    propose: (seconds, agreed) => {
      if (!isAlone) proposed.push({ seconds, agreed });
      return !isAlone;
    },
    isHost: () => isHost,
  });
  return { clock, told, proposed, messages };
}

Deno.test("DisappearingMessages: applies a proposal when it was agreed to, and not before", () => {
  const { told, proposed, messages } = setUp();
  assertEquals(messages.propose(30), true);
  assertEquals([messages.seconds, told], [0, []]);
  messages.onProposal(30, true);
  assertEquals(messages.seconds, 30);
  assertEquals(told, [{ event: "timer", seconds: 30, by: "you" }]);
  assertEquals(proposed, [{ seconds: 30, agreed: false }]);
});

Deno.test("DisappearingMessages: ignores an agreement to something else, or to nothing", () => {
  const { told, messages } = setUp();
  messages.onProposal(30, true);
  messages.propose(60);
  messages.onProposal(30, true);
  assertEquals([messages.seconds, told], [0, []]);
  messages.onProposal(60, true);
  messages.onProposal(60, true);
  assertEquals([messages.seconds, told.length], [60, 1]);
});

Deno.test("DisappearingMessages: proposes nothing without a peer", () => {
  const { messages } = setUp({ isAlone: true });
  assertEquals(messages.propose(30), false);
  messages.onProposal(30, true);
  assertEquals(messages.seconds, 0);
});

Deno.test("DisappearingMessages: prefers the proposal of the host when two cross", () => {
  const host = setUp({ isHost: true });
  host.messages.propose(60);
  host.messages.onProposal(5, false);
  assertEquals([host.messages.seconds, host.proposed.length], [0, 1]);
  const guest = setUp();
  guest.messages.propose(5);
  guest.messages.onProposal(60, false);
  assertEquals(guest.messages.seconds, 60);
  assertEquals(guest.proposed.at(-1), { seconds: 60, agreed: true });
  guest.messages.onProposal(5, true);
  assertEquals(guest.messages.seconds, 60);
});

Deno.test("DisappearingMessages: expires what was displayed under a timer, each at its own moment", async () => {
  const { clock, told, messages } = setUp();
  messages.onDisplayed("peer", 1);
  messages.onProposal(10, false);
  messages.onDisplayed("peer", 2);
  await clock.advance(4_000);
  messages.onDisplayed("you", 1);
  await clock.advance(6_000);
  const expired = () => told.filter(({ event }) => event === "expired");
  assertEquals(expired(), [{ event: "expired", from: "peer", seq: 2 }]);
  await clock.advance(4_000);
  assertEquals(expired().at(-1), { event: "expired", from: "you", seq: 1 });
  assertEquals([expired().length, clock.pending], [2, 0]);
});

Deno.test("DisappearingMessages.reset: forgets the agreement and every running time", async () => {
  const { clock, told, messages } = setUp();
  messages.onProposal(10, false);
  messages.onDisplayed("peer", 1);
  messages.propose(20);
  messages.reset();
  assertEquals([messages.seconds, clock.pending], [0, 0]);
  messages.onProposal(20, true);
  await clock.advance(60_000);
  assertEquals(told.map(({ event }) => event), ["timer"]);
});
