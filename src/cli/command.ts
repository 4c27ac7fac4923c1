/**
 * What a command line asks for, once it is understood.
 *
 * @module
 */
import { type Failure, untranslated } from "../errors.ts";
import { type CommandName, places, type SettingName, type SHELLS } from "./commands.ts";

/** Where two people meet. */
export type RelayChoice =
  | { readonly kind: "local" }
  /** The connection string as it was given: placeholders, quotes and all. */
  | { readonly kind: "uri"; readonly uri: string };

/** What every command that goes to a relay knows. Undefined is what nobody has said. */
export interface Connection {
  readonly relay: RelayChoice | undefined;
  readonly poll: boolean;
  readonly passwordFile: string | undefined;
  readonly tlsCaFile: string | undefined;
  /** `auto`: as the terminal is. */
  readonly ui: "auto" | "plain" | "json";
  readonly color: boolean;
  readonly debug: boolean;
  /** Sentences for the person, to be shown once before anything else; for stderr. */
  readonly warnings: readonly string[];
}

/** A chat. */
export interface ChatCommand extends Connection {
  readonly command: "chat";
  /** `ask`: whether to open a room or to join one is still to be asked. */
  readonly mode: "ask" | "new" | "join" | "room";
  /** `join`: as typed. */
  readonly code: string | undefined;
  /** `room`: its name. */
  readonly room: string | undefined;
  readonly passphraseFile: string | undefined;
  readonly name: string | undefined;
  readonly lingerMs: number;
  /** No bell and no notifications. */
  readonly quiet: boolean;
}

/** A look at the connection. */
export interface DoctorCommand extends Connection {
  readonly command: "doctor";
}

/** A look at, or a change of, the configuration file. */
export type ConfigCommand =
  & { readonly command: "config"; readonly debug: boolean }
  & (
    | { readonly action: "show" | "path" }
    | { readonly action: "set"; readonly setting: SettingName; readonly value: string }
    | { readonly action: "unset"; readonly setting: SettingName }
  );

/** Fernet by hand. */
export type FernetCommand =
  & { readonly command: "fernet"; readonly debug: boolean }
  & (
    | { readonly action: "keygen" }
    | { readonly action: "encrypt"; readonly keyFile: string }
    | {
      readonly action: "decrypt";
      readonly keyFile: string;
      /** Seconds; undefined: any age. */
      readonly ttl: number | undefined;
    }
  );

/** Everything the program can be asked for. */
export type Command =
  | ChatCommand
  | DoctorCommand
  | ConfigCommand
  | FernetCommand
  | { readonly command: "completions"; readonly shell: (typeof SHELLS)[number] }
  /** `about`: the one command to help with. */
  | { readonly command: "help"; readonly about: CommandName | undefined }
  | { readonly command: "version" };

/** A command line that cannot be followed: "Cannot start: `state`." and what to do. */
export function usage(state: string, hint: string): Failure {
  return untranslated("usage", `Cannot start: ${state}.`, hint);
}

/** The failure for a setting that nobody gave, where there is nobody to ask. */
export function missingSetting(what: "name" | "relay" | "code" | "mode" | SecretName): Failure {
  switch (what) {
    case "relay":
      return usage(
        "it is not said where to meet",
        "Give --uri URI (or WHISPER_URI), or --local (or WHISPER_LOCAL=1).",
      );
    case "code":
      return usage("the code is missing", "Give it after the command: whisper join CODE.");
    case "mode":
      return usage(
        "it is not said whether to open a room or to join one",
        "Use: whisper new, or whisper join CODE.",
      );
    case "name":
      return usage("your name is missing", `Give it with ${places("name")}.`);
    case "password":
      return usage(
        "the database password is missing",
        `Put it on the first line of a file, and name the file with ${places("password-file")}.`,
      );
    case "passphrase":
      return usage(
        "the passphrase of the room is missing",
        `Put it on the first line of a file, and name the file with ${places("passphrase-file")}.`,
      );
  }
}

/** What is never given in words, only by a file. */
export type SecretName = "password" | "passphrase";
