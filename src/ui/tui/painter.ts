/**
 * Frames on a terminal: what changed since the last is written, at its absolute place. No row depends
 * on another, so that a letter which a terminal counts otherwise than we do spoils no more than its
 * own row.
 *
 * @module
 */
import type { Frame } from "./view.ts";

/**
 * Taken over: the title is put away, the alternate screen is shown, rows end at the edge instead of
 * flowing on, pastes come in brackets, the terminal says whether it is looked at, and the mouse wheel
 * does not pretend to be arrow keys.
 */
export const ENTER =
  "\x1b[22;2t\x1b]2;Whisper\x07\x1b[?1049h\x1b[H\x1b[2J\x1b[?7l\x1b[?2004h\x1b[?1004h\x1b[?1007s\x1b[?1007l";

/**
 * Given back. What was on the alternate screen is erased before it is left, for some terminals keep
 * it. Then the screen and, last, what has scrolled off it: some terminals move the screen there when
 * it is erased, so in this order nothing is left (ECMA-48; 3J is xterm's).
 */
export const LEAVE =
  "\x1b[?2026l\x1b[0m\x1b[?1007r\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[H\x1b[J\x1b[?1049l\x1b[2J\x1b[H\x1b[3J\x1b[?25h\x1b[23;2t";

/** What colour the background has; terminals that know answer. */
export const ASK_BACKGROUND = "\x1b]11;?\x07";

/** Frames are shown whole where a terminal can do that. */
const [BEGIN, END] = ["\x1b[?2026h", "\x1b[?2026l"];

/** Remembers what is on the screen. */
export class Painter {
  #shown: readonly string[] = [];

  /** What to write for this frame; nothing where nothing changed. */
  paint({ lines, cursor }: Frame): string {
    let changes = "";
    for (const [index, line] of lines.entries()) {
      // Erased first: behind a full row there is no place from which the rest could be.
      if (line !== this.#shown[index]) changes += `\x1b[${index + 1};1H\x1b[0m\x1b[2K${line}`;
    }
    this.#shown = lines;
    const place = `\x1b[${cursor.row + 1};${cursor.column + 1}H\x1b[?25h`;
    if (changes === "") return place;
    return `${BEGIN}\x1b[?25l${changes}\x1b[0m${place}${END}`;
  }

  /** The screen is not what it was: the next frame is painted whole. */
  forget(): string {
    this.#shown = [];
    return "\x1b[0m\x1b[2J";
  }
}
