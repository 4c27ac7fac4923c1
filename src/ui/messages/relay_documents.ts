/**
 * What each field of a document on the relay is for, as `/relay` explains it.
 *
 * @module
 */
import type { RelayDocument, RelayDocuments } from "../../chat/events.ts";
import { safeLine } from "../../terminal/safe_text.ts";

const ROOM = "the room: a hash of the number in the code, or of the name";
const EPOCH = "which meeting of this room it belongs to; /invite begins another";
const EXPIRES = "when the relay deletes this, whatever becomes of the programs";
const TOKEN_OF_SEAT = "holds the seat; random, opens nothing";
const LEASE = "how long the seat is held without a sign of that program";
const LEFT = "the seat that was given up, so that leaving can be repeated";
const SEALED = "whether the two are in, and no one else can join";
const CODE_OVER = "whether the code is no longer valid";
const REVISION = "counts the changes of this room; if it falls, the relay went back";
const LINGER = "how many milliseconds the room outlives its last program";
const FROM = "which seat posted it";

/** By collection and field, of both kinds of relay. */
const MEANINGS: Readonly<Record<RelayDocument["kind"], Readonly<Record<string, string>>>> = {
  room: {
    _id: ROOM,
    room: ROOM,
    epoch: EPOCH,
    past: "earlier meetings, whose messages are to be deleted",
    rev: REVISION,
    revision: REVISION,
    sealed: SEALED,
    burnt: CODE_OVER,
    lingerMs: LINGER,
    linger: LINGER,
    host: TOKEN_OF_SEAT,
    guest: TOKEN_OF_SEAT,
    "host.token": TOKEN_OF_SEAT,
    "guest.token": TOKEN_OF_SEAT,
    "host.lease": LEASE,
    "guest.lease": LEASE,
    host_lease: LEASE,
    guest_lease: LEASE,
    "left.host": LEFT,
    "left.guest": LEFT,
    last: "who left last, and so deletes the room",
    expiresAt: EXPIRES,
    expires: EXPIRES,
  },
  message: {
    _id: "the room, the meeting, and a hash of the message as it lies here",
    n: "its place in the order of storing",
    room: ROOM,
    epoch: EPOCH,
    id: "a hash of the message as it lies here, so that it is stored once",
    from: FROM,
    sender: FROM,
    seq: "its number; 0 is the handshake",
    attempt: "how often storing it was tried before",
    head: "a public key, numbers, and a tag that only the two can make; or a handshake message",
    token: "the encrypted message, padded to one of a few sizes; none in the handshake",
    expiresAt: EXPIRES,
    expires: EXPIRES,
  },
};

/** What a field is for; for one that Whisper does not write, that it is foreign. */
export function meaningOf(kind: RelayDocument["kind"], field: string): string {
  const meanings = MEANINGS[kind];
  return Object.hasOwn(meanings, field) ? meanings[field]! : "not written by Whisper";
}

/** The lines of `/relay` about the documents. */
export function documentLines({ documents, more }: RelayDocuments): string[] {
  const messages = documents.filter(({ kind }) => kind === "message").length;
  // Once for each field: the same sentences below every message would hide what differs.
  const explained = new Set<string>();
  const meaning = (kind: RelayDocument["kind"], name: string) => {
    if (explained.has(`${kind} ${name}`)) return "";
    explained.add(`${kind} ${name}`);
    return `: ${meaningOf(kind, name)}`;
  };
  return [
    "What lies on the relay for this chat, as anyone who can read it sees it:",
    ...documents.flatMap(({ kind, by, fields }) => {
      const width = Math.max(0, ...fields.map(({ name }) => safeLine(name).length));
      return [
        titleOf(kind, by),
        ...fields.map(({ name, value, bytes }) =>
          `  ${safeLine(name).padEnd(width)}  ${safeLine(value)} (${size(bytes)})${
            meaning(kind, name)
          }`
        ),
      ];
    }),
    ...more > 0 ? [`And ${more} more messages.`] : [],
    ...messages === 0
      ? ["No message is there now: each is deleted once the other program has read it."]
      : [],
    "Keys, the words of the code, names and texts are never there.",
  ];
}

function titleOf(kind: RelayDocument["kind"], by: RelayDocument["by"]): string {
  if (kind === "room") return "The room:";
  switch (by) {
    case "you":
      return "A message from you that was not deleted yet:";
    case "peer":
      return "A message from your peer that was not deleted yet:";
    default:
      return "A message of someone who was refused, or of no known form:";
  }
}

function size(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes.toLocaleString("en-US")} bytes`;
}
