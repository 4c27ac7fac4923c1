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
  /** The help in a room that was agreed on by name, which has no codes, where it differs. */
  readonly helpByName?: string;
}

/** The help of every command. */
export const SLASH_COMMAND_HELP = {
  "help": { help: "list commands and keys" },
  "who": { help: "who is here, and when they were last active" },
  "verify": {
    argument: "[same or different]",
    help: "compare words by voice, each a half",
  },
  "invite": {
    help: "make a new invite code after your peer left",
    helpByName: "open the room again after your peer left; asks for the passphrase",
  },
  "timer": {
    argument: "[30s, 5m, 1h or off]",
    help: "messages disappear on both sides this long after they are displayed",
  },
  "send": { argument: "FILE", help: "offer a file; /accept, /refuse and /cancel answer one" },
  "accept": { argument: "[FILE]", help: "save the file that your peer offers" },
  "refuse": { argument: "[FILE]", help: "decline it" },
  "cancel": { argument: "[FILE]", help: "stop a file, in either direction" },
  "relay": { help: "show the connection, and all that the relay sees" },
  "share": {
    argument: "[all]",
    help: "show the relay link; all: with the code",
    helpByName: "show the relay link",
  },
  "reply": {
    argument: "[N] TEXT",
    help: "answer the last message of your peer",
  },
  "edit": { help: "edit a message that is still queued" },
  "copy": {
    argument: "[N]",
    help: "copy the invite code or a message",
    helpByName: "copy a message to the clipboard",
  },
  "find": { argument: "TEXT", help: "show the last message with TEXT; again: older" },
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
  shareAbout:
    "Send this relay link to your peer. It lets anyone who holds it reach the relay and " +
    "disturb it, but not read anything:",
  shareCode:
    "It carries the invite code: the first person to use this link joins. It is safer to " +
    "send the link without it (/share) and say the code by voice.",
  shareUsage: "Type /share, or /share all to include the invite code.",
  noCodeToShare: "There is no invite code now; /share shows the link without one.",
  pictureBelow: (rows: number) => `The next ${rows} lines are a QR code of this link.`,
  noPicture: (columns: number, rows: number) =>
    `The QR code needs a window of ${columns} by ${rows}; the link above holds the same.`,
  sendUsage: "Type /send and the path of a file; Tab completes it.",
  timer: (now: string) => `${now} Change it with /timer 30s, 5m, 1h (max 7d) or off.`,
  find: {
    "nothing": "No message on this screen has that text.",
    "no-text": "Add what to look for: /find TEXT.",
    "no-conversation":
      "The plain interface does not hold the conversation. Use the search of your terminal.",
  },
  muted: "Notifications off.",
  unmuted: "Notifications on.",
  confirmBurn:
    "This erases the conversation on both sides and ends the chat. Type /burn again to confirm.",
  replyUsage:
    "Type your answer behind it: /reply TEXT, or /reply 3 TEXT for the third last message.",
  noMessage: (place: number) =>
    place === 1 ? "There is no message yet." : `There are not that many messages: ${place}.`,
  nothingToAnswer: "Your peer has not written anything yet.",
  notANumber: "Which message? /copy 1 copies the last one, /copy 3 the third last.",
  copied: "Sent the code to your terminal's clipboard. Clear it after you have shared it.",
  copiedMessage: "Sent the message to your terminal's clipboard. It stays there after the chat.",
  noClipboard: "This terminal has no clipboard that Whisper can use.",
} as const;
