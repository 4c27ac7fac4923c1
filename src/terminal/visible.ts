/**
 * What stands in for characters that a line cannot show as they are: line breaks of a paste, and
 * whatever would move the cursor or turn the line around.
 *
 * @module
 */

const UNSHOWABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The text as one line that a terminal shows letter by letter. */
export function visible(text: string): string {
  return text.replaceAll(UNSHOWABLE, (character) => {
    switch (character) {
      case "\n":
        return "⏎";
      case "\t":
        return "⇥";
      default:
        // The control pictures of Unicode lie in the order of the characters they stand for.
        return character < " " ? String.fromCharCode(0x2400 + character.charCodeAt(0)) : "\ufffd";
    }
  });
}
