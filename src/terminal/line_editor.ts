/**
 * One line being typed: its text, the cursor, and what keys do to them. Knows no terminal.
 *
 * A cursor stands between graphemes, never inside one: backspace takes a whole flag or family.
 *
 * @module
 */
import { graphemes } from "./graphemes.ts";
import type { Key } from "./keys.ts";

/** A line holds no more UTF-16 units; far above every limit that a person is told about. */
export const MAX_LINE_CHARS = 1_048_576;
/** Nobody goes further back by hand. */
const MAX_UNDO = 100;
/** No grapheme that is meant is longer; looking at so much keeps a keystroke cheap in a long line. */
const NEAR = 64;

/** A line as it was. */
interface Snapshot {
  readonly before: string;
  readonly after: string;
}

/** A line and the place in it. */
export class LineEditor {
  /** What stands before the cursor. */
  before = "";
  /** What stands behind it. */
  after = "";
  readonly #past: Snapshot[] = [];
  /** Letters typed in a row are undone together, word by word. */
  #isTyping = false;

  constructor(initial = "") {
    this.before = bounded(initial, MAX_LINE_CHARS);
  }

  /** The whole line. */
  get text(): string {
    return this.before + this.after;
  }

  /**
   * Puts text in at the cursor, as far as the line may hold it.
   *
   * @param isMore true to have it undone together with what was put in before it.
   */
  insert(text: string, isMore = false): void {
    const isLetter = !isMore && firstLength(text) === text.length && text.trim() !== "";
    if (!isMore && !(isLetter && this.#isTyping)) this.#remember();
    this.#isTyping = isLetter;
    this.before += bounded(text, MAX_LINE_CHARS - this.before.length - this.after.length);
  }

  /** Replaces the line; the cursor goes to its end. */
  replace(text: string): void {
    this.#remember();
    this.before = bounded(text, MAX_LINE_CHARS);
    this.after = "";
  }

  /** Does what a key does to a line; keys that do nothing to it are left to others. */
  press(key: Key): void {
    const { before, after } = this;
    switch (key.key) {
      case "text":
        return this.insert(key.text, key.isMore);
      case "undo":
        return this.#undo();
      case "backspace":
        return this.#become(before.slice(0, before.length - lastLength(before)), after);
      case "delete":
        return this.#become(before, after.slice(firstLength(after)));
      case "delete-to-start":
        return this.#become("", after);
      case "delete-to-end":
        return this.#become(before, "");
      case "delete-word":
        return this.#become(before.slice(0, wordStart(before)), after);
      case "left":
        return this.#moveTo(before.length - lastLength(before));
      case "right":
        return this.#moveTo(before.length + firstLength(after));
      case "word-left":
        return this.#moveTo(wordStart(before));
      case "word-right":
        return this.#moveTo(before.length + /^\s*\S*/.exec(after)![0].length);
      case "home":
        return this.#moveTo(0);
      case "end":
        return this.#moveTo(before.length + after.length);
    }
  }

  #moveTo(place: number): void {
    this.#isTyping = false;
    const text = this.text;
    this.before = text.slice(0, place);
    this.after = text.slice(place);
  }

  #become(before: string, after: string): void {
    if (before.length === this.before.length && after.length === this.after.length) return;
    this.#remember();
    this.before = before;
    this.after = after;
  }

  #remember(): void {
    this.#isTyping = false;
    this.#past.push({ before: this.before, after: this.after });
    if (this.#past.length > MAX_UNDO) this.#past.shift();
  }

  #undo(): void {
    this.#isTyping = false;
    const past = this.#past.pop();
    if (past) ({ before: this.before, after: this.after } = past);
  }
}

/** The beginning of a text, without half a character at its end. */
function bounded(text: string, length: number): string {
  if (text.length <= length) return text;
  const isHalf = /[\ud800-\udbff]/.test(text[length - 1] ?? "");
  return text.slice(0, Math.max(0, isHalf ? length - 1 : length));
}

/** The length of the last grapheme. */
function lastLength(text: string): number {
  // Where a grapheme ends can hang on what is before it, but never on a line break or a plain letter
  // pair: a run of nothing but flags, longer than this, is the one place where it shows.
  return [...graphemes().segment(text.slice(-NEAR))].at(-1)?.segment.length ?? 0;
}

/** The length of the first grapheme. */
function firstLength(text: string): number {
  for (const { segment } of graphemes().segment(text.slice(0, NEAR))) return segment.length;
  return 0;
}

/** Where the last word begins; the spaces behind it belong to it. */
function wordStart(text: string): number {
  // Letter by letter from the end: a pattern would begin at every place of the line anew.
  let start = text.length;
  while (start > 0 && /\s/.test(text[start - 1]!)) start--;
  while (start > 0 && /\S/.test(text[start - 1]!)) start--;
  return start;
}
