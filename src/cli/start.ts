/**
 * What one start of the program is asked to do, found once: the arguments are parsed and the
 * configuration file is read here and nowhere else.
 *
 * @module
 */
import { asFailure, type Failure } from "../errors.ts";
import type { Command } from "./command.ts";
import { configPath, loadConfig, type LoadedConfig, resolveConfigPath } from "./config_file.ts";
import type { ConfigSource } from "./config.ts";
import { parseCommand } from "./parse.ts";
import { loadSavedLink, savedLinkPath } from "./saved_link.ts";

/** Reads one variable of the environment. */
export type Env = (name: string) => string | undefined;

/** A start. */
export interface Start {
  /** What to do, or the {@link Failure} of a command line that is wrong. */
  readonly command: Command | Failure;
  readonly config: ConfigSource;
  /** Where the saved relay link is; undefined where the system names no folder for it. */
  readonly linkPath: string | undefined;
  /** Whether failures go to standard output as JSON; known even of a wrong command line. */
  readonly isJson: boolean;
  readonly isDebug: boolean;
}

/** Reads the command line. Never throws. */
export function readStart(args: readonly string[], env: Env): Start {
  const written = configPath(env);
  const path = resolveConfigPath(written);
  // Never behind a symbolic link: a password would end up in a folder of dotfiles.
  const linkPath = savedLinkPath(written);
  let loaded: LoadedConfig | undefined;
  const load = () => loaded ??= loadConfig(path);
  const isJson = args.includes("--json");
  const start = { config: { path, load }, linkPath, isJson };
  try {
    const command = parseCommand(args, {
      env,
      config: () => load().config,
      savedLink: () => loadSavedLink(linkPath),
    });
    return {
      ...start,
      command: loaded?.isIgnored && path !== undefined && "notes" in command
        ? { ...command, notes: [...command.notes, { note: "config-ignored", path }] }
        : command,
      isDebug: "debug" in command && command.debug,
    };
  } catch (error) {
    return { ...start, command: asFailure(error), isDebug: args.includes("--debug") };
  }
}
