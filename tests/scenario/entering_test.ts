/**
 * Who gets in: a right code once, a wrong one three times, a third person never.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { Failure } from "../../src/errors.ts";
import { entryByRoom } from "../../src/chat/room.ts";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { roomOfNameplate } from "../../src/protocol/wire.ts";
import { assertAllHeard, assertCalm, Harness, QUIET_MS } from "./harness.ts";

/** The code with another last word. */
function wrong(code: string): string {
  const parts = code.split("-");
  const last = wordlist.indexOf(parts.pop()!);
  return [...parts, wordlist[(last + 1) % wordlist.length]].join("-");
}

Deno.test("join: refuses a wrong code with status 5 and tells the host", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  const mallory = harness.join(wrong(alice.code!), { name: "Mallory" });
  await harness.until(() => mallory.status !== undefined);
  assertEquals([mallory.status, mallory.failure?.code], [5, "wrong-code"]);
  assertEquals(mallory.all("ready"), []);
  assertEquals(alice.alarms, { guess: 1 });
  assertEquals(alice.all("alarm")[0]!.count, 1);
  const bob = harness.join(alice.code!);
  alice.say("welcome");
  await harness.until(() => bob.heard.length === 1);
  await harness.advance(QUIET_MS);
  assertEquals(alice.alarms, { guess: 1 });
  assertCalm(bob);
  await harness.end();
});

Deno.test("join: admits the right code after two wrong ones", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  for (const name of ["Mallory", "Oscar"]) {
    const guesser = harness.join(wrong(alice.code!), { name });
    await harness.until(() => guesser.status === 5);
  }
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  assertEquals(alice.alarms, { guess: 2 });
  await harness.end();
});

Deno.test("join: burns the code after three wrong ones and refuses the right one with status 6", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  for (const name of ["Mallory", "Oscar", "Trudy"]) {
    const guesser = harness.join(wrong(alice.code!), { name });
    await harness.until(() => guesser.status !== undefined);
    assertEquals(guesser.status, 5);
  }
  assertEquals(alice.all("alarm").map(({ kind, count }) => [kind, count]), [
    ["guess", 1],
    ["guess", 2],
    ["guess", 3],
  ]);
  const late = harness.join(alice.code!);
  await harness.until(() => late.status !== undefined);
  assertEquals([late.status, late.failure?.code], [6, "code-burnt"]);
  // A new code admits the guest whom the burned one refused.
  await alice.chat.invite();
  const bob = harness.join(alice.code!);
  alice.say("at last");
  await harness.until(() => bob.heard.length === 1);
  await harness.end();
});

Deno.test("join: refuses a number without a room with status 6", async () => {
  const harness = new Harness();
  const bob = harness.join("1234-abandon-ability-able");
  await harness.until(() => bob.status !== undefined);
  assertEquals([bob.status, bob.failure?.code], [6, "no-room"]);
  await harness.end();
});

Deno.test("join: refuses a third person and tells both inside once", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const carol = harness.join(alice.code!, { name: "Carol" });
  await harness.until(() => carol.status !== undefined);
  assertEquals([carol.status, carol.failure?.code], [4, "room-sealed"]);
  alice.say("did you see that?");
  bob.say("I did");
  await harness.advance(QUIET_MS);
  assertAllHeard(alice, bob);
  assertEquals([alice.alarms, bob.alarms], [{ "third-party": 1 }, { "third-party": 1 }]);
  await harness.end();
});

Deno.test("join: tells a second guest that the room is full during a handshake", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  const { nameplate } = parseCode(alice.code!);
  // A client takes the seat and says nothing.
  await harness.relay.client().claim(roomOfNameplate(nameplate), "A".repeat(22));
  const carol = harness.join(alice.code!, { name: "Carol" });
  await harness.until(() => carol.status !== undefined);
  assertEquals([carol.status, carol.failure?.code], [4, "room-full"]);
  await harness.advance(QUIET_MS);
  assertEquals(alice.alarms, { "third-party": 1 });
  // The seat comes free with its lease, for the room is not sealed.
  await harness.advance(30_000);
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  await harness.end();
});

Deno.test("join: admits one guest per code, even after the guest has left", async () => {
  const harness = new Harness();
  const { alice, bob } = await harness.pair();
  const code = alice.code!;
  void bob.chat.leave();
  await harness.until(() => alice.presence?.peer === "left");
  const carol = harness.join(code, { name: "Carol" });
  await harness.until(() => carol.status !== undefined);
  assertEquals([carol.status, carol.failure?.code], [4, "room-sealed"]);
  await harness.end();
});

Deno.test("join: refuses a sealed seat even when its lease has lapsed", async () => {
  const harness = new Harness();
  let bobsRelayIsGone = false;
  const { alice, bob } = await harness.pair({
    guest: {
      through: (relay) =>
        new Proxy(relay, {
          get(target, name) {
            const value = Reflect.get(target, name);
            if (typeof value !== "function") return value;
            const never = () => bobsRelayIsGone && name !== "close" && name !== "operations";
            return (...args: unknown[]) =>
              never() ? new Promise(() => {}) : value.apply(target, args);
          },
        }),
    },
  });
  bobsRelayIsGone = true;
  await harness.until(() => alice.presence?.peer === "vanished");
  const carol = harness.join(alice.code!, { name: "Carol" });
  await harness.until(() => carol.status !== undefined);
  assertEquals(carol.failure?.code, "room-sealed");
  await harness.advance(QUIET_MS);
  assertEquals(alice.alarms, { "third-party": 1 });
  void alice.chat.leave();
  void bob.chat.leave("interrupted");
  await harness.until(() => alice.status !== undefined && bob.status !== undefined);
});

Deno.test("join: connects two people in an agreed room in either order", async () => {
  const harness = new Harness();
  const entry = () => entryByRoom("tea", "same words");
  const alice = harness.enter(entry(), { name: "Alice" });
  const bob = harness.enter(entry(), { name: "Bob" });
  alice.say("one");
  bob.say("two");
  await harness.until(() => alice.heard.length + bob.heard.length === 2);
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  await harness.end();
});

Deno.test("join: refuses another passphrase in an agreed room", async () => {
  const harness = new Harness();
  const alice = harness.enter(entryByRoom("tea", "one"), { name: "Alice" });
  await harness.until(() => alice.all("waiting").length > 0);
  const mallory = harness.enter(entryByRoom("tea", "two"), { name: "Mallory" });
  await harness.until(() => mallory.status !== undefined);
  assertEquals(mallory.status, 5);
  assertEquals(alice.alarms, { guess: 1 });
  await harness.end();
});

Deno.test("room: lets in again who left and comes back, once the other gives the passphrase again", async () => {
  const harness = new Harness();
  const entry = () => entryByRoom("garden", "four words make sense");
  const alice = harness.enter(entry(), { name: "Alice" });
  const bob = harness.enter(entry(), { name: "Bob" });
  await harness.until(() => alice.isReady && bob.isReady);
  // The host leaves, and the guest is the one who reopens the room.
  await assertRejects(() => bob.chat.invite("four words make sense"), Failure, "peer-present");
  await alice.chat.leave();
  await harness.until(() => bob.all("presence").some(({ peer }) => peer === "left"));
  const tooEarly = harness.enter(entry(), { name: "Alice" });
  await harness.until(() => tooEarly.status !== undefined);
  assertEquals(tooEarly.chat.failure?.reason, "room-sealed");
  await assertRejects(() => bob.chat.invite(), Failure, "passphrase-needed");
  await assertRejects(() => bob.chat.invite(" "), Failure, "invalid-passphrase");
  assert(bob.all("presence").at(-1)?.peer === "left", "nothing has changed");
  await bob.chat.invite(" four words make sense ");
  assertEquals(bob.chat.overview().code, undefined);
  const back = harness.enter(entry(), { name: "Alice" });
  back.say("here again");
  await harness.until(() => bob.heard.includes("here again"));
  assertEquals(bob.all("ready").length, 2);
  await harness.end();
});

Deno.test("room: refuses another passphrase after it was opened again", async () => {
  const harness = new Harness();
  const alice = harness.enter(entryByRoom("garden", "one"), { name: "Alice" });
  const bob = harness.enter(entryByRoom("garden", "one"), { name: "Bob" });
  await harness.until(() => alice.isReady && bob.isReady);
  await bob.chat.leave();
  await harness.until(() => alice.all("presence").some(({ peer }) => peer === "left"));
  await alice.chat.invite("two");
  const back = harness.enter(entryByRoom("garden", "one"), { name: "Bob" });
  await harness.until(() => back.status !== undefined);
  assertEquals([back.status, alice.alarms["guess"]], [5, 1]);
  await alice.chat.invite("one");
  const again = harness.enter(entryByRoom("garden", "one"), { name: "Bob" });
  await harness.until(() => again.isReady);
  await harness.end();
});

Deno.test("room: wipes the passphrase on both sides as soon as both are in", async () => {
  const harness = new Harness();
  const [own, peers] = [
    entryByRoom("garden", "four words make sense"),
    entryByRoom("garden", "four words make sense"),
  ];
  assert(own.mode === "room" && peers.mode === "room");
  const [alice, bob] = [harness.enter(own), harness.enter(peers, { name: "Bob" })];
  await harness.until(() => alice.isReady && bob.isReady);
  for (const { password } of [own, peers]) assertThrows(() => password.bytes, TypeError, "wiped");
  await harness.end();
});

Deno.test("code: is shown until someone has used it or it is burnt", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  assertEquals(alice.chat.overview().code, alice.code);
  const wrong = `${alice.code!.split("-")[0]}-zoo-zoo-zoo`;
  for (let i = 0; i < 3; i++) {
    const mallory = harness.join(wrong, { name: "Mallory" });
    await harness.until(() => mallory.status !== undefined);
  }
  assertEquals(alice.chat.overview().code, undefined);
  assertEquals(alice.all("code-burnt").length, 1);
  await alice.chat.invite();
  const bob = harness.join(alice.code!);
  await harness.until(() => alice.isReady && bob.isReady);
  assertEquals([alice, bob].map(({ chat }) => chat.overview().code), [undefined, undefined]);
  await harness.end();
});
