/**
 * The order of settings: flag, environment, configuration file. What none of them says is asked.
 *
 * @module
 */
import type { Arguments } from "./arguments.ts";
import { usage } from "./command.ts";
import { ALL_FLAGS, type FlagName, FLAGS, type SettingName } from "./commands.ts";

/** What the configuration file says: texts, and `true` or `false` for switches. */
export type Kept = {
  readonly [N in SettingName]?: (typeof FLAGS)[N] extends { value: string } ? string : boolean;
};

/** Which of the three places said it. */
export type Place = "flag" | "environment" | "file";

/** A value, and how a sentence calls the place it is from. */
export interface Said {
  readonly value: string;
  readonly place: Place;
  readonly from: string;
}

/** Where to meet, and which place said so. */
export type SaidRelay =
  & { readonly place: Place }
  & ({ readonly kind: "local" } | { readonly kind: "uri"; readonly uri: string });

/** The settings of one command line. */
export class Settings {
  readonly #flags: Arguments["flags"];
  readonly #env: (name: string) => string | undefined;
  readonly #config: () => Kept;
  #kept: Kept | undefined;

  constructor(
    flags: Arguments["flags"],
    { env, config }: {
      env: (name: string) => string | undefined;
      config: () => Kept;
    },
  ) {
    this.#flags = flags;
    this.#env = env;
    this.#config = config;
  }

  /** True where the command line itself has the flag. */
  isFlag(name: FlagName): boolean {
    return this.#flags.has(name);
  }

  /** The text of a setting, from the first place that has one. */
  text(name: FlagName): Said | undefined {
    for (const place of ["flag", "environment", "file"] as const) {
      const value = this.#textIn(place, name);
      if (value !== undefined) return { value, place, from: calls(place, name) };
    }
    return undefined;
  }

  /** Whether a switch is on: the first place that says either decides. */
  isOn(name: FlagName): boolean {
    return this.#isOnIn("flag", name) ?? this.#isOnIn("environment", name) ??
      this.#isOnIn("file", name) ?? false;
  }

  /** Colours: on, unless a place says no (`NO_COLOR` with any value: no-color.org). */
  color(): boolean {
    const flag = this.#flags.get("color");
    if (typeof flag === "boolean") return flag;
    if (this.#variable("color") !== undefined) return false;
    return this.#file().color ?? true;
  }

  /**
   * Where to meet. `--local` goes before a connection string in the environment, as every flag does.
   *
   * @throws {Failure} `usage` when one place says both.
   */
  relay(): SaidRelay | undefined {
    for (const place of ["flag", "environment", "file"] as const) {
      const uri = this.#textIn(place, "uri");
      const local = this.#isOnIn(place, "local");
      if (uri !== undefined && local) {
        throw usage(
          `${calls(place, "uri")} and ${calls(place, "local")} exclude each other`,
          "Give one of them: where to meet is one place.",
        );
      }
      if (uri !== undefined) return { kind: "uri", uri, place };
      if (local) return { kind: "local", place };
    }
    return undefined;
  }

  #textIn(place: Place, name: FlagName): string | undefined {
    if (place === "environment") return this.#variable(name);
    const value = place === "flag" ? this.#flags.get(name) : this.#file()[name as SettingName];
    return typeof value === "string" ? value : undefined;
  }

  #isOnIn(place: Place, name: FlagName): boolean | undefined {
    const value = place === "flag"
      ? this.#flags.get(name)
      : place === "file"
      ? this.#file()[name as SettingName]
      : parseSwitch(this.#variable(name), calls(place, name));
    return typeof value === "boolean" ? value : undefined;
  }

  /** An empty variable is as good as none. */
  #variable(name: FlagName): string | undefined {
    const { env } = ALL_FLAGS.get(name)!;
    const value = env && this.#env(env);
    return value === undefined || value.trim() === "" ? undefined : value;
  }

  #file(): Kept {
    return this.#kept ??= this.#config();
  }
}

/** How a sentence calls a setting in its place. */
function calls(place: Place, name: FlagName): string {
  switch (place) {
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
 * @throws {Failure} `usage` for anything else.
 */
export function parseSwitch(text: string | undefined, what: string): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(?:1|true|yes|on)$/i.test(text.trim())) return true;
  if (/^(?:0|false|no|off)$/i.test(text.trim())) return false;
  throw usage(`${what} is neither yes nor no`, "Give true or false.");
}
