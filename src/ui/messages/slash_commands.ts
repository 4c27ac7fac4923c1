/**
 * The commands inside a chat, as `/help` lists them, and what they answer.
 *
 * @module
 */

/** Help of a command. */
export interface SlashCommandHelp {
  /** What may follow the command. */
  readonly argument?: string;
  readonly help: string;
}

/** The help of every command. */
export const SLASH_COMMAND_HELP = {
  "help": { help: "list commands and keys" },
  "who": { help: "who is here, and when they were last heard" },
  "verify": {
    argument: "[same]",
    help: "compare twelve words by voice to rule out an eavesdropper",
  },
  "invite": { help: "make a new invite code after your peer left" },
  "timer": {
    argument: "[30s, 5m, 1h or off]",
    help: "messages disappear on both sides this long after they are displayed",
  },
  "send": { argument: "FILE", help: "offer a file; /accept, /refuse and /cancel answer one" },
  "accept": { argument: "[FILE]", help: "save the file that your peer offers" },
  "refuse": { argument: "[FILE]", help: "decline it" },
  "cancel": { argument: "[FILE]", help: "stop a file, in either direction" },
  "relay": { help: "show the connection and how much it is used" },
  "copy": { help: "copy the invite code to the clipboard" },
  "mute": { help: "mute or unmute notifications" },
  "clear": { help: "clear your screen" },
  "burn": { help: "erase the conversation on both sides and leave" },
  "say": { argument: "TEXT", help: "send TEXT as it is, even if it looks like a command" },
  "exit": { help: "leave; also: exit, Ctrl+C, Ctrl+D" },
} as const satisfies Record<string, SlashCommandHelp>;

/** Answers and objections. */
export const SLASH_COMMAND_TEXTS = {
  unknown: (meant: string | undefined) =>
    `Unknown command. ${meant ? `Did you mean /${meant}?` : "See /help."} ` +
    "To send a message that starts with a slash, type two.",
  tooLong: (bytes: number, most: number, messages: number) =>
    `This is too long for one message: ${bytes.toLocaleString("en-US")} bytes of at most ${
      most.toLocaleString("en-US")
    }. Press Enter to send it as ${messages} messages.`,
  sendUsage: "Type /send and the path of a file; Tab completes it.",
  muted: "Notifications off.",
  unmuted: "Notifications on.",
  confirmBurn:
    "This erases the conversation on both sides and ends the chat. Type /burn again to confirm.",
  verified: "Verified: no one is in the middle.",
  verifyUsage: "If the words are the same, type /verify same. If they differ, leave with /exit: " +
    "someone may be intercepting the connection.",
  noCode: "There is no invite code now. /invite makes one.",
  roomHasNoCodes: "This room was agreed on by name and has no codes.",
  copied: "Sent the code to your terminal's clipboard. Clear it after you have shared it.",
  noClipboard: "This terminal has no clipboard that Whisper can use.",
} as const;
