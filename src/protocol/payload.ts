/**
 * What is inside a token: one schema of all kinds, as CBOR, padded to a bucket (docs/PROTOCOL.md §6).
 *
 * Every payload carries the counters of its sender, so that whatever arrives next tells of what was
 * lost, and every message is also a receipt.
 *
 * @module
 */
import { decode, encode } from "cborg";
import { decodeUtf8, encodeUtf8 } from "../crypto/bytes.ts";

/** A text is at most this many bytes of UTF-8: more is a file, not something said. */
export const MAX_TEXT_BYTES = 16_384;
/** Names: enough for any, short enough to stand in a line. */
export const MAX_NAME_BYTES = 256;
/** The longest timer, one week in seconds: longer is not ephemeral. */
export const MAX_TIMER_SECONDS = 604_800;
/** Ranges of missing texts that one payload reports; older ones are dropped from the report first. */
export const MAX_MISSING_RANGES = 16;
/** The largest counter; a conversation of 2^31 texts is none. */
const MAX_COUNTER = 2 ** 31 - 1;
/** 9999-12-31T23:59:59.999Z, so that every accepted time can be written in ISO 8601. */
const MAX_TIME_MS = 253_402_300_799_999;

/** What is said, without the counters. */
export type Body =
  | { readonly kind: "profile"; readonly name: string; readonly client: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "receipt" }
  /** `agreed` answers a proposal of the same number of seconds; 0 turns the timer off. */
  | { readonly kind: "timer"; readonly seconds: number; readonly agreed: boolean }
  | { readonly kind: "burn" }
  | { readonly kind: "bye" }
  /** Asks for nothing; what it carries shows the peer what should have come before it. */
  | { readonly kind: "ping" };

/** The sender's counters, in every payload. */
export interface Counters {
  /** Milliseconds since 1970 by the sender's clock; for showing only. */
  readonly at: number;
  /** Texts sent so far in this epoch, this one included. */
  readonly texts: number;
  /** Texts of the other side up to which all were shown, but those in `missing`. */
  readonly shown: number;
  /** Inclusive ranges of the other side's texts that never came. */
  readonly missing: readonly (readonly [number, number])[];
}

/** One payload: a body and its sender's counters. */
export type Payload = Body & Counters;

/** A payload that the schema refuses, from a peer who holds the keys: a bug or a hostile program. */
export class MalformedPayload extends Error {
  override readonly name = "MalformedPayload";
}

/** The fields of each kind beside the counters, and what each may hold. */
const FIELDS: { readonly [K in Body["kind"]]: Readonly<Record<string, (v: unknown) => boolean>> } =
  {
    profile: { name: isName, client: (v) => isUtf8(v, 64) },
    text: { text: (v) => v !== "" && isUtf8(v, MAX_TEXT_BYTES) },
    receipt: {},
    timer: { seconds: (v) => isCount(v) && v <= MAX_TIMER_SECONDS, agreed: isBoolean },
    burn: {},
    bye: {},
    ping: {},
  };

const COUNTER_FIELDS: Readonly<Record<keyof Counters, (v: unknown) => boolean>> = {
  at: (v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= MAX_TIME_MS,
  texts: isCount,
  shown: isCount,
  missing: isRanges,
};

/** Strict: no indefinite lengths, no non-minimal integers, no duplicate keys, no undefined, no floats. */
const DECODE = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const;

/** Encodes and pads a payload; the result has one of the bucket lengths. */
export function encodePayload(payload: Payload): Uint8Array<ArrayBuffer> {
  const bytes = encode(payload);
  const padded = new Uint8Array(bucket(bytes.length + 1));
  padded.set(bytes);
  // ISO/IEC 7816-4 padding: one 0x80, then zeros.
  padded[bytes.length] = 0x80;
  return padded;
}

/**
 * Unpads and decodes a payload. Call it on authenticated bytes only.
 *
 * @throws {MalformedPayload} unless the bytes are exactly what `encodePayload` makes of some payload.
 */
export function decodePayload(padded: Uint8Array): Payload {
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (end < 0 || padded[end] !== 0x80 || padded.length !== bucket(end + 1)) {
    throw new MalformedPayload("Cannot unpad: the padding is not canonical");
  }
  let value: unknown;
  try {
    value = decode(padded.subarray(0, end), DECODE);
  } catch (cause) {
    throw new MalformedPayload("Cannot decode: not strict CBOR", { cause });
  }
  return checkPayload(value);
}

/** The shortest bucket that holds `length` bytes: 63, 127, ... 4095, then multiples of 4096 less one. */
export function bucket(length: number): number {
  for (let size = 64; size <= 4096; size *= 2) if (length < size) return size - 1;
  return Math.ceil((length + 1) / 4096) * 4096 - 1;
}

/** True for a string that is well-formed and at most `limit` bytes of UTF-8. */
export function isUtf8(value: unknown, limit: number): value is string {
  if (typeof value !== "string" || value.length > limit) return false;
  const bytes = encodeUtf8(value);
  // A lone surrogate would come back as U+FFFD: the very same string is promised, so it is refused.
  return bytes.length <= limit && decodeUtf8(bytes) === value;
}

/** True for a name that may be shown: not blank, within the limit, no control characters. */
export function isName(value: unknown): value is string {
  return isUtf8(value, MAX_NAME_BYTES) && value.trim() !== "" && !/\p{Cc}/u.test(value);
}

function checkPayload(value: unknown): Payload {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedPayload("Cannot read payload: not a map");
  }
  const record = value as Record<string, unknown>;
  const kind = record.kind;
  if (typeof kind !== "string" || !Object.hasOwn(FIELDS, kind)) {
    throw new MalformedPayload("Cannot read payload: unknown kind");
  }
  const checks = { ...FIELDS[kind as Body["kind"]], ...COUNTER_FIELDS };
  const names = Object.keys(record);
  if (names.length !== Object.keys(checks).length + 1) {
    throw new MalformedPayload(`Cannot read payload: wrong fields for ${kind}`);
  }
  for (const [name, check] of Object.entries(checks)) {
    if (!Object.hasOwn(record, name) || !check(record[name])) {
      throw new MalformedPayload(`Cannot read payload: bad "${name}" in ${kind}`);
    }
  }
  return value as Payload;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNTER;
}

function isRanges(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_MISSING_RANGES &&
    value.every((range) =>
      Array.isArray(range) && range.length === 2 && range.every(isCount) &&
      (range[0] as number) <= (range[1] as number)
    );
}
