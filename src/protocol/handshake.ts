/**
 * From the code to a shared key: CPace with confirmation both ways, the guest first, as two state
 * machines without side effects (docs/PROTOCOL.md §4).
 *
 * The host tells nothing that depends on the password until the guest's tag has proved that the guest
 * knows it, so every guess at the code is a guess that the host sees and counts.
 *
 * Both machines are in one file, for each step of one is half of a sentence that the other ends.
 *
 * @module
 */
import { concat, constantTimeEqual, encodeUtf8, lengthPrefixed, wipe } from "../crypto/bytes.ts";
import * as cpace from "../crypto/cpace.ts";
import { LABELS, sha256 } from "../crypto/kdf.ts";
import { Secret } from "../crypto/secret.ts";
import type { Random } from "../clock.ts";
import { type HandshakeMessage, PROTOCOL_VERSION, type RoomEpoch } from "./wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Guesses at one code: three tries of 2^33 are 3.5e-10 for a stranger, and two slips for a friend. */
export const MAX_GUESSES = 3;
/**
 * Attempts of guests that the host answers in one epoch, whether or not they go on. Honest ones hold
 * the seat and come one at a time; this bounds the work that a flood of shares can ask for.
 */
export const MAX_ATTEMPTS = 64;

/** What both sides know before the first message, and what of it is public. */
interface PublicParams extends RoomEpoch {
  /** The host's seat token: its half of the session id. */
  readonly hostNonce: Bytes;
}

/** What both sides know before the first message. */
export interface HandshakeParams extends PublicParams {
  /** The words, or the agreed passphrase, normalised. */
  readonly password: string;
}

/** What a successful handshake leaves. */
export interface HandshakeResult {
  /**
   * The shared key of this session; only labelled derivations of it are used, and it is wiped as soon
   * as those are made.
   */
  readonly isk: Secret;
  /** Hash of all that both sides said and agreed on. */
  readonly transcript: Bytes;
  /** The host's first ratchet public key. */
  readonly hostRatchetKey: Bytes;
}

const GUEST_AD = lengthPrefixed(encodeUtf8("guest"), new Uint8Array([PROTOCOL_VERSION]));

/** The host's associated data names its role, so that a reflected share never passes for a host's. */
function hostAd(ratchetKey: Bytes): Bytes {
  return lengthPrefixed(encodeUtf8("host"), new Uint8Array([PROTOCOL_VERSION]), ratchetKey);
}

/** Version, suite, room and epoch enter the key: a downgrade or a swap of rooms breaks it. */
function channel({ room, epoch }: RoomEpoch): Bytes {
  return lengthPrefixed(encodeUtf8(LABELS.suite), encodeUtf8(room), encodeUtf8(epoch));
}

function inputs(params: PublicParams, prs: Bytes, guestNonce: Bytes, ad: Bytes): cpace.CPaceInputs {
  return { prs, ci: channel(params), sid: concat(params.hostNonce, guestNonce), ad };
}

/** The params without the password, which nothing that is kept needs to hold. */
function publicParams({ room, epoch, hostNonce }: HandshakeParams): PublicParams {
  return { room, epoch, hostNonce };
}

function transcript(
  params: PublicParams,
  said: { guestNonce: Bytes; guestShare: Bytes; hostShare: Bytes; hostRatchetKey: Bytes },
): Bytes {
  return sha256(lengthPrefixed(
    encodeUtf8(LABELS.transcript),
    channel(params),
    concat(params.hostNonce, said.guestNonce),
    said.guestShare,
    GUEST_AD,
    said.hostShare,
    hostAd(said.hostRatchetKey),
  ));
}

// ---------------------------------------------------------------------------------------- guest

/** What the guest knows at each point. */
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
    readonly established: HandshakeResult;
  }
  | { readonly state: "established"; readonly established: HandshakeResult }
  | { readonly state: "refused" };

/** A new state, and what to send. */
export interface GuestStep {
  readonly state: GuestState;
  readonly send?: HandshakeMessage;
}

/** Begins as a guest; `nonce` is the guest's seat token. */
export function beginAsGuest(params: HandshakeParams, nonce: Bytes, random: Random): GuestStep {
  const prs = encodeUtf8(params.password);
  const { share, state: secret } = cpace.start(inputs(params, prs, nonce, GUEST_AD), random);
  wipe(prs);
  return {
    state: { state: "awaiting-share", params: publicParams(params), nonce, share, secret },
    send: { type: "guest-share", nonce, share },
  };
}

/**
 * The guest's next step. What is not meant for this attempt, or comes twice, changes nothing. A share
 * that is no point, or a tag that does not verify, is a refusal: a wrong code and somebody in between
 * look the same from here. A step spends the state it is taken from: secrets that lead nowhere any
 * more are wiped in it.
 */
export function stepGuest(state: GuestState, message: HandshakeMessage): GuestStep {
  switch (state.state) {
    case "awaiting-share": {
      if (!constantTimeEqual(message.nonce, state.nonce)) return { state };
      if (message.type === "host-refusal") {
        state.secret.wipe();
        return { state: { state: "refused" } };
      }
      if (message.type !== "host-share") return { state };
      const finished = cpace.finish(state.secret, message.share, hostAd(message.ratchetKey));
      if (!finished) return { state: { state: "refused" } };
      const established: HandshakeResult = {
        isk: new Secret(finished.isk),
        transcript: transcript(state.params, {
          guestNonce: state.nonce,
          guestShare: state.share,
          hostShare: message.share,
          hostRatchetKey: message.ratchetKey,
        }),
        hostRatchetKey: message.ratchetKey,
      };
      return {
        state: {
          state: "awaiting-tag",
          nonce: state.nonce,
          hostTag: new Secret(finished.peerTag),
          established,
        },
        send: { type: "guest-tag", nonce: state.nonce, tag: finished.ownTag },
      };
    }
    case "awaiting-tag": {
      if (!constantTimeEqual(message.nonce, state.nonce)) return { state };
      if (message.type !== "host-tag" && message.type !== "host-refusal") return { state };
      const { hostTag, established } = state;
      const isHost = message.type === "host-tag" && constantTimeEqual(message.tag, hostTag.bytes);
      hostTag.wipe();
      if (isHost) return { state: { state: "established", established } };
      established.isk.wipe();
      return { state: { state: "refused" } };
    }
    case "established":
    case "refused":
      return { state };
  }
}

/** Overwrites what a guest's state keeps secret. */
export function wipeGuest(state: GuestState): void {
  if (state.state === "awaiting-share") state.secret.wipe();
  if (state.state === "awaiting-tag") state.hostTag.wipe();
  if ("established" in state) state.established.isk.wipe();
}

// ----------------------------------------------------------------------------------------- host

/** One guest's attempt, answered and not yet confirmed. */
interface Attempt {
  readonly guestTag: Secret;
  readonly hostTag: Secret;
  readonly established: HandshakeResult;
}

/** What the host knows at each point. */
export type HostState =
  | {
    readonly state: "open";
    readonly params: PublicParams;
    readonly password: Secret;
    readonly ratchetKey: Bytes;
    /** Answered attempts by the guest's nonce; undefined once it has failed. */
    readonly attempts: ReadonlyMap<string, Attempt | undefined>;
    readonly guesses: number;
  }
  | { readonly state: "burnt" }
  | {
    readonly state: "established";
    readonly established: HandshakeResult;
    readonly nonce: string;
  };

/** A new state, what to send, and what the person should hear of. */
export interface HostStep {
  readonly state: HostState;
  readonly send?: HandshakeMessage;
  /** Somebody has just guessed wrong. */
  readonly guess?: { readonly count: number; readonly nonce: Bytes };
  /** A share was left unanswered: {@link MAX_ATTEMPTS} came before it. */
  readonly isCrowded?: true;
}

/** Begins as a host, with the public key of the ratchet key pair made for this epoch. */
export function beginAsHost(params: HandshakeParams, ratchetKey: Bytes): HostState {
  return {
    state: "open",
    params: publicParams(params),
    password: new Secret(encodeUtf8(params.password)),
    ratchetKey,
    attempts: new Map(),
    guesses: 0,
  };
}

/** Overwrites what a host's state keeps secret; of an established one, the key that is left unused. */
export function wipeHost(state: HostState): void {
  if (state.state === "established") state.established.isk.wipe();
  if (state.state !== "open") return;
  state.password.wipe();
  for (const attempt of state.attempts.values()) if (attempt) wipeAttempt(attempt);
}

function wipeAttempt({ guestTag, hostTag, established }: Attempt): void {
  for (const secret of [guestTag, hostTag, established.isk]) secret.wipe();
}

/**
 * The host's next step. What comes twice, or belongs to no attempt, changes nothing. A step spends the
 * state it is taken from, as {@link stepGuest} does.
 */
export function stepHost(state: HostState, message: HandshakeMessage, random: Random): HostStep {
  if (state.state !== "open") return { state };
  const { nonce } = message;
  const key = nonce.join();
  switch (message.type) {
    case "guest-share": {
      if (state.attempts.has(key)) return { state };
      if (state.attempts.size >= MAX_ATTEMPTS) return { state, isCrowded: true };
      const answer = cpace.respond(
        inputs(state.params, state.password.bytes, nonce, hostAd(state.ratchetKey)),
        { share: message.share, ad: GUEST_AD },
        random,
      );
      // Not a point, or the host's own share come back: no attempt at the code, and no answer.
      if (!answer) return { state };
      const established: HandshakeResult = {
        isk: new Secret(answer.isk),
        transcript: transcript(state.params, {
          guestNonce: nonce,
          guestShare: message.share,
          hostShare: answer.share,
          hostRatchetKey: state.ratchetKey,
        }),
        hostRatchetKey: state.ratchetKey,
      };
      const attempt: Attempt = {
        guestTag: new Secret(answer.peerTag),
        hostTag: new Secret(answer.ownTag),
        established,
      };
      return {
        state: { ...state, attempts: new Map(state.attempts).set(key, attempt) },
        send: { type: "host-share", nonce, share: answer.share, ratchetKey: state.ratchetKey },
      };
    }
    case "guest-tag": {
      const attempt = state.attempts.get(key);
      if (!attempt) return { state };
      if (constantTimeEqual(message.tag, attempt.guestTag.bytes)) {
        const others = new Map(state.attempts);
        others.delete(key);
        wipeHost({ ...state, attempts: others });
        return {
          state: { state: "established", established: attempt.established, nonce: key },
          send: { type: "host-tag", nonce, tag: attempt.hostTag.bytes },
        };
      }
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
