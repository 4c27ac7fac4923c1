/**
 * The configuration file: settings that are kept from chat to chat, and never a password.
 *
 * @module
 */
import { Failure, untranslated } from "../errors.ts";
import { ALL_FLAGS, type SettingName, SETTINGS } from "./commands.ts";
import { nearest } from "./nearest.ts";
import type { Kept } from "./settings.ts";

/** The variables that {@link configPath} asks for. */
export const CONFIG_VARIABLES = ["XDG_CONFIG_HOME", "HOME", "APPDATA"] as const;

/** Ten settings take a few hundred bytes; a larger file is some other file. */
const MAX_BYTES = 65_536;

/**
 * Where the file is (XDG Base Directory Specification; `%APPDATA%` on Windows); undefined where the
 * system names no place.
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
 * Reads the file; one that is not there holds nothing.
 *
 * @throws {Failure} `usage`: cannot be read, may be changed by others, or is not what it should be.
 */
export function loadConfig(path: string | undefined): Kept {
  if (path === undefined) return {};
  let text: string;
  try {
    const { mode, size, isFile } = Deno.statSync(path);
    if (!isFile || size > MAX_BYTES) throw wrong(path, "it is not a file of settings");
    // Whoever can change it decides where our words go.
    if (mode !== null && (mode & 0o022) !== 0) {
      throw untranslated(
        "usage",
        `Cannot use ${path}: others may change it.`,
        `Take that right from them: chmod 600 ${path}.`,
      );
    }
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return {};
    }
    throw unreadable(path, error);
  }
  return checkConfig(text, path);
}

/**
 * Reads the text of a configuration file.
 *
 * @throws {Failure} `usage`; the sentence repeats no value.
 */
export function checkConfig(text: string, path: string): Kept {
  let value: unknown;
  try {
    // Editors on Windows put a byte order mark before what they save.
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    // The parser's own words would quote the file.
    throw wrong(path, "it is not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(path, "it is not a JSON object");
  }
  for (const [name, content] of Object.entries(value)) {
    const all: readonly string[] = SETTINGS;
    if (!all.includes(name)) throw unknownName(path, name);
    const isText = ALL_FLAGS.get(name as SettingName)!.value !== undefined;
    if (isText ? typeof content === "string" : typeof content === "boolean") continue;
    throw wrong(path, `"${name}" is not ${isText ? "text between quotes" : "true or false"}`);
  }
  return value;
}

function unknownName(path: string, name: string): Failure {
  const known = nearest(name, SETTINGS);
  const shown = /^[\w-]{1,32}$/.test(name) ? `"${name}" in it` : "something in it";
  return wrong(path, `${shown} is no setting`, known && `Did you mean "${known}"?`);
}

/**
 * Writes the file for its owner alone, whole or not at all.
 *
 * @throws {Failure} `usage` when it cannot be written.
 */
export function saveConfig(path: string | undefined, kept: Kept): void {
  if (path === undefined) {
    throw untranslated(
      "usage",
      "Cannot keep settings: the system names no place for them.",
      "Set HOME (APPDATA on Windows), or use flags and variables instead.",
    );
  }
  const folder = path.replace(/[/\\][^/\\]*$/, "");
  const part = `${path}.part`;
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Left by a crash, it may have any mode.
    removeIfThere(part);
    writeNew(part, `${JSON.stringify(kept, null, 2)}\n`);
    try {
      Deno.renameSync(part, path);
    } catch (error) {
      removeIfThere(part);
      throw error;
    }
  } catch (cause) {
    throw untranslated(
      "usage",
      `Cannot write ${path}: ${reason(cause)}.`,
      "Make the folder writable, or use flags and variables instead.",
      { cause },
    );
  }
}

/** Writes a file that was not there, down to the disk: a name must not be given to half of one. */
function writeNew(path: string, text: string): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
  file.syncSync();
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function wrong(path: string, why: string, hint?: string): Failure {
  return untranslated(
    "usage",
    `Cannot use ${path}: ${why}.`,
    hint ?? "Mend it, or remove it and set what you need with: whisper config set NAME VALUE.",
  );
}

function unreadable(path: string, cause: unknown): Failure {
  return untranslated(
    "usage",
    `Cannot read ${path}: ${reason(cause)}.`,
    "Make it readable for yourself alone, or remove it.",
    { cause },
  );
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "the system does not allow it";
  if (error instanceof Deno.errors.NotCapable) return "Whisper was started without that permission";
  if (error instanceof Deno.errors.NotADirectory) return "a part of its path is not a folder";
  if (error instanceof Deno.errors.AlreadyExists) return "something else is in its place";
  return "the system reports an error";
}
