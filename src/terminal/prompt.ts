/**
 * Questions on a terminal, hidden ones too, and lines from whatever standard input is.
 *
 * What was typed ahead is never lost: one {@link TerminalInput} owns standard input, and hands what
 * is behind a line to whoever asks for the next. Typed lines are edited here and not by the terminal,
 * for three reasons: a hidden one must not echo, a terminal's own backspace leaves half an emoji, and
 * a message that arrives must not tear the line that is being typed.
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
import { interrupted } from "./interrupted.ts";
import { isAmbiguous, PASTE_START, takeKey, takePasted } from "./keys.ts";
import { MAX_LINE_CHARS } from "./line_editor.ts";
import type { ShownLine } from "./shown_line.ts";
import type { ReadLineOptions, TerminalPort } from "./terminal_port.ts";

export type { ReadLineOptions, TerminalPort };

/** A sequence comes in one piece; after so many milliseconds an Escape was the key of that name. */
const ESCAPE_MS = 100;
/** Bracketed paste (xterm): what is pasted comes between two sequences, and is no row of keys. */
const BRACKETS_ON = "\x1b[?2004h";
const BRACKETS_OFF = "\x1b[?2004l";

/** The one owner of standard input. */
export class TerminalInput {
  readonly #port: TerminalPort;
  readonly #clock: Clock;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: false });
  /** Decoded and not yet handed out. */
  #pending = "";
  #isOver = false;
  #reading: Promise<void> | undefined;
  #line: ShownLine | undefined;
  #isBusy = false;
  /** Between the two sequences of a paste; a line given up in the middle leaves the rest to the next. */
  #isPasting = false;
  /** The line that has a part of the paste already. */
  #pastedInto: ShownLine | undefined;

  /** @param clock tells the Escape key from the beginning of a sequence. */
  constructor(port: TerminalPort, clock: Clock = systemClock) {
    this.#port = port;
    this.#clock = clock;
  }

  /** Whether a person types there. */
  get isTerminal(): boolean {
    return this.#port.isTerminal;
  }

  /**
   * Reads one line, without what ended it.
   *
   * @returns null at the end of input, or after Ctrl+D in an empty line.
   * @throws {Failure} `interrupted` after Ctrl+C, the signal's reason when it is aborted. The
   * terminal is as it was before in every case.
   */
  async readLine(options: ReadLineOptions = {}): Promise<string | null> {
    options.signal?.throwIfAborted();
    if (this.#isBusy) throw new Error("Cannot read a line: another is being read");
    this.#isBusy = true;
    try {
      return this.#port.isTerminal
        ? await this.#readTyped(options)
        : await this.#readPlain(options.signal);
    } finally {
      this.#isBusy = false;
    }
  }

  /**
   * A question with an answer for those who just press Enter.
   *
   * @returns null as {@link readLine} does.
   */
  async ask(
    question: string,
    options: ReadLineOptions & { readonly fallback?: string } = {},
  ): Promise<string | null> {
    const { fallback, ...rest } = options;
    const answer = (await this.readLine({ prompt: question, ...rest }))?.trim();
    return answer === "" && fallback !== undefined ? fallback : answer ?? null;
  }

  /**
   * Writes whole lines. One that is being typed steps aside and is shown again below them.
   *
   * @param text without the last line break.
   */
  print(text: string): void {
    if (!this.#line) return this.#port.write(`${text}\n`);
    this.#line.erase();
    // In raw mode a line feed alone may go straight down.
    this.#port.write(`${text.replaceAll(/\r?\n/g, "\r\n")}\r\n`);
    this.#line.show();
  }

  /** Changes what stands before the line that is being typed. */
  setPrompt(prompt: string): void {
    if (!this.#line) return;
    this.#line.erase();
    this.#line.prompt = prompt;
    this.#line.show();
  }

  /** What was typed and not asked for yet; for whoever reads standard input from now on. */
  takeTypeAhead(): string {
    // The rest of a paste is still one for whoever reads it.
    const text = (this.#isPasting ? PASTE_START : "") + this.#pending;
    this.#pending = "";
    this.#isPasting = false;
    return text;
  }

  async #readTyped(options: ReadLineOptions): Promise<string | null> {
    // Loaded where somebody types: pipes need none of it, and it is slow to load.
    const { ShownLine } = await import("./shown_line.ts");
    options.signal?.throwIfAborted();
    const line = new ShownLine(this.#port, options);
    this.#port.setRaw(true);
    this.#line = line;
    try {
      if (this.#port.isAnsi) this.#port.write(BRACKETS_ON);
      line.show();
      while (true) {
        if (this.#isPasting) {
          await this.#takePaste(line, options);
          if (this.#isPasting && this.#isOver) return null;
          continue;
        }
        const taken = takeKey(this.#pending);
        if (taken === undefined) {
          if (this.#isOver) return null;
          await this.#readKey(options.signal);
          continue;
        }
        this.#pending = taken.rest;
        switch (taken.key.key) {
          case "enter":
            return line.text;
          case "interrupt":
            throw interrupted();
          case "end-of-input":
            if (line.text === "") return null;
            line.press({ key: "delete" });
            break;
          case "paste-start":
            this.#isPasting = true;
            break;
          default:
            line.press(taken.key);
        }
      }
    } finally {
      this.#line = undefined;
      try {
        line.finish();
        if (this.#port.isAnsi) this.#port.write(BRACKETS_OFF);
      } finally {
        this.#port.setRaw(false);
      }
    }
  }

  /** Puts what there is of a paste into the line; waits where there is nothing. */
  async #takePaste(line: ShownLine, options: ReadLineOptions): Promise<void> {
    const { text, rest, isOver } = takePasted(this.#pending);
    this.#pending = rest;
    this.#isPasting = !isOver;
    // A password copied together with the end of its line is meant without it.
    const meant = options.hidden ? text.replaceAll("\n", "") : text;
    if (meant !== "") {
      line.press({ key: "text", text: meant, isMore: this.#pastedInto === line });
      this.#pastedInto = line;
    }
    if (isOver) this.#pastedInto = undefined;
    if (!isOver && !this.#isOver) await this.#readMore(options.signal);
  }

  /** Waits for what makes a key of what is there, or for the time that makes it one. */
  async #readKey(signal: AbortSignal | undefined): Promise<void> {
    const begun = this.#pending;
    if (!isAmbiguous(begun)) return await this.#readMore(signal);
    const late = Promise.withResolvers<void>();
    const timer = this.#clock.after(ESCAPE_MS, late.resolve);
    try {
      await Promise.race([this.#readMore(signal), late.promise]);
    } finally {
      timer.cancel();
    }
    if (this.#pending === begun && !this.#isOver) this.#pending = "";
  }

  async #readPlain(signal: AbortSignal | undefined): Promise<string | null> {
    // Where the search for a line break goes on: input that trickles in is looked at once.
    let seen = 0;
    let kept: string | undefined;
    while (true) {
      const end = this.#pending.indexOf("\n", seen);
      if (end >= 0) {
        const line = (kept ?? this.#pending.slice(0, end)).replace(/\r$/, "");
        this.#pending = this.#pending.slice(end + 1);
        return line;
      }
      if (this.#isOver) {
        const line = kept ?? this.#pending;
        this.#pending = "";
        return line === "" ? null : line;
      }
      seen = this.#pending.length;
      if (seen > MAX_LINE_CHARS) {
        // Enough for the caller to see that it is too long; the rest of it is let go.
        kept ??= this.#pending.slice(0, MAX_LINE_CHARS);
        this.#pending = "";
        seen = 0;
      }
      await this.#readMore(signal);
    }
  }

  /** Waits for more input. A read that an aborted line began is used by the next. */
  async #readMore(signal: AbortSignal | undefined): Promise<void> {
    this.#reading ??= this.#port.read().then((bytes) => {
      if (bytes === null) this.#isOver = true;
      this.#pending += this.#decoder.decode(bytes ?? new Uint8Array(), { stream: bytes !== null });
    }).finally(() => this.#reading = undefined);
    if (!signal) return await this.#reading;
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#reading, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
