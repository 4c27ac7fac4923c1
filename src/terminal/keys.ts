// deno-lint-ignore-file no-control-regex -- control characters are what terminals send
/**
 * Decodes what a terminal sends: text, keys, pastes, focus, and answers to questions about it.
 *
 * Bytes come in pieces of any size. A sequence that is not complete waits for the rest; an Escape that
 * nothing follows is the key of that name.
 *
 * Three encodings of keys are understood: the legacy one (ECMA-48, xterm, rxvt, the Linux console),
 * the kitty keyboard protocol (`CSI code ; modifiers u`) and xterm's modifyOtherKeys
 * (`CSI 27 ; modifiers ; code ~`).
 *
 * @module
 */

/** What a key does. */
export type KeyAction = keyof typeof SEQUENCES;

/** What terminals send for each action, in the legacy encoding. */
export const SEQUENCES = {
  "submit": ["\r"],
  "newline": ["\n", "\x1b\r", "\x1b\n"],
  "complete": ["\t"],
  "up": ["\x1b[A", "\x1bOA", "\x10"],
  "down": ["\x1b[B", "\x1bOB", "\x0e"],
  "left": ["\x1b[D", "\x1bOD", "\x02"],
  "right": ["\x1b[C", "\x1bOC", "\x06"],
  "word-left": ["\x1b[1;5D", "\x1b[1;3D", "\x1b[5D", "\x1bOd", "\x1bb"],
  "word-right": ["\x1b[1;5C", "\x1b[1;3C", "\x1b[5C", "\x1bOc", "\x1bf"],
  "home": ["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "\x01"],
  "end": ["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "\x05"],
  "backspace": ["\x7f", "\b"],
  "delete": ["\x1b[3~"],
  "delete-word": ["\x17", "\x1b\x7f", "\x1b\b"],
  "delete-next-word": ["\x1bd"],
  "delete-to-start": ["\x15"],
  "delete-to-end": ["\x0b"],
  "yank": ["\x19"],
  "undo": ["\x1f"],
  "search": ["\x12"],
  "suspend": ["\x1a"],
  "page-up": ["\x1b[5~"],
  "page-down": ["\x1b[6~"],
  "line-up": ["\x1b[5;2~", "\x1b[1;2A", "\x1b[a"],
  "line-down": ["\x1b[6;2~", "\x1b[1;2B", "\x1b[b"],
  "first": ["\x1b[1;5H", "\x1b[7^"],
  "last": ["\x1b[1;5F", "\x1b[8^"],
  "dismiss": ["\x1b"],
  "redraw": ["\x0c"],
  "leave": ["\x03"],
  "end-of-input": ["\x04"],
} as const satisfies Record<string, readonly string[]>;

/** One thing that came from the terminal. */
export type Input =
  | { readonly input: "text"; readonly text: string }
  | { readonly input: "key"; readonly action: KeyAction }
  /** All of a paste. Line breaks are line feeds. */
  | { readonly input: "paste"; readonly text: string }
  | { readonly input: "focus"; readonly isFocused: boolean }
  /** The brightness of the background, from 0 to 1. */
  | { readonly input: "background"; readonly brightness: number }
  /** The terminal uses a light or a dark theme from now on (mode 2031). */
  | { readonly input: "scheme"; readonly isLight: boolean }
  /** Whether a mode was set when it was asked about (DECRQM). */
  | { readonly input: "mode"; readonly mode: number; readonly isSet: boolean }
  /** So many rows of the mouse wheel; up is negative. */
  | { readonly input: "wheel"; readonly rows: number }
  /** The terminal speaks the kitty keyboard protocol, or xterm's modifyOtherKeys of that level. */
  | { readonly input: "keyboard"; readonly otherKeys?: number }
  /** The terminal takes notifications of kitty's kind (OSC 99). */
  | { readonly input: "notifications" }
  /** The terminal has answered everything that was asked before its attributes (DA1). */
  | { readonly input: "attributes" };

/** Whether a person caused an input, and not the terminal by itself. */
export function isTyped({ input }: Input): boolean {
  return input === "key" || input === "text" || input === "paste";
}

/** A terminal sends a sequence in one piece, and networks deliver it within this many milliseconds. */
const ESCAPE_MS = 50;
/** A longer sequence may come in pieces that are further apart, and is never typed by hand. */
const SEQUENCE_MS = 2_000;
/** The arrow keys of a wheel come at once; nobody presses two, and no key repeats, within this. */
const WHEEL_MS = 15;
/** A wheel that coasts sends arrow keys one by one, no further apart than this. */
const COASTING_MS = 200;
/** Rows for one step of a wheel that is reported as such. */
const WHEEL_ROWS = 3;
/** A paste is delivered after this many characters even if its end never comes. */
const MAX_PASTE_CHARS = 1_048_576;
/** No sequence that means anything is longer. */
const MAX_SEQUENCE = 64;
const [PASTE_START, PASTE_END] = ["\x1b[200~", "\x1b[201~"];

const TEXT = /^[^\x00-\x1f\x7f-\x9f]+/;
/** A complete sequence: OSC, CSI, SS3, the function keys of Linux, or Alt with a key. */
const SEQUENCE =
  /^\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[\[[A-E]|\[[0-?]*[ -/]*[@-~$^]|O[\x20-\x7e]|[^[\]O\x1b])/u;
/** Alt with a character, which looks like Escape and that character. */
const UNBOUND_ALT = /^\x1b[^[\]O\x00-\x1f\x7f-\x9f]$/u;
/** The beginning of one. */
const UNFINISHED = /^\x1b(?:\][^\x07\x1b]*\x1b?|\[\[?[0-?]*[ -/]*|O)?$/;
/** Escape, Alt+[ and Alt+O look like the beginning of a sequence. */
const AMBIGUOUS = ["\x1b", "\x1b[", "\x1bO"];
const BACKGROUND = /^\x1b\]11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i;
const MODE = /^\x1b\[\?(\d+);([1-4])\$y$/;
const SCHEME = /^\x1b\[\?997;([12])n$/;
const OTHER_KEYS = /^\x1b\[>4;(\d)m$/;
const NOTIFICATIONS = /^\x1b\]99;[^;]*\bp=\?/;
const WHEEL = /^\x1b\[<(6[45]);\d+;\d+M$/;
const ARROW = /^\x1b[[O]([AB])/;
const ATTRIBUTES = /^\x1b\[\?[\d;]*c$/;
/** Several lines in one piece, and more than is typed during a network stall: an unmarked paste. */
const BURST = /^[^\x1b]*[^\r\n\x1b][\r\n]+[^\r\n\x1b][^\x1b]*[\r\n][^\x1b]*$/;
const MIN_BURST_CHARS = 512;

const ACTIONS: ReadonlyMap<string, KeyAction> = new Map(
  Object.entries(SEQUENCES).flatMap(([action, sequences]) =>
    sequences.map((sequence) => [sequence, action as KeyAction] as const)
  ),
);

/** Decodes what comes, piece by piece. */
export class KeyDecoder {
  #pending = "";
  #paste: string | undefined;
  #detectsWheel = false;
  #isCoasting = false;

  /** Milliseconds after which {@link settle} has to be called, unless more comes before. */
  get waitMs(): number | undefined {
    if (this.#isCoasting && this.#pending === "") return COASTING_MS;
    if (this.#paste === undefined && this.#wheelRows() === "unknown") return WHEEL_MS;
    if (!this.#pending.startsWith("\x1b") || this.#paste !== undefined) return undefined;
    return AMBIGUOUS.includes(this.#pending) ? ESCAPE_MS : SEQUENCE_MS;
  }

  /**
   * Takes one piece.
   *
   * @param guessPastes true where a terminal may not mark pastes: many lines at once are taken for one.
   * @param detectWheel true where the wheel sends arrow keys (mode 1007): several at once are the wheel.
   */
  add(
    piece: string,
    { guessPastes = false, detectWheel = false }: {
      readonly guessPastes?: boolean;
      readonly detectWheel?: boolean;
    } = {},
  ): void {
    this.#detectsWheel = detectWheel;
    const isIdle = this.#pending === "" && this.#paste === undefined;
    const isBurst = guessPastes && isIdle && piece.length >= MIN_BURST_CHARS && BURST.test(piece);
    this.#pending += isBurst ? PASTE_START + piece + PASTE_END : piece;
  }

  /** The next input; undefined until more has come. */
  next(): Input | undefined {
    while (this.#pending !== "") {
      const before = this.#pending;
      const input = this.#paste === undefined ? this.#decode() : this.#decodePaste();
      // What means nothing was skipped.
      if (input || this.#pending === before || this.#paste !== undefined) return input;
    }
    return undefined;
  }

  /** Nothing more came in time: an Escape is a key, the beginning of another sequence is dropped. */
  settle(): Input | undefined {
    const waited = this.#pending;
    if (this.waitMs === undefined) return undefined;
    this.#isCoasting = false;
    const [arrow] = ARROW.exec(waited) ?? [];
    this.#pending = arrow === undefined ? "" : waited.slice(arrow.length);
    if (arrow !== undefined) return key(arrow);
    return waited === "\x1b" ? { input: "key", action: "dismiss" } : undefined;
  }

  /** Undefined while the input is not complete, and for what means nothing. */
  #decode(): Input | undefined {
    const pending = this.#pending;
    const [text] = TEXT.exec(pending) ?? [];
    if (text !== undefined) {
      // Half of a surrogate pair waits for the other half.
      const isSplit = /[\ud800-\udbff]$/.test(text) && text.length === pending.length;
      const whole = isSplit ? text.slice(0, -1) : text;
      if (whole === "") return undefined;
      this.#pending = pending.slice(whole.length);
      return { input: "text", text: whole };
    }
    if (pending[0] !== "\x1b") {
      this.#pending = pending.slice(pending.startsWith("\r\n") ? 2 : 1);
      return key(pending[0]!);
    }
    const rows = this.#wheelRows();
    if (rows === "unknown") return undefined;
    if (rows !== 0) {
      this.#isCoasting = true;
      this.#pending = pending.slice(ARROW.exec(pending)![0].length * Math.abs(rows));
      return { input: "wheel", rows };
    }
    if (UNFINISHED.test(pending) && pending.length <= MAX_SEQUENCE) return undefined;
    let [sequence = "\x1b"] = SEQUENCE.exec(pending) ?? [];
    // Escape and a character typed at once: no key of Alt that means anything.
    if (UNBOUND_ALT.test(sequence) && !ACTIONS.has(sequence)) sequence = "\x1b";
    this.#pending = pending.slice(sequence.length);
    if (sequence === PASTE_START) {
      this.#paste = "";
      return this.#decodePaste();
    }
    return meaningOf(sequence);
  }

  /** Rows of the wheel at the beginning of what is pending: what tells it from a key is more of it. */
  #wheelRows(): number | "unknown" {
    const [arrow, direction] = ARROW.exec(this.#detectsWheel ? this.#pending : "") ?? [];
    if (arrow === undefined) return 0;
    let count = 1;
    while (this.#pending.startsWith(arrow, count * arrow.length)) count++;
    if (count === 1 && !this.#isCoasting) {
      return arrow.startsWith(this.#pending.slice(arrow.length)) ? "unknown" : 0;
    }
    return direction === "A" ? -count : count;
  }

  #decodePaste(): Input | undefined {
    const all = this.#paste + this.#pending;
    this.#pending = "";
    const end = all.indexOf(PASTE_END, Math.max(0, this.#paste!.length - PASTE_END.length));
    // Ctrl+C ends a paste whose own end was lost.
    const interrupt = end < 0 ? all.indexOf("\x03", this.#paste!.length) : -1;
    if (end < 0 && interrupt < 0 && all.length <= MAX_PASTE_CHARS) {
      this.#paste = all;
      return undefined;
    }
    this.#paste = undefined;
    const length = end >= 0 ? end : interrupt >= 0 ? interrupt : all.length;
    this.#pending = all.slice(end >= 0 ? end + PASTE_END.length : length);
    return { input: "paste", text: all.slice(0, length).replaceAll(/\r\n?/g, "\n") };
  }
}

function key(sequence: string): Input | undefined {
  const action = ACTIONS.get(sequence);
  return action && { input: "key", action };
}

function meaningOf(sequence: string): Input | undefined {
  if (sequence === "\x1b[I" || sequence === "\x1b[O") {
    return { input: "focus", isFocused: sequence === "\x1b[I" };
  }
  const [, red, green, blue] = BACKGROUND.exec(sequence) ?? [];
  if (red && green && blue) {
    return { input: "background", brightness: brightness([red, green, blue]) };
  }
  if (/^\x1b\[\?\d+u$/.test(sequence)) return { input: "keyboard" };
  const [, otherKeys] = OTHER_KEYS.exec(sequence) ?? [];
  if (otherKeys) return { input: "keyboard", otherKeys: Number(otherKeys) };
  const [, mode, setting] = MODE.exec(sequence) ?? [];
  if (mode) return { input: "mode", mode: Number(mode), isSet: setting === "1" || setting === "3" };
  const [, scheme] = SCHEME.exec(sequence) ?? [];
  if (scheme) return { input: "scheme", isLight: scheme === "2" };
  if (NOTIFICATIONS.test(sequence)) return { input: "notifications" };
  const [, button] = WHEEL.exec(sequence) ?? [];
  if (button) return { input: "wheel", rows: button === "64" ? -WHEEL_ROWS : WHEEL_ROWS };
  if (ATTRIBUTES.test(sequence)) return { input: "attributes" };
  return key(sequence) ?? modifiedKey(sequence);
}

/** How bright a color looks (ITU-R BT.601), from the digits that a terminal gives. */
function brightness(parts: readonly [string, string, string]): number {
  const [red, green, blue] = parts.map((digits) =>
    Number.parseInt(digits, 16) / (16 ** digits.length - 1)
  ) as [number, number, number];
  return (299 * red + 587 * green + 114 * blue) / 1_000;
}

// The two encodings with modifiers.

/** `CSI code[:alternates] ; modifiers[:event] [; text] u`, and `CSI 27 ; modifiers ; code ~`. */
const WITH_CODE =
  /^\x1b\[(?:(?<code>\d+)(?::\d*)*(?:;(?<modifiers>\d*)(?::(?<event>\d))?)?(?:;[\d:]*)?u|27;(?<xterm>\d+);(?<xtermCode>\d+)~)$/;
/** `CSI 1 ; modifiers[:event] letter`, and `CSI number ; modifiers[:event] ~`. */
const WITH_LETTER = /^\x1b\[(?<number>\d+);(?<modifiers>\d+)(?::(?<event>\d))?(?<final>[A-HPQS~])$/;
const [SHIFT, ALT, CTRL] = [1, 2, 4];
/** Caps Lock and Num Lock are reported as modifiers, too. */
const LOCKS = 64 | 128;
const RELEASE = "3";
/** The keypad of the kitty protocol, from 57399 on, as what the same keys send elsewhere. */
const KEYPAD_FROM = 57_399;
const KEYPAD = [
  ...[..."0123456789./*-+"],
  ...["\r", "=", ",", "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"],
  ...["\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", "", "\x1b[3~"],
];

/** A key of the kitty protocol or of modifyOtherKeys, as its legacy sequence. */
function modifiedKey(sequence: string): Input | undefined {
  const coded = WITH_CODE.exec(sequence)?.groups;
  if (coded) {
    if (coded["event"] === RELEASE) return undefined;
    const modifiers = Number(coded["modifiers"] || coded["xterm"] || 1) - 1;
    return keyOfCode(Number(coded["code"] ?? coded["xtermCode"]), modifiers & ~LOCKS);
  }
  const lettered = WITH_LETTER.exec(sequence)?.groups;
  if (!lettered || lettered["event"] === RELEASE) return undefined;
  const { number, final } = lettered;
  const modifiers = (Number(lettered["modifiers"]) - 1) & ~LOCKS;
  if (modifiers === 0) return key(final === "~" ? `\x1b[${number}~` : `\x1b[${final}`);
  return key(`\x1b[${number};${modifiers + 1}${final}`);
}

function keyOfCode(code: number, modifiers: number): Input | undefined {
  if (code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  const keypad = KEYPAD[code - KEYPAD_FROM];
  if (keypad !== undefined) {
    return keypad === "\r" || keypad.length > 1 ? key(keypad) : text(keypad);
  }
  // The private use area has the keys that no terminal sent before: they do nothing here.
  if (code >= 0xe000 && code <= 0xf8ff) return undefined;
  const letter = String.fromCodePoint(code);
  const isModified = (modifiers & (ALT | CTRL)) !== 0;
  switch (letter) {
    case "\r":
      return key(isModified || (modifiers & SHIFT) !== 0 ? "\x1b\r" : "\r");
    case "\t":
      return modifiers === 0 ? key("\t") : undefined;
    case "\x7f":
    case "\b":
      return key(isModified ? "\x1b\x7f" : "\x7f");
    case "\x1b":
      return modifiers === 0 ? key("\x1b") : undefined;
  }
  if ((modifiers & ~SHIFT) === 0) return text(letter);
  if ((modifiers & ~SHIFT) === ALT) return key(`\x1b${letter.toLowerCase()}`);
  if ((modifiers & CTRL) === 0 || (modifiers & ~(SHIFT | ALT | CTRL)) !== 0) return undefined;
  const alt = (modifiers & ALT) === 0 ? "" : "\x1b";
  if (/^[a-zA-Z]$/.test(letter)) return key(alt + String.fromCharCode(code & 0x1f));
  return alt === "" && /^[-_/7]$/.test(letter) ? key("\x1f") : undefined;
}

function text(text: string): Input | undefined {
  return TEXT.test(text) ? { input: "text", text } : undefined;
}
