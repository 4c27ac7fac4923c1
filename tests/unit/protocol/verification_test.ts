import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import type { RatchetKeyPair } from "../../../src/crypto/ratchet_session.ts";
import { startConversation } from "../../../src/protocol/conversation.ts";
import {
  beginAsGuest,
  beginAsHost,
  type GuestState,
  type HostState,
  stepGuest,
  stepHost,
} from "../../../src/protocol/handshake.ts";
import type { Payload } from "../../../src/protocol/payload.ts";
import { verificationWords, VERIFY_WORDS, verifyKey } from "../../../src/protocol/verification.ts";
import { seededRandom } from "../../support/random.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";
import { paramsFrom, talk } from "./support.ts";

const names = { host: "Alice", guest: "Bob" };
const random = seededRandom(1);
const [isk, transcript] = [random(64), random(32)];

Deno.test("the words are twelve of the list, and always the same", () => {
  const words = verificationWords(verifyKey(isk, transcript), names);
  assertEquals(words.length, VERIFY_WORDS);
  assertEquals(VERIFY_WORDS, 12);
  assert(words.every((word) => wordlist.includes(word)));
  assertEquals(verificationWords(verifyKey(isk, transcript), names), words);
});

Deno.test("other words for another key, transcript, name, or order or division of names", () => {
  const key = () => verifyKey(isk, transcript);
  const all = [
    verificationWords(key(), names),
    verificationWords(verifyKey(random(64), transcript), names),
    verificationWords(verifyKey(isk, random(32)), names),
    verificationWords(key(), { host: "Bob", guest: "Alice" }),
    verificationWords(key(), { host: "AliceB", guest: "ob" }),
    verificationWords(key(), { host: "Alice", guest: "Bob " }),
  ].map((words) => words.join());
  assertEquals(new Set(all).size, all.length);
});

Deno.test("every word of the list comes up: 11 bits of each, none fixed", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 4_000; i++) {
    for (const word of verificationWords(verifyKey(random(64), transcript), names)) seen.add(word);
  }
  assertEquals(seen.size, wordlist.length);
});

Deno.test("two who talk have the same words, and have them once", () => {
  const { host, guest } = talk(1);
  const words = host.takeVerificationWords("Alice", "Bob");
  assertEquals(guest.takeVerificationWords("Bob", "Alice"), words);
  for (const side of [host, guest]) {
    assertThrows(() => side.takeVerificationWords("Alice", "Bob"), TypeError, "wiped");
    side.close();
  }
});

Deno.test("somebody in between who knows the code reads all, and the words tell", async () => {
  const random = seededRandom(3);
  const params = paramsFrom(random);
  const nextKeys = seededKeyPairs(random);
  const [aliceKeys, malloryKeys] = [await nextKeys(), await nextKeys()];
  const [nonce, otherNonce] = [random(16), random(16)];
  // To Bob, Mallory is the host; to Alice, the guest. Both handshakes are honest to the letter.
  const bob = beginAsGuest(params, nonce, random);
  const toBob = stepHost(beginAsHost(params, malloryKeys.publicKey), bob.send!, random);
  const bobAnswered = stepGuest(bob.state, toBob.send!);
  const withBob = stepHost(toBob.state, bobAnswered.send!, random);
  const bobDone = stepGuest(bobAnswered.state, withBob.send!);
  const toAlice = beginAsGuest(params, otherNonce, random);
  const alice = stepHost(beginAsHost(params, aliceKeys.publicKey), toAlice.send!, random);
  const malloryAnswered = stepGuest(toAlice.state, alice.send!);
  const aliceDone = stepHost(alice.state, malloryAnswered.send!, random);
  const withAlice = stepGuest(malloryAnswered.state, aliceDone.send!);
  const begin = (
    role: "host" | "guest",
    state: GuestState | HostState,
    keys?: RatchetKeyPair,
  ) => {
    if (state.state !== "established") throw new Error("An honest handshake failed");
    const { established } = state;
    return startConversation({ established, place: params, role, keys, now: () => 0, random });
  };
  const sides = {
    alice: await begin("host", aliceDone.state, aliceKeys),
    malloryAsGuest: await begin("guest", withAlice.state),
    malloryAsHost: await begin("host", withBob.state, malloryKeys),
    bob: await begin("guest", bobDone.state),
  };
  // Everything that Alice says, Mallory reads and says again.
  const said = await sides.alice.seal([
    { kind: "profile", name: "Alice", client: "whisper/1" },
    { kind: "text", text: "It is only us." },
  ]);
  const { received } = await sides.malloryAsGuest.open(said.map(({ envelope }) => envelope));
  const bodies = received.map(({ payload: { kind, ...rest } }) => ({ kind, ...rest }) as Payload);
  const again = await sides.malloryAsHost.seal(bodies);
  const heard = await sides.bob.open(again.map(({ envelope }) => envelope));
  assertEquals(heard.received.map(({ payload }) => payload.kind), ["profile", "text"]);
  // The names are the same on all four ends, and the words are not.
  const words = [
    sides.alice.takeVerificationWords("Alice", "Bob"),
    sides.bob.takeVerificationWords("Bob", "Alice"),
  ];
  assertNotEquals(words[0], words[1]);
  for (const side of Object.values(sides)) side.close();
});
