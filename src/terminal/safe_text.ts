/**
 * Text of others as text that cannot act: what would move a cursor, turn the direction of a line,
 * hide itself or pile up is made visible before any interface shows it. Used for messages, names and
 * whatever input an error quotes.
 *
 * What people write stays as it is: every script, emoji with their joiners, accents.
 *
 * @module
 */

import { graphemes } from "./graphemes.ts";

/** Marks on one letter, beyond which no language goes; Vietnamese and Hebrew have three. */
const MAX_MARKS = 6;
/** Nothing here needs a second look: printable ASCII and line breaks. */
const PLAIN = /^[\x20-\x7e\n]*$/;
/** Controls, format characters, separators, default ignorables, and unassigned code points. */
const SUSPECT =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/u;
/** Marks that stack on the letter before them. */
const MARK = /^[\p{Mn}\p{Me}]$/u;
/** Where marks want a closer look: several in a row, or one without a letter. */
const LOOSE_MARKS = /[\p{Mn}\p{Me}]{2}|^[\p{Mn}\p{Me}]|\n[\p{Mn}\p{Me}]/u;
/** Letters between which Persian and the scripts of India need a joiner or a non-joiner. */
const JOINING =
  /^[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{M}]$/u;
const PICTURE = /^[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{fe0f}]$/u;
/** What a variation selector may follow: emoji, keycaps. */
const VARIES = /^[\p{Emoji}]$/u;
const [ZWNJ, ZWJ, BLACK_FLAG, CANCEL_TAG] = ["\u200c", "\u200d", "\u{1f3f4}", "\u{e007f}"];

/**
 * `text` with everything made visible that is not plain text: `␛` for an escape character,
 * `‹U+202E›` for a change of direction. Line breaks stay; a tab becomes spaces.
 */
export function safeText(text: string): string {
  if (PLAIN.test(text)) return text;
  const unified = text.replaceAll(/\r\n?/g, "\n");
  if (!SUSPECT.test(unified.replaceAll("\n", "")) && !LOOSE_MARKS.test(unified)) return unified;
  let safe = "";
  for (const { segment } of graphemes().segment(unified)) {
    safe += PLAIN.test(segment) ? segment : safeGrapheme([...segment]);
  }
  return safe;
}

/** The same for what has to stay on one line, such as a name. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll("\n", "⏎");
}

function safeGrapheme(points: readonly string[]): string {
  if (isSubdivisionFlag(points)) return points.join("");
  let safe = "";
  let marks = 0;
  for (const [i, point] of points.entries()) {
    if (MARK.test(point) && !SUSPECT.test(point)) {
      // A mark without a letter would sit on whatever stands before the text.
      if (i === 0) safe += "\u25cc";
      marks++;
      if (marks <= MAX_MARKS) safe += point;
    } else if (mayStay(point, points[i - 1], points[i + 1])) safe += point;
    else safe += visible(point);
  }
  return marks > MAX_MARKS ? `${safe}‹+${marks - MAX_MARKS} marks›` : safe;
}

function mayStay(point: string, before: string | undefined, after: string | undefined): boolean {
  if (point === "\n" || !SUSPECT.test(point)) return true;
  if (before === undefined) return false;
  if (isSelector(point)) return VARIES.test(before) && !isSelector(before);
  if (point === ZWJ && PICTURE.test(before)) return after !== undefined && PICTURE.test(after);
  // At the end of a grapheme the next letter is out of sight; the one before decides.
  if (point === ZWJ || point === ZWNJ) return JOINING.test(before);
  return false;
}

/** The two selectors that choose between a letter and a picture; the others only hide in a text. */
function isSelector(point: string): boolean {
  return point === "\ufe0e" || point === "\ufe0f";
}

/** England, Scotland, Wales: a flag and tags that spell its name. */
function isSubdivisionFlag(points: readonly string[]): boolean {
  const tags = points.slice(1, -1);
  return points[0] === BLACK_FLAG && points.at(-1) === CANCEL_TAG && tags.length >= 3 &&
    tags.length <= 6 &&
    tags.every((tag) => /^[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]$/u.test(tag));
}

function visible(point: string): string {
  const code = point.codePointAt(0)!;
  if (code === 0x09) return "    ";
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
}
