/**
 * What a command line asks for, once it is understood.
 *
 * @module
 */
import type { Note } from "../ui/messages/cli.ts";
import type { ProxyAddress } from "./proxy.ts";
import type { CommandName, HELP_TOPICS, SettingName, SHELLS } from "./command_table.ts";

/** Which relay, as given. */
export type RelayChoice =
  | { readonly kind: "local" }
  /** The connection string or relay link as it was given: placeholders, quotes and all. */
  | { readonly kind: "uri"; readonly uri: string };

/** What every command that connects to a relay knows. Undefined is what was not given. */
export interface Connection {
  readonly relay: RelayChoice | undefined;
  readonly poll: boolean;
  readonly passwordFile: string | undefined;
  readonly tlsCaFile: string | undefined;
  /** The one host to connect to; the relay is reached through it. */
  readonly proxy: ProxyAddress | undefined;
  /** `auto`: as the terminal is. */
  readonly ui: "auto" | "plain" | "json";
  readonly color: boolean;
  readonly debug: boolean;
  /** To be shown once before anything else, on standard error. */
  readonly notes: readonly Note[];
}

/** The colors that a person can choose. */
export const THEME_SETTINGS = ["auto", "dark", "light", "mono"] as const;

/** One of them; `auto` follows the terminal. */
export type ThemeSetting = (typeof THEME_SETTINGS)[number];

/** Start a chat. */
export interface StartChat extends Connection {
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
  readonly theme: ThemeSetting;
  /** Whether the mouse wheel scrolls the conversation. */
  readonly mouse: boolean;
  /** No bell and no notifications. */
  readonly quiet: boolean;
  /** The folder that files are taken from and put into. */
  readonly files: string | undefined;
  /** One transfer instead of a conversation. */
  readonly transfer: Transfer | undefined;
}

/** What `send` and `receive` do. */
export type Transfer =
  & {
    /** Milliseconds after which it gives up; undefined: never. */
    readonly timeoutMs: number | undefined;
  }
  & (
    /** `paths`: none for the standard input. */
    | { readonly kind: "send"; readonly paths: readonly string[] }
    | {
      readonly kind: "receive";
      /** The folder to save in; undefined: to the standard output. */
      readonly into: string | undefined;
      /** Nothing is asked. */
      readonly yes: boolean;
    }
  );

/** Check the connection. */
export interface DoctorCommand extends Connection {
  readonly command: "doctor";
  /** Send a notification and ask whether it was seen, instead of checking the connection. */
  readonly notify: boolean;
}

/** Make, save or forget a relay link. */
export type RelayCommand =
  & { readonly command: "relay"; readonly debug: boolean }
  & (
    | (Pick<Connection, "relay" | "passwordFile" | "tlsCaFile"> & {
      readonly action: "link";
      readonly qr: boolean;
      /** True to replace `mongodb+srv://` by the hosts that DNS names now. */
      readonly resolve: boolean;
    })
    /** `link`: undefined to ask for it. */
    | { readonly action: "save"; readonly link: string | undefined }
    | { readonly action: "forget" }
  );

/** Show or change the configuration file. */
export type ConfigCommand =
  & { readonly command: "config"; readonly debug: boolean }
  & (
    | { readonly action: "show" | "path" }
    | { readonly action: "set"; readonly setting: SettingName; readonly value: string }
    | { readonly action: "unset"; readonly setting: SettingName }
  );

/** Use Fernet by hand. */
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
  | StartChat
  | DoctorCommand
  | RelayCommand
  | ConfigCommand
  | FernetCommand
  | { readonly command: "completions"; readonly shell: (typeof SHELLS)[number] }
  /** `words`: the words typed after the program's name; the last one is being completed. */
  | { readonly command: "complete"; readonly words: readonly string[] }
  /** `about`: the command or topic to help with. */
  | {
    readonly command: "help";
    readonly about: CommandName | (typeof HELP_TOPICS)[number] | undefined;
  }
  | { readonly command: "version" };
