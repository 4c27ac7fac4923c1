/**
 * Who gets in: a right code once, a wrong one three times, a third person never.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { parseCode } from "../../src/protocol/code.ts";
import { roomOfName, roomOfNameplate } from "../../src/protocol/wire.ts";
import { assertAllHeard, assertCalm, Bench, QUIET_MS } from "./bench.ts";

/** The code with another last word. */
function wrong(code: string): string {
  const parts = code.split("-");
  const last = wordlist.indexOf(parts.pop()!);
  return [...parts, wordlist[(last + 1) % wordlist.length]].join("-");
}

Deno.test("entering: a wrong code is refused with status 5, and the host is told of the guess", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  const mallory = bench.join(wrong(alice.code!), { name: "Mallory" });
  await bench.until(() => mallory.status !== undefined);
  assertEquals([mallory.status, mallory.failure?.code], [5, "wrong-code"]);
  assertEquals(mallory.all("ready"), []);
  assertEquals(alice.alarms, { guess: 1 });
  assertEquals(alice.all("alarm")[0]!.count, 1);
  const bob = bench.join(alice.code!);
  alice.say("welcome");
  await bench.until(() => bob.heard.length === 1);
  await bench.advance(QUIET_MS);
  assertEquals(alice.alarms, { guess: 1 });
  assertCalm(bob);
  await bench.end();
});

Deno.test("entering: two wrong codes and the right one let in", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  for (const name of ["Mallory", "Oscar"]) {
    const guesser = bench.join(wrong(alice.code!), { name });
    await bench.until(() => guesser.status === 5);
  }
  const bob = bench.join(alice.code!);
  await bench.until(() => alice.isReady && bob.isReady);
  assertEquals(alice.alarms, { guess: 2 });
  await bench.end();
});

Deno.test("entering: three wrong codes burn the code, and the right one gets status 6", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  for (const name of ["Mallory", "Oscar", "Trudy"]) {
    const guesser = bench.join(wrong(alice.code!), { name });
    await bench.until(() => guesser.status !== undefined);
    assertEquals(guesser.status, 5);
  }
  assertEquals(alice.all("alarm").map(({ kind, count }) => [kind, count]), [
    ["guess", 1],
    ["guess", 2],
    ["guess", 3],
  ]);
  const late = bench.join(alice.code!);
  await bench.until(() => late.status !== undefined);
  assertEquals([late.status, late.failure?.code], [6, "code-burnt"]);
  // A fresh code lets in whom the burnt one kept out.
  await alice.chat.invite();
  const bob = bench.join(alice.code!);
  alice.say("at last");
  await bench.until(() => bob.heard.length === 1);
  await bench.end();
});

Deno.test("entering: a number without a room is refused with status 6", async () => {
  const bench = new Bench();
  const bob = bench.join("1234-abandon-ability-able");
  await bench.until(() => bob.status !== undefined);
  assertEquals([bob.status, bob.failure?.code], [6, "no-room"]);
  await bench.end();
});

Deno.test("entering: a third person finds the room sealed, and both inside are told once", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  const carol = bench.join(alice.code!, { name: "Carol" });
  await bench.until(() => carol.status !== undefined);
  assertEquals([carol.status, carol.failure?.code], [4, "room-sealed"]);
  alice.say("did you see that?");
  bob.say("I did");
  await bench.advance(QUIET_MS);
  assertAllHeard(alice, bob);
  assertEquals([alice.alarms, bob.alarms], [{ "third-party": 1 }, { "third-party": 1 }]);
  await bench.end();
});

Deno.test("entering: while a guest is at the door a second one is told that the room is full", async () => {
  const bench = new Bench();
  const alice = await bench.host();
  const { nameplate } = parseCode(alice.code!);
  // Somebody takes the seat and says nothing.
  await bench.relay.mailbox().claim(roomOfNameplate(nameplate), "A".repeat(22));
  const carol = bench.join(alice.code!, { name: "Carol" });
  await bench.until(() => carol.status !== undefined);
  assertEquals([carol.status, carol.failure?.code], [4, "room-full"]);
  await bench.advance(QUIET_MS);
  assertEquals(alice.alarms, { "third-party": 1 });
  // The seat comes free with its lease, for the room is not sealed.
  await bench.advance(30_000);
  const bob = bench.join(alice.code!);
  await bench.until(() => alice.isReady && bob.isReady);
  await bench.end();
});

Deno.test("entering: one code opens a room once, even after the guest has left", async () => {
  const bench = new Bench();
  const { alice, bob } = await bench.pair();
  const code = alice.code!;
  void bob.chat.leave();
  await bench.until(() => alice.presence?.peer === "left");
  const carol = bench.join(code, { name: "Carol" });
  await bench.until(() => carol.status !== undefined);
  assertEquals([carol.status, carol.failure?.code], [4, "room-sealed"]);
  await bench.end();
});

Deno.test("entering: a lapsed lease does not free a sealed seat", async () => {
  const bench = new Bench();
  let bobsRelayIsGone = false;
  const { alice, bob } = await bench.pair({
    guest: {
      through: (mailbox) =>
        new Proxy(mailbox, {
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
  await bench.until(() => alice.presence?.peer === "vanished");
  const carol = bench.join(alice.code!, { name: "Carol" });
  await bench.until(() => carol.status !== undefined);
  assertEquals(carol.failure?.code, "room-sealed");
  await bench.advance(QUIET_MS);
  assertEquals(alice.alarms, { "third-party": 1 });
  void alice.chat.leave();
  void bob.chat.leave("interrupted");
  await bench.until(() => alice.status !== undefined && bob.status !== undefined);
});

Deno.test("entering: two who agreed on a room and a passphrase meet, whoever comes first", async () => {
  const bench = new Bench();
  const entry = { mode: "room", room: roomOfName("tea"), password: "same words" } as const;
  const alice = bench.enter(entry, { name: "Alice" });
  const bob = bench.enter(entry, { name: "Bob" });
  alice.say("one");
  bob.say("two");
  await bench.until(() => alice.heard.length + bob.heard.length === 2);
  assertAllHeard(alice, bob);
  assertCalm(alice, bob);
  await bench.end();
});

Deno.test("entering: an agreed room with another passphrase opens to nobody", async () => {
  const bench = new Bench();
  const room = roomOfName("tea");
  const alice = bench.enter({ mode: "room", room, password: "one" }, { name: "Alice" });
  await bench.until(() => alice.all("waiting").length > 0);
  const mallory = bench.enter({ mode: "room", room, password: "two" }, { name: "Mallory" });
  await bench.until(() => mallory.status !== undefined);
  assertEquals(mallory.status, 5);
  assertEquals(alice.alarms, { guess: 1 });
  await bench.end();
});
