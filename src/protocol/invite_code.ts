/**
 * The invite code: `<nameplate>-<word>-<word>-<word>`. The nameplate names the room and is public to
 * the relay; the words are the password of the handshake and are used nowhere else (docs/PROTOCOL.md
 * §2).
 *
 * @module
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import type { Random } from "../clock.ts";
import { Failure } from "../errors.ts";
import type { InvalidCode } from "../failure_reasons.ts";
import { edits } from "../nearest.ts";

/** Digits of the first nameplates drawn; one more after every {@link DRAWS_PER_LENGTH} collisions. */
const NAMEPLATE_DIGITS = 4;
const DRAWS_PER_LENGTH = 3;
/** Digits at most: more are a typo, not a busy relay. */
const MAX_NAMEPLATE_DIGITS = 9;
/** Three words of 2048: 33 bits, against three guesses. */
const WORDS = 3;
/** Refusing longer input early bounds the work of suggesting a correction. */
const MAX_CODE_CHARS = 200;
/** The first four letters identify a word of the list. */
const UNIQUE_PREFIX = 4;
/** The longest word has 8 letters; more than twice that is not a typo, and is not quoted back. */
const MAX_TYPED_WORD_CHARS = 20;
/** Typos that a suggestion corrects: with three, most words are near most others. */
const MAX_TYPOS = 2;
/** A passphrase is typed, not read from a file; this bounds what is hashed for every guess. */
export const MAX_PASSPHRASE_CHARS = 1024;

/** The two parts of an invite code. */
export interface InviteCode {
  /** Public: names the room. */
  readonly nameplate: string;
  /** Secret: the password, words joined by hyphens. */
  readonly password: string;
}

/** The code as it is shown and dictated. */
export function formatCode(code: InviteCode): string {
  return `${code.nameplate}-${code.password}`;
}

/** Draws a code; `taken` is the number of earlier draws whose nameplate was in use. */
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

/** What people paste around a code: quotation marks, and the command that was shown with it. */
const AROUND_CODE =
  /["'`´‘’‚‛“”„‟«»‹›]|^\s*\S*(?:whisper(?:-chat)?|chat)\s+join\s+|^\s*\S*setup\.\S+\s+(?:chat\s+)?join\s+/giu;

/**
 * Reads a code forgivingly: any case, any of space, hyphen, minus sign, dot, comma or underscore
 * between the parts, words cut to four letters or more, in quotation marks, or behind the command.
 *
 * @throws {Failure} `invalid-code`, with the part that is wrong and a suggestion. It contains at most
 * one word, never the whole code.
 */
export function parseCode(text: string): InviteCode {
  if (text.length > MAX_CODE_CHARS) throw invalidCode({ kind: "too-long" });
  const bare = text.replace(AROUND_CODE, "").replace(AROUND_CODE, "");
  const parts = bare.normalize("NFKC").toLowerCase().split(/[\s\-‐-―−_.,]+/).filter((p) =>
    p !== ""
  );
  const [nameplate, ...words] = parts;
  if (nameplate === undefined) throw invalidCode({ kind: "empty" });
  if (!/^[0-9]+$/.test(nameplate)) throw invalidCode({ kind: "no-number" });
  if (nameplate.length > MAX_NAMEPLATE_DIGITS) throw invalidCode({ kind: "number-too-long" });
  if (words.length !== WORDS) throw invalidCode({ kind: "word-count", words: words.length });
  return { nameplate, password: words.map(completeWord).join("-") };
}

/**
 * The one form of a passphrase, so that the same one typed on two keyboards is the same password:
 * NFKC, without white space around it. Case and inner spaces count.
 *
 * @throws {Failure} `invalid-passphrase` for one that is empty, too long or not valid Unicode.
 */
export function normalizePassphrase(text: string): string {
  if (text.length > MAX_PASSPHRASE_CHARS) throw invalidPassphrase("too-long");
  if (!text.isWellFormed()) throw invalidPassphrase("not-unicode");
  const normal = text.normalize("NFKC").trim();
  if (normal === "") throw invalidPassphrase("empty");
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
  throw invalidCode({
    kind: "unknown-word",
    typed: typed.length > MAX_TYPED_WORD_CHARS ? undefined : typed.replace(/[^\p{L}\p{N}]/gu, "?"),
    suggestion: nearestWord(typed),
  });
}

/** The word fewest typos away, up to {@link MAX_TYPOS}; of several, one that starts as typed. */
function nearestWord(typed: string): string | undefined {
  if (typed.length > MAX_TYPED_WORD_CHARS) return undefined;
  let best: string | undefined;
  let least = MAX_TYPOS + 1;
  for (const word of wordlist) {
    const distance = edits(typed, word);
    if (distance < least) [best, least] = [word, distance];
    else if (distance === least && least <= MAX_TYPOS && !sharesStart(best!, typed)) {
      if (sharesStart(word, typed)) best = word;
    }
  }
  return best;
}

function sharesStart(word: string, typed: string): boolean {
  return word.slice(0, 2) === typed.slice(0, 2);
}

function invalidCode(problem: InvalidCode): Failure {
  return new Failure("invalid-code", { problem });
}

function invalidPassphrase(problem: "too-long" | "not-unicode" | "empty"): Failure {
  return new Failure("invalid-passphrase", { problem });
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
