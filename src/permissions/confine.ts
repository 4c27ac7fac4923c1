/**
 * Gives up every file that this start of Whisper has no business with, before anything else of the
 * program is loaded.
 *
 * Where the settings and the meeting place lie depends on who starts it where, which nobody knew when
 * a binary was compiled; so the binary may reach every file, for as long as this takes. Deno has no
 * way back from a permission that was given up.
 *
 * @module
 */
import { ALL_FLAGS } from "../cli/commands.ts";
import { configPath, loadConfig } from "../cli/config_file.ts";
import { defaultDatabasePath, directoryOf } from "../relay/sqlite/place.ts";

/** What every file of a system is under; the file `roots` beside says the same to Deno. */
export const ROOTS: readonly string[] = Deno.build.os === "windows"
  ? ["/", ...Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (letter) => `${letter}:\\`)]
  : ["/"];

/** What decides where the files are. */
export interface Start {
  readonly args: readonly string[];
  readonly env: (name: string) => string | undefined;
}

/** The files that one start of Whisper needs. */
export interface Files {
  /** Folders of its own, to read and to write. */
  readonly own: readonly string[];
  /** Files that somebody named, to read. */
  readonly named: readonly string[];
}

/** Options of a connection string whose values are files. */
const FILE_OPTIONS = ["tlsCAFile", "tlsCRLFile", "tlsCertificateKeyFile"];

/** Finds the files in arguments, environment and configuration. */
export function filesOf({ args, env: variable }: Start): Files {
  const env = (name: string) => {
    try {
      return variable(name);
    } catch {
      // One that we may not read names nothing.
      return undefined;
    }
  };
  const config = configPath(env);
  const kept = configured(config);
  const named: string[] = [];
  for (const [name, { value, env: variable, setting }] of ALL_FLAGS) {
    const given = [
      ...valuesIn(args, `--${name}`),
      variable && env(variable),
      setting && kept[name],
    ].filter((text) => typeof text === "string" && text !== "") as string[];
    if (value === "FILE") named.push(...given);
    if (value === "URI") named.push(...given.flatMap(filesInUri));
  }
  const own = [directoryOf(defaultDatabasePath(env)), ...config ? [directoryOf(config)] : []];
  return { own, named };
}

/**
 * Keeps these files and gives up all others. What was not allowed before is not allowed after, and
 * nobody is asked.
 */
export function confine(start: Start): void {
  const { own, named } = filesOf(start);
  for (const path of own) {
    keep({ name: "read", path });
    keep({ name: "write", path });
  }
  for (const path of named) keep({ name: "read", path });
  for (const path of ROOTS) {
    Deno.permissions.revokeSync({ name: "read", path });
    Deno.permissions.revokeSync({ name: "write", path });
  }
}

/** Gives up the network, for a chat that stays on this computer. */
export function goOffline(): void {
  Deno.permissions.revokeSync({ name: "net" });
}

/** A permission of its own, under one that is about to go. */
function keep(permission: Deno.PermissionDescriptor): void {
  if (Deno.permissions.querySync(permission).state !== "granted") return;
  Deno.permissions.requestSync(permission);
}

/** The configuration as far as it can be read; what is wrong with it is said when it is used. */
function configured(path: string | undefined): Record<string, unknown> {
  try {
    return loadConfig(path);
  } catch {
    return {};
  }
}

/** The values of a flag, written with a space or with an equals sign. */
function valuesIn(args: readonly string[], flag: string): string[] {
  return args.flatMap((arg, index) => {
    if (arg === flag) return args.slice(index + 1, index + 2);
    return arg.startsWith(`${flag}=`) ? [arg.slice(flag.length + 1)] : [];
  });
}

function filesInUri(uri: string): string[] {
  const options = new URLSearchParams(uri.slice(uri.lastIndexOf("?") + 1));
  return [...options].flatMap(([name, value]) =>
    FILE_OPTIONS.some((option) => option.toLowerCase() === name.toLowerCase()) ? [value] : []
  );
}
