/**
 * The invite code: `<nameplate>-<word>-<word>-<word>`. The nameplate names the room and is public to
 * the relay; the words are the password of the handshake and reach nothing else (docs/PROTOCOL.md §2).
 *
 * @module
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import type { Random } from "../clock.ts";
import { edits } from "../edits.ts";
import { type Failure, untranslated } from "../errors.ts";

/** Digits of a nameplate at first; one more after every {@link DRAWS_PER_LENGTH} that were taken. */
const NAMEPLATE_DIGITS = 4;
const DRAWS_PER_LENGTH = 3;
/** A nameplate is decimal digits; more than this many is a typing error, not a busy relay. */
const MAX_NAMEPLATE_DIGITS = 9;
/** Three words of 2048: 33 bits, of which a guesser gets three tries. */
const WORDS = 3;
/** Longer input is no code; refusing it early bounds the work of correcting it. */
const MAX_CODE_CHARS = 200;
/** The list is unique in the first four letters, so that four identify a word. */
const UNIQUE_PREFIX = 4;
/** The longest word has 8 letters; more than twice that is not a slip, and is not quoted back. */
const MAX_TYPED_WORD_CHARS = 20;
/** Slips of the finger that are guessed at: with three, most words are near most others. */
const MAX_SLIPS = 2;
/** A passphrase is typed, not pasted from a file; it bounds what is hashed for every guess. */
export const MAX_PASSPHRASE_CHARS = 1024;

/** A one-time invite code, taken apart. */
export interface InviteCode {
  /** Public: names the room. */
  readonly nameplate: string;
  /** Secret: the password, words joined by hyphens. */
  readonly password: string;
}

/** The code as it is said and shown. */
export function formatCode(code: InviteCode): string {
  return `${code.nameplate}-${code.password}`;
}

/** Draws a code; `taken` is how many draws the relay has refused so far. */
export function drawCode(random: Random, taken = 0): InviteCode {
  const digits = Math.min(
    NAMEPLATE_DIGITS + Math.floor(taken / DRAWS_PER_LENGTH),
    MAX_NAMEPLATE_DIGITS,
  );
  const lowest = 10 ** (digits - 1);
  return {
    nameplate: String(lowest + uniform(random, 9 * lowest)),
    password: drawPassword(random),
  };
}

/** Draws fresh words, for a new epoch of a room that keeps its nameplate. */
export function drawPassword(random: Random): string {
  return Array.from({ length: WORDS }, () => wordlist[uniform(random, wordlist.length)]).join("-");
}

/**
 * Reads a code forgivingly: any case, any of space, hyphen, dot, comma or underscore between the
 * parts, and words cut to four letters or more.
 *
 * @throws {Failure} `usage`, naming the part that is wrong and what may have been meant. The sentence
 * quotes at most one word, never the whole code.
 */
export function parseCode(text: string): InviteCode {
  if (text.length > MAX_CODE_CHARS) throw badCode("it is too long");
  const parts = text.normalize("NFKC").toLowerCase().split(/[\s\-‐-―_.,]+/).filter((p) => p !== "");
  const [nameplate, ...words] = parts;
  if (nameplate === undefined) throw badCode("it is empty");
  if (!/^[0-9]+$/.test(nameplate)) throw badCode("it does not begin with a number");
  if (nameplate.length > MAX_NAMEPLATE_DIGITS) throw badCode("its number is too long");
  if (words.length !== WORDS) {
    throw badCode(
      `it has ${words.length === 1 ? "1 word" : `${words.length} words`} after the number`,
    );
  }
  return { nameplate, password: words.map(completeWord).join("-") };
}

/**
 * The one form of a passphrase, so that the same one typed on two keyboards is the same password:
 * NFKC, without white space around it. Case and inner spaces count.
 *
 * @throws {Failure} `usage` for one that is empty, too long or no valid Unicode. It is never quoted.
 */
export function normalizePassphrase(text: string): string {
  if (text.length > MAX_PASSPHRASE_CHARS) throw badPassphrase("too long", "Use a shorter one.");
  if (!text.isWellFormed()) throw badPassphrase("not valid Unicode", "Type it again.");
  const normal = text.normalize("NFKC").trim();
  if (normal === "") throw badPassphrase("empty", "Type the one that both agreed on.");
  return normal;
}

/** The words that begin with `prefix`, for completion at the prompt. */
export function completions(prefix: string): readonly string[] {
  const wanted = prefix.toLowerCase();
  return wordlist.filter((word) => word.startsWith(wanted));
}

function completeWord(typed: string): string {
  if (wordlist.includes(typed)) return typed;
  const matches = typed.length >= UNIQUE_PREFIX ? completions(typed) : [];
  if (matches.length === 1) return matches[0]!;
  const meant = nearestWord(typed);
  const shown = typed.length > MAX_TYPED_WORD_CHARS
    ? "one of its words"
    : `"${typed.replace(/[^\p{L}\p{N}]/gu, "?")}"`;
  throw badCode(`${shown} is not one of the words${meant ? `; did you mean "${meant}"?` : ""}`);
}

/** The word fewest slips away, if within {@link MAX_SLIPS}; of several, one that begins as typed. */
function nearestWord(typed: string): string | undefined {
  if (typed.length > MAX_TYPED_WORD_CHARS) return undefined;
  let best: string | undefined;
  let least = MAX_SLIPS + 1;
  for (const word of wordlist) {
    const distance = edits(typed, word);
    if (distance < least) [best, least] = [word, distance];
    else if (distance === least && least <= MAX_SLIPS && !sharesStart(best!, typed)) {
      if (sharesStart(word, typed)) best = word;
    }
  }
  return best;
}

function sharesStart(word: string, typed: string): boolean {
  return word.slice(0, 2) === typed.slice(0, 2);
}

function badCode(state: string): Failure {
  return untranslated(
    "usage",
    `This is not an invite code: ${state}.`,
    "A code is a number and three words, like 4821-river-canyon-ocean. Ask for it once more.",
  );
}

function badPassphrase(state: string, hint: string): Failure {
  return untranslated("usage", `This passphrase cannot be used: it is ${state}.`, hint);
}

/** A whole number in [0, bound) without bias: draws that fall into the incomplete last run are redrawn. */
function uniform(random: Random, bound: number): number {
  const limit = Math.floor(2 ** 32 / bound) * bound;
  for (;;) {
    const bytes = random(4);
    const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
    if (value < limit) return value % bound;
  }
}
