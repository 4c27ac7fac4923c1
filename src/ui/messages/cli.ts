/**
 * What the command line says beside a chat: notes before it, and the answers of `config`.
 *
 * @module
 */
import { commandLine } from "./invocation.ts";

/** Something to say once, on standard error, before anything else. */
export type Note =
  | { readonly note: "password-in-uri-flag" }
  | { readonly note: "password-in-config" }
  | { readonly note: "password-in-proxy-flag" }
  | { readonly note: "link-in-arguments" }
  | { readonly note: "link-to-this-computer" }
  | { readonly note: "code-in-arguments" }
  | { readonly note: "config-ignored"; readonly path: string }
  | { readonly note: "secret-file-readable"; readonly path: string }
  | { readonly note: "weak-passphrase" }
  | { readonly note: "local-relay-folder"; readonly folder: string };

/** The sentence of a note. */
export function describeNote(note: Note): string {
  return `Note: ${sentence(note)}`;
}

function sentence(note: Note): string {
  switch (note.note) {
    case "password-in-uri-flag":
      return "Other programs on this computer can read the password inside --uri, and your shell " +
        "may save it. Leave it out; Whisper asks for it.";
    case "password-in-config":
      return "The configuration file contains a password. Remove it with: " +
        `${commandLine("config set uri URI")}`;
    case "password-in-proxy-flag":
      return "Other programs on this computer can read the password inside --proxy, and your shell " +
        "may save it. Pass it in WHISPER_PROXY instead.";
    case "link-in-arguments":
      return "Other programs on this computer can read a relay link among the arguments, and your " +
        "shell may save it. Leave it out; Whisper asks for the relay.";
    case "link-to-this-computer":
      return "This link names localhost, so it works on this computer only.";
    case "code-in-arguments":
      return "On a shared computer others can see this code while Whisper runs, and your shell " +
        `may save it. It works only once. To be asked for it instead: ${commandLine("join")}`;
    case "config-ignored":
      return `Ignoring ${note.path}, which belongs to another user.`;
    case "secret-file-readable":
      return `Other users can read ${note.path}. Change that with: chmod 600 ${note.path}`;
    case "weak-passphrase":
      return "This passphrase is easy to guess, and the relay can try many guesses. Use at least " +
        "four random words.";
    case "local-relay-folder":
      return `This terminal uses the local relay in ${note.folder}. A terminal with another ` +
        "XDG_RUNTIME_DIR (or TMPDIR) uses another one; set it to the same value in both.";
  }
}

/** What `relay link`, `relay save` and `relay forget` say. */
export const RELAY_LINK_ANSWERS = {
  about: "This relay link lets anyone who holds it reach the relay and disturb it, but not read " +
    "anything. Send it to your peer:",
  tooNarrow: (columns: number) =>
    `This window is too narrow for the QR code: it needs ${columns} columns.`,
  willSave: (path: string) =>
    `This saves the link, and with it the database password, in ${path}, which only you can read.`,
  saved: (path: string) => `Saved the relay link in ${path}.`,
  settingsRemoved: "The settings uri and local were removed: the link is used instead.",
  forgotten: "Deleted the saved relay link.",
  none: "No relay link is saved.",
} as const;

/** The answers of `config`. */
export const CONFIG_ANSWERS = {
  none: () => `No settings saved. Save one with: ${commandLine("config set NAME VALUE")}`,
  saved: (name: string) => `Saved ${name}.`,
  savedInstead: (name: string, other: string) => `Saved ${name} and removed ${other}.`,
  passwordRemoved: "Its password was left out; Whisper asks for it.",
  savedLink: (path: string) => `A relay link is saved in ${path}.`,
  saveLinkInstead: () => `To save it too: ${commandLine("relay save")}`,
  removed: (name: string) => `Removed ${name}.`,
  hidden: "(hidden: contains a password)",
} as const;
