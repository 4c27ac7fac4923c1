import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { wordlist } from "@scure/bip39/wordlists/english.js";
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
import { verificationWords, VERIFY_WORDS } from "../../../src/protocol/verification.ts";
import { seededRandom } from "../../support/random.ts";
import { clockAt, dropped, fixtureFrom, paramsOf, talk } from "./support.ts";

const random = seededRandom(1);
const [sessionKey, transcript] = [random(64), random(32)];

Deno.test("verificationWords: gives twelve words of the list, always the same", () => {
  const words = verificationWords(sessionKey, transcript);
  assertEquals(words.length, VERIFY_WORDS);
  assertEquals(VERIFY_WORDS, 12);
  assert(words.every((word) => wordlist.includes(word)));
  assertEquals(verificationWords(sessionKey, transcript), words);
});

Deno.test("verificationWords: gives other words for another key or transcript", () => {
  const all = [
    verificationWords(sessionKey, transcript),
    verificationWords(random(64), transcript),
    verificationWords(sessionKey, random(32)),
  ].map((words) => words.join());
  assertEquals(new Set(all).size, all.length);
});

Deno.test("verificationWords: reaches every word of the list", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 4_000; i++) {
    for (const word of verificationWords(random(64), transcript)) seen.add(word);
  }
  assertEquals(seen.size, wordlist.length);
});

Deno.test("words: are the same on both sides, whatever the names", async () => {
  const { host, guest } = await talk(1);
  const { words } = host;
  assertEquals(guest.words, words);
  await guest.open((await host.seal([{ kind: "profile", name: "Alice", client: "whisper/2" }]))
    .map(({ envelope }) => envelope));
  assertEquals(guest.words, words);
  host.close();
  guest.close();
});

Deno.test("words: differ when a man in the middle knows the code and reads everything", async () => {
  const random = seededRandom(3);
  const fixture = fixtureFrom(random);
  const params = () => paramsOf(fixture);
  const [nonce, otherNonce] = [random(16), random(16)];
  // To Bob, Mallory is the host; to Alice, the guest. Both handshakes follow the protocol.
  const bob = beginAsGuest(params(), nonce, random);
  const toBob = await stepHost(beginAsHost(params()), bob.send!, { random });
  const bobAnswered = await stepGuest(bob.state, toBob.send!);
  const withBob = await stepHost(toBob.state, bobAnswered.send!, { random });
  const bobDone = await stepGuest(bobAnswered.state, withBob.send!);
  const toAlice = beginAsGuest(params(), otherNonce, random);
  const alice = await stepHost(beginAsHost(params()), toAlice.send!, { random });
  const malloryAnswered = await stepGuest(toAlice.state, alice.send!);
  const aliceDone = await stepHost(alice.state, malloryAnswered.send!, { random });
  const withAlice = await stepGuest(malloryAnswered.state, aliceDone.send!);
  const begin = (state: GuestState | HostState) => {
    if (state.state !== "established") throw new Error("An honest handshake failed");
    return startConversation({
      handshake: state.result,
      epoch: fixture,
      clock: clockAt(),
      random,
      send: dropped,
    });
  };
  const sides = {
    alice: begin(aliceDone.state),
    malloryAsGuest: begin(withAlice.state),
    malloryAsHost: begin(withBob.state),
    bob: begin(bobDone.state),
  };
  // Mallory reads everything that Alice sends, and sends it on.
  const sent = await sides.alice.seal([
    { kind: "profile", name: "Alice", client: "whisper/2" },
    { kind: "text", text: "It is only us." },
  ]);
  const { received } = await sides.malloryAsGuest.open(sent.map(({ envelope }) => envelope));
  const bodies = received.map(({ payload: { kind, ...rest } }) => ({ kind, ...rest }) as Payload);
  const again = await sides.malloryAsHost.seal(bodies);
  const heard = await sides.bob.open(again.map(({ envelope }) => envelope));
  assertEquals(heard.received.map(({ payload }) => payload.kind), ["profile", "text"]);
  assertNotEquals(sides.alice.words, sides.bob.words);
  for (const side of Object.values(sides)) side.close();
});
