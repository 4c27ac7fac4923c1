/**
 * A text that is too long for one message, as several.
 *
 * @module
 */
import { bytesOf, MAX_TEXT_BYTES } from "../limits.ts";
import { graphemes } from "../terminal/graphemes.ts";

/**
 * The text in parts of at most `most` bytes: cut at line breaks, else between words, else between
 * graphemes. Together they hold all of it except the line break or space at each cut.
 */
export function splitText(text: string, most = MAX_TEXT_BYTES): string[] {
  const parts: string[] = [];
  let rest = text;
  while (bytesOf(rest) > most) {
    const room = prefixOf(rest, most);
    const place = cutIn(rest, room);
    parts.push(rest.slice(0, place));
    const isGap = /[\n ]/.test(rest[place] ?? "");
    rest = rest.slice(isGap ? place + 1 : place);
  }
  return [...parts, rest].filter((part) => part.trim() !== "");
}

/** UTF-16 units of the longest beginning in whole graphemes that fits. */
function prefixOf(text: string, most: number): number {
  let bytes = 0;
  for (const { segment, index } of graphemes().segment(text.slice(0, most + 1))) {
    bytes += bytesOf(segment);
    if (bytes > most) return index > 0 ? index : unitsOf(segment, most);
  }
  return most;
}

/** A grapheme of more bytes than a message: cut between code points. */
function unitsOf(grapheme: string, most: number): number {
  let [bytes, units] = [0, 0];
  for (const character of grapheme) {
    bytes += bytesOf(character);
    if (bytes > most) break;
    units += character.length;
  }
  return units;
}

function cutIn(text: string, room: number): number {
  // A cut near the beginning would make many small messages.
  const least = room / 2;
  for (const gap of ["\n", " "]) {
    const place = text.lastIndexOf(gap, room);
    if (place >= least) return place;
  }
  return room;
}
