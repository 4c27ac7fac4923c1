/**
 * Nothing that holds a secret shows it when it is printed, and nothing holds one longer than it must.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Chat } from "../../../src/chat/chat.ts";
import type { ChatEvent } from "../../../src/chat/events.ts";
import { type Random, systemClock, systemRandom } from "../../../src/clock.ts";
import { encodeBase64Url } from "../../../src/base64url.ts";
import { type Bytes, encodeUtf8 } from "../../../src/crypto/bytes.ts";
import type { KemKeyPair } from "../../../src/crypto/mlkem.ts";
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
import type { HandshakeMessage } from "../../../src/protocol/wire.ts";
import { MemoryRelay } from "../../../tests/support/memory_relay.ts";
import { seededKem } from "../../support/kem.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";
import { clockAt, dropped, fixtureFrom, paramsOf, shakeHands, talk } from "./support.ts";

const PASSWORD = "river-canyon-ocean";

/** Everything that printing and serializing make of a value. */
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
      start.toHex(),
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

Deno.test("assertHides: finds secrets that are printed", () => {
  const bytes = systemRandom(32);
  for (const value of [{ a: { b: bytes } }, new Map([["a", bytes]]), [bytes.toHex()]]) {
    assertThrows(() => assertHides(value, [bytes]));
  }
  assertThrows(() => assertHides({ password: PASSWORD }, [PASSWORD]));
});

Deno.test("Secret: shows nothing when printed and is zeros once wiped", () => {
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

Deno.test("handshake: no state shows the password, a scalar, a KEM seed, a tag or the key", async () => {
  const { random, drawn } = remembering();
  const fixture = fixtureFrom(random, PASSWORD);
  const nonce = random(16);
  const publicDraws = drawn.length;
  const sources = { random, kem: seededKem(random), generateKeyPair: seededKeyPairs(random) };
  const begun = beginAsGuest(paramsOf(fixture), nonce, random);
  const opened = beginAsHost(paramsOf(fixture));
  const answered = await stepHost(opened, begun.send!, sources);
  assertHides([begun.state, opened, answered.state], [PASSWORD, ...drawn.slice(publicDraws)]);
  const finished = await stepGuest(begun.state, answered.send!, sources);
  assert(finished.state.state === "awaiting-tag");
  const { hostTag, result } = finished.state;
  const secrets = [PASSWORD, ...drawn.slice(publicDraws), result.sessionKey.bytes.slice()];
  assertHides([finished.state, answered.state], [...secrets, hostTag.bytes.slice()]);
  const confirmed = await stepHost(answered.state, finished.send!, sources);
  const done = await stepGuest(finished.state, confirmed.send!, sources);
  assertHides([confirmed.state, done.state], secrets);
});

Deno.test("conversation: shows no byte of a key", async () => {
  const { guest, host } = await shakeHands(1);
  const sessionKey = host.result.sessionKey.bytes.slice();
  assertHides([guest.result, host.result], [sessionKey]);
  const pair = await talk(1);
  assertHides(pair, [sessionKey]);
  pair.host.close();
  pair.guest.close();
});

Deno.test("startConversation: wipes the session key", async () => {
  const { fixture, random, guest, host } = await shakeHands(2);
  const shared = { epoch: fixture, clock: clockAt(), random, send: dropped };
  const keys = [host, guest].map(({ result }) => result.sessionKey.bytes);
  const conversations = [host, guest].map(({ result }) =>
    startConversation({ ...shared, handshake: result })
  );
  for (const bytes of keys) assertEquals(bytes, new Uint8Array(64));
  for (const conversation of conversations) conversation.close();
});

/** A host with two attempts answered, and the secrets that it holds. */
async function hostWithTwo() {
  const random = systemRandom;
  const fixture = fixtureFrom(random, PASSWORD);
  const guests = [1, 2].map(() => beginAsGuest(paramsOf(fixture), random(16), random));
  let state: HostState = beginAsHost(paramsOf(fixture));
  const answers: HandshakeMessage[] = [];
  for (const { send } of guests) {
    const step = await stepHost(state, send!, { random });
    state = step.state;
    answers.push(step.send!);
  }
  assert(state.state === "open");
  const attempts = [...state.attempts.values()].map((attempt) => ({
    isk: attempt!.isk.bytes,
    kemKeyPair: attempt!.kemKeyPair,
  }));
  const confirm = async (i: number) => (await stepGuest(guests[i]!.state, answers[i]!)).send!;
  return { random, state, password: state.password.bytes, attempts, confirm };
}

/** True once the decapsulation key of an attempt is gone. */
async function isKemWiped({ kemKeyPair }: { kemKeyPair: KemKeyPair }): Promise<boolean> {
  try {
    await kemKeyPair.decapsulate(new Uint8Array(1_088));
    return false;
  } catch (error) {
    return error instanceof TypeError && error.message.includes("wiped");
  }
}

const isWiped = (bytes: Bytes) => bytes.every((byte) => byte === 0);

Deno.test("stepHost: wipes the password and all attempts once it has found its guest", async () => {
  const { random, state, password, attempts, confirm } = await hostWithTwo();
  const done = await stepHost(state, await confirm(1), { random });
  assert(done.state.state === "established");
  assert(isWiped(password));
  for (const attempt of attempts) assert(isWiped(attempt.isk) && await isKemWiped(attempt));
  const sessionKey = done.state.result.sessionKey.bytes;
  assert(!isWiped(sessionKey));
  wipeHost(done.state);
  assert(isWiped(sessionKey));
});

Deno.test("stepHost: wipes the attempt of a wrong guess, and everything after the last guess", async () => {
  const { random, state, password, attempts, confirm } = await hostWithTwo();
  const wrong = async (i: number) => {
    const message = await confirm(i);
    return message.type === "guest-tag" ? { ...message, tag: systemRandom(64) } : message;
  };
  const once = await stepHost(state, await wrong(0), { random });
  assert(isWiped(attempts[0]!.isk) && !isWiped(attempts[1]!.isk) && !isWiped(password));
  assert(await isKemWiped(attempts[0]!) && !await isKemWiped(attempts[1]!));
  assert(once.state.state === "open");
  const last = await stepHost({ ...once.state, guesses: 2 }, await wrong(1), { random });
  assertEquals(last.state.state, "burnt");
  assert(isWiped(attempts[1]!.isk) && isWiped(password) && await isKemWiped(attempts[1]!));
});

Deno.test("beginAsGuest: wipes the password when the share is made", () => {
  const random = systemRandom;
  const params = paramsOf(fixtureFrom(random));
  const password = params.password.bytes;
  beginAsGuest(params, random(16), random);
  assert(isWiped(password));
  assertThrows(() => params.password.bytes, TypeError, "wiped");
});

Deno.test("stepGuest: wipes its secrets when it is refused or stopped", async () => {
  for (const how of ["refusal", "stop"] as const) {
    const { random } = remembering();
    const fixture = fixtureFrom(random);
    const nonce = random(16);
    const begun = beginAsGuest(paramsOf(fixture), nonce, random);
    const answered = await stepHost(beginAsHost(paramsOf(fixture)), begun.send!, { random });
    const { state } = await stepGuest(begun.state, answered.send!);
    assert(state.state === "awaiting-tag");
    const secrets = [state.result.sessionKey.bytes, state.hostTag.bytes];
    if (how === "refusal") await stepGuest(state, { type: "host-refusal", nonce });
    else wipeGuest(state);
    assert(secrets.every(isWiped));
    // Before the answer the only secret is the scalar, and a used state finishes nothing.
    const early = beginAsGuest(paramsOf(fixture), nonce, random).state;
    wipeGuest(early);
    await assertRejects(() => stepGuest(early, answered.send!), TypeError, "already finished");
  }
});

Deno.test("chat: shows no byte of a key and no password", async () => {
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
