/**
 * CPace, the password-authenticated key exchange of draft-irtf-cfrg-cpace-21: CPACE-RISTR255-SHA512 in
 * the initiator-responder setting, with the key confirmation of section 10.4. Start, respond, finish.
 *
 * The shared point K never leaves this file. The intermediate session key does, and everything else is
 * derived from it under labels.
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

/** What both sides have once the shares are exchanged; the same if the passwords were. */
export interface CPaceResult {
  /** Intermediate session key, 64 bytes: input of key derivations, nothing else. */
  readonly isk: Bytes;
  /** Confirmation tag to send, 64 bytes. */
  readonly ownTag: Bytes;
  /** Confirmation tag that the other side must show, 64 bytes. */
  readonly peerTag: Bytes;
}

/** The initiator's secret between its share and the answer. It serves one answer. */
export class InitiatorState {
  #secret: Initiated | undefined;

  /** Made by {@link start}. */
  constructor(secret: Initiated) {
    this.#secret = secret;
  }

  /** Hands the secret out, once: a second answer would be a second guess at the same password. */
  take(): Initiated {
    const secret = this.#secret;
    if (!secret) throw new TypeError("Cannot finish key agreement: it is already finished");
    this.#secret = undefined;
    return secret;
  }

  /** Gives the secret up; harmless when it is spent. */
  wipe(): void {
    if (this.#secret) wipe(this.#secret.scalar);
    this.#secret = undefined;
  }
}

/** What the initiator needs of its start; the password is not among it. */
interface Initiated {
  readonly sid: Uint8Array;
  readonly ad: Uint8Array;
  readonly scalar: Bytes;
  readonly share: Bytes;
}

/** The initiator's share, 32 bytes, and what it keeps for {@link finish}. */
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
): CPaceResult & { share: Bytes } | undefined {
  // Before any work on an own share: nonsense by the thousand costs a failed decoding each.
  const point = decodeShare(peer.share);
  if (!point) return undefined;
  const scalar = drawScalar(random);
  try {
    const share = encode(generator(inputs).multiply(toScalar(scalar)));
    const k = agree(scalar, { ownShare: share, peerShare: peer.share, point });
    if (!k) return undefined;
    const [a, b] = [lengthPrefixed(peer.share, peer.ad), lengthPrefixed(share, inputs.ad)];
    return { share, ...deriveIskAndTags(inputs.sid, k, { a, b, own: b, peer: a }) };
  } finally {
    wipe(scalar);
  }
}

/**
 * The initiator's result. `state` is spent, whatever comes of it.
 *
 * @returns undefined for a share that no honest responder sends: not a point, the identity, or the
 * initiator's own, reflected.
 * @throws {TypeError} when `state` is spent already.
 */
export function finish(
  state: InitiatorState,
  peerShare: Uint8Array,
  peerAd: Uint8Array,
): CPaceResult | undefined {
  const { sid, ad, scalar, share } = state.take();
  try {
    const point = decodeShare(peerShare);
    const k = point && agree(scalar, { ownShare: share, peerShare, point });
    if (!k) return undefined;
    const [a, b] = [lengthPrefixed(share, ad), lengthPrefixed(peerShare, peerAd)];
    return deriveIskAndTags(sid, k, { a, b, own: a, peer: b });
  } finally {
    wipe(scalar);
  }
}

/** `calculate_generator`; the order in the string is CI and then sid (appendix A.2). */
function generator({ prs, ci, sid }: CPaceInputs): Point {
  const used = lengthPrefixed(prs).length + lengthPrefixed(DSI).length + 1;
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

/** The first half of `scalar_mult_vfy`: a point, and not the identity. */
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
function agree(
  scalar: Bytes,
  { ownShare, peerShare, point }: { ownShare: Bytes; peerShare: Uint8Array; point: Point },
): Bytes | undefined {
  if (constantTimeEqual(ownShare, peerShare)) return undefined;
  return encode(point.multiply(toScalar(scalar)));
}

/** ISK and both tags; `a` is the initiator's `lv_cat(Y, AD)`, `b` the responder's. Wipes `k`. */
function deriveIskAndTags(
  sid: Uint8Array,
  k: Bytes,
  { a, b, own, peer }: { a: Bytes; b: Bytes; own: Bytes; peer: Bytes },
): CPaceResult {
  const secret = concat(lengthPrefixed(DSI_ISK, sid, k), a, b);
  const isk = sha512(secret);
  const keyed = concat(DSI_MAC, sid, isk);
  const macKey = sha512(keyed);
  const agreed = { isk, ownTag: hmacSha512(macKey, own), peerTag: hmacSha512(macKey, peer) };
  wipe(k, secret, keyed, macKey);
  return agreed;
}
