/**
 * What both interfaces for people do alike.
 *
 * @module
 */
import type { ChatEvent } from "../chat/events.ts";
import { MESSAGE_NOTES } from "./messages/interfaces.ts";

/** Milliseconds without a key after which a person may look elsewhere. */
export const IDLE_MS = 60_000;
/** A message shows its own time where that differs from ours by more than this. */
const OLD_AFTER_MS = 120_000;
/** Earlier lines for the arrow keys, in memory only. */
const MAX_HISTORY = 200;

/** A picture of half blocks in bright white on black (SGR): right in a window of any color. */
export const PICTURE_STYLE = "97;40";

/** Hours and minutes of the day in the local time zone, of milliseconds since 1970. */
export function clockTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 5);
}

/** Whether two times, in milliseconds since 1970, are on one day of the local time zone. */
export function isSameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/** What is worth mentioning beside a message: that it is late, or when it was written. */
export function notesOf(event: ChatEvent & { event: "message" }, now: number): string[] {
  const written = Date.parse(event.at);
  return [
    ...event.late ? [MESSAGE_NOTES.late] : [],
    ...Math.abs(now - written) > OLD_AFTER_MS ? [MESSAGE_NOTES.written(clockTime(written))] : [],
  ];
}

/** A line that was sent, for the arrow keys. */
export interface SentLine {
  /** By which the chat's events name the message. */
  readonly id: string;
  readonly line: string;
}

/** The history with a line more, as far as there is room. */
export function withLine(history: readonly SentLine[], sent: SentLine): readonly SentLine[] {
  return sent.line.trim() === "" ? history : [...history, sent].slice(-MAX_HISTORY);
}

/** The history with lines that were not sent as its newest, so that one key brings the last one back. */
export function withUnsentLast(
  history: readonly SentLine[],
  ids: readonly string[],
): readonly SentLine[] {
  const isUnsent = ({ id }: SentLine) => ids.includes(id);
  return [...history.filter((sent) => !isUnsent(sent)), ...history.filter(isUnsent)];
}

/** The history without a message that expired. */
export function withoutLine(history: readonly SentLine[], id: string): readonly SentLine[] {
  return history.filter((sent) => !isPartOf(id, sent.id));
}

/** Whether a message is the line of that id, or a part of it: a long line is sent as several. */
export function isPartOf(id: string, lineId: string | undefined): boolean {
  return lineId !== undefined && (id === lineId || id.startsWith(`${lineId}.`));
}
