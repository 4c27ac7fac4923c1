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
  /** What was deleted last by a word or more, for yank. */
  readonly killed: string;
  /** Deletions in a row are yanked together. */
  readonly isKilling: boolean;
  /** Pastes of which a marker stands in the draft: one character, and one grapheme. */
  readonly pastes: readonly string[];
}

/** Markers of pastes: noncharacters, which no text of a person has. */
const [FIRST_MARKER, MAX_PASTES] = [0xfdd0, 32];
const MARKER = /[\ufdd0-\ufdef]/g;

/** The most UTF-16 units of a draft; far above the longest message, so that one can be shortened. */
export const MAX_DRAFT_CHARS = 1_048_576;
/** Nobody goes further back by hand. */
const MAX_UNDO = 100;
/** The longest grapheme that is looked for: keeps a key cheap in a long text. */
const MAX_GRAPHEME = 64;

/** Nothing typed. */
export const EMPTY_DRAFT: Draft = {
  before: "",
  after: "",
  past: [],
  isTyping: false,
  killed: "",
  isKilling: false,
  pastes: [],
};

/** Nothing typed; what was deleted before can still be yanked. */
export function emptied({ killed }: Draft): Draft {
  return { ...EMPTY_DRAFT, killed };
}

/** The whole text, with every paste in place of its marker. */
export function textOf({ before, after, pastes }: Draft): string {
  return withMarkers(before + after, pastes, (paste) => paste);
}

/** A text of a draft with something in place of each marker. */
export function withMarkers(
  text: string,
  pastes: readonly string[],
  shown: (paste: string) => string,
): string {
  if (pastes.length === 0) return text;
  return text.replaceAll(MARKER, (marker) => {
    const paste = pastes[marker.charCodeAt(0) - FIRST_MARKER];
    return paste === undefined ? "\ufffd" : shown(paste);
  });
}

/** Whether a marker stands in the draft. */
export function hasPaste({ before, after, pastes }: Draft): boolean {
  return pastes.length > 0 && (before + after).search(MARKER) >= 0;
}

/** Whether the text begins with a paste: then it is a message, whatever was pasted. */
export function beginsWithPaste({ before, after, pastes }: Draft): boolean {
  return pastes.length > 0 && (before + after).trimStart().search(MARKER) === 0;
}

/** Inserts a paste as a marker, as far as there is room. */
export function insertPaste(draft: Draft, text: string): Draft {
  const paste = bounded(withoutMarkers(text), MAX_DRAFT_CHARS - textOf(draft).length);
  if (draft.pastes.length === MAX_PASTES) return insert(draft, paste);
  const marker = String.fromCharCode(FIRST_MARKER + draft.pastes.length);
  return { ...put(draft, marker), pastes: [...draft.pastes, paste], isTyping: false };
}

/** Puts every paste in place of its marker. */
export function expandPastes(draft: Draft): Draft {
  const whole = (text: string) => withMarkers(text, draft.pastes, (paste) => paste);
  return become(draft, whole(draft.before), whole(draft.after));
}

function withoutMarkers(text: string): string {
  return text.replaceAll(MARKER, "\ufffd");
}

/** Inserts text at the cursor, as far as there is room. */
export function insert(draft: Draft, text: string): Draft {
  return put(draft, withoutMarkers(text));
}

function put(draft: Draft, text: string): Draft {
  const room = MAX_DRAFT_CHARS - draft.before.length - draft.after.length;
  const isLetters = text.length <= MAX_GRAPHEME && !/\s/.test(text);
  const past = isLetters && draft.isTyping ? draft.past : remembered(draft);
  const before = draft.before + bounded(text, room);
  return { ...draft, before, past, isTyping: isLetters, isKilling: false };
}

/** Replaces the text; the cursor goes to its end. */
export function replace(draft: Draft, text: string): Draft {
  return become(draft, bounded(withoutMarkers(text), MAX_DRAFT_CHARS), "");
}

/** The draft as far as all lines that it may become agree; the same where they add nothing. */
export function complete(draft: Draft, [first = "", ...others]: readonly string[]): Draft {
  let length = first.length;
  for (const other of others) {
    while (!other.startsWith(first.slice(0, length))) length--;
  }
  const isMore = draft.after === "" && length > draft.before.length;
  return isMore ? replace(draft, first.slice(0, length)) : draft;
}

/** The same text without earlier states and without what was deleted. */
export function forgetPast(draft: Draft): Draft {
  return { ...draft, past: [], isTyping: false, killed: "", isKilling: false };
}

/** What a key does to a draft; undefined for a key that does nothing to one. */
export function edit(draft: Draft, action: KeyAction): Draft | undefined {
  const { before, after } = draft;
  switch (action) {
    case "newline":
      return insert(draft, "\n");
    case "undo":
      return undo(draft);
    case "yank":
      return draft.killed === "" ? draft : { ...insert(draft, draft.killed), isTyping: false };
    case "backspace":
      return become(draft, before.slice(0, before.length - lastLength(before)), after);
    case "delete":
      return become(draft, before, after.slice(firstLength(after)));
    case "delete-to-start":
      // At the start of a line, the line break goes.
      return kill(draft, before.endsWith("\n") ? before.length - 1 : lineStart(before));
    case "delete-to-end":
      return kill(draft, before.length + (after.startsWith("\n") ? 1 : lineEnd(after)));
    case "delete-word":
      return kill(draft, wordStart(before));
    case "delete-next-word":
      return kill(draft, before.length + wordEnd(after));
    case "left":
      return move(draft, before.length - lastLength(before));
    case "right":
      return move(draft, before.length + firstLength(after));
    case "word-left":
      return move(draft, wordStart(before));
    case "word-right":
      return move(draft, before.length + wordEnd(after));
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
  const text = draft.before + draft.after;
  const [before, after] = [text.slice(0, place), text.slice(place)];
  return { ...draft, before, after, isTyping: false, isKilling: false };
}

function become(draft: Draft, before: string, after: string): Draft {
  if (before === draft.before && after === draft.after) return draft;
  return { ...draft, before, after, past: remembered(draft), isTyping: false, isKilling: false };
}

/** Deletes what stands between a place and the cursor, for yank: the place is before or behind it. */
function kill(draft: Draft, place: number): Draft {
  const { before, after, isKilling } = draft;
  const cut = before.length;
  if (place === cut) return draft;
  const [from, to] = [Math.min(place, cut), Math.max(place, cut)];
  const gone = withMarkers((before + after).slice(from, to), draft.pastes, (paste) => paste);
  const earlier = isKilling ? draft.killed : "";
  const killed = place < cut ? gone + earlier : earlier + gone;
  return {
    ...become(draft, before.slice(0, from), after.slice(to - cut)),
    killed,
    isKilling: true,
  };
}

function remembered({ before, after, past }: Draft): Draft["past"] {
  return [...past.slice(-MAX_UNDO + 1), { before, after }];
}

function undo(draft: Draft): Draft {
  const last = draft.past.at(-1);
  if (!last) return draft;
  return { ...draft, ...last, past: draft.past.slice(0, -1), isTyping: false, isKilling: false };
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

/** Where the first word ends; the spaces before it belong to it. */
function wordEnd(text: string): number {
  return /^\s*\S*/.exec(text)![0].length;
}

/** Where the last word begins; the spaces behind it belong to it. */
function wordStart(text: string): number {
  // Character by character from the end: a regular expression would try every place of the text.
  let start = text.length;
  while (start > 0 && /\s/.test(text[start - 1]!)) start--;
  while (start > 0 && /\S/.test(text[start - 1]!)) start--;
  return start;
}
