/**
 * The questions before a chat.
 *
 * @module
 */

/** By question. */
export const QUESTIONS = {
  name: (suggested: string | undefined) =>
    suggested === undefined ? "Your name: " : `Your name [${suggested}]: `,
  relay: "Relay: paste a relay link or connection string (Enter for this computer): ",
  user: "Database user: ",
  password: (user: string | undefined) =>
    user === undefined
      ? "Database password (not shown): "
      : `Password of database user ${user} (not shown): `,
  link: "Relay link: ",
  saveLink: "Save it? [y/N] ",
  code: "Invite code: ",
  codeOrNew: "Invite code, or Enter to open a new room: ",
  codeOrAnother: "Invite code, or Enter again to open another room: ",
  roomIsWaiting: "Someone is waiting in a room on this computer. Ask them for its code.",
  passphrase: "Passphrase of the room (not shown): ",
} as const;
