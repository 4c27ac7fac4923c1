/**
 * From the code to a shared key: CPace with confirmation both ways, the guest first, as two state
 * machines without side effects (docs/PROTOCOL.md §4).
 *
 * The host tells nothing that depends on the password until the guest's tag has proved that the guest
 * knows it, so every guess at the code is a guess that the host sees and counts.
 *
 * @module
 */
import { concat, constantTimeEqual, encodeUtf8, lengthPrefixed } from "../crypto/bytes.ts";
import * as cpace from "../crypto/cpace.ts";
import { LABELS, sha256 } from "../crypto/kdf.ts";
import type { Random } from "../clock.ts";
import { type HandshakeMessage, type Place, PROTOCOL_VERSION } from "./wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Guesses at one code: three tries of 2^33 are 3.5e-10 for a stranger, and two slips for a friend. */
export const MAX_GUESSES = 3;
/**
 * Attempts of guests that the host answers in one epoch, whether or not they go on. Honest ones hold
 * the seat and come one at a time; this bounds the work that a flood of shares can ask for.
 */
export const MAX_ATTEMPTS = 64;

/** What both sides know before the first message. */
export interface Terms extends Place {
  /** The words, or the agreed passphrase, normalised. */
  readonly password: string;
  /** The host's seat token: its half of the session id. */
  readonly hostNonce: Bytes;
}

/** What a successful handshake leaves. */
export interface Established {
  /** The shared key of this session; only labelled derivations of it are used. */
  readonly isk: Bytes;
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
function channel({ room, epoch }: Place): Bytes {
  return lengthPrefixed(encodeUtf8(LABELS.suite), encodeUtf8(room), encodeUtf8(epoch));
}

function inputs(terms: Terms, guestNonce: Bytes, ad: Bytes): cpace.Inputs {
  return {
    prs: encodeUtf8(terms.password),
    ci: channel(terms),
    sid: concat(terms.hostNonce, guestNonce),
    ad,
  };
}

function transcript(
  terms: Terms,
  said: { guestNonce: Bytes; guestShare: Bytes; hostShare: Bytes; hostRatchetKey: Bytes },
): Bytes {
  return sha256(lengthPrefixed(
    encodeUtf8(LABELS.transcript),
    channel(terms),
    concat(terms.hostNonce, said.guestNonce),
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
    readonly terms: Terms;
    readonly nonce: Bytes;
    readonly share: Bytes;
    readonly secret: cpace.InitiatorState;
  }
  | {
    readonly state: "awaiting-tag";
    readonly nonce: Bytes;
    readonly hostTag: Bytes;
    readonly established: Established;
  }
  | { readonly state: "established"; readonly established: Established }
  | { readonly state: "refused" };

/** A new state, and what to send. */
export interface GuestStep {
  readonly state: GuestState;
  readonly send?: HandshakeMessage;
}

/** Begins as a guest; `nonce` is the guest's seat token. */
export function beginAsGuest(terms: Terms, nonce: Bytes, random: Random): GuestStep {
  const { share, state: secret } = cpace.start(inputs(terms, nonce, GUEST_AD), random);
  return {
    state: { state: "awaiting-share", terms, nonce, share, secret },
    send: { type: "guest-share", nonce, share },
  };
}

/**
 * The guest's next step. What is not meant for this attempt, or comes twice, changes nothing. A share
 * that is no point, or a tag that does not verify, is a refusal: a wrong code and somebody in between
 * look the same from here.
 */
export function stepGuest(state: GuestState, message: HandshakeMessage): GuestStep {
  switch (state.state) {
    case "awaiting-share": {
      if (!constantTimeEqual(message.nonce, state.nonce)) return { state };
      if (message.type === "host-refusal") return { state: { state: "refused" } };
      if (message.type !== "host-share") return { state };
      const finished = cpace.finish(state.secret, message.share, hostAd(message.ratchetKey));
      if (!finished) return { state: { state: "refused" } };
      const established: Established = {
        isk: finished.isk,
        transcript: transcript(state.terms, {
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
          hostTag: finished.peerTag,
          established,
        },
        send: { type: "guest-tag", nonce: state.nonce, tag: finished.ownTag },
      };
    }
    case "awaiting-tag": {
      if (!constantTimeEqual(message.nonce, state.nonce)) return { state };
      if (message.type === "host-refusal") return { state: { state: "refused" } };
      if (message.type !== "host-tag") return { state };
      return constantTimeEqual(message.tag, state.hostTag)
        ? { state: { state: "established", established: state.established } }
        : { state: { state: "refused" } };
    }
    case "established":
    case "refused":
      return { state };
  }
}

// ----------------------------------------------------------------------------------------- host

/** One guest's attempt, answered and not yet confirmed. */
interface Attempt {
  readonly guestTag: Bytes;
  readonly hostTag: Bytes;
  readonly established: Established;
}

/** What the host knows at each point. */
export type HostState =
  | {
    readonly state: "open";
    readonly terms: Terms;
    readonly ratchetKey: Bytes;
    /** Answered attempts by the guest's nonce; undefined once it has failed. */
    readonly attempts: ReadonlyMap<string, Attempt | undefined>;
    readonly guesses: number;
  }
  | { readonly state: "burnt" }
  | { readonly state: "established"; readonly established: Established; readonly nonce: string };

/** A new state, what to send, and whether somebody has just guessed wrong. */
export interface HostStep {
  readonly state: HostState;
  readonly send?: HandshakeMessage;
  readonly guess?: { readonly count: number; readonly nonce: Bytes };
}

/** Begins as a host, with the public key of the ratchet key pair made for this epoch. */
export function beginAsHost(terms: Terms, ratchetKey: Bytes): HostState {
  return { state: "open", terms, ratchetKey, attempts: new Map(), guesses: 0 };
}

/** The host's next step. What comes twice, or belongs to no attempt, changes nothing. */
export function stepHost(state: HostState, message: HandshakeMessage, random: Random): HostStep {
  if (state.state !== "open") return { state };
  const { nonce } = message;
  const key = nonce.join();
  switch (message.type) {
    case "guest-share": {
      if (state.attempts.has(key) || state.attempts.size >= MAX_ATTEMPTS) return { state };
      const answer = cpace.respond(
        inputs(state.terms, nonce, hostAd(state.ratchetKey)),
        { share: message.share, ad: GUEST_AD },
        random,
      );
      // Not a point, or the host's own share come back: no attempt at the code, and no answer.
      if (!answer) return { state };
      const established: Established = {
        isk: answer.isk,
        transcript: transcript(state.terms, {
          guestNonce: nonce,
          guestShare: message.share,
          hostShare: answer.share,
          hostRatchetKey: state.ratchetKey,
        }),
        hostRatchetKey: state.ratchetKey,
      };
      const attempt = { guestTag: answer.peerTag, hostTag: answer.ownTag, established };
      return {
        state: { ...state, attempts: new Map(state.attempts).set(key, attempt) },
        send: { type: "host-share", nonce, share: answer.share, ratchetKey: state.ratchetKey },
      };
    }
    case "guest-tag": {
      const attempt = state.attempts.get(key);
      if (!attempt) return { state };
      if (constantTimeEqual(message.tag, attempt.guestTag)) {
        return {
          state: { state: "established", established: attempt.established, nonce: key },
          send: { type: "host-tag", nonce, tag: attempt.hostTag },
        };
      }
      const guesses = state.guesses + 1;
      return {
        state: guesses >= MAX_GUESSES ? { state: "burnt" } : {
          ...state,
          attempts: new Map(state.attempts).set(key, undefined),
          guesses,
        },
        send: { type: "host-refusal", nonce },
        guess: { count: guesses, nonce },
      };
    }
    case "host-share":
    case "host-tag":
    case "host-refusal":
      return { state };
  }
}
