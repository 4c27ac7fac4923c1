/**
 * Words of the plain interface.
 *
 * @module
 */
import { counted } from "./counted.ts";
import { peerCommandLine } from "./invocation.ts";

/** Sentences of the plain interface. */
export const PLAIN_TEXTS = {
  /** The prompt before the line being typed, and the name of its author. */
  you: "you",
  /** The prompt while earlier lines are searched. */
  search: (query: string) => `search "${query}" (Ctrl+R: older, Enter: edit): `,
  firstSteps:
    "Type a message and press Enter. /verify checks for eavesdroppers, /help lists commands.",
  invite: "Your invite code, for one person and one use:",
  shareInvite: (isLocal: boolean) =>
    `Tell it to them by voice if you can. They run: ${peerCommandLine("join", isLocal)}`,
  stillWaiting: (time: string) => `Still waiting after ${time}. /exit cancels.`,
  clearedInPart:
    "Cleared your screen. Lines that scrolled off it are still in your terminal's scrollback.",
  notCleared: "Whisper can't clear this terminal. Close it to remove the conversation.",
  expired: (whose: string) => `${whose} expired.`,
  expiredInPart: (whose: string) =>
    `${whose} expired. Part of it may still be in your terminal's scrollback.`,
  expiredNotErased: (whose: string) =>
    `${whose} expired. This terminal can't erase it: it stays where it was printed.`,
  ownMessage: "A message of yours",
  peerMessage: (peer: string) => `A message from ${peer}`,
  replyTo: (who: string, what: string) =>
    `${who} ${who === "you" ? "reply" : "replies"} to ${what}`,
  takenBack: "Taken back: this message is not sent.",
  takenBackText: (text: string) => `The message that was taken back: ${text}`,
  spaces: (count: number) => `‹${count} spaces›`,
} as const;

/** Sentences about the delivery of one's own messages. */
export const DELIVERY_TEXTS = {
  queuedForPeer: "Queued. Will send when someone joins.",
  queuedForRelay: "Queued. Will send when reconnected.",
  sent: (count: number) => `${counted(count, "message")} sent, not yet delivered.`,
  delivered: (count: number, pending: number) =>
    `${count === 1 ? "Delivered" : `${count} delivered`}${
      pending > 0 ? `, ${counted(pending, "message")} pending` : ""
    }.`,
} as const;
