/**
 * From the code to a session key: CPace and ML-KEM-768 with confirmation both ways, the guest first, as
 * two state machines (docs/PROTOCOL.md §4). They do no input or output; the KEM makes them asynchronous.
 *
 * The host sends nothing that depends on the password until the guest's tag has proved that the guest
 * knows it, so every guess at the code is a guess that the host sees and counts.
 *
 * Both machines are in one file because each message is sent by one and checked by the other.
 *
 * @module
 */
import {
  type Bytes,
  concat,
  constantTimeEqual,
  encodeUtf8,
  lengthPrefixed,
  wipe,
} from "../crypto/bytes.ts";
import * as cpace from "../crypto/cpace.ts";
import { deriveSessionKey, LABELS, sha256 } from "../crypto/kdf.ts";
import { type Kem, kem as platformKem, type KemKeyPair } from "../crypto/mlkem.ts";
import { generateRatchetKeyPair, type RatchetKeyPair } from "../crypto/ratchet_session.ts";
import { Secret } from "../crypto/secret.ts";
import type { Random } from "../clock.ts";
import type { RoomEpoch } from "../relay/relay.ts";
import { type HandshakeMessage, PROTOCOL_VERSION } from "./wire.ts";

/** Guesses at one code: three of 2^33 are 3.5e-10 for a stranger, and allow a friend two typos. */
export const MAX_GUESSES = 3;
/**
 * Attempts that the host answers in one epoch, whether or not they go on. Honest guests hold the seat
 * and come one at a time; this bounds the work that a flood of shares can ask for.
 */
export const MAX_ATTEMPTS = 64;

/** What both sides know before the first message, and what of it is public. */
interface PublicParams extends RoomEpoch {
  /** The host's seat token: its half of the session id. */
  readonly hostNonce: Bytes;
}

/** What both sides know before the first message. */
export interface HandshakeParams extends PublicParams {
  /** The words, or the agreed passphrase. The handshake takes it over, and wipes it once it is used. */
  readonly password: Secret;
}

/** Wraps a password for {@link HandshakeParams}: it serves one handshake and is wiped by it. */
export function passwordFrom(text: string): Secret {
  return new Secret(encodeUtf8(text));
}

/** Sources of randomness other than {@link Random}. Tests replace them to repeat a run. */
export interface HandshakeOptions {
  readonly kem?: Kem;
  readonly generateKeyPair?: () => RatchetKeyPair;
}

/** What a successful handshake leaves. */
export interface HandshakeResult {
  /** 64 bytes; used only for labeled derivations, and wiped once those are made. */
  readonly sessionKey: Secret;
  /** Hash of everything that both sides sent and agreed on. */
  readonly transcript: Bytes;
  /** How the Double Ratchet starts: with the host's first ratchet key, which the guest sees half of. */
  readonly ratchet:
    | { readonly role: "host"; readonly keyPair: RatchetKeyPair }
    | { readonly role: "guest"; readonly hostRatchetKey: Bytes };
}

const GUEST_AD = lengthPrefixed(encodeUtf8("guest"), new Uint8Array([PROTOCOL_VERSION]));

/** The host's public keys, as its associated data and the transcript have them. */
interface HostKeys {
  readonly ratchetKey: Bytes;
  readonly encapsulationKey: Bytes;
}

/** The host's associated data names its role, so that a reflected share never passes for a host's. */
function hostAd({ ratchetKey, encapsulationKey }: HostKeys): Bytes {
  const version = new Uint8Array([PROTOCOL_VERSION]);
  return lengthPrefixed(encodeUtf8("host"), version, ratchetKey, encapsulationKey);
}

/** Version, suite, room and epoch are part of the key: a downgrade or a swap of rooms breaks it. */
function channel({ room, epoch }: RoomEpoch): Bytes {
  return lengthPrefixed(encodeUtf8(LABELS.suite), encodeUtf8(room), encodeUtf8(epoch));
}

function inputs(params: PublicParams, prs: Bytes, guestNonce: Bytes, ad: Bytes): cpace.CPaceInputs {
  return { prs, ci: channel(params), sid: concat(params.hostNonce, guestNonce), ad };
}

/** The params without the password, which no later state needs. */
function publicParams({ room, epoch, hostNonce }: HandshakeParams): PublicParams {
  return { room, epoch, hostNonce };
}

/** Everything that was sent before the tags. */
interface Exchanged {
  readonly guestNonce: Bytes;
  readonly guestShare: Bytes;
  readonly hostShare: Bytes;
  readonly hostKeys: HostKeys;
}

function transcriptOf(params: PublicParams, exchanged: Exchanged, ciphertext: Bytes): Bytes {
  return sha256(lengthPrefixed(
    encodeUtf8(LABELS.transcript),
    channel(params),
    concat(params.hostNonce, exchanged.guestNonce),
    exchanged.guestShare,
    GUEST_AD,
    exchanged.hostShare,
    hostAd(exchanged.hostKeys),
    ciphertext,
  ));
}

/** The session key, transcript and tags, which both sides compute alike. Wipes `kemSecret`. */
function derive(
  { params, exchanged, isk, confirmed, kemSecret, ciphertext }: {
    params: PublicParams;
    exchanged: Exchanged;
    isk: Bytes;
    confirmed: cpace.Confirmed;
    kemSecret: Bytes;
    ciphertext: Bytes;
  },
): { sessionKey: Secret; transcript: Bytes; guestTag: Bytes; hostTag: Bytes } {
  const transcript = transcriptOf(params, exchanged, ciphertext);
  const sessionKey = new Secret(deriveSessionKey(isk, kemSecret, transcript));
  wipe(kemSecret);
  const tags = cpace.confirmationTags(sessionKey.bytes, confirmed);
  return { sessionKey, transcript, guestTag: tags.initiator, hostTag: tags.responder };
}

// ---------------------------------------------------------------------------------------- guest

/** The states of the guest. */
export type GuestState =
  | {
    readonly state: "awaiting-share";
    readonly params: PublicParams;
    readonly nonce: Bytes;
    readonly share: Bytes;
    readonly secret: cpace.InitiatorState;
  }
  | {
    readonly state: "awaiting-tag";
    readonly nonce: Bytes;
    readonly hostTag: Secret;
    readonly result: HandshakeResult;
  }
  | { readonly state: "established"; readonly result: HandshakeResult }
  | { readonly state: "refused" };

/** A new state, and the message to send. */
export interface GuestStep {
  readonly state: GuestState;
  readonly send?: HandshakeMessage;
}

/** Starts as guest; `nonce` is the guest's seat token. Wipes the password. */
export function beginAsGuest(params: HandshakeParams, nonce: Bytes, random: Random): GuestStep {
  const { password } = params;
  const { share, state: secret } = cpace.start(
    inputs(params, password.bytes, nonce, GUEST_AD),
    random,
  );
  password.wipe();
  return {
    state: { state: "awaiting-share", params: publicParams(params), nonce, share, secret },
    send: { type: "guest-share", nonce, share },
  };
}

/**
 * The guest's next step. Messages of other attempts and duplicates change nothing. An invalid share or
 * encapsulation key and a wrong tag are a refusal: from here, a wrong code and a man in the middle look
 * the same. A step uses up the state it is taken from: secrets without further use are wiped in it.
 */
export async function stepGuest(
  state: GuestState,
  message: HandshakeMessage,
  { kem = platformKem }: Pick<HandshakeOptions, "kem"> = {},
): Promise<GuestStep> {
  switch (state.state) {
    case "awaiting-share": {
      if (!constantTimeEqual(message.nonce, state.nonce)) return { state };
      if (message.type === "host-refusal") {
        state.secret.wipe();
        return { state: { state: "refused" } };
      }
      if (message.type !== "host-share") return { state };
      const finished = cpace.finish(state.secret, message.share, hostAd(message));
      if (!finished) return { state: { state: "refused" } };
      const { isk, confirmed } = finished;
      const encapsulated = await kem.encapsulate(message.encapsulationKey);
      if (!encapsulated) {
        wipe(isk);
        return { state: { state: "refused" } };
      }
      const { secret: kemSecret, ciphertext } = encapsulated;
      const exchanged: Exchanged = {
        guestNonce: state.nonce,
        guestShare: state.share,
        hostShare: message.share,
        hostKeys: message,
      };
      const { params } = state;
      const derived = derive({ params, exchanged, isk, confirmed, kemSecret, ciphertext });
      wipe(isk);
      const { sessionKey, transcript, guestTag, hostTag } = derived;
      return {
        state: {
          state: "awaiting-tag",
          nonce: state.nonce,
          hostTag: new Secret(hostTag),
          result: {
            sessionKey,
            transcript,
            ratchet: { role: "guest", hostRatchetKey: message.ratchetKey },
          },
        },
        send: { type: "guest-tag", nonce: state.nonce, ciphertext, tag: guestTag },
      };
    }
    case "awaiting-tag": {
      if (!constantTimeEqual(message.nonce, state.nonce)) return { state };
      if (message.type !== "host-tag" && message.type !== "host-refusal") return { state };
      const { hostTag, result } = state;
      const isHost = message.type === "host-tag" && constantTimeEqual(message.tag, hostTag.bytes);
      hostTag.wipe();
      if (isHost) return { state: { state: "established", result } };
      result.sessionKey.wipe();
      return { state: { state: "refused" } };
    }
    case "established":
    case "refused":
      return { state };
  }
}

/** Wipes the secrets of a guest's state. */
export function wipeGuest(state: GuestState): void {
  if (state.state === "awaiting-share") state.secret.wipe();
  if (state.state === "awaiting-tag") state.hostTag.wipe();
  if ("result" in state) state.result.sessionKey.wipe();
}

// ----------------------------------------------------------------------------------------- host

/** One guest's attempt, answered and not yet confirmed. */
interface Attempt {
  readonly isk: Secret;
  readonly confirmed: cpace.Confirmed;
  readonly exchanged: Exchanged;
  readonly keyPair: RatchetKeyPair;
  readonly kemKeyPair: KemKeyPair;
}

/** The states of the host. */
export type HostState =
  | {
    readonly state: "open";
    readonly params: PublicParams;
    readonly password: Secret;
    /** Answered attempts by the guest's nonce; undefined once it has failed. */
    readonly attempts: ReadonlyMap<string, Attempt | undefined>;
    readonly guesses: number;
  }
  | { readonly state: "burnt" }
  | { readonly state: "established"; readonly result: HandshakeResult; readonly nonce: string };

/** A new state, the message to send, and what the person should learn. */
export interface HostStep {
  readonly state: HostState;
  readonly send?: HandshakeMessage;
  /** This message was a wrong guess. */
  readonly guess?: { readonly count: number; readonly nonce: Bytes };
  /** A share was not answered because {@link MAX_ATTEMPTS} came before it. */
  readonly isCrowded?: true;
}

/** Starts as host. Takes over the password, which is wiped with the state. */
export function beginAsHost(params: HandshakeParams): HostState {
  return {
    state: "open",
    params: publicParams(params),
    password: params.password,
    attempts: new Map(),
    guesses: 0,
  };
}

/** Wipes the secrets of a host's state; of an established one, the unused session key. */
export function wipeHost(state: HostState): void {
  if (state.state === "established") state.result.sessionKey.wipe();
  if (state.state !== "open") return;
  state.password.wipe();
  for (const attempt of state.attempts.values()) if (attempt) wipeAttempt(attempt);
}

function wipeAttempt({ isk, kemKeyPair }: Attempt): void {
  isk.wipe();
  kemKeyPair.wipe();
}

/**
 * The host's next step. Duplicates and messages that belong to no attempt change nothing. A step uses
 * up the state it is taken from, as {@link stepGuest} does.
 */
export async function stepHost(
  state: HostState,
  message: HandshakeMessage,
  { random, kem = platformKem, generateKeyPair = generateRatchetKeyPair }:
    & { readonly random: Random }
    & HandshakeOptions,
): Promise<HostStep> {
  if (state.state !== "open") return { state };
  const { nonce } = message;
  const key = nonce.join();
  switch (message.type) {
    case "guest-share": {
      if (state.attempts.has(key)) return { state };
      if (state.attempts.size >= MAX_ATTEMPTS) return { state, isCrowded: true };
      // Not a point: not an attempt at the code, no answer, and no work on keys.
      if (!cpace.isShare(message.share)) return { state };
      const keyPair = generateKeyPair();
      const kemKeyPair = await kem.generateKeyPair();
      const { encapsulationKey } = kemKeyPair;
      const hostKeys = { ratchetKey: keyPair.publicKey, encapsulationKey };
      const answer = cpace.respond(
        inputs(state.params, state.password.bytes, nonce, hostAd(hostKeys)),
        { share: message.share, ad: GUEST_AD },
        random,
      );
      if (!answer) {
        kemKeyPair.wipe();
        return { state };
      }
      const { share, isk, confirmed } = answer;
      const exchanged: Exchanged = {
        guestNonce: nonce,
        guestShare: message.share,
        hostShare: share,
        hostKeys,
      };
      const attempt = { isk: new Secret(isk), confirmed, exchanged, keyPair, kemKeyPair };
      return {
        state: { ...state, attempts: new Map(state.attempts).set(key, attempt) },
        send: { type: "host-share", nonce, share, ...hostKeys },
      };
    }
    case "guest-tag": {
      const attempt = state.attempts.get(key);
      if (!attempt) return { state };
      const { isk, confirmed, exchanged, keyPair, kemKeyPair } = attempt;
      const { ciphertext } = message;
      // For an altered ciphertext another secret: its tag is then wrong, and counts as a guess.
      const kemSecret = await kemKeyPair.decapsulate(ciphertext);
      if (!kemSecret) return { state };
      const { params } = state;
      const { sessionKey, transcript, guestTag, hostTag } = derive({
        params,
        exchanged,
        isk: isk.bytes,
        confirmed,
        kemSecret,
        ciphertext,
      });
      const isRight = constantTimeEqual(message.tag, guestTag);
      wipe(guestTag);
      if (isRight) {
        wipeHost(state);
        const result: HandshakeResult = {
          sessionKey,
          transcript,
          ratchet: { role: "host", keyPair },
        };
        return {
          state: { state: "established", result, nonce: key },
          send: { type: "host-tag", nonce, tag: hostTag },
        };
      }
      sessionKey.wipe();
      wipe(hostTag);
      const guesses = state.guesses + 1;
      const answer = {
        send: { type: "host-refusal", nonce },
        guess: { count: guesses, nonce },
      } as const;
      if (guesses >= MAX_GUESSES) {
        wipeHost(state);
        return { state: { state: "burnt" }, ...answer };
      }
      wipeAttempt(attempt);
      const attempts = new Map(state.attempts).set(key, undefined);
      return { state: { ...state, attempts, guesses }, ...answer };
    }
    case "host-share":
    case "host-tag":
    case "host-refusal":
      return { state };
  }
}

/**
 * The host's state without the attempts of guests other than `seated`, the nonce of the one who holds the
 * seat: without the seat they cannot be confirmed. Wrong guesses stay counted.
 */
export function dropAbandoned(state: HostState, seated: Bytes): HostState {
  if (state.state !== "open") return state;
  const attempts = new Map(state.attempts);
  for (const [nonce, attempt] of attempts) {
    if (!attempt || nonce === seated.join()) continue;
    wipeAttempt(attempt);
    attempts.delete(nonce);
  }
  return attempts.size === state.attempts.size ? state : { ...state, attempts };
}
