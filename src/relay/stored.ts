/**
 * Documents as they lie on a relay, for a person who wants to see what it knows: every field, with its
 * size, and long values cut.
 *
 * @module
 */
import { bytesOf } from "../limits.ts";
import type { StoredDocument, StoredField } from "./relay.ts";

/** Messages that are read: more has no room on a screen. */
export const MAX_INSPECTED = 10;
/** A larger document is none of Whisper's: the longest token, its head and the names of fields. */
export const MAX_STORED_BYTES = 70_000;
/** Fields of one document; Whisper's have 15 at most. */
const MAX_FIELDS = 32;
/** Cells of a value; the start of a token is the same in all of them, and the rest tells a person nothing. */
const MAX_VALUE_CHARS = 24;
const MAX_NAME_CHARS = 40;
/** Longer than the name of any sender. */
const MAX_SENDER_CHARS = 16;

/**
 * The room of a chat.
 *
 * @param document what a driver returned; anybody may have written it.
 */
export function storedRoom(document: Readonly<Record<string, unknown>>): StoredDocument {
  return { kind: "room", fields: storedFields(document) };
}

/** A message that says to be `from` this sender; the same goes for its `document`. */
export function storedMessage(
  document: Readonly<Record<string, unknown>>,
  from: unknown,
): StoredDocument {
  const sender = typeof from === "object" ? "" : String(from).slice(0, MAX_SENDER_CHARS);
  return { kind: "message", from: sender, fields: storedFields(document) };
}

/**
 * The fields of a document, in their order. Nested documents are written as fields of their own.
 *
 * @param document what a driver returned; anybody may have written it.
 */
export function storedFields(document: Readonly<Record<string, unknown>>): StoredField[] {
  return fieldsOf(document, "").slice(0, MAX_FIELDS);
}

function fieldsOf(document: Readonly<Record<string, unknown>>, parent: string): StoredField[] {
  return Object.entries(document).slice(0, MAX_FIELDS).flatMap(([key, value]): StoredField[] => {
    const name = `${parent}${key}`.slice(0, MAX_NAME_CHARS);
    // One level is as deep as Whisper's own documents are.
    if (isPlain(value) && parent === "") return fieldsOf(value, `${name}.`);
    return [{ name, ...written(value) }];
  });
}

function written(value: unknown): { value: string; bytes: number } {
  if (value instanceof Uint8Array) {
    const start = value.subarray(0, MAX_VALUE_CHARS / 2).toHex();
    return { value: cut(start, value.length > MAX_VALUE_CHARS / 2), bytes: value.length };
  }
  const text = textOf(value);
  const shown = cut(text.slice(0, MAX_VALUE_CHARS), text.length > MAX_VALUE_CHARS);
  return { value: shown, bytes: bytesOf(text) };
}

/** A value in words; `?` for an object that cannot be written, for others may have built it so. */
function textOf(value: unknown): string {
  if (value instanceof Date) return dateOf(value);
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return isPrintable(value) ? String(value) : JSON.stringify(value) ?? "";
  } catch {
    return "?";
  }
}

function cut(text: string, isCut: boolean): string {
  return isCut ? `${text}…` : text;
}

/** A date of any year: what others have written need not be one. */
function dateOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? "no date" : date.toISOString();
}

/** A document, and not a value of a driver such as a date or a number of 64 bits. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !(Symbol.iterator in value) &&
    Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length > 0;
}

/** Numbers of 64 bits and the like of a driver say themselves what they are. */
function isPrintable(value: object): boolean {
  return value.toString !== Object.prototype.toString && !Object.hasOwn(value, "toString") &&
    !Array.isArray(value);
}
