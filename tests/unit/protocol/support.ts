/**
 * Two who have shaken hands, and their conversation, from a number.
 *
 * @module
 */
import type { Random } from "../../../src/clock.ts";
import { encodeBase64Url } from "../../../src/crypto/bytes.ts";
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
  stepGuest,
  stepHost,
} from "../../../src/protocol/handshake.ts";
import { type HandshakeMessage, roomOfNameplate } from "../../../src/protocol/wire.ts";
import { seededRandom } from "../../support/random.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";

/** What two people are about to shake hands on. */
export function paramsFrom(random: Random, password = "river-canyon-ocean"): HandshakeParams {
  return {
    room: roomOfNameplate("4821"),
    epoch: encodeBase64Url(random(8)),
    password,
    hostNonce: random(16),
  };
}

/** A whole handshake: each message, and the state that it was heard in. */
export interface Handshake {
  readonly params: HandshakeParams;
  readonly random: Random;
  readonly keys: RatchetKeyPair;
  readonly messages: Record<HandshakeMessage["type"], HandshakeMessage>;
  readonly guest: { readonly established: HandshakeResult; readonly state: GuestState };
  readonly host: { readonly established: HandshakeResult; readonly state: HostState };
}

/** Runs a handshake. The states that the steps have spent are not kept. */
export function shakeHands(seed: number): Handshake {
  const random = seededRandom(seed);
  const params = paramsFrom(random);
  const keys = seededKeyPairs(random)();
  const nonce = random(16);
  const begun = beginAsGuest(params, nonce, random);
  const answered = stepHost(beginAsHost(params, keys.publicKey), begun.send!, random);
  const finished = stepGuest(begun.state, answered.send!);
  const confirmed = stepHost(answered.state, finished.send!, random);
  const done = stepGuest(finished.state, confirmed.send!);
  if (confirmed.state.state !== "established" || done.state.state !== "established") {
    throw new Error("An honest handshake failed");
  }
  return {
    params,
    random,
    keys,
    messages: {
      "guest-share": begun.send!,
      "host-share": answered.send!,
      "guest-tag": finished.send!,
      "host-tag": confirmed.send!,
      "host-refusal": { type: "host-refusal", nonce },
    },
    guest: { established: done.state.established, state: done.state },
    host: { established: confirmed.state.established, state: confirmed.state },
  };
}

/** Both ends of a conversation. */
export interface Talk {
  readonly host: Conversation;
  readonly guest: Conversation;
}

/** Two who talk, without the handshake before it: for tests that begin thousands. */
export function talkAtOnce(seed: number): Talk {
  const random = seededRandom(seed);
  const generateKeyPair = seededKeyPairs(random);
  const [isk, transcript, keys] = [random(64), random(32), generateKeyPair()];
  const established = (): HandshakeResult => ({
    isk: new Secret(isk.slice()),
    transcript,
    hostRatchetKey: keys.publicKey,
  });
  const shared = { place: paramsFrom(random), now: () => 1_000, random, generateKeyPair };
  return {
    host: startConversation({ ...shared, role: "host", established: established(), keys }),
    guest: startConversation({
      ...shared,
      role: "guest",
      established: established(),
      keys: undefined,
    }),
  };
}

/** Two who talk; their clocks stand at `now`. */
export function talk(seed: number, now: () => number = () => 1_000): Talk {
  const { params, random, keys, guest, host } = shakeHands(seed);
  const shared = { place: params, now, random, generateKeyPair: seededKeyPairs(random) };
  return {
    host: startConversation({
      ...shared,
      role: "host",
      established: host.established,
      keys,
    }),
    guest: startConversation({
      ...shared,
      role: "guest",
      established: guest.established,
      keys: undefined,
    }),
  };
}
