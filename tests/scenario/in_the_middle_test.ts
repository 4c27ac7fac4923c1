/**
 * An attacker in the middle who knows the code: what `/verify` is for.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { parseCode } from "../../src/protocol/invite_code.ts";
import { passwordFrom } from "../../src/protocol/handshake.ts";
import { roomOfNameplate } from "../../src/protocol/wire.ts";
import { assertCalm, Harness } from "./harness.ts";

Deno.test("verify: shows different words when an attacker who knows the code is in the middle", async () => {
  // Two relays, which to Alice and Bob look like one; Mallory sits in both, with the code.
  const alices = new Harness({ seed: 1 });
  const bobs = new Harness({ seed: 2, clock: alices.clock });
  const alice = await alices.host();
  const { nameplate, password } = parseCode(alice.code!);
  const asBob = alices.join(alice.code!, { name: "Bob" });
  const room = roomOfNameplate(nameplate);
  const asAlice = bobs.enter({ mode: "room", room, password: passwordFrom(password) }, {
    name: "Alice",
  });
  await alices.until(() => asAlice.all("waiting").length > 0);
  const bob = bobs.join(alice.code!);
  await alices.until(() => [alice, asBob, asAlice, bob].every(({ isReady }) => isReady));
  // Mallory passes on what is said, and has read it.
  alice.say("is it you?");
  await alices.until(() => asBob.heard.length === 1);
  asAlice.say(asBob.heard[0]!);
  await alices.until(() => bob.heard.length === 1);
  assertEquals(bob.heard, alice.said);
  // To both everything looks as it should, but for the words.
  assertCalm(alice, bob);
  const [hers, his] = [alice.all("ready")[0]!, bob.all("ready")[0]!];
  assertEquals([hers.peer, his.peer], ["Bob", "Alice"]);
  assertNotEquals(hers.verify, his.verify);
  // Not one word in its place is the same: 12 of 2048 by chance would be.
  assert(hers.verify.filter((word, i) => word === his.verify[i]).length < 2);
  // Mallory can tell each that the other has confirmed, and cannot confirm for either.
  asAlice.chat.verify(true);
  asBob.chat.verify(true);
  await alices.until(() => [alice, bob].every((one) => one.all("verified").length > 0));
  assertEquals([alice, bob].flatMap((one) => one.all("verified").map(({ both }) => both)), [
    false,
    false,
  ]);
  for (const { chat } of [...alices.people, ...bobs.people]) void chat.leave();
  await alices.until(() => [alice, asBob, asAlice, bob].every(({ status }) => status === 0));
  await alices.end();
  await bobs.end();
});

Deno.test("verify: shows both sides the same words, and others in the next session", async () => {
  const words = new Set<string>();
  for (let seed = 1; seed <= 5; seed++) {
    const harness = new Harness({ seed });
    const { alice, bob } = await harness.pair();
    assertEquals(alice.all("ready")[0]!.verify, bob.all("ready")[0]!.verify);
    words.add(String(alice.all("ready")[0]!.verify));
    await harness.end();
  }
  assertEquals(words.size, 5);
});
