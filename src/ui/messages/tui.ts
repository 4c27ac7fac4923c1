/**
 * Words of the full screen.
 *
 * @module
 */
import { counted } from "./counted.ts";
import { peerCommandLine } from "./invocation.ts";

/** What became of a message of one's own, behind its text. */
export const DELIVERY_WORDS = {
  sending: "sending",
  queued: "queued",
  sent: "sent",
  delivered: "delivered",
  failed: "not delivered",
} as const;

/** Header. */
export const HEADER_TEXTS = {
  program: "Whisper",
  alone: "waiting for peer",
  encrypted: "encrypted",
  verified: "verified",
  unverified: "unverified",
} as const;

/** The block with the invite code. */
export const INVITE_TEXTS = {
  title: "Your invite code, for one person and one use",
  share: "Tell it to them by voice if you can",
  run: (isLocal: boolean) => `They run: ${peerCommandLine("join", isLocal)} · /copy copies it`,
  short: "Your code: tell it by voice",
} as const;

/** Alarms on top of the screen. */
export const ALARM_TEXTS = {
  one: "ALARM",
  many: (count: number) => `${count} ALARMS, the last`,
  dismiss: "Esc: dismiss",
} as const;

/** The line above the composer. */
export const SCROLL_TEXTS = {
  above: (count: number) => ` ${count} unread above · PgUp `,
  more: " more below · PgDn ",
  unread: (count: number) => ` ${count} new below · Ctrl+End `,
} as const;

/** What `/clear` says where it erased unread messages. */
export const clearedUnread = (count: number) =>
  `Erased ${counted(count, "message")} that had not been displayed, too.`;

/** What an empty composer shows. */
export const HINT_TEXTS = {
  alone: "You can type now; it sends when they join. /help lists commands.",
  left: "/invite makes a new code, /exit leaves.",
  leftByName: "/invite opens the room again; /exit leaves.",
  ready: "Type and press Enter. /help lists commands.",
  /** Where the terminal does not tell Shift+Enter from Enter. */
  newLine: "Type and press Enter. Ctrl+J: new line. /help lists commands.",
  ended: "Press Enter to leave.",
} as const;

/** A paste in the composer. */
export const PASTE_TEXTS = {
  /** Stands for the paste until it is sent. */
  marker: (paste: string) => {
    const lines = paste.replace(/\n$/, "").split("\n").length;
    return lines > 1
      ? `[paste, ${number(lines)} lines]`
      : `[paste, ${number(paste.length)} characters]`;
  },
  keys: "Enter: send · Tab: show the paste",
} as const;

/** What `/find` has found. */
export const FIND_TEXTS = {
  shown: (text: string, { place, count }: { place: number; count: number }) =>
    ` "${text}": ${place} of ${count} · /find: older · Esc: end `,
} as const;

/** The search in what was sent (Ctrl+R). */
export const SEARCH_TEXTS = {
  label: "Search: ",
  empty: "Type a part of a line that you sent.",
  nothing: "Nothing found.",
  keys: "Ctrl+R: older · Enter: edit · Esc: cancel",
} as const;

/** The status line. */
export const STATUS_TEXTS = {
  file: (name: string, progress: string) => `${name === "" ? "piped data" : name}: ${progress}`,
  guest: (time: string) => `Waiting for someone to join, ${time} (Ctrl+C to cancel)`,
  host: (time: string, limit: string) => `Waiting for the host, ${time}${limit} (Ctrl+C to cancel)`,
  handshake: (secret: string, time: string) =>
    `Someone is joining. Verifying the ${secret}, ${time} (Ctrl+C to cancel)`,
  goodbye: (time: string, limit: string) =>
    `Cleaning up, ${time}${limit} (Ctrl+C to leave at once)`,
  atMost: (time: string) => ` of at most ${time}`,
  connecting: (relay: string, time: string) => `Connecting to ${relay}, ${time} (Ctrl+C to cancel)`,
  up: (relay: string, latency: string) => `Connected to ${relay}${latency && `, ${latency}`}`,
  reconnecting: (relay: string, next: string, queued: number) =>
    `Disconnected from ${relay} · ${next}${queued > 0 ? ` · ${queued} queued` : ""}`,
  retryIn: (time: string) => `retrying in ${time}`,
  retrying: "retrying",
  down: (relay: string) => `Lost the connection to ${relay}`,
  heard: (ago: string) => `last active ${ago}`,
  justNow: "just now",
  ago: (time: string) => `${time} ago`,
  timer: (time: string) => `messages disappear after ${time}`,
  muted: "muted",
  ended: "The chat has ended",
  bytes: (bytes: number, most: number) => `${number(bytes)} of ${number(most)} bytes`,
} as const;

/** A multiplexer keeps a copy of the screen in its own memory. */
export function multiplexerWarning(name: string): string {
  return `This runs inside ${name}. Whisper cannot clear what ${name} keeps in its own scrollback or ` +
    "logs.";
}

/** The documents on the relay, in place of the conversation. */
export const RELAY_VIEW_TEXTS = {
  back: "Esc or /relay: back to the conversation.",
} as const;

/** Notifications; never content. */
export const NOTICE_TEXTS = {
  ready: "Peer connected",
  message: "New message",
  alarm: "Alarm",
} as const;

function number(value: number): string {
  return value.toLocaleString("en-US");
}
