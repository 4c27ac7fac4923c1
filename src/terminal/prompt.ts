/**
 * The owner of standard input: lines from a person or a pipe, and keys for the full screen.
 *
 * What was typed ahead is never lost: what follows a line waits for the next reader. Lines are edited
 * here and not by the terminal, for three reasons: a hidden one must not echo, a terminal's own
 * backspace leaves half an emoji, and a message that arrives must not tear the line being typed.
 *
 * @module
 */
import { atMost, type Clock, systemClock } from "../clock.ts";
import { untilAborted } from "../deadline.ts";
import { Failure } from "../errors.ts";
import { MAX_DRAFT_CHARS } from "./editor.ts";
import { type Input, KeyDecoder } from "./keys.ts";
import type { Printed } from "./printed.ts";
import type { ReadLineOptions, ShownLine } from "./shown_line.ts";
import type { Terminal } from "./terminal.ts";
import {
  BRACKETED_PASTE_OFF,
  BRACKETED_PASTE_ON,
  inRawMode,
  type TerminalText,
  tty,
} from "./terminal_text.ts";

/** In place of bytes from a pipe that are not UTF-8: a lone surrogate, which no message may contain. */
const NOT_UTF8 = "\udc80";
/** A terminal that takes nothing delays the suspension for so long, and not longer. */
const FLUSH_MS = 500;
/** Of a line that is too long, its end is read as well: in JSON it may say what the line is about. */
const TAIL_CHARS = 2_048;

const LINE_DECODING = { guessPastes: false, detectWheel: false };

/** The owner of standard input. */
export class TerminalInput {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: false });
  readonly #strictDecoder = new TextDecoder("utf-8", { fatal: true });
  readonly #keys = new KeyDecoder();
  readonly #printed: Printed | undefined;
  /** Of a pipe: decoded and not yet handed out. */
  #pending = "";
  /** Decoded keys that {@link readInputs} hands out first. */
  #settled: Input[] = [];
  #isOver = false;
  #reading: Promise<void> | undefined;
  #line: ShownLine | undefined;
  /** What the next line that is typed begins with. */
  #given = "";
  #isBusy = false;
  /** How the next reading is decoded. */
  #decoding = LINE_DECODING;
  /** What was deleted in the last line that was not hidden, for yank. */
  #killed = "";

  /**
   * @param clock tells the Escape key from the beginning of a sequence.
   * @param printed what was written, where it can be erased again; without it nothing is erased.
   */
  constructor(terminal: Terminal, clock: Clock = systemClock, printed?: Printed) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#printed = printed;
  }

  /** Whether a person types there. */
  get isTerminal(): boolean {
    return this.#terminal.isTerminal;
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
      return this.#terminal.isTerminal
        ? await this.#readTyped(options)
        : await this.#readPlain(options.signal);
    } finally {
      this.#isBusy = false;
    }
  }

  /**
   * Reads what is typed, for an interface that shows it itself, in raw mode.
   *
   * @param options `detectWheel`: whether the mouse wheel sends arrow keys.
   * @returns at least one input; null at the end of input.
   * @throws the signal's reason when it is aborted; nothing is lost then.
   */
  async readInputs(
    signal: AbortSignal,
    { detectWheel = false }: { readonly detectWheel?: boolean } = {},
  ): Promise<Input[] | null> {
    this.#decoding = { guessPastes: true, detectWheel };
    while (true) {
      signal.throwIfAborted();
      const inputs = this.#settled.splice(0);
      for (let input = this.#keys.next(); input; input = this.#keys.next()) inputs.push(input);
      if (inputs.length > 0) return inputs;
      if (this.#isOver) return null;
      await this.#readKeys(signal);
    }
  }

  /**
   * Writes whole lines. A line that is being typed is shown again below them.
   *
   * @param text without the last line break.
   * @param id by which {@link erasePrinted} finds it.
   */
  print(text: string | TerminalText, id?: string): void {
    this.#line?.erase();
    this.#terminal.write(this.#line ? tty`${inRawMode(text)}\r\n` : tty`${text}\n`);
    this.#printed?.add(text, id);
    this.#line?.show();
  }

  /** Names the line that was typed last, for {@link erasePrinted}. */
  nameTyped(id: string): void {
    this.#printed?.nameLast(id);
  }

  /** Puts a text into the line being typed, or into the next one. */
  edit(text: string): void {
    if (this.#line) this.#line.give(text);
    else this.#given = text;
  }

  /** Whether something that was printed under `id` may still be there. */
  hasPrinted(id: string): boolean {
    return this.#printed?.has(id) ?? false;
  }

  /**
   * Erases what was printed under `id`, where it is still on the screen.
   *
   * @returns whether it is gone.
   */
  erasePrinted(id: string): boolean {
    return this.#withoutLine((printed, reach) => printed.erase(id, reach));
  }

  /**
   * Erases everything that was printed and typed here, and nothing else.
   *
   * @returns whether all of it is gone; what has scrolled off the screen cannot be erased.
   */
  clear(): boolean {
    return this.#withoutLine((printed, reach) => printed.eraseAll(reach));
  }

  /** Forgets what the line being typed remembers of earlier texts: for one that must not come back. */
  forget(): void {
    this.#killed = "";
    this.#line?.forget();
  }

  /** Stops the process. What continues it calls {@link resume}. */
  async #suspend(): Promise<void> {
    if (!this.#terminal.suspend) return;
    // What is still being written would come out below the shell's prompt.
    await this.#terminal.flush({ withinMs: FLUSH_MS });
    this.#terminal.writeNow("\r\n");
    this.#terminal.setRaw(false);
    this.#terminal.suspend();
  }

  /** Takes the terminal over again, after the process was stopped and continued. */
  resume(): void {
    if (!this.#line) return;
    this.#terminal.setRaw(false);
    this.#terminal.setRaw(true);
    if (this.#terminal.isAnsi) this.#terminal.write(BRACKETED_PASTE_ON);
    // The shell has written below the line: it is shown again where the cursor is now.
    this.#line.restart();
  }

  #withoutLine(erase: (printed: Printed, reach: number) => boolean): boolean {
    if (!this.#printed) return false;
    // What is further up than this may have scrolled off the screen.
    const reach = this.#terminal.size().rows - (this.#line?.height ?? 1);
    this.#line?.erase();
    const isGone = erase(this.#printed, reach);
    this.#line?.show();
    return isGone;
  }

  async #readTyped(options: ReadLineOptions): Promise<string | null> {
    // Loaded only for a terminal: pipes do not need it, and it is slow to load.
    const { ShownLine } = await import("./shown_line.ts");
    options.signal?.throwIfAborted();
    const line = new ShownLine(this.#terminal, options, options.hidden ? "" : this.#killed);
    const { isAnsi } = this.#terminal;
    this.#decoding = LINE_DECODING;
    this.#terminal.setRaw(true);
    this.#line = line;
    let isGivenUp = true;
    let isLeaveAsked = false;
    try {
      if (isAnsi) this.#terminal.write(BRACKETED_PASTE_ON);
      line.show();
      if (!options.hidden && this.#given !== "") {
        line.give(this.#given);
        this.#given = "";
      }
      while (true) {
        const input = this.#settled.shift() ?? this.#keys.next();
        if (input === undefined) {
          if (this.#isOver) return null;
          await this.#readKeys(options.signal);
          continue;
        }
        if (input.input === "text") line.insert(input.text);
        // A password copied together with the end of its line is meant without it.
        if (input.input === "paste") {
          line.insert(options.hidden ? input.text.replaceAll("\n", "") : input.text);
        }
        const wasLeaveAsked = isLeaveAsked;
        isLeaveAsked = false;
        if (input.input !== "key") continue;
        if (line.isSearching && input.action !== "suspend") {
          line.press(input.action);
          continue;
        }
        if (
          input.action === "leave" && options.confirmLeave && line.text !== "" && !wasLeaveAsked
        ) {
          isLeaveAsked = true;
          options.confirmLeave();
          continue;
        }
        isGivenUp = false;
        if (input.action === "suspend") {
          await this.#suspend();
          continue;
        }
        if (input.action === "submit" || input.action === "newline") return line.text;
        if (input.action === "leave") throw new Failure("interrupted");
        if (input.action === "end-of-input" && line.text === "") return null;
        isGivenUp = true;
        line.press(input.action === "end-of-input" ? "delete" : input.action);
      }
    } finally {
      this.#line = undefined;
      if (!options.hidden) this.#killed = line.killed;
      try {
        if (isGivenUp && isAnsi) line.erase();
        else {
          line.finish();
          this.#printed?.add(line.shown);
        }
        if (isAnsi) this.#terminal.write(BRACKETED_PASTE_OFF);
      } finally {
        this.#terminal.setRaw(false);
      }
    }
  }

  /** Waits for what completes a key, or for the time that makes an Escape one. */
  async #readKeys(signal: AbortSignal | undefined): Promise<void> {
    const { waitMs } = this.#keys;
    if (waitMs === undefined) return await this.#readMore(signal);
    let isLate = true;
    const reading = this.#readMore(signal).then(() => isLate = false);
    await atMost(this.#clock, waitMs, reading);
    const settled = isLate ? this.#keys.settle() : undefined;
    if (settled) this.#settled.push(settled);
  }

  async #readPlain(signal: AbortSignal | undefined): Promise<string | null> {
    // Where the search for a line break continues: input that trickles in is looked at once.
    let searched = 0;
    let cut: string | undefined;
    let tail = "";
    const whole = (rest: string) =>
      cut === undefined ? rest : cut + (tail + rest).slice(-TAIL_CHARS);
    while (true) {
      const end = this.#pending.indexOf("\n", searched);
      if (end >= 0) {
        const line = whole(this.#pending.slice(0, end)).replace(/\r$/, "");
        this.#pending = this.#pending.slice(end + 1);
        return line;
      }
      if (this.#isOver) {
        const line = whole(this.#pending);
        this.#pending = "";
        return line === "" ? null : line;
      }
      searched = this.#pending.length;
      if (searched > MAX_DRAFT_CHARS) {
        // Enough for the caller to see that it is too long, and what it is about; the middle is dropped.
        cut ??= this.#pending.slice(0, MAX_DRAFT_CHARS);
        tail = (tail + this.#pending).slice(-TAIL_CHARS);
        this.#pending = "";
        searched = 0;
      }
      await this.#readMore(signal);
    }
  }

  #isUtf8(bytes: Uint8Array | null): boolean {
    try {
      this.#strictDecoder.decode(bytes ?? new Uint8Array(), { stream: bytes !== null });
      return true;
    } catch {
      return false;
    }
  }

  /** Waits for more input. A read that an aborted line began is used by the next. */
  async #readMore(signal: AbortSignal | undefined): Promise<void> {
    this.#reading ??= this.#terminal.read().then((bytes) => {
      if (bytes === null) this.#isOver = true;
      const text = this.#decoder.decode(bytes ?? new Uint8Array(), { stream: bytes !== null });
      if (this.#terminal.isTerminal) this.#keys.add(text, this.#decoding);
      else this.#pending += this.#isUtf8(bytes) ? text : text.replaceAll("\ufffd", NOT_UTF8);
    }).finally(() => this.#reading = undefined);
    await (signal ? untilAborted(signal, this.#reading) : this.#reading);
  }
}
