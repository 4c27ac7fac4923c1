/**
 * Text for a terminal. What other people, servers and files provide is always sanitized on its way
 * there; control sequences come from literals of this program alone.
 *
 * @module
 */
import { safeText } from "./safe_text.ts";

/** Text that may hold control sequences, because {@link tty} made it. */
class TerminalText {
  /** Makes the type differ from objects of the same shape. */
  readonly #isTerminalText = true;

  constructor(
    /** What is written to the terminal. */
    readonly raw: string,
  ) {}

  /** Whether a value came out of this module. */
  static is(value: object): value is TerminalText {
    return #isTerminalText in value && value.#isTerminalText;
  }
}

// The class is not exported: nothing but this module makes an instance.
export type { TerminalText };

/** What {@link tty} takes between its literals. */
export type TerminalValue = string | number | TerminalText | readonly (string | TerminalText)[];

/**
 * Text with control sequences. Literals are written as they are; strings put into them are sanitized.
 *
 * @example
 * ```ts
 * terminal.write(tty`\x1b[${row};1H\x1b[1m${name}\x1b[0m`);
 * ```
 */
export function tty(literals: TemplateStringsArray, ...values: TerminalValue[]): TerminalText {
  let raw = literals[0]!;
  for (const [index, value] of values.entries()) raw += rawOf(value) + literals[index + 1]!;
  return new TerminalText(raw);
}

/** What is written for a value: strings are sanitized. */
export function rawOf(value: TerminalValue): string {
  if (typeof value === "string") return safeText(value);
  if (typeof value === "number") return String(value);
  return TerminalText.is(value) ? value.raw : value.map(rawOf).join("");
}

/** The same text with the line breaks of raw mode: a line feed alone would go straight down. */
export function inRawMode(text: string | TerminalText): TerminalText {
  return new TerminalText(rawOf(text).replaceAll(/\r?\n/g, "\r\n"));
}

/** The text in a style; `style` holds parameters of SGR (ECMA-48), such as `1;7`. */
export function styled(style: string, text: string): TerminalText {
  if (style === "" || text === "") return tty`${text}`;
  if (!/^[\d;]+$/.test(style)) throw new Error(`Not a style: ${style}`);
  return tty`\x1b[${style}m${text}\x1b[0m`;
}

/** A style, a link (OSC 8), or text. */
// deno-lint-ignore no-control-regex -- what begins a sequence
const PIECES = /\x1b\[[\d;]*m|\x1b\]8;[^\x07]*\x07|[^\x1b]+/g;
const [NO_STYLE, NO_LINK] = ["\x1b[0m", "\x1b]8;;\x07"];
/** Letters that take one cell in every terminal, and that nothing before them changes. */
const CERTAIN = /^[\x20-\x7e\u00c0-\u024f\u0391-\u03a1\u03a3-\u03c9\u0400-\u0481\u048a-\u04ff]+/;

/**
 * What to write, and from which column on, where a row is on the screen and another is to be. Goes no
 * further into the row than the place of every letter is certain.
 */
export function restOfRow(
  shown: TerminalText,
  next: TerminalText,
): { readonly column: number; readonly rest: TerminalText } {
  let [style, link, column, at] = ["", "", 0, 0];
  for (const [piece] of next.raw.matchAll(PIECES)) {
    if (piece.startsWith("\x1b")) {
      if (!shown.raw.startsWith(piece, at)) break;
      if (piece.startsWith("\x1b[")) style = piece === NO_STYLE ? "" : piece;
      else link = piece === NO_LINK ? "" : piece;
      at += piece.length;
      continue;
    }
    const most = CERTAIN.exec(piece)?.[0].length ?? 0;
    let length = 0;
    while (length < most && shown.raw[at + length] === piece[length]) length++;
    // What follows may be an accent: it belongs to the letter before it, and is drawn with it.
    const mayJoin = [piece[length], shown.raw[at + length]].some((unit) =>
      unit !== undefined && unit !== "\x1b" && !CERTAIN.test(unit)
    );
    if (mayJoin && length > 0) length--;
    at += length;
    column += length;
    if (length < piece.length) break;
  }
  return { column, rest: new TerminalText(style + link + next.raw.slice(at)) };
}

/** Asks the terminal to put a text on its clipboard (OSC 52). */
export function toClipboard(text: string): TerminalText {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return tty`\x1b]52;c;${btoa(bytes.join(""))}\x07`;
}

/** A sequence as a multiplexer passes it on to the terminal that it runs in. */
export function throughMultiplexer(
  text: TerminalText,
  multiplexer: "tmux" | "screen" | undefined,
): TerminalText {
  switch (multiplexer) {
    case "tmux":
      return new TerminalText(`\x1bPtmux;${text.raw.replaceAll("\x1b", "\x1b\x1b")}\x1b\\`);
    case "screen":
      return new TerminalText(`\x1bP${text.raw}\x1b\\`);
    case undefined:
      return text;
  }
}

/** Rings the bell. */
export const BELL = tty`\x07`;
/** Bracketed paste (xterm): pasted text arrives between two sequences, apart from keys. */
export const [BRACKETED_PASTE_ON, BRACKETED_PASTE_OFF] = [tty`\x1b[?2004h`, tty`\x1b[?2004l`];
