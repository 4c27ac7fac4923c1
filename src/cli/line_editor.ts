/**
 * One line being typed: its text, the cursor, and what keys do to them. Knows no terminal.
 *
 * A cursor stands between graphemes, never inside one: backspace takes a whole flag or family.
 *
 * @module
 */
import type { Key } from "./keys.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** A line holds no more UTF-16 units; far above every limit that a person is told about. */
export const MAX_LINE_CHARS = 1_048_576;

/** A line and the place in it. */
export class LineEditor {
  /** What stands before the cursor. */
  before = "";
  /** What stands behind it. */
  after = "";

  constructor(initial = "") {
    this.before = initial;
  }

  /** The whole line. */
  get text(): string {
    return this.before + this.after;
  }

  /** Puts text in at the cursor, as far as the line may hold it. */
  insert(text: string): void {
    this.before += text.slice(0, Math.max(0, MAX_LINE_CHARS - this.text.length));
  }

  /** Replaces the line; the cursor goes to its end. */
  replace(text: string): void {
    this.before = text;
    this.after = "";
  }

  /** Does what a key does to a line; keys that do nothing to it are left to others. */
  press(key: Key): void {
    switch (key.key) {
      case "text":
        return this.insert(key.text);
      case "backspace":
        this.before = this.before.slice(0, this.before.length - lastLength(this.before));
        return;
      case "delete":
        this.after = this.after.slice(firstLength(this.after));
        return;
      case "delete-to-start":
        this.before = "";
        return;
      case "delete-to-end":
        this.after = "";
        return;
      case "delete-word":
        this.before = this.before.slice(0, wordStart(this.before));
        return;
      case "left":
        return this.#moveTo(this.before.length - lastLength(this.before));
      case "right":
        return this.#moveTo(this.before.length + firstLength(this.after));
      case "word-left":
        return this.#moveTo(wordStart(this.before));
      case "word-right":
        return this.#moveTo(this.before.length + /^\s*\S*/.exec(this.after)![0].length);
      case "home":
        return this.#moveTo(0);
      case "end":
        return this.#moveTo(this.text.length);
    }
  }

  #moveTo(place: number): void {
    const text = this.text;
    this.before = text.slice(0, place);
    this.after = text.slice(place);
  }
}

/** The length of the last grapheme. */
function lastLength(text: string): number {
  // Where a grapheme ends can hang on what is before it, but never on a line break or a plain letter
  // pair: looking at the last 64 units keeps a keystroke cheap in a long line.
  return [...graphemes.segment(text.slice(-64))].at(-1)?.segment.length ?? 0;
}

/** The length of the first grapheme. */
function firstLength(text: string): number {
  for (const { segment } of graphemes.segment(text.slice(0, 64))) return segment.length;
  return 0;
}

/** Where the last word begins; the spaces behind it belong to it. */
function wordStart(text: string): number {
  return /\S*\s*$/.exec(text)!.index;
}
