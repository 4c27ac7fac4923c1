/**
 * The configuration file: saved settings, and never a password.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import { ALL_FLAGS, type SettingName, SETTINGS } from "./command_table.ts";
import { nearest } from "../nearest.ts";
import type { StoredConfig } from "./settings.ts";
import { fileProblem, removeIfThere } from "../file_problem.ts";
import { decodeText } from "./text_file.ts";

/** Settings take a few hundred bytes; a larger file is some other file. */
const MAX_BYTES = 65_536;

/**
 * Where the file is (XDG Base Directory Specification; `%APPDATA%` on Windows); undefined where the
 * system names no folder for it.
 */
export function configPath(
  env: (name: string) => string | undefined,
  os: typeof Deno.build.os = Deno.build.os,
): string | undefined {
  if (os === "windows") {
    const roaming = env("APPDATA");
    return roaming ? `${roaming}\\whisper\\config.json` : undefined;
  }
  const xdg = env("XDG_CONFIG_HOME");
  // The specification has relative paths ignored.
  if (xdg?.startsWith("/")) return `${xdg.replace(/\/+$/, "")}/whisper/config.json`;
  const home = env("HOME");
  return home ? `${home.replace(/\/+$/, "")}/.config/whisper/config.json` : undefined;
}

/**
 * The file behind a symbolic link, such as one into a folder of dotfiles; otherwise `path` itself.
 */
export function resolveConfigPath(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** What there is of a configuration. */
export interface LoadedConfig {
  readonly config: StoredConfig;
  /** True for a file of another user, which has no say in where our messages go. */
  readonly isIgnored: boolean;
}

/**
 * Reads the file. A missing file has no settings.
 *
 * @throws {Failure} `config-…`: it is unreadable, others may change it, or it is not what it should be.
 */
export function loadConfig(path: string | undefined): LoadedConfig {
  const nothing = { config: {}, isIgnored: false };
  if (path === undefined) return nothing;
  let text: string;
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (isMissing(error)) return nothing;
    // A folder that we may not enter is not ours.
    if (error instanceof Deno.errors.PermissionDenied) return { config: {}, isIgnored: true };
    throw new Failure("config-unreadable", { path, problem: fileProblem(error) }, { cause: error });
  }
  try {
    const { mode, uid, size, isFile } = info;
    if (belongsToAnotherUser(uid)) return { config: {}, isIgnored: true };
    if (!isFile || size > MAX_BYTES) {
      throw new Failure("config-invalid", { path, problem: "not-settings" });
    }
    // The relay in it decides where our messages go.
    if (mode !== null && (mode & 0o022) !== 0) {
      throw new Failure("config-writable-by-others", { path });
    }
    text = decodeText(Deno.readFileSync(path));
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (isMissing(error)) return nothing;
    throw new Failure("config-unreadable", { path, problem: fileProblem(error) }, { cause: error });
  }
  return { config: checkConfig(text, path), isIgnored: false };
}

/** True for the error of a path that does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Whether a file belongs to a user who is neither we nor the administrator. */
export function belongsToAnotherUser(owner: number | null): boolean {
  if (owner === null || owner === 0) return false;
  try {
    const own = Deno.uid();
    return own !== null && own !== owner;
  } catch (error) {
    // Without the permission to ask, the mode of the file decides.
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

/**
 * Reads the text of a configuration file.
 *
 * @throws {Failure} `config-…`; it repeats no value.
 */
export function checkConfig(text: string, path: string): StoredConfig {
  let value: unknown;
  try {
    // Editors on Windows put a byte order mark before what they save.
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    // The parser's own message would quote the file.
    throw new Failure("config-invalid", { path, problem: "not-json" });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Failure("config-invalid", { path, problem: "not-object" });
  }
  for (const [name, content] of Object.entries(value)) {
    const all: readonly string[] = SETTINGS;
    if (!all.includes(name)) {
      throw new Failure("config-unknown-setting", {
        path,
        name: /^[\w-]{1,32}$/.test(name) ? name : undefined,
        suggestion: nearest(name, SETTINGS),
      });
    }
    const isText = ALL_FLAGS.get(name as SettingName)!.value !== undefined;
    if (isText ? typeof content === "string" : typeof content === "boolean") continue;
    throw new Failure("config-wrong-type", { path, name, isText });
  }
  return value;
}

/**
 * Writes the configuration file.
 *
 * @throws {Failure} `no-config-folder`, or `config-unwritable`.
 */
export function saveConfig(path: string | undefined, config: StoredConfig): void {
  writeForOwner(path, `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Writes a file for its owner alone, whole or not at all.
 *
 * @throws {Failure} `no-config-folder`, or `config-unwritable`.
 */
export function writeForOwner(path: string | undefined, text: string): void {
  if (path === undefined) throw new Failure("no-config-folder");
  const folder = path.replace(/[/\\][^/\\]*$/, "");
  const part = `${path}.part`;
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A part that a crash left may have any mode.
    removeIfThere(part);
    try {
      writeNew(part, text);
      Deno.renameSync(part, path);
    } catch (error) {
      removeIfThere(part);
      throw error;
    }
  } catch (cause) {
    throw new Failure("config-unwritable", { path, problem: fileProblem(cause) }, { cause });
  }
}

/** Writes a new file down to the disk, so that a half-written one never gets the name. */
function writeNew(path: string, text: string): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
  file.syncSync();
}
