/**
 * Gives up access to every file that this start of Whisper does not need, before any third-party
 * package is loaded.
 *
 * Where the settings and the local relay are depends on the user and the computer, which are unknown
 * when a binary is compiled; so the binary may reach every file until then. Deno cannot give
 * back a permission that was given up.
 *
 * @module
 */
import type { Command } from "../cli/command.ts";
import { hostOf } from "../cli/proxy.ts";
import { basename, dirname, join } from "node:path";
import { defaultDatabasePath, directoryOf } from "../relay/sqlite/place.ts";

/** The root of every path of a system; the flags for Deno beside this file say the same. */
export const ROOTS: readonly string[] = Deno.build.os === "windows"
  ? ["/", ...Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (letter) => `${letter}:\\`)]
  : ["/"];

/** The files that one start of Whisper needs. */
export interface Files {
  /** Folders of its own, to read and to write. */
  readonly own: readonly string[];
  /** Files that the person named, to read. */
  readonly named: readonly string[];
}

/** Options of a connection string whose values are files. */
const FILE_OPTIONS = ["tlscafile", "tlscrlfile", "tlscertificatekeyfile"];

/**
 * The files that a command needs.
 *
 * @param command undefined where the command line is wrong.
 * @param configPath the configuration file. Only `config`, `relay save` and `relay forget` read or
 * write it and its folder from here on.
 */
export function filesOf(
  command: Command | undefined,
  { env, configPath, linkPath }: {
    env: (name: string) => string | undefined;
    configPath: string | undefined;
    linkPath?: string | undefined;
  },
): Files {
  if (command === undefined) return { own: [], named: [] };
  const named: string[] = [];
  if ("tlsCaFile" in command) {
    if (command.tlsCaFile !== undefined) named.push(command.tlsCaFile);
    if (command.passwordFile !== undefined) named.push(command.passwordFile);
    if (command.relay?.kind === "uri") named.push(...filesInUri(command.relay.uri));
  }
  if ("passphraseFile" in command && command.passphraseFile !== undefined) {
    named.push(command.passphraseFile);
  }
  if ("keyFile" in command) named.push(command.keyFile);
  const own: string[] = [];
  if (command.command === "chat") {
    const { files, transfer } = command;
    if (files !== undefined) own.push(files);
    if (transfer?.kind === "send") named.push(...transfer.paths);
    if (transfer?.kind === "receive" && transfer.into !== undefined) {
      own.push(transfer.into);
    }
  }
  if ("relay" in command && command.command !== "relay" && command.relay?.kind !== "uri") {
    own.push(directoryOf(defaultDatabasePath(env)));
  }
  const isSaving = command.command === "config" ||
    command.command === "relay" && command.action !== "link";
  if (isSaving && configPath !== undefined) own.push(directoryOf(configPath));
  if (isSaving && linkPath !== undefined) own.push(directoryOf(linkPath));
  return { own, named };
}

/**
 * A path, and where links lead that are part of it: Deno asks for the real path of an open file. Of what
 * does not exist yet, such as a folder that is about to be made, the part that does counts.
 */
function withTarget(path: string): string[] {
  const missing: string[] = [];
  for (let parent = path;; parent = dirname(parent)) {
    try {
      return [path, join(Deno.realPathSync(parent), ...missing)];
    } catch {
      // The failure to use it says why.
      if (dirname(parent) === parent) return [path];
      missing.unshift(basename(parent));
    }
  }
}

/** Keeps these files and gives up all others. What was not allowed before is not allowed after. */
export function confine({ own, named }: Files): void {
  for (const path of own.flatMap(withTarget)) {
    keep({ name: "read", path });
    keep({ name: "write", path });
  }
  for (const path of named.flatMap(withTarget)) keep({ name: "read", path });
  for (const path of ROOTS) {
    Deno.permissions.revokeSync({ name: "read", path });
    Deno.permissions.revokeSync({ name: "write", path });
  }
}

/**
 * The one host that a command may reach, as Deno names it; undefined where there is no proxy.
 *
 * A granted "any host" cannot be narrowed while a program runs: revoking it takes the narrow
 * permissions along. So a program with a proxy runs in a worker that was never granted more.
 */
export function onlyHost(command: Command | undefined): string | undefined {
  if (command === undefined || !("proxy" in command) || command.proxy === undefined) {
    return undefined;
  }
  return command.relay?.kind === "local" ? undefined : hostOf(command.proxy);
}

/** What the worker of a program with a proxy may do: reach that host, and what it gives up itself. */
export function onlyReaching(host: string): Deno.PermissionOptionsObject {
  return { env: "inherit", read: "inherit", write: "inherit", sys: "inherit", net: [host] };
}

/** Whether a host may be reached. */
export function mayReach(host: string): boolean {
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
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

/** The files that the options of a connection string name. */
export function filesInUri(uri: string): string[] {
  const options = new URLSearchParams(uri.slice(uri.lastIndexOf("?") + 1));
  return [...options].flatMap(([name, value]) =>
    FILE_OPTIONS.includes(name.toLowerCase()) && value !== "" ? [value] : []
  );
}
