/**
 * What a terminal sends, as keys: enough of ECMA-48 and xterm's sequences to edit one line.
 *
 * @module
 */

/** One key, or text that was typed or pasted. */
export type Key =
  | {
    readonly key: "text";
    readonly text: string;
    /** The next piece of one paste: undone together with what came before it. */
    readonly isMore?: boolean;
  }
  | {
    readonly key:
      | "enter"
      | "interrupt"
      | "end-of-input"
      | "backspace"
      | "delete"
      | "delete-word"
      | "delete-to-start"
      | "delete-to-end"
      | "left"
      | "right"
      | "word-left"
      | "word-right"
      | "home"
      | "end"
      | "up"
      | "down"
      | "tab"
      | "redraw"
      | "undo"
      /** What follows is pasted, up to the sequence that {@link takePasted} looks for. */
      | "paste-start"
      /** Nothing that means anything here. */
      | "other";
  };

type Named = Exclude<Key["key"], "text">;

const CONTROLS: Record<string, Named> = {
  "\r": "enter",
  "\n": "enter",
  "\x01": "home",
  "\x02": "left",
  "\x03": "interrupt",
  "\x04": "end-of-input",
  "\x05": "end",
  "\x06": "right",
  "\x08": "backspace",
  "\x09": "tab",
  "\x0b": "delete-to-end",
  "\x0c": "redraw",
  "\x0e": "down",
  "\x10": "up",
  "\x15": "delete-to-start",
  "\x17": "delete-word",
  "\x1a": "undo",
  "\x1f": "undo",
  "\x7f": "backspace",
};

const SEQUENCES: Record<string, Named> = {
  "[A": "up",
  "OA": "up",
  "[B": "down",
  "OB": "down",
  "[C": "right",
  "OC": "right",
  "[D": "left",
  "OD": "left",
  "[H": "home",
  "OH": "home",
  "[1~": "home",
  "[7~": "home",
  "[F": "end",
  "OF": "end",
  "[4~": "end",
  "[8~": "end",
  "[3~": "delete",
  "[200~": "paste-start",
  "[1;5C": "word-right",
  "[1;3C": "word-right",
  "[1;5D": "word-left",
  "[1;3D": "word-left",
  "b": "word-left",
  "f": "word-right",
  "\x7f": "delete-word",
};

/** A whole sequence behind an escape character: CSI, SS3, or Alt with a key. */
const SEQUENCE = /^(?:\[[0-?]*[ -/]*[@-~]|O[\x20-\x7e]|[^[O])/u;
/** The beginning of one that is not whole yet. */
const UNFINISHED = /^(?:|O|\[[0-?]*[ -/]*)$/;
/** No sequence that means anything is longer; one that does not end is dropped after this much. */
const MAX_SEQUENCE = 32;
/** Behind these a person's next key may be waited for in vain: Escape, Alt+[ and Alt+O look so. */
const AMBIGUOUS = ["\x1b", "\x1b[", "\x1bO"];
/** What a terminal sends before pasted text (xterm's bracketed paste), and behind it. */
export const PASTE_START = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** What the end of a paste may begin with, and a line break that may have a second half. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const PASTE_HELD = /(?:\x1b(?:\[(?:2(?:0(?:1)?)?)?)?|\r)$/;
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const TEXT = /^[^\x00-\x1f\x7f]+/;

/**
 * Takes the first key off what came from the terminal.
 *
 * @returns the key and what is left; undefined while a sequence is not whole yet.
 */
export function takeKey(input: string): { key: Key; rest: string } | undefined {
  const [text] = TEXT.exec(input) ?? [];
  if (text !== undefined) return { key: { key: "text", text }, rest: input.slice(text.length) };
  if (input[0] !== "\x1b") {
    // Carriage return and line feed together are one Enter.
    const length = input.startsWith("\r\n") ? 2 : 1;
    const key = CONTROLS[input[0]!] ?? "other";
    return input === "" ? undefined : { key: { key }, rest: input.slice(length) };
  }
  const behind = input.slice(1);
  if (behind.length <= MAX_SEQUENCE && UNFINISHED.test(behind)) return undefined;
  const [sequence = ""] = SEQUENCE.exec(behind) ?? [];
  // Escape and then a control character are two keys.
  const control = Object.hasOwn(CONTROLS, sequence) && sequence !== "\x7f";
  const length = control || sequence === "\x1b" ? 0 : sequence.length;
  return { key: { key: SEQUENCES[sequence] ?? "other" }, rest: behind.slice(length) };
}

/** Whether this may be a key of its own: only time tells it from the beginning of a sequence. */
export function isAmbiguous(input: string): boolean {
  return AMBIGUOUS.includes(input);
}

/**
 * Takes pasted text off what came from the terminal (xterm's bracketed paste). Line breaks are line
 * feeds in it, whatever the terminal makes of them.
 *
 * @returns the text as far as it is whole, what is left, and whether the paste ends there.
 */
export function takePasted(input: string): { text: string; rest: string; isOver: boolean } {
  const end = input.indexOf(PASTE_END);
  if (end >= 0) return pasted(input, end, end + PASTE_END.length, true);
  // Ctrl+C gets out of a paste whose end was lost.
  const interrupt = input.indexOf("\x03");
  if (interrupt >= 0) return pasted(input, interrupt, interrupt, true);
  const held = PASTE_HELD.exec(input)?.index ?? input.length;
  return pasted(input, held, held, false);
}

function pasted(input: string, end: number, rest: number, isOver: boolean) {
  const text = input.slice(0, end).replaceAll(/\r\n?/g, "\n");
  return { text, rest: input.slice(rest), isOver };
}
