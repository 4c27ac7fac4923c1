/**
 * CPace, the password-authenticated key exchange of draft-irtf-cfrg-cpace-21: CPACE-RISTR255-SHA512 in
 * the initiator-responder setting, with the key confirmation of section 10.4. Start, respond, finish,
 * confirm.
 *
 * The shared point K never leaves this file. The intermediate session key does; the caller combines it
 * with the KEM's secret before any tag or key is derived.
 *
 * @module
 */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import type { Random } from "../clock.ts";
import {
  type Bytes,
  concat,
  constantTimeEqual,
  encodeUtf8,
  lengthPrefixed,
  wipe,
} from "./bytes.ts";
import { hmacSha512, sha512 } from "./kdf.ts";

const DSI = encodeUtf8("CPaceRistretto255");
const DSI_ISK = encodeUtf8("CPaceRistretto255_ISK");
const DSI_MAC = encodeUtf8("CPaceMac");
/** SHA-512's input block: the padding fills the first one up behind the password. */
const HASH_BLOCK_BYTES = 128;
const SCALAR_BYTES = 32;

type Point = InstanceType<typeof ristretto255.Point>;

/** What a side brings along; both must bring the same but for `ad`. */
export interface CPaceInputs {
  /** The password. */
  readonly prs: Uint8Array;
  /** Channel identifier: what both know beforehand and must agree on. Never sent. */
  readonly ci: Uint8Array;
  /** Session id: unique, from nonces of both. */
  readonly sid: Uint8Array;
  /** This side's associated data: sent in clear, authenticated. It must name the side's role. */
  readonly ad: Uint8Array;
}

/** What arrives from the other side: its share, and the associated data that it must have used. */
export interface PeerShare {
  readonly share: Uint8Array;
  readonly ad: Uint8Array;
}

/** What both sides compute from the shares; the same if the passwords were. */
export interface CPaceResult {
  /** Intermediate session key, 64 bytes: input of key derivations only. */
  readonly isk: Bytes;
  /** What the confirmation tags are over. */
  readonly confirmed: Confirmed;
}

/** The input of the confirmation tags. */
export interface Confirmed {
  readonly sid: Uint8Array;
  /** `lv_cat(Ya, ADa)`. */
  readonly initiator: Bytes;
  /** `lv_cat(Yb, ADb)`. */
  readonly responder: Bytes;
}

/** The initiator's secret between its share and the answer. It can be used once. */
export class InitiatorState {
  #secret: Initiated | undefined;

  /** Made by {@link start}. */
  constructor(secret: Initiated) {
    this.#secret = secret;
  }

  /** Returns the secret, once: a second answer would be a second guess at the same password. */
  take(): Initiated {
    const secret = this.#secret;
    if (!secret) throw new TypeError("Cannot finish key agreement: it is already finished");
    this.#secret = undefined;
    return secret;
  }

  /** Wipes the secret; harmless when it is used already. */
  wipe(): void {
    if (this.#secret) wipe(this.#secret.scalar);
    this.#secret = undefined;
  }
}

/** What {@link finish} needs from {@link start}; the password is not part of it. */
interface Initiated {
  readonly sid: Uint8Array;
  readonly ad: Uint8Array;
  readonly scalar: Bytes;
  readonly share: Bytes;
}

/** The initiator's share, 32 bytes, and the state for {@link finish}. */
export function start(
  inputs: CPaceInputs,
  random: Random,
): { share: Bytes; state: InitiatorState } {
  const scalar = drawScalar(random);
  const share = encode(generator(inputs).multiply(toScalar(scalar)));
  const { sid, ad } = inputs;
  return { share, state: new InitiatorState({ sid, ad, scalar, share }) };
}

/**
 * The responder's share and result.
 *
 * @returns undefined for a share that no honest initiator sends: not a point, the identity, or the
 * responder's own.
 */
export function respond(
  inputs: CPaceInputs,
  peer: PeerShare,
  random: Random,
): CPaceResult & { readonly share: Bytes } | undefined {
  // Before any work on an own share, so that a flood of invalid shares costs one failed decoding each.
  const point = decodeShare(peer.share);
  if (!point) return undefined;
  const scalar = drawScalar(random);
  try {
    const share = encode(generator(inputs).multiply(toScalar(scalar)));
    const k = computeSharedPoint(scalar, { ownShare: share, peerShare: peer.share, point });
    if (!k) return undefined;
    const confirmed = {
      sid: inputs.sid,
      initiator: lengthPrefixed(peer.share, peer.ad),
      responder: lengthPrefixed(share, inputs.ad),
    };
    return { share, isk: deriveIsk(k, confirmed), confirmed };
  } finally {
    wipe(scalar);
  }
}

/**
 * The initiator's result. `state` is used up in any case.
 *
 * @returns undefined for a share that no honest responder sends: not a point, the identity, or the
 * initiator's own, reflected.
 * @throws {TypeError} when `state` was used before.
 */
export function finish(
  state: InitiatorState,
  peerShare: Uint8Array,
  peerAd: Uint8Array,
): CPaceResult | undefined {
  const { sid, ad, scalar, share } = state.take();
  try {
    const point = decodeShare(peerShare);
    const k = point && computeSharedPoint(scalar, { ownShare: share, peerShare, point });
    if (!k) return undefined;
    const confirmed = {
      sid,
      initiator: lengthPrefixed(share, ad),
      responder: lengthPrefixed(peerShare, peerAd),
    };
    return { isk: deriveIsk(k, confirmed), confirmed };
  } finally {
    wipe(scalar);
  }
}

/** Key confirmation: the tags that the initiator and the responder send, 64 bytes each. */
export interface ConfirmationTags {
  readonly initiator: Bytes;
  readonly responder: Bytes;
}

/**
 * The tags of section 10.4, under the key `key`: the ISK, or what a hybrid handshake makes of it.
 */
export function confirmationTags(key: Uint8Array, confirmed: Confirmed): ConfirmationTags {
  const secret = concat(DSI_MAC, confirmed.sid, key);
  const macKey = sha512(secret);
  const tags = {
    initiator: hmacSha512(macKey, confirmed.initiator),
    responder: hmacSha512(macKey, confirmed.responder),
  };
  wipe(secret, macKey);
  return tags;
}

/** `calculate_generator`; the order in the string is CI and then sid (appendix A.2). */
function generator({ prs, ci, sid }: CPaceInputs): Point {
  const prefixed = lengthPrefixed(prs);
  const used = prefixed.length + lengthPrefixed(DSI).length + 1;
  wipe(prefixed);
  const padding = new Uint8Array(Math.max(0, HASH_BLOCK_BYTES - used));
  const text = lengthPrefixed(DSI, prs, padding, ci, sid);
  const hash = sha512(text);
  // Element derivation of RFC 9496 section 4.3.4 on all 64 bytes; it is not hash-to-curve of RFC 9380.
  const point = ristretto255_hasher.deriveToCurve!(hash);
  wipe(text, hash);
  return point;
}

/** `sample_scalar`: 252 random bits, all below the group order. */
function drawScalar(random: Random): Bytes {
  const scalar = random(SCALAR_BYTES);
  scalar[SCALAR_BYTES - 1]! &= 0x0f;
  return scalar;
}

function toScalar(littleEndian: Bytes): bigint {
  return ristretto255.Point.Fn.fromBytes(littleEndian);
}

function encode(point: Point): Bytes {
  return new Uint8Array(point.toBytes());
}

/** True for what an honest side may send as its share: a point that is not the identity. */
export function isShare(share: Uint8Array): boolean {
  return decodeShare(share) !== undefined;
}

/** The first half of `scalar_mult_vfy`: a point that is not the identity. */
function decodeShare(share: Uint8Array): Point | undefined {
  let point: Point;
  try {
    point = ristretto255.Point.fromBytes(share);
  } catch {
    return undefined;
  }
  return point.is0() ? undefined : point;
}

/**
 * The second half of `scalar_mult_vfy`, and the check against reflection that the draft asks for. The
 * group has prime order and the scalar is not zero, so that K is not the identity if `point` is not.
 */
function computeSharedPoint(
  scalar: Bytes,
  { ownShare, peerShare, point }: { ownShare: Bytes; peerShare: Uint8Array; point: Point },
): Bytes | undefined {
  if (constantTimeEqual(ownShare, peerShare)) return undefined;
  return encode(point.multiply(toScalar(scalar)));
}

/** The intermediate session key. Wipes `k`. */
function deriveIsk(k: Bytes, { sid, initiator, responder }: Confirmed): Bytes {
  const secret = concat(lengthPrefixed(DSI_ISK, sid, k), initiator, responder);
  const isk = sha512(secret);
  wipe(k, secret);
  return isk;
}
