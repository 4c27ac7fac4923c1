/**
 * What a person says about themselves: names and lengths of time.
 *
 * @module
 */
import { usage } from "./command.ts";
import { graphemes } from "../terminal/graphemes.ts";

/** Longer names leave no room on a line for what is said. */
export const MAX_NAME_GRAPHEMES = 64;
/** What the protocol carries (docs/PROTOCOL.md). */
export const MAX_NAME_BYTES = 256;
/** Less is over before a reconnection is; more is a relay kept busy for nobody. */
export const MIN_LINGER_MS = 60_000;
/** A day. */
export const MAX_LINGER_MS = 86_400_000;
/** What a crash leaves behind is gone after this, where nobody says otherwise. */
export const DEFAULT_LINGER_MS = 600_000;
/** No name and no duration is longer; a bound for what is looked at letter by letter. */
const MAX_CHARS = 1_024;

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** Control characters, line breaks, and what turns the direction of a line around. */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/**
 * What nobody sees, and no letter needs: with it two names look alike. The joiners are not among them
 * (emoji, Persian and the scripts of India are written with them).
 */
const UNSEEN =
  /[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u206a-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]/u;
const SEEN = /[^\p{Z}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * A name fit to be shown, without the spaces around it.
 *
 * @param what what the sentences call it, and whose it is.
 * @throws {Failure} `usage`; the sentence does not repeat the name.
 */
export function checkName(text: string, what = "your name"): string {
  const name = text.length > MAX_CHARS ? text : text.normalize("NFC").trim();
  if (name === "") throw usage(`${what} is empty`, "Give one of a few letters.");
  if (name.length > MAX_CHARS || isLong(name)) {
    throw usage(
      `${what} is too long`,
      `Give one of at most ${MAX_NAME_GRAPHEMES} characters and ${MAX_NAME_BYTES} bytes.`,
    );
  }
  if (UNSHOWABLE.test(name) || (UNSEEN.test(name) && SEEN.test(name))) {
    throw usage(`${what} holds a character that cannot be shown`, "Type it again by hand.");
  }
  if (!SEEN.test(name)) {
    throw usage(`${what} holds nothing that can be seen`, "Give one of a few letters.");
  }
  return name;
}

function isLong(name: string): boolean {
  return new TextEncoder().encode(name).length > MAX_NAME_BYTES ||
    // Never more graphemes than units: most names need no counting.
    (name.length > MAX_NAME_GRAPHEMES &&
      [...graphemes().segment(name)].length > MAX_NAME_GRAPHEMES);
}

/** Milliseconds of a length of time like `90s`, `10m`, `1h30m`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const compact = text.toLowerCase().replaceAll(/\s/g, "");
  if (!/^(?:\d{1,6}[hms])+$/.test(compact)) return undefined;
  let total = 0;
  for (const [, number, unit] of compact.matchAll(/(\d+)([hms])/g)) {
    total += Number(number) * UNIT_MS[unit!]!;
  }
  return total;
}

/**
 * Milliseconds that a crashed chat stays on the relay.
 *
 * @throws {Failure} `usage`.
 */
export function checkLinger(text: string, where: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= MIN_LINGER_MS && ms <= MAX_LINGER_MS) return ms;
  const why = ms === undefined ? "is not a length of time" : "is out of range";
  throw usage(`${where} ${why}`, "Give 1m to 24h, for example 90s, 10m or 2h.");
}
