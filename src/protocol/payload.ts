/**
 * What is inside a token: one schema of all kinds, as CBOR, padded to a bucket (docs/PROTOCOL.md §6).
 *
 * Every payload carries the counters of its sender, so that the next one to arrive shows what was lost,
 * and every message is also a receipt.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { decode, encode, type Token, Tokenizer } from "cborg";
import { type Bytes, decodeUtf8 } from "../crypto/bytes.ts";
import { isEncapsulationKey, KEM_CIPHERTEXT_BYTES } from "../crypto/mlkem.ts";
import {
  bytesOf,
  CHUNK_BYTES,
  MAX_FILE_BYTES,
  MAX_FILE_NAME_BYTES,
  MAX_NAME_BYTES,
  MAX_TEXT_BYTES,
} from "../limits.ts";
import type { Ranges } from "../ranges.ts";

/** The longest timer, one week in seconds: longer is not ephemeral. */
export const MAX_TIMER_SECONDS = 604_800;
/** The name and version of a program. */
export const MAX_CLIENT_BYTES = 64;
/** Ranges of missing texts that one payload reports: with these a receipt is 255 bytes at most. */
export const MAX_MISSING_RANGES = 16;
/** The largest counter: no text has a larger number than messages can have. */
export const MAX_COUNTER = 2 ** 31 - 1;
/** 9999-12-31T23:59:59.999Z, so that every accepted time can be written in ISO 8601. */
export const MAX_TIME_MS = 253_402_300_799_999;

/** The content of a payload, without the counters. */
export type Body =
  | { readonly kind: "profile"; readonly name: string; readonly client: string }
  | { readonly kind: "text"; readonly text: string; readonly reply?: Reply }
  | { readonly kind: "receipt" }
  /** `agreed` answers a proposal of the same number of seconds; 0 turns the timer off. */
  | { readonly kind: "timer"; readonly seconds: number; readonly agreed: boolean }
  | { readonly kind: "burn" }
  | { readonly kind: "bye" }
  /** Asks for a receipt. */
  | { readonly kind: "ping" }
  /** Whether the sender heard the reader's half of the verification words as they are. */
  | { readonly kind: "verify"; readonly same: boolean }
  /** Proposes KEM exchange number `n`: an encapsulation key of ML-KEM-768. */
  | { readonly kind: "kem-key"; readonly n: number; readonly ek: Bytes }
  /** Answers it with a ciphertext. */
  | { readonly kind: "kem-answer"; readonly n: number; readonly ct: Bytes }
  | FileBody;

/** What moves files (docs/PROTOCOL.md §6). `id` names a file: odd for those of the host, else even. */
export type FileBody =
  /** `stream`: the size is not known yet, and `size` is 0. */
  | {
    readonly kind: "offer";
    readonly id: number;
    readonly name: string;
    readonly size: number;
    readonly stream: boolean;
  }
  /** Every chunk before number `from` is stored, and `from` is the next one wanted. */
  | { readonly kind: "accept"; readonly id: number; readonly from: number }
  | { readonly kind: "refuse"; readonly id: number; readonly reason: RefuseReason }
  | { readonly kind: "chunk"; readonly id: number; readonly n: number; readonly bytes: Bytes }
  | { readonly kind: "end"; readonly id: number; readonly size: number; readonly sha256: Bytes }
  /** Size and hash are right, and the file is stored under its name. */
  | { readonly kind: "delivered"; readonly id: number }
  /** From either side. */
  | { readonly kind: "cancel"; readonly id: number; readonly reason: CancelReason };

const REFUSE_REASONS = ["declined", "no-folder", "busy"] as const;
const CANCEL_REASONS = ["canceled", "source", "storage", "damaged"] as const;

/** Why a file is refused: by a person, for lack of a folder, or because too many wait for an answer. */
export type RefuseReason = (typeof REFUSE_REASONS)[number];
/**
 * Why a file is canceled: a person asked for it, it cannot be read, it cannot be stored, or what came is
 * not what was sent.
 */
export type CancelReason = (typeof CANCEL_REASONS)[number];

/**
 * Which text another one answers: whether it is one of its sender's own, and its number. The reader shows
 * its own copy of that text, so that nobody can be quoted with what they did not write.
 */
export type Reply = readonly [isOwn: boolean, number: number];

/** The sender's counters, in every payload. */
export interface Counters {
  /** Milliseconds since 1970 by the sender's clock; for display only. */
  readonly at: number;
  /** Texts sent so far in this epoch, this one included. */
  readonly texts: number;
  /** The peer's texts up to this number were displayed, except for those in `missing`. */
  readonly shown: number;
  /** The peer's texts that never arrived: ascending, with a text between two ranges, up to `shown`. */
  readonly missing: Ranges;
  /** Number of the newest KEM exchange whose secret the sender holds; 0: none. */
  readonly kem: number;
}

/** One payload: a body and its sender's counters. */
export type Payload = Body & Counters;

/** A payload that violates the schema, from a peer who holds the keys: a bug or a hostile program. */
export class MalformedPayload extends Error {
  override readonly name = "MalformedPayload";
}

type Checks = Readonly<Record<string, (v: unknown) => boolean>>;

/** The fields of each kind beside the counters, and what each may hold. */
const FIELDS: { readonly [K in Body["kind"]]: Checks } = {
  profile: { name: isName, client: (v) => isUtf8(v, MAX_CLIENT_BYTES) },
  text: { text: (v) => v !== "" && isUtf8(v, MAX_TEXT_BYTES) },
  receipt: {},
  timer: { seconds: (v) => isCount(v) && v <= MAX_TIMER_SECONDS, agreed: isBoolean },
  burn: {},
  bye: {},
  ping: {},
  verify: { same: isBoolean },
  "kem-key": { n: isNumber, ek: (v) => v instanceof Uint8Array && isEncapsulationKey(v) },
  "kem-answer": {
    n: isNumber,
    ct: (v) => v instanceof Uint8Array && v.length === KEM_CIPHERTEXT_BYTES,
  },
  offer: {
    id: isNumber,
    name: (v) => isUtf8(v, MAX_FILE_NAME_BYTES),
    size: isFileSize,
    stream: isBoolean,
  },
  accept: { id: isNumber, from: isNumber },
  refuse: { id: isNumber, reason: isOneOf(REFUSE_REASONS) },
  chunk: {
    id: isNumber,
    n: isNumber,
    bytes: (v) => v instanceof Uint8Array && v.length > 0 && v.length <= CHUNK_BYTES,
  },
  end: {
    id: isNumber,
    size: isFileSize,
    sha256: (v) => v instanceof Uint8Array && v.length === 32,
  },
  delivered: { id: isNumber },
  cancel: { id: isNumber, reason: isOneOf(CANCEL_REASONS) },
};

/** Fields that a kind may have or not. */
const OPTIONAL_FIELDS: { readonly [K in Body["kind"]]?: Checks } = { text: { reply: isReply } };

const COUNTER_FIELDS: Readonly<Record<keyof Counters, (v: unknown) => boolean>> = {
  at: (v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= MAX_TIME_MS,
  texts: isCount,
  shown: isCount,
  missing: isRanges,
  kem: isCount,
};

/** All fields of each kind but the kind itself. */
const CHECKS = new Map(
  Object.entries(FIELDS).map(([kind, fields]) => [kind, {
    required: Object.entries({ ...fields, ...COUNTER_FIELDS }),
    optional: Object.entries(OPTIONAL_FIELDS[kind as Body["kind"]] ?? {}),
  }]),
);

/** Strict: no indefinite lengths, no non-minimal integers, no duplicate keys, no undefined, no floats. */
const DECODE = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
} as const;

/** The first of the three bytes of a byte order mark in UTF-8. */
const BYTE_ORDER_MARK = 0xef;

/**
 * Reads strings that start with a byte order mark as {@link decodeUtf8} does: the library drops the mark,
 * and a text has to arrive exactly as it was written. The library also replaces malformed UTF-8, which
 * the comparison in {@link decodePayload} finds.
 */
class ExactTokenizer extends Tokenizer {
  override next(): Token {
    const token = super.next();
    if (token.byteValue?.[0] === BYTE_ORDER_MARK) token.value = decodeUtf8(token.byteValue);
    return token;
  }
}

/** Encodes and pads a payload; the result has one of the bucket lengths. */
export function encodePayload(payload: Payload): Uint8Array<ArrayBuffer> {
  return pad(encode(payload));
}

function pad(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
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
  const bytes = padded.subarray(0, end);
  let value: unknown;
  try {
    value = decode(bytes, { ...DECODE, tokenizer: new ExactTokenizer(bytes, DECODE) });
  } catch (cause) {
    throw new MalformedPayload("Cannot decode: not strict CBOR", { cause });
  }
  const payload = checkPayload(value);
  // Refuses what the decoder accepts, such as keys in another order or a whole number as a float.
  // Neither side is secret: the time that this takes may tell the place.
  if (Buffer.compare(encode(payload), bytes) !== 0) {
    throw new MalformedPayload("Cannot decode: not canonical CBOR");
  }
  return payload;
}

/**
 * Holds a text of {@link SHORT_TEXT_BYTES} and every kind but those of KEM exchanges and of files, with
 * the largest counters, so that none of them stands out: in half of it, receipts would be smaller than
 * nearly everything else.
 */
const SMALLEST_BUCKET = 128;
/** A text up to this many bytes has the size of a receipt. */
export const SHORT_TEXT_BYTES = 56;
/** Buckets double up to here; larger ones are multiples of it, because doubling would waste too much. */
const LARGEST_DOUBLED_BUCKET = 4096;

/**
 * The shortest bucket that holds `length` bytes: 127, 255, ... 4095, then multiples of 4096 less one.
 * One less than a multiple of the cipher's block, so that its own padding adds one byte and no block.
 */
export function bucket(length: number): number {
  for (let size = SMALLEST_BUCKET; size <= LARGEST_DOUBLED_BUCKET; size *= 2) {
    if (length < size) return size - 1;
  }
  return Math.ceil((length + 1) / LARGEST_DOUBLED_BUCKET) * LARGEST_DOUBLED_BUCKET - 1;
}

/** True for a string that is well-formed and at most `limit` bytes of UTF-8. */
export function isUtf8(value: unknown, limit: number): value is string {
  if (typeof value !== "string" || value.length > limit) return false;
  // A lone surrogate would come back as U+FFFD: the very same string is promised, so it is refused.
  return value.isWellFormed() && (3 * value.length <= limit || bytesOf(value) <= limit);
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
  const checks = typeof kind === "string" ? CHECKS.get(kind) : undefined;
  if (!checks) throw new MalformedPayload("Cannot read payload: unknown kind");
  const present = checks.optional.filter(([name]) => Object.hasOwn(record, name));
  const expected = [...checks.required, ...present];
  if (Object.keys(record).length !== expected.length + 1) {
    throw new MalformedPayload(`Cannot read payload: wrong fields for ${kind}`);
  }
  for (const [name, check] of expected) {
    if (!Object.hasOwn(record, name) || !check(record[name])) {
      throw new MalformedPayload(`Cannot read payload: bad "${name}" in ${kind}`);
    }
  }
  const payload = value as Payload;
  if (kind === "text" && payload.texts === 0) {
    throw new MalformedPayload("Cannot read payload: a text that is not counted");
  }
  if (payload.kind === "offer" && payload.stream && payload.size > 0) {
    throw new MalformedPayload("Cannot read payload: a stream with a size");
  }
  if ((payload.missing.at(-1)?.[1] ?? 0) > payload.shown) {
    throw new MalformedPayload("Cannot read payload: missing texts beyond those shown");
  }
  return payload;
}

function isOneOf(values: readonly unknown[]): (v: unknown) => boolean {
  return (v) => values.includes(v);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isReply(value: unknown): value is Reply {
  return Array.isArray(value) && value.length === 2 && isBoolean(value[0]) && isNumber(value[1]);
}

/** The number of something that exists: from 1. */
function isNumber(value: unknown): boolean {
  return isCount(value) && value > 0;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNTER;
}

function isFileSize(value: unknown): boolean {
  return isCount(value) && value <= MAX_FILE_BYTES;
}

/** Ranges of numbers from 1, ascending, and with something between them: each list has one form. */
function isRanges(value: unknown): value is Ranges {
  if (!Array.isArray(value) || value.length > MAX_MISSING_RANGES) return false;
  let next = 1;
  return value.every((range) => {
    if (!Array.isArray(range) || range.length !== 2 || !range.every(isCount)) return false;
    const [first, last] = range as [number, number];
    const isInOrder = next <= first && first <= last;
    next = last + 2;
    return isInOrder;
  });
}
