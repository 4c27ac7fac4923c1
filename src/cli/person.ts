/**
 * Values that a person gives: names and durations.
 *
 * @module
 */
import { parseDuration } from "../duration.ts";
import { Failure } from "../errors.ts";
import { THEME_SETTINGS, type ThemeSetting } from "./command.ts";
import type { FactsOf } from "../failure_reasons.ts";
import { bytesOf, MAX_NAME_BYTES, MAX_NAME_GRAPHEMES } from "../limits.ts";
import { graphemes } from "../terminal/graphemes.ts";

/** Less would end before a reconnection does; more would burden the relay for nothing. */
export const MIN_LINGER_MS = 60_000;
/** A day. */
export const MAX_LINGER_MS = 86_400_000;
/** How long a crashed chat stays on the relay by default. */
export const DEFAULT_LINGER_MS = 600_000;
/** Longer than any name; bounds the work of checking one. */
const MAX_CHARS = 1_024;

/** Control characters, line breaks, and characters that change the direction of a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/**
 * Invisible characters that no script needs and that make two names look alike. The joiners are not
 * among them: emoji, Persian and the scripts of India are written with them.
 */
const INVISIBLE =
  /[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u206a-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]/u;
const VISIBLE = /[^\p{Z}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * A name that can be shown, without the spaces around it.
 *
 * @param source where the value comes from, as the failure names it.
 * @throws {Failure} `invalid-name`, which does not repeat the name.
 */
export function checkName(text: string, source = "your name"): string {
  const name = text.length > MAX_CHARS ? text : text.normalize("NFC").trim();
  const invalid = (why: FactsOf<"invalid-name">["why"]) =>
    new Failure("invalid-name", { source, why });
  if (name === "") throw invalid("empty");
  if (name.length > MAX_CHARS || isLong(name)) throw invalid("too-long");
  if (UNPRINTABLE.test(name) || (INVISIBLE.test(name) && VISIBLE.test(name))) {
    throw invalid("unprintable");
  }
  if (!VISIBLE.test(name)) throw invalid("invisible");
  return name;
}

/** A name that may be suggested, as it can be shown; undefined where it cannot. */
export function suggestedName(text = ""): string | undefined {
  try {
    return checkName(text);
  } catch {
    return undefined;
  }
}

function isLong(name: string): boolean {
  return bytesOf(name) > MAX_NAME_BYTES ||
    // Never more graphemes than units: most names need no counting.
    (name.length > MAX_NAME_GRAPHEMES &&
      [...graphemes().segment(name)].length > MAX_NAME_GRAPHEMES);
}

/**
 * Milliseconds that a crashed chat stays on the relay.
 *
 * @param source where the value comes from, as the failure names it.
 * @throws {Failure} `invalid-linger`.
 */
export function checkLinger(text: string, source: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Failure("invalid-linger", { source, why: "format" });
  if (ms >= MIN_LINGER_MS && ms <= MAX_LINGER_MS) return ms;
  throw new Failure("invalid-linger", { source, why: "range" });
}

/**
 * A theme.
 *
 * @param source where the value comes from, as the failure names it.
 * @throws {Failure} `invalid-theme`.
 */
export function checkTheme(text: string, source: string): ThemeSetting {
  const theme = THEME_SETTINGS.find((one) => one === text.trim().toLowerCase());
  if (theme === undefined) throw new Failure("invalid-theme", { source });
  return theme;
}
