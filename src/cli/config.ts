/**
 * `whisper config show|set|unset|path`.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import { CONFIG_ANSWERS } from "../ui/messages/cli.ts";
import type { ConfigCommand } from "./command.ts";
import { ALL_FLAGS, type SettingName, SETTINGS } from "./command_table.ts";
import { type LoadedConfig, saveConfig } from "./config_file.ts";
import { uriSecret, withoutPassword } from "./connection_secret.ts";
import { checkLinger, checkName, checkTheme } from "./person.ts";
import { hasPassword, parseProxy } from "./proxy.ts";
import { hasSavedLink } from "./saved_link.ts";
import { parseSwitch, type StoredConfig } from "./settings.ts";

/** What is done with relay links elsewhere. */
export interface LinkChecks {
  readonly isLink: (text: string) => boolean;
  /** Whether a link holds a password. */
  readonly hasPassword: (link: string) => boolean;
  /** The link without its password and its invite code. @throws {Failure} for a damaged link. */
  readonly withoutSecrets: (link: string) => string;
}

/** A path from the root on, of Unix or of Windows. */
const ABSOLUTE = /^(?:\/|\\\\|[a-z]:[/\\])/i;

/** Settings while they are changed. */
type Changing = { -readonly [N in SettingName]?: string | boolean };

/** The configuration file, read when it is asked for. */
export interface ConfigSource {
  /** Where it is; undefined where the system names no folder for it. */
  readonly path: string | undefined;
  /** @throws {Failure} for a file that cannot be used. */
  readonly load: () => LoadedConfig;
}

/**
 * Runs the command.
 *
 * @returns what to print, line breaks included.
 * @throws {Failure} with code `usage`.
 */
export function runConfig(
  command: ConfigCommand,
  { path, load, linkPath }: ConfigSource & { readonly linkPath?: string | undefined },
  links: LinkChecks,
): string {
  if (command.action === "path") {
    if (path === undefined) throw new Failure("no-config-folder");
    return `${path}\n`;
  }
  const config: Changing = { ...load().config };
  switch (command.action) {
    case "show":
      return show(config, links, hasSavedLink(linkPath) ? linkPath : undefined);
    case "unset":
      delete config[command.setting];
      saveConfig(path, config as StoredConfig);
      return `${CONFIG_ANSWERS.removed(command.setting)}\n`;
    case "set": {
      const answer = set(config, command.setting, { value: command.value, links });
      saveConfig(path, config as StoredConfig);
      return `${answer}\n`;
    }
  }
}

/** @param linkPath where a relay link is saved; undefined where none is. */
function show(config: Changing, links: LinkChecks, linkPath: string | undefined): string {
  const lines = SETTINGS.flatMap((name) => {
    const value = config[name];
    if (value === undefined) return [];
    return [`${name} = ${typeof value === "string" ? shown(name, value, links) : value}\n`];
  });
  if (linkPath !== undefined) lines.push(`${CONFIG_ANSWERS.savedLink(linkPath)}\n`);
  return lines.join("") || `${CONFIG_ANSWERS.none()}\n`;
}

/** A file that was written by hand may contain a password. */
function shown(name: SettingName, value: string, links: LinkChecks): string {
  const isSecret = links.isLink(value) ? links.hasPassword(value) : uriSecret(value) !== "none";
  if (name === "uri" && isSecret) return CONFIG_ANSWERS.hidden;
  return JSON.stringify(value);
}

/** Changes one setting; returns the sentence about it. */
function set(
  config: Changing,
  name: SettingName,
  { value, links }: { readonly value: string; readonly links: LinkChecks },
): string {
  if (ALL_FLAGS.get(name)!.value === undefined) {
    config[name] = parseSwitch(value, name)!;
    if (name !== "local" || !config.local || config.uri === undefined) {
      return CONFIG_ANSWERS.saved(name);
    }
    // There is one relay: the newer setting wins.
    delete config.uri;
    return CONFIG_ANSWERS.savedInstead("local", "uri");
  }
  switch (name) {
    case "uri":
      return setUri(config, value.trim(), links);
    case "name":
      config.name = checkName(value);
      break;
    case "linger":
      checkLinger(value, "linger");
      config.linger = value;
      break;
    case "proxy":
      parseProxy(value, name);
      if (hasPassword(value)) throw new Failure("proxy-has-secret");
      config.proxy = value.trim();
      break;
    case "theme":
      config.theme = checkTheme(value, "theme");
      break;
    default:
      if (value.trim() === "") throw new Failure("setting-empty", { setting: name });
      if (["FILE", "DIR"].includes(ALL_FLAGS.get(name)!.value!) && !ABSOLUTE.test(value)) {
        throw new Failure("setting-not-absolute", { setting: name });
      }
      config[name] = value;
  }
  return CONFIG_ANSWERS.saved(name);
}

function setUri(config: Changing, value: string, links: LinkChecks): string {
  const isLink = links.isLink(value);
  if (!isLink && !/^mongodb(?:\+srv)?:\/\/./i.test(value)) throw new Failure("setting-not-uri");
  const secret = isLink ? links.hasPassword(value) ? "password" : "none" : uriSecret(value);
  if (secret === "unclear") throw new Failure("setting-has-secret");
  config.uri = isLink
    ? links.withoutSecrets(value)
    : secret === "password"
    ? withoutPassword(value)
    : value;
  const hadLocal = config.local === true;
  delete config.local;
  return [
    hadLocal ? CONFIG_ANSWERS.savedInstead("uri", "local") : CONFIG_ANSWERS.saved("uri"),
    ...(secret === "password" ? [CONFIG_ANSWERS.passwordRemoved] : []),
    ...(secret === "password" && isLink ? [CONFIG_ANSWERS.saveLinkInstead()] : []),
  ].join(" ");
}
