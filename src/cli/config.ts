/**
 * `whisper config show|set|unset|path`.
 *
 * @module
 */
import { checkLinger, checkName } from "./person.ts";
import { type ConfigCommand, usage } from "./command.ts";
import { ALL_FLAGS, type SettingName, SETTINGS } from "./commands.ts";
import { loadConfig, saveConfig } from "./config_file.ts";
import { uriSecret, withoutPassword } from "./connection_secret.ts";
import { type Kept, parseSwitch } from "./settings.ts";

/** A path from the root on, of Unix or of Windows. */
const ABSOLUTE = /^(?:\/|\\\\|[a-z]:[/\\])/i;

/** Settings while they are changed. */
type Changing = { -readonly [N in SettingName]?: string | boolean };

/**
 * Runs the command.
 *
 * @param path where the file is; undefined where the system names no place.
 * @returns what to print, line breaks included.
 * @throws {Failure} `usage`.
 */
export function runConfig(command: ConfigCommand, path: string | undefined): string {
  if (command.action === "path") {
    if (path === undefined) throw usage("the system names no place for settings", "Set HOME.");
    return `${path}\n`;
  }
  const kept: Changing = { ...loadConfig(path) };
  switch (command.action) {
    case "show":
      return show(kept);
    case "unset":
      delete kept[command.setting];
      saveConfig(path, kept as Kept);
      return `"${command.setting}" is no longer kept.\n`;
    case "set": {
      const said = set(kept, command.setting, command.value);
      saveConfig(path, kept as Kept);
      return `${said}\n`;
    }
  }
}

function show(kept: Changing): string {
  const lines = SETTINGS.flatMap((name) => {
    const value = kept[name];
    if (value === undefined) return [];
    return [`${name} = ${typeof value === "string" ? shown(name, value) : value}\n`];
  });
  return lines.join("") || "Nothing is kept. Keep something with: whisper config set NAME VALUE\n";
}

/** A file that was written by hand may hold what must not be shown. */
function shown(name: SettingName, value: string): string {
  if (name === "uri" && uriSecret(value) !== "none") return "(not shown: it holds a password)";
  return JSON.stringify(value);
}

/** Changes one setting; returns the sentence that says so. */
function set(kept: Changing, name: SettingName, value: string): string {
  if (ALL_FLAGS.get(name)!.value === undefined) {
    kept[name] = parseSwitch(value, `the value of ${name}`)!;
    if (name !== "local" || !kept.local || kept.uri === undefined) return `"${name}" is kept.`;
    // Where to meet is one place: the newer word counts.
    delete kept.uri;
    return '"local" is kept, "uri" no longer.';
  }
  switch (name) {
    case "uri":
      return setUri(kept, value.trim());
    case "name":
      kept.name = checkName(value);
      break;
    case "linger":
      checkLinger(value, "the value of linger");
      kept.linger = value;
      break;
    default:
      if (value.trim() === "") throw usage(`the value of ${name} is empty`, "Give a value.");
      if (ALL_FLAGS.get(name)!.value === "FILE" && !ABSOLUTE.test(value)) {
        throw usage(
          `the value of ${name} is not a whole path`,
          "Give all of it: Whisper is started in other folders as well.",
        );
      }
      kept[name] = value;
  }
  return `"${name}" is kept.`;
}

function setUri(kept: Changing, value: string): string {
  if (!/^mongodb(?:\+srv)?:\/\/./i.test(value)) {
    throw usage(
      "the value of uri is no connection string",
      "It begins with mongodb+srv:// or mongodb://; in Atlas: Connect > Drivers.",
    );
  }
  const secret = uriSecret(value);
  if (secret === "unclear") {
    throw usage(
      "the connection string holds a password or another secret, which is never kept",
      "Take it out, or put <db_password> in its place: you are asked for it when a chat begins.",
    );
  }
  kept.uri = secret === "password" ? withoutPassword(value) : value;
  const hadLocal = kept.local === true;
  delete kept.local;
  return [
    hadLocal ? '"uri" is kept, "local" no longer.' : '"uri" is kept.',
    ...(secret === "password" ? ["Its password was left out: you are asked for it."] : []),
  ].join(" ");
}
