/**
 * Nothing that holds a secret shows it when it is printed, and nothing holds one longer than it must.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { Chat } from "../../../src/chat/chat.ts";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { type Random, systemClock, systemRandom } from "../../../src/clock.ts";
import { type Bytes, encodeBase64Url, encodeUtf8 } from "../../../src/crypto/bytes.ts";
import { Secret } from "../../../src/crypto/secret.ts";
import { type InviteCode, parseCode } from "../../../src/protocol/invite_code.ts";
import { startConversation } from "../../../src/protocol/conversation.ts";
import {
  beginAsGuest,
  beginAsHost,
  type HostState,
  stepGuest,
  stepHost,
  wipeGuest,
  wipeHost,
} from "../../../src/protocol/handshake.ts";
import { MemoryRelay } from "../../../tests/support/memory_relay.ts";
import { verifyKey } from "../../../src/protocol/verification.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";
import { paramsFrom, shakeHands, talk } from "./support.ts";

const PASSWORD = "river-canyon-ocean";

/** Everything that printing and serialising make of a value. */
function shown(value: unknown): string {
  return [
    Deno.inspect(value, {
      depth: 50,
      showHidden: true,
      iterableLimit: 10_000,
      strAbbreviateSize: 1e6,
    }),
    JSON.stringify(value, (_, part) => part instanceof Map ? [...part] : part),
    String(value),
  ].join("\n");
}

/** Fails when what is shown of `value` has any of the secrets in it, in any usual writing. */
function assertHides(value: unknown, secrets: readonly (Bytes | string)[]): void {
  const text = shown(value);
  for (const secret of secrets) {
    const bytes = typeof secret === "string" ? encodeUtf8(secret) : secret;
    const start = bytes.slice(0, 4);
    const writings = [
      encodeHex(start),
      encodeBase64Url(bytes.slice(0, 6)),
      [...start].join(", "),
      [...start].join(","),
      [...start].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
      // How JSON writes a byte array.
      [...start].map((byte, i) => `"${i}":${byte}`).join(","),
      ...(typeof secret === "string" ? [secret] : []),
    ];
    for (const writing of writings) {
      assert(!text.includes(writing), `${writing} is in ${text.slice(0, 500)}`);
    }
  }
}

/** Randomness of which every draw is remembered. */
function remembering(): { random: Random; drawn: Bytes[] } {
  const drawn: Bytes[] = [];
  return {
    drawn,
    random(length) {
      const bytes = systemRandom(length);
      drawn.push(bytes.slice());
      return bytes;
    },
  };
}

Deno.test("the test of printing sees what is printed", () => {
  const bytes = systemRandom(32);
  for (const value of [{ a: { b: bytes } }, new Map([["a", bytes]]), [encodeHex(bytes)]]) {
    assertThrows(() => assertHides(value, [bytes]));
  }
  assertThrows(() => assertHides({ password: PASSWORD }, [PASSWORD]));
});

Deno.test("a secret shows nothing, not even its length, and is zeros once wiped", () => {
  const bytes = systemRandom(32);
  const copy = bytes.slice();
  const secret = new Secret(bytes);
  assertHides({ deep: [secret] }, [copy]);
  assertEquals(Deno.inspect(secret), "Secret");
  assertEquals(JSON.stringify({ secret }), `{"secret":"Secret"}`);
  assertEquals(secret.bytes, copy);
  secret.wipe();
  secret.wipe();
  assertEquals(bytes, new Uint8Array(32));
  assertThrows(() => secret.bytes, TypeError, "wiped");
});

Deno.test("no state of a handshake shows the password, a scalar, a tag or the key", () => {
  const { random, drawn } = remembering();
  const params = paramsFrom(random, PASSWORD);
  const [nonce, keys] = [random(16), seededKeyPairs(random)()];
  const publicDraws = drawn.length - 1;
  const begun = beginAsGuest(params, nonce, random);
  const opened = beginAsHost(params, keys.publicKey);
  const answered = stepHost(opened, begun.send!, random);
  assertHides([begun.state, opened, answered.state], [PASSWORD, ...drawn.slice(publicDraws)]);
  const finished = stepGuest(begun.state, answered.send!);
  assert(finished.state.state === "awaiting-tag");
  const { hostTag, established } = finished.state;
  const secrets = [PASSWORD, ...drawn.slice(publicDraws), established.isk.bytes.slice()];
  assertHides([finished.state, answered.state], [...secrets, hostTag.bytes.slice()]);
  const confirmed = stepHost(answered.state, finished.send!, random);
  const done = stepGuest(finished.state, confirmed.send!);
  assertHides([confirmed.state, done.state], secrets);
});

Deno.test("a conversation shows no byte of a key", () => {
  const { guest, host } = shakeHands(1);
  const isk = host.established.isk.bytes.slice();
  const verify = verifyKey(isk, host.established.transcript).bytes.slice();
  assertHides([guest.established, host.established], [isk, verify]);
  const pair = talk(1);
  assertHides(pair, [isk, verify]);
  pair.host.close();
  pair.guest.close();
});

Deno.test("the shared key is wiped as soon as the conversation has begun", () => {
  const { params, random, keys, guest, host } = shakeHands(2);
  const shared = { place: params, now: () => 0, random };
  const [own, other] = [host.established.isk.bytes, guest.established.isk.bytes];
  const conversations = [
    startConversation({ ...shared, role: "host", keys, established: host.established }),
    startConversation({
      ...shared,
      role: "guest",
      keys: undefined,
      established: guest.established,
    }),
  ];
  for (const bytes of [own, other]) assertEquals(bytes, new Uint8Array(64));
  for (const conversation of conversations) conversation.close();
});

/** A host with two attempts answered, and the secrets that it holds. */
function hostWithTwo() {
  const random = systemRandom;
  const params = paramsFrom(random, PASSWORD);
  const guests = [1, 2].map(() => beginAsGuest(params, random(16), random));
  let state: HostState = beginAsHost(params, random(32));
  const answers = guests.map(({ send }) => {
    const step = stepHost(state, send!, random);
    state = step.state;
    return step.send!;
  });
  assert(state.state === "open");
  const attempts = [...state.attempts.values()].map((attempt) => ({
    isk: attempt!.established.isk.bytes,
    tag: attempt!.guestTag.bytes,
  }));
  const confirm = (i: number) => stepGuest(guests[i]!.state, answers[i]!).send!;
  return { random, state, password: state.password.bytes, attempts, confirm };
}

const isWiped = (bytes: Bytes) => bytes.every((byte) => byte === 0);

Deno.test("a host that has found its guest forgets the password and all other attempts", () => {
  const { random, state, password, attempts, confirm } = hostWithTwo();
  const done = stepHost(state, confirm(1), random);
  assertEquals(done.state.state, "established");
  assert(isWiped(password));
  assert(isWiped(attempts[0]!.isk) && isWiped(attempts[0]!.tag));
  assert(!isWiped(attempts[1]!.isk));
  wipeHost(done.state);
  assert(isWiped(attempts[1]!.isk));
});

Deno.test("a wrong guess is forgotten, and a burnt code with all that belonged to it", () => {
  const { random, state, password, attempts, confirm } = hostWithTwo();
  const wrong = (i: number) => {
    const message = confirm(i);
    return message.type === "guest-tag" ? { ...message, tag: systemRandom(64) } : message;
  };
  const once = stepHost(state, wrong(0), random);
  assert(isWiped(attempts[0]!.isk) && !isWiped(attempts[1]!.isk) && !isWiped(password));
  assert(once.state.state === "open");
  const last = stepHost({ ...once.state, guesses: 2 }, wrong(1), random);
  assertEquals(last.state.state, "burnt");
  assert(isWiped(attempts[1]!.isk) && isWiped(password));
});

Deno.test("a guest that is refused, or stops, forgets what it had", () => {
  for (const how of ["refusal", "stop"] as const) {
    const { random } = remembering();
    const params = paramsFrom(random);
    const nonce = random(16);
    const begun = beginAsGuest(params, nonce, random);
    const answered = stepHost(beginAsHost(params, random(32)), begun.send!, random);
    const { state } = stepGuest(begun.state, answered.send!);
    assert(state.state === "awaiting-tag");
    const kept = [state.established.isk.bytes, state.hostTag.bytes];
    if (how === "refusal") stepGuest(state, { type: "host-refusal", nonce });
    else wipeGuest(state);
    assert(kept.every(isWiped));
    // Before the answer there is the scalar alone, and a spent one finishes nothing.
    const early = beginAsGuest(params, nonce, random).state;
    wipeGuest(early);
    assertThrows(() => stepGuest(early, answered.send!), TypeError, "already finished");
  }
});

Deno.test("a running chat shows no byte of a key, and no password", async () => {
  const { random, drawn } = remembering();
  const relay = new MemoryRelay({ clock: systemClock });
  const ready = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const invited = Promise.withResolvers<InviteCode>();
  const hear = (i: number) => (event: ChatEvent) => {
    if (event.event === "invite") invited.resolve(parseCode(event.code));
    if (event.event === "ready") ready[i]!.resolve();
  };
  const shared = { clock: systemClock, random, lingerMs: 600_000 };
  const host = new Chat({
    ...shared,
    relay: Promise.resolve(relay.client()),
    entry: { mode: "new" },
    name: "Alice",
    emit: hear(0),
  });
  const running = [host.run()];
  const code = await invited.promise;
  const guest = new Chat({
    ...shared,
    relay: Promise.resolve(relay.client()),
    entry: { mode: "join", code },
    name: "Bob",
    emit: hear(1),
  });
  running.push(guest.run());
  await Promise.all(ready.map(({ promise }) => promise));
  // Single bytes are jitter, and four make up the number and the words; those are told once, as words.
  assertHides([host, guest], [code.password, ...drawn.filter(({ length }) => length > 4)]);
  await guest.leave();
  await host.leave();
  assertEquals(await Promise.all(running), [0, 0]);
});
