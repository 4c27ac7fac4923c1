// deno-lint-ignore-file no-control-regex -- control characters are what terminals send
/**
 * What a terminal sends, taken apart: text, keys, pastes, whether its window is looked at, and what
 * it answers about its colours.
 *
 * Bytes come in pieces of any size. A piece that ends within a sequence waits for the rest; an Escape
 * that nothing follows is the key of that name, after {@link ESCAPE_MS}.
 *
 * @module
 */
import { ACTION_OF, type KeyAction } from "../keys.ts";

/** One thing that came from the terminal. */
export type Input =
  | { readonly input: "text"; readonly text: string }
  | { readonly input: "key"; readonly action: KeyAction }
  /** All of a paste. Line breaks are line feeds. */
  | { readonly input: "paste"; readonly text: string }
  | { readonly input: "focus"; readonly isFocused: boolean }
  /** The brightness of the background, from 0 to 1. */
  | { readonly input: "background"; readonly brightness: number };

/** Terminals send a sequence in one piece, and networks deliver it within this time. */
export const ESCAPE_MS = 50;
/** A paste whose end never comes is let go of after so much; the longest text is a fraction of it. */
const MAX_PASTE_CHARS = 1_048_576;
/** No sequence that means anything is longer. */
const MAX_SEQUENCE = 64;
const [PASTE_START, PASTE_END] = ["\x1b[200~", "\x1b[201~"];

const TEXT = /^[^\x00-\x1f\x7f-\x9f]+/;
/** A whole sequence: OSC, CSI, SS3, Linux's function keys, or Alt with a key. */
const SEQUENCE =
  /^\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[\[[A-E]|\[[0-?]*[ -/]*[@-~$^]|O[\x20-\x7e]|[^[\]O\x1b])/u;
/** The beginning of one. */
const UNFINISHED = /^\x1b(?:\][^\x07\x1b]*\x1b?|\[\[?[0-?]*[ -/]*|O)?$/;
const BACKGROUND = /^\x1b\]11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i;
/**
 * Several lines in one piece, and more than anybody types while a network holds its breath: a paste,
 * from a terminal that puts no brackets around one.
 */
const BURST = /^[^\x1b]*[^\r\n\x1b][\r\n]+[^\r\n\x1b][^\x1b]*[\r\n][^\x1b]*$/;
const MIN_BURST_CHARS = 512;

/** Takes apart what comes, piece by piece. */
export class InputReader {
  #pending = "";
  #paste: string | undefined;

  /** True while an Escape waits for what follows it: time tells. */
  get isWaiting(): boolean {
    return this.#pending.startsWith("\x1b");
  }

  /** Takes one piece. */
  take(piece: string): Input[] {
    const isIdle = this.#pending === "" && this.#paste === undefined;
    if (isIdle && piece.length >= MIN_BURST_CHARS && BURST.test(piece)) {
      return [{ input: "paste", text: unbroken(piece) }];
    }
    this.#pending += piece;
    const found: Input[] = [];
    while (this.#pending !== "") {
      const one = this.#paste === undefined ? this.#next() : this.#pasted();
      if (one === undefined) break;
      found.push(...one);
    }
    return found;
  }

  /** Nothing followed for {@link ESCAPE_MS}: what waits is what it is. */
  settle(): Input[] {
    const waited = this.#pending;
    if (!this.isWaiting) return [];
    this.#pending = "";
    return waited === "\x1b" ? [{ input: "key", action: "dismiss" }] : [];
  }

  /** What comes next; undefined while it is not whole. */
  #next(): Input[] | undefined {
    const pending = this.#pending;
    const [text] = TEXT.exec(pending) ?? [];
    if (text !== undefined) {
      // Half of a pair of surrogates waits for the other half.
      const whole = /[\ud800-\udbff]$/.test(text) && text.length === pending.length
        ? text.slice(0, -1)
        : text;
      if (whole === "") return undefined;
      this.#pending = pending.slice(whole.length);
      return [{ input: "text", text: whole }];
    }
    if (pending[0] !== "\x1b") {
      const length = pending.startsWith("\r\n") ? 2 : 1;
      this.#pending = pending.slice(length);
      return key(pending[0]!);
    }
    if (UNFINISHED.test(pending) && pending.length <= MAX_SEQUENCE) return undefined;
    const [sequence = "\x1b"] = SEQUENCE.exec(pending) ?? [];
    this.#pending = pending.slice(sequence.length);
    if (sequence === PASTE_START) {
      this.#paste = "";
      return [];
    }
    return meaning(sequence);
  }

  #pasted(): Input[] | undefined {
    const all = this.#paste + this.#pending;
    this.#pending = "";
    const end = all.indexOf(PASTE_END, Math.max(0, this.#paste!.length - PASTE_END.length));
    // Ctrl+C gets out of a paste whose end was lost.
    const interrupt = end < 0 ? all.indexOf("\x03", this.#paste!.length) : -1;
    if (end < 0 && interrupt < 0 && all.length <= MAX_PASTE_CHARS) {
      this.#paste = all;
      return undefined;
    }
    this.#paste = undefined;
    const length = end >= 0 ? end : interrupt >= 0 ? interrupt : all.length;
    this.#pending = all.slice(end >= 0 ? end + PASTE_END.length : length);
    return [{ input: "paste", text: unbroken(all.slice(0, length)) }];
  }
}

function key(sequence: string): Input[] {
  const action = ACTION_OF.get(sequence);
  return action ? [{ input: "key", action }] : [];
}

function meaning(sequence: string): Input[] {
  if (sequence === "\x1b[I" || sequence === "\x1b[O") {
    return [{ input: "focus", isFocused: sequence === "\x1b[I" }];
  }
  const [, red, green, blue] = BACKGROUND.exec(sequence) ?? [];
  if (red && green && blue) {
    return [{ input: "background", brightness: brightness([red, green, blue]) }];
  }
  return key(sequence);
}

/** How bright a colour looks (ITU-R BT.601), from the digits that a terminal gives. */
function brightness(parts: readonly [string, string, string]): number {
  const [red, green, blue] = parts.map((digits) =>
    Number.parseInt(digits, 16) / (16 ** digits.length - 1)
  ) as [number, number, number];
  return (299 * red + 587 * green + 114 * blue) / 1_000;
}

function unbroken(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}
