/**
 * The sizes of envelopes, and what every relay does at its edge: refuse a batch beyond the limits, turn
 * a document back into an {@link Envelope} or into nothing, and return no more than a read asks for.
 *
 * @module
 */
import {
  type Envelope,
  MAX_BATCH,
  MAX_HEAD_BYTES,
  MAX_READ_BYTES,
  MAX_TOKEN_CHARS,
  type ReadOptions,
} from "./relay.ts";

/** The largest sequence number: what fits a signed 32-bit integer in every database. */
export const MAX_NUMBER = 2 ** 31 - 1;

/** Of an envelope on its way: identity, sequence number and the names of the fields. */
export const ENVELOPE_BYTES = 192;

/** 16 bytes in base64url. */
const ID = /^[A-Za-z0-9_-]{22}$/;

/** About the bytes of an envelope on its way. */
export function sizeOf({ head, token }: Envelope): number {
  return head.length + token.length + ENVELOPE_BYTES;
}

/** About the bytes of envelopes on their way. */
export function sizeOfAll(envelopes: readonly Envelope[]): number {
  return envelopes.reduce((sum, envelope) => sum + sizeOf(envelope), 0);
}

/**
 * Refuses what {@link Relay.post} must not be given.
 *
 * @throws {RangeError} for more than {@link MAX_BATCH} envelopes, or one past the limits.
 */
export function assertBatch(envelopes: readonly Envelope[]): void {
  if (envelopes.length > MAX_BATCH) {
    throw new RangeError(`Cannot post ${envelopes.length} envelopes: at most ${MAX_BATCH} at once`);
  }
  for (const envelope of envelopes) {
    if (asEnvelope(envelope) === undefined) {
      throw new RangeError("Cannot post an envelope: a field is outside the limits of a relay");
    }
  }
}

/**
 * The envelope that a document of unknown origin holds.
 *
 * @returns undefined when it is of another shape or past the limits: anybody who may write to the
 * relay may have written it.
 */
export function asEnvelope(document: { readonly [F in keyof Envelope]?: unknown }):
  | Envelope
  | undefined {
  const { id, from, seq, attempt, head, token } = document;
  if (typeof id !== "string" || !ID.test(id)) return undefined;
  if (from !== "host" && from !== "guest" && from !== "stranger") return undefined;
  if (!isCount(seq) || !isCount(attempt)) return undefined;
  if (!(head instanceof Uint8Array) || head.length > MAX_HEAD_BYTES) return undefined;
  if (typeof token !== "string" || token.length > MAX_TOKEN_CHARS) return undefined;
  // A copy, so that neither side can alter what the other holds.
  return { id, from, seq, attempt, head: Uint8Array.from(head), token };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_NUMBER;
}

/**
 * What a refused claim leaves in the room, so that those inside learn of it. The token that was
 * refused is its identity: it opens nothing, and a claim that is repeated knocks once.
 */
export function knock(refusedToken: string): Envelope {
  return {
    id: refusedToken,
    from: "stranger",
    seq: 0,
    attempt: 0,
    head: new Uint8Array(0),
    token: "",
  };
}

/**
 * The first of `envelopes` that are wanted and begin within `bytes`, as a relay returns them.
 *
 * @param envelopes by sequence number.
 */
export function pageOf(
  envelopes: readonly Envelope[],
  { bytes = MAX_READ_BYTES, wanted }: ReadOptions,
): { page: Envelope[]; upTo: number } {
  const page: Envelope[] = [];
  let total = 0;
  for (const envelope of envelopes) {
    const { seq } = envelope;
    if (wanted && (seq < wanted.from || seq > wanted.to || !wanted.accepts(envelope))) continue;
    if (page.length === MAX_BATCH || total >= bytes) return { page, upTo: seq - 1 };
    page.push(envelope);
    total += sizeOf(envelope);
  }
  return { page, upTo: Infinity };
}
