/**
 * Where a setting comes from: its flag, then its environment variable, then the configuration file.
 * What none of them has is asked for.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import { ALL_FLAGS, type FlagName, FLAGS, type SettingName } from "./command_table.ts";

/** What the configuration file holds: texts, and `true` or `false` for switches. */
export type StoredConfig = {
  readonly [N in SettingName]?: (typeof FLAGS)[N] extends { value: string } ? string : boolean;
};

/** Where a value comes from. */
export type SettingSource = "flag" | "environment" | "file";

/** A value and its source. */
export interface ResolvedSetting {
  readonly value: string;
  readonly source: SettingSource;
  /** The source as a sentence names it. */
  readonly from: string;
}

/** Which relay, and the source of that: `link` is the saved relay link. */
export type ResolvedRelay =
  & { readonly source: SettingSource | "link" }
  & ({ readonly kind: "local" } | { readonly kind: "uri"; readonly uri: string });

/** The sources of settings besides the flags. */
export interface SettingSources {
  /** Reads one variable of the environment. */
  readonly env: (name: string) => string | undefined;
  /** Reads the configuration file; called only where a setting comes from neither of the others. */
  readonly config: () => StoredConfig;
  /** Reads the saved relay link; called only where nothing else names a relay. */
  readonly savedLink?: () => string | undefined;
}

/** The settings of one command line. */
export class Settings {
  readonly #flags: Arguments["flags"];
  readonly #sources: SettingSources;
  #stored: StoredConfig | undefined;

  constructor(flags: Arguments["flags"], sources: SettingSources) {
    this.#flags = flags;
    this.#sources = sources;
  }

  /** True where the command line itself has the flag. */
  isFlag(name: FlagName): boolean {
    return this.#flags.has(name);
  }

  /** The text of a setting, from the first source that has it. */
  text(name: FlagName): ResolvedSetting | undefined {
    for (const source of ["flag", "environment", "file"] as const) {
      const value = this.#textIn(source, name);
      if (value !== undefined) return { value, source, from: describeSource(source, name) };
    }
    return undefined;
  }

  /** Whether a switch is on, from the first source that has it. */
  isOn(name: FlagName, otherwise = false): boolean {
    return this.#isOnIn("flag", name) ?? this.#isOnIn("environment", name) ??
      this.#isOnIn("file", name) ?? otherwise;
  }

  /** Colors: on, unless a source turns them off (`NO_COLOR` with any value: no-color.org). */
  color(): boolean {
    const flag = this.#flags.get("color");
    if (typeof flag === "boolean") return flag;
    if (this.#variable("color") !== undefined) return false;
    return this.#file().color ?? true;
  }

  /**
   * The relay. `--local` wins over a connection string in the environment, as every flag does; the
   * saved relay link is used where nothing else names one.
   *
   * @throws {Failure} `flags-conflict` when one source names both.
   */
  relay(): ResolvedRelay | undefined {
    for (const source of ["flag", "environment", "file"] as const) {
      const uri = this.#textIn(source, "uri");
      const local = this.#isOnIn(source, "local");
      if (uri !== undefined && local) {
        throw new Failure("flags-conflict", {
          first: describeSource(source, "uri"),
          second: describeSource(source, "local"),
        });
      }
      if (uri !== undefined) return { kind: "uri", uri, source };
      if (local) return { kind: "local", source };
    }
    const link = this.#sources.savedLink?.();
    return link === undefined ? undefined : { kind: "uri", uri: link, source: "link" };
  }

  #textIn(source: SettingSource, name: FlagName): string | undefined {
    if (source === "environment") return this.#variable(name);
    const value = source === "flag" ? this.#flags.get(name) : this.#file()[name as SettingName];
    return typeof value === "string" ? value : undefined;
  }

  #isOnIn(source: SettingSource, name: FlagName): boolean | undefined {
    const value = source === "flag"
      ? this.#flags.get(name)
      : source === "file"
      ? this.#file()[name as SettingName]
      : parseSwitch(this.#variable(name), describeSource(source, name));
    return typeof value === "boolean" ? value : undefined;
  }

  /** An empty variable counts as unset. */
  #variable(name: FlagName): string | undefined {
    const { env } = ALL_FLAGS.get(name)!;
    const value = env && this.#sources.env(env);
    return value === undefined || value.trim() === "" ? undefined : value;
  }

  #file(): StoredConfig {
    return this.#stored ??= this.#sources.config();
  }
}

/** How a sentence names a setting of a source. */
function describeSource(source: SettingSource, name: FlagName): string {
  switch (source) {
    case "flag":
      return `--${name}`;
    case "environment":
      return ALL_FLAGS.get(name)!.env ?? name;
    case "file":
      return `"${name}" in the configuration file`;
  }
}

/**
 * Yes or no, as people write it.
 *
 * @param source where the value comes from, as the failure names it.
 * @throws {Failure} `invalid-switch` for anything else.
 */
export function parseSwitch(text: string | undefined, source: string): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(?:1|true|yes|on)$/i.test(text.trim())) return true;
  if (/^(?:0|false|no|off)$/i.test(text.trim())) return false;
  throw new Failure("invalid-switch", { source });
}
