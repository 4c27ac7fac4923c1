/**
 * A text being edited: what is before the cursor, what is behind it, and what keys do to them. Knows
 * no terminal and changes nothing: every edit makes a new draft.
 *
 * A cursor stands between graphemes, never inside one: backspace deletes a whole flag or family.
 *
 * @module
 */
import { graphemes } from "./graphemes.ts";
import type { KeyAction } from "./keys.ts";

/** A text and the cursor in it. */
export interface Draft {
  readonly before: string;
  readonly after: string;
  /** Earlier states, for undo; the newest last. */
  readonly past: readonly { readonly before: string; readonly after: string }[];
  /** Letters typed in a row are undone together, word by word. */
  readonly isTyping: boolean;
}

/** The most UTF-16 units of a draft; far above the longest message, so that one can be shortened. */
export const MAX_DRAFT_CHARS = 1_048_576;
/** Nobody goes further back by hand. */
const MAX_UNDO = 100;
/** The longest grapheme that is looked for: keeps a key cheap in a long text. */
const MAX_GRAPHEME = 64;

/** Nothing typed. */
export const EMPTY_DRAFT: Draft = { before: "", after: "", past: [], isTyping: false };

/** The whole text. */
export function textOf({ before, after }: Draft): string {
  return before + after;
}

/** Inserts text at the cursor, as far as there is room. */
export function insert(draft: Draft, text: string): Draft {
  const room = MAX_DRAFT_CHARS - draft.before.length - draft.after.length;
  const isLetters = text.length <= MAX_GRAPHEME && !/\s/.test(text);
  const past = isLetters && draft.isTyping ? draft.past : remembered(draft);
  return { ...draft, before: draft.before + bounded(text, room), past, isTyping: isLetters };
}

/** Replaces the text; the cursor goes to its end. */
export function replace(draft: Draft, text: string): Draft {
  return become(draft, bounded(text, MAX_DRAFT_CHARS), "");
}

/** The same text without earlier states. */
export function forgetPast(draft: Draft): Draft {
  return { ...draft, past: [], isTyping: false };
}

/** What a key does to a draft; undefined for a key that does nothing to one. */
export function edit(draft: Draft, action: KeyAction): Draft | undefined {
  const { before, after } = draft;
  switch (action) {
    case "newline":
      return insert(draft, "\n");
    case "undo":
      return undo(draft);
    case "backspace":
      return become(draft, before.slice(0, before.length - lastLength(before)), after);
    case "delete":
      return become(draft, before, after.slice(firstLength(after)));
    case "delete-to-start":
      // At the start of a line, the line break goes.
      return become(draft, before.slice(0, before.endsWith("\n") ? -1 : lineStart(before)), after);
    case "delete-to-end":
      return become(draft, before, after.slice(after.startsWith("\n") ? 1 : lineEnd(after)));
    case "delete-word":
      return become(draft, before.slice(0, wordStart(before)), after);
    case "left":
      return move(draft, before.length - lastLength(before));
    case "right":
      return move(draft, before.length + firstLength(after));
    case "word-left":
      return move(draft, wordStart(before));
    case "word-right":
      return move(draft, before.length + /^\s*\S*/.exec(after)![0].length);
    case "home":
      return move(draft, lineStart(before));
    case "end":
      return move(draft, before.length + lineEnd(after));
    default:
      return undefined;
  }
}

/** The same text with the cursor elsewhere. */
export function move(draft: Draft, place: number): Draft {
  const text = textOf(draft);
  return { ...draft, before: text.slice(0, place), after: text.slice(place), isTyping: false };
}

function become(draft: Draft, before: string, after: string): Draft {
  if (before === draft.before && after === draft.after) return draft;
  return { before, after, past: remembered(draft), isTyping: false };
}

function remembered({ before, after, past }: Draft): Draft["past"] {
  return [...past.slice(-MAX_UNDO + 1), { before, after }];
}

function undo(draft: Draft): Draft {
  const last = draft.past.at(-1);
  return last ? { ...last, past: draft.past.slice(0, -1), isTyping: false } : draft;
}

/** The beginning of a text, without half a surrogate pair at its end. */
function bounded(text: string, length: number): string {
  if (text.length <= length) return text;
  const isSplit = /[\ud800-\udbff]/.test(text[length - 1] ?? "");
  return text.slice(0, Math.max(0, isSplit ? length - 1 : length));
}

function lastLength(text: string): number {
  return [...graphemes().segment(text.slice(-MAX_GRAPHEME))].at(-1)?.segment.length ?? 0;
}

function firstLength(text: string): number {
  for (const { segment } of graphemes().segment(text.slice(0, MAX_GRAPHEME))) return segment.length;
  return 0;
}

function lineStart(before: string): number {
  return before.lastIndexOf("\n") + 1;
}

function lineEnd(after: string): number {
  const end = after.indexOf("\n");
  return end < 0 ? after.length : end;
}

/** Where the last word begins; the spaces behind it belong to it. */
function wordStart(text: string): number {
  // Character by character from the end: a regular expression would try every place of the text.
  let start = text.length;
  while (start > 0 && /\s/.test(text[start - 1]!)) start--;
  while (start > 0 && /\S/.test(text[start - 1]!)) start--;
  return start;
}
