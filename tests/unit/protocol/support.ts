/**
 * Two sides after a handshake, and their conversation, from a seed.
 *
 * @module
 */
import type { Clock, Random } from "../../../src/clock.ts";
import { encodeBase64Url } from "../../../src/base64url.ts";
import type { Kem } from "../../../src/crypto/mlkem.ts";
import type { RatchetKeyPair } from "../../../src/crypto/ratchet_session.ts";
import { Secret } from "../../../src/crypto/secret.ts";
import { type Conversation, startConversation } from "../../../src/protocol/conversation.ts";
import {
  beginAsGuest,
  beginAsHost,
  type GuestState,
  type HandshakeParams,
  type HandshakeResult,
  type HostState,
  passwordFrom,
  stepGuest,
  stepHost,
} from "../../../src/protocol/handshake.ts";
import { type HandshakeMessage, roomOfNameplate } from "../../../src/protocol/wire.ts";
import type { RoomEpoch } from "../../../src/relay/relay.ts";
import { seededKem } from "../../support/kem.ts";
import { seededRandom } from "../../support/random.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";

/** The input of a handshake. The password is new each time: a handshake uses it up. */
export interface Fixture extends RoomEpoch {
  readonly hostNonce: Uint8Array<ArrayBuffer>;
  readonly password: string;
}

/** A fixture from `random`. */
export function fixtureFrom(random: Random, password = "river-canyon-ocean"): Fixture {
  return {
    room: roomOfNameplate("4821"),
    epoch: encodeBase64Url(random(8)),
    password,
    hostNonce: random(16),
  };
}

/** The params of one side. */
export function paramsOf(fixture: Fixture): HandshakeParams {
  return { ...fixture, password: passwordFrom(fixture.password) };
}

/** A whole handshake: each message, and the state that it was received in. */
export interface Handshake {
  readonly fixture: Fixture;
  readonly random: Random;
  readonly kem: Kem;
  readonly messages: Record<HandshakeMessage["type"], HandshakeMessage>;
  readonly guest: { readonly result: HandshakeResult; readonly state: GuestState };
  readonly host: { readonly result: HandshakeResult; readonly state: HostState };
}

/** Runs a handshake. The states that the steps have used up are dropped. */
export async function shakeHands(seed: number): Promise<Handshake> {
  const random = seededRandom(seed);
  const fixture = fixtureFrom(random);
  const nonce = random(16);
  const kem = seededKem(random);
  const sources = { random, kem, generateKeyPair: seededKeyPairs(random) };
  const begun = beginAsGuest(paramsOf(fixture), nonce, random);
  const answered = await stepHost(beginAsHost(paramsOf(fixture)), begun.send!, sources);
  const finished = await stepGuest(begun.state, answered.send!, sources);
  const confirmed = await stepHost(answered.state, finished.send!, sources);
  const done = await stepGuest(finished.state, confirmed.send!, sources);
  if (confirmed.state.state !== "established" || done.state.state !== "established") {
    throw new Error("An honest handshake failed");
  }
  return {
    fixture,
    random,
    kem,
    messages: {
      "guest-share": begun.send!,
      "host-share": answered.send!,
      "guest-tag": finished.send!,
      "host-tag": confirmed.send!,
      "host-refusal": { type: "host-refusal", nonce },
    },
    guest: { result: done.state.result, state: done.state },
    host: { result: confirmed.state.result, state: confirmed.state },
  };
}

/** Both sides of a conversation. */
export interface Talk {
  readonly host: Conversation;
  readonly guest: Conversation;
}

/** Both results of a handshake that did not take place. */
export function resultsFrom(
  random: Random,
  generateKeyPair: () => RatchetKeyPair,
): { host: HandshakeResult; guest: HandshakeResult } {
  const [sessionKey, transcript, keyPair] = [random(64), random(32), generateKeyPair()];
  const shared = () => ({ sessionKey: new Secret(sessionKey.slice()), transcript });
  return {
    host: { ...shared(), ratchet: { role: "host", keyPair } },
    guest: { ...shared(), ratchet: { role: "guest", hostRatchetKey: keyPair.publicKey } },
  };
}

/** A conversation without the handshake before it, for tests that start thousands. */
export function talkAtOnce(seed: number): Talk {
  const random = seededRandom(seed);
  const generateKeyPair = seededKeyPairs(random);
  const { host, guest } = resultsFrom(random, generateKeyPair);
  const shared = { epoch: fixtureFrom(random), clock: clockAt(), random, generateKeyPair };
  return {
    host: startConversation({ ...shared, handshake: host, send: dropped }),
    guest: startConversation({ ...shared, handshake: guest, send: dropped }),
  };
}

/** A clock that stands still. */
export function clockAt(now: () => number = () => 1_000): Pick<Clock, "now" | "monotonic"> {
  return { now, monotonic: () => 0 };
}

/** Drops the payloads of KEM exchanges, as a relay may. */
export function dropped(): void {}

/** A conversation after a handshake; its clocks show `now`. */
export async function talk(seed: number, now: () => number = () => 1_000): Promise<Talk> {
  const { fixture, random, guest, host } = await shakeHands(seed);
  const shared = {
    epoch: fixture,
    clock: clockAt(now),
    random,
    generateKeyPair: seededKeyPairs(random),
    send: dropped,
  };
  return {
    host: startConversation({ ...shared, handshake: host.result }),
    guest: startConversation({ ...shared, handshake: guest.result }),
  };
}
