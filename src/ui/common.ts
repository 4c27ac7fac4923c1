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
