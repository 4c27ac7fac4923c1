/**
 * The bytes that are stored: envelopes and their identity, and the five handshake messages
 * (docs/PROTOCOL.md §3 and §4). Every decoder is strict: exact lengths, known values, or nothing.
 *
 * @module
 */
import { concat, encodeBase64Url, encodeUtf8, lengthPrefixed } from "../crypto/bytes.ts";
import { LABELS, sha256 } from "../crypto/kdf.ts";
import type { Envelope, RoomId, Sender } from "../relay/relay.ts";

/** This protocol; a change of any byte or meaning raises it. */
export const PROTOCOL_VERSION = 1;

/** Lengths in bytes of what the relay names things by. */
const ROOM_ID_BYTES = 16;
const ENVELOPE_ID_BYTES = 16;

/** Sizes of the handshake's parts, in bytes. */
const NONCE = 16;
const SHARE = 32;
const RATCHET_KEY = 32;
const TAG = 64;

/** A handshake message. `nonce` is the guest's: it tells attempts apart. */
export type HandshakeMessage =
  | { readonly type: "guest-share"; readonly nonce: Bytes; readonly share: Bytes }
  | {
    readonly type: "host-share";
    readonly nonce: Bytes;
    readonly share: Bytes;
    readonly ratchetKey: Bytes;
  }
  | { readonly type: "guest-tag"; readonly nonce: Bytes; readonly tag: Bytes }
  | { readonly type: "host-tag"; readonly nonce: Bytes; readonly tag: Bytes }
  /** Unauthenticated, and so no more than a courtesy: it ends a wait that could not end well. */
  | { readonly type: "host-refusal"; readonly nonce: Bytes };

type Bytes = Uint8Array<ArrayBuffer>;

/** Each type's number on the wire and its fields after the nonce, in order, with their lengths. */
const LAYOUTS = {
  "guest-share": { code: 1, fields: [["share", SHARE]] },
  "host-share": { code: 2, fields: [["share", SHARE], ["ratchetKey", RATCHET_KEY]] },
  "guest-tag": { code: 3, fields: [["tag", TAG]] },
  "host-tag": { code: 4, fields: [["tag", TAG]] },
  "host-refusal": { code: 5, fields: [] },
} as const satisfies Record<
  HandshakeMessage["type"],
  { code: number; fields: readonly (readonly [string, number])[] }
>;

/** Names the room of a nameplate on the relay, so that rooms look alike there. */
export function roomOfNameplate(nameplate: string): RoomId {
  return roomId(LABELS.nameplate, nameplate);
}

/** Names the room that two people agreed on beforehand. */
export function roomOfName(name: string): RoomId {
  return roomId(LABELS.roomName, name.normalize("NFKC").trim());
}

function roomId(label: string, text: string): RoomId {
  const hash = sha256(lengthPrefixed(encodeUtf8(label), encodeUtf8(text)));
  return encodeBase64Url(hash.subarray(0, ROOM_ID_BYTES));
}

/** Where an envelope stands; part of its identity. */
export interface RoomEpoch {
  readonly room: RoomId;
  readonly epoch: string;
}

/** Makes an envelope; its identity is the hash of its place and of all it says. */
export function makeEnvelope(
  place: RoomEpoch,
  { from, seq, head, token }: { from: Sender; seq: number; head: Bytes; token: string },
): Envelope {
  const hash = sha256(lengthPrefixed(
    encodeUtf8(LABELS.envelope),
    encodeUtf8(place.room),
    encodeUtf8(place.epoch),
    encodeUtf8(from),
    encodeUtf8(String(seq)),
    head,
    encodeUtf8(token),
  ));
  const id = encodeBase64Url(hash.subarray(0, ENVELOPE_ID_BYTES));
  return { id, from, seq, attempt: 0, head, token };
}

/** Encodes a handshake message as the head of an envelope with sequence number 0. */
export function encodeHandshake(message: HandshakeMessage): Bytes {
  const { code, fields } = LAYOUTS[message.type];
  const values = message as unknown as Record<string, Bytes>;
  return concat(
    new Uint8Array([PROTOCOL_VERSION, code]),
    message.nonce,
    ...fields.map(([name]) => values[name]!),
  );
}

/** Decodes a handshake head; undefined for anything that is not one of this version. */
export function decodeHandshake(head: Uint8Array): HandshakeMessage | undefined {
  if (head[0] !== PROTOCOL_VERSION) return undefined;
  for (const [type, { code, fields }] of Object.entries(LAYOUTS)) {
    if (head[1] !== code) continue;
    const length = fields.reduce((sum, [, size]) => sum + size, 2 + NONCE);
    if (head.length !== length) return undefined;
    const message: Record<string, unknown> = { type, nonce: head.slice(2, 2 + NONCE) };
    let offset = 2 + NONCE;
    for (const [name, size] of fields) message[name] = head.slice(offset, offset += size);
    return message as unknown as HandshakeMessage;
  }
  return undefined;
}
