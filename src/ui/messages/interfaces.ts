/**
 * Words that both interfaces for people use.
 *
 * @module
 */

/** What is mentioned beside a message. */
export const MESSAGE_NOTES = {
  late: "late",
  written: (time: string) => `written ${time}`,
} as const;

/** The line above a reply. */
export const QUOTE_TEXTS = {
  gone: "a message that is gone",
  of: (who: string, text: string) => `${who}: ${text}`,
} as const;

/** The day, where another one begins in the conversation: `Sunday, November 29, 2026`. */
export function dayName(at: number): string {
  const parts = { weekday: "long", month: "long", day: "numeric", year: "numeric" } as const;
  return new Date(at).toLocaleDateString("en-US", parts);
}

/** What the peer is called before a name is known. */
export const YOUR_PEER = "Your peer";

/** How the relay is doing, before anything is known. */
export const NOT_CONNECTED = "Not connected to the relay yet.";

/** The last line of a chat that ended by itself. */
export const PRESS_ENTER = "The chat has ended. Press Enter to leave.";

/** Ctrl+C while a text is being typed. */
export const UNSENT_TEXT = "You have unsent text. Press Ctrl+C again to leave.";
