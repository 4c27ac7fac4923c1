/**
 * The bytes that are stored: envelopes and their identity, and the five handshake messages
 * (docs/PROTOCOL.md §3 and §4). Every decoder is strict: exact lengths and known values only.
 *
 * @module
 */
import { encodeBase64Url } from "../base64url.ts";
import { type Bytes, concat, encodeUtf8, lengthPrefixed } from "../crypto/bytes.ts";
import { LABELS, sha256 } from "../crypto/kdf.ts";
import { ENCAPSULATION_KEY_BYTES, KEM_CIPHERTEXT_BYTES } from "../crypto/mlkem.ts";
import type { Envelope, RoomEpoch, RoomId, Sender } from "../relay/relay.ts";

/** This protocol; a change of any byte or meaning raises it. */
export const PROTOCOL_VERSION = 2;

/** Lengths of the identifiers on a relay, in bytes. */
const ROOM_ID_BYTES = 16;
const ENVELOPE_ID_BYTES = 16;

/** Sizes of the handshake's parts, in bytes. */
const NONCE = 16;
const SHARE = 32;
const RATCHET_KEY = 32;
const TAG = 64;

/** A handshake message. `nonce` is the guest's and identifies the attempt. */
export type HandshakeMessage =
  | { readonly type: "guest-share"; readonly nonce: Bytes; readonly share: Bytes }
  | {
    readonly type: "host-share";
    readonly nonce: Bytes;
    readonly share: Bytes;
    readonly ratchetKey: Bytes;
    /** ML-KEM-768, fresh for this attempt. */
    readonly encapsulationKey: Bytes;
  }
  | {
    readonly type: "guest-tag";
    readonly nonce: Bytes;
    readonly ciphertext: Bytes;
    readonly tag: Bytes;
  }
  | { readonly type: "host-tag"; readonly nonce: Bytes; readonly tag: Bytes }
  /** Not authenticated: it only ends a wait that could not succeed. */
  | { readonly type: "host-refusal"; readonly nonce: Bytes };

/**
 * Each type's number on the wire and its fields after the nonce, in order, with their lengths. A relay
 * that matches handshake documents by the length of their head has to allow for every one of these:
 * 50, 1,266, 1,170, 82 and 18 bytes.
 */
const LAYOUTS = {
  "guest-share": { code: 1, fields: [["share", SHARE]] },
  "host-share": {
    code: 2,
    fields: [
      ["share", SHARE],
      ["ratchetKey", RATCHET_KEY],
      ["encapsulationKey", ENCAPSULATION_KEY_BYTES],
    ],
  },
  "guest-tag": { code: 3, fields: [["ciphertext", KEM_CIPHERTEXT_BYTES], ["tag", TAG]] },
  "host-tag": { code: 4, fields: [["tag", TAG]] },
  "host-refusal": { code: 5, fields: [] },
} as const satisfies Record<
  HandshakeMessage["type"],
  { code: number; fields: readonly (readonly [string, number])[] }
>;

/** The room of a nameplate. A hash, so that all rooms look alike on the relay. */
export function roomOfNameplate(nameplate: string): RoomId {
  return roomId(LABELS.nameplate, nameplate);
}

/** Names the room that two people agreed on in advance. */
export function roomOfName(name: string): RoomId {
  return roomId(LABELS.roomName, name.normalize("NFKC").trim());
}

function roomId(label: string, text: string): RoomId {
  const hash = sha256(lengthPrefixed(encodeUtf8(label), encodeUtf8(text)));
  return encodeBase64Url(hash.subarray(0, ROOM_ID_BYTES));
}

/** Makes an envelope; its identity is the hash of its epoch and its content. */
export function makeEnvelope(
  epoch: RoomEpoch,
  { from, seq, head, token }: { from: Sender; seq: number; head: Bytes; token: string },
): Envelope {
  const hash = sha256(lengthPrefixed(
    encodeUtf8(LABELS.envelope),
    encodeUtf8(epoch.room),
    encodeUtf8(epoch.epoch),
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

/** Decodes the head of a handshake message; undefined for anything but one of this version. */
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

/** A handshake message of a program that speaks another version of the protocol. */
export interface OtherVersion {
  readonly version: number;
  readonly from: "host" | "guest";
  readonly nonce: Bytes;
}

/**
 * Reads the part of a handshake message that is the same in every version.
 *
 * @returns undefined for this version, and for what is not a handshake message. Nothing here is
 * authenticated.
 */
export function decodeOtherVersion(head: Uint8Array): OtherVersion | undefined {
  const [version, code] = head;
  if (version === undefined || version === 0 || version === PROTOCOL_VERSION) return undefined;
  const type = Object.entries(LAYOUTS).find(([, layout]) => layout.code === code)?.[0];
  if (type === undefined || head.length < 2 + NONCE) return undefined;
  const from = type.startsWith("host") ? "host" : "guest";
  return { version, from, nonce: head.slice(2, 2 + NONCE) };
}
