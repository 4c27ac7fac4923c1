/**
 * The text in the composer: what stands before the cursor, what behind it, and what keys do to them.
 * Knows no terminal and changes nothing: every edit makes a new draft.
 *
 * A cursor stands between graphemes, never inside one: backspace takes a whole flag or family.
 *
 * @module
 */
import type { KeyAction } from "../keys.ts";

/** A text and the place in it. */
export interface Draft {
  readonly before: string;
  readonly after: string;
  /** Earlier states, for undoing; the newest last. */
  readonly past: readonly { readonly before: string; readonly after: string }[];
  /** Letters typed in a row are undone together, word by word. */
  readonly isTyping: boolean;
}

/** No draft is longer, in UTF-16 units; some way above the longest text, so that one can be cut. */
export const MAX_DRAFT_CHARS = 65_536;
/** Nobody goes further back by hand. */
const MAX_UNDO = 100;
/** No grapheme that is meant is longer; looking at so much keeps a keystroke cheap in a long text. */
const NEAR = 64;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Nothing typed. */
export const EMPTY: Draft = { before: "", after: "", past: [], isTyping: false };

/** The whole text. */
export function textOf({ before, after }: Draft): string {
  return before + after;
}

/** Puts text in at the cursor, as far as there is room. */
export function insert(draft: Draft, text: string): Draft {
  const room = MAX_DRAFT_CHARS - draft.before.length - draft.after.length;
  const isLetters = text.length <= NEAR && !/\s/.test(text);
  const past = isLetters && draft.isTyping ? draft.past : remembered(draft);
  return {
    ...draft,
    before: draft.before + bounded(text, room),
    past,
    isTyping: isLetters,
  };
}

/** Another text in its place; the cursor goes to its end. */
export function replace(draft: Draft, text: string): Draft {
  return become(draft, bounded(text, MAX_DRAFT_CHARS), "");
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
      return become(draft, before.slice(0, rowStart(before)), after);
    case "delete-to-end":
      return become(draft, before, after.slice(rowEnd(after)));
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
      return move(draft, rowStart(before));
    case "end":
      return move(draft, before.length + rowEnd(after));
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

/** The beginning of a text, without half a character at its end. */
function bounded(text: string, length: number): string {
  if (text.length <= length) return text;
  const isHalf = /[\ud800-\udbff]/.test(text[length - 1] ?? "");
  return text.slice(0, Math.max(0, isHalf ? length - 1 : length));
}

function lastLength(text: string): number {
  return [...graphemes.segment(text.slice(-NEAR))].at(-1)?.segment.length ?? 0;
}

function firstLength(text: string): number {
  for (const { segment } of graphemes.segment(text.slice(0, NEAR))) return segment.length;
  return 0;
}

function rowStart(before: string): number {
  return before.lastIndexOf("\n") + 1;
}

function rowEnd(after: string): number {
  const end = after.indexOf("\n");
  return end < 0 ? after.length : end;
}

/** Where the last word begins; the spaces behind it belong to it. */
function wordStart(text: string): number {
  // Letter by letter from the end: a pattern would begin at every place of the text anew.
  let start = text.length;
  while (start > 0 && /\s/.test(text[start - 1]!)) start--;
  while (start > 0 && /\S/.test(text[start - 1]!)) start--;
  return start;
}
