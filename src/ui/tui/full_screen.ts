/**
 * The full-screen interface: hears a chat and a keyboard, keeps the state of the screen, and paints
 * it. Everything that is decided is decided in the model; this file is its hands.
 *
 * @module
 */
import type { ChatEvent, Controls } from "../../chat/events.ts";
import type { Clock, Timer } from "../../clock.ts";
import type { Interface } from "../interface.ts";
import { perform, type Screen } from "../perform.ts";
import { safeText } from "../../terminal/safe_text.ts";
import { sentenceOf } from "../messages/events.ts";
import { Canvas } from "./canvas.ts";
import { textOf } from "./draft.ts";
import { view } from "./view.ts";
import { ESCAPE_MS, type Input, InputReader } from "./input.ts";
import { keyHelp } from "../keys.ts";
import { watchOver } from "./lifeguard.ts";
import { type Action, reduce } from "./model.ts";
import { begin, type State } from "./state.ts";
import { Notices, type Notifier } from "./notice.ts";
import { ASK_BACKGROUND, ENTER, LEAVE } from "./painter.ts";
import type { Terminal } from "./terminal.ts";
import type { ThemeName } from "./theme.ts";

/** What the interface is made of. */
export interface FullScreenParts {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly name: string;
  /** What the relay is called. */
  readonly relay: string;
  /** The room, as far as it is known beforehand. */
  readonly room: string | undefined;
  readonly quiet: boolean;
  /** `auto`: as the background of the terminal is. */
  readonly theme: ThemeName | "auto";
  readonly notifier: Notifier;
  /** The program that this terminal runs in, with a memory of its own. */
  readonly multiplexer: "tmux" | "screen" | undefined;
  /** What was typed before the screen was there. */
  readonly typeAhead: string;
}

/** At most so often: a frame for a key, and a frame for what comes by itself. */
const [KEY_FRAME_MS, EVENT_FRAME_MS] = [4, 33];
/** The window is measured this often: not every Deno tells when it changes. */
const MEASURE_MS = 150;
const TICK_MS = 1_000;
/** A terminal that stands still (Ctrl+S) holds up leaving for so long, twice, and no longer. */
const LEAVE_MS = 500;

/** The full-screen interface. */
export class FullScreen implements Interface, Screen {
  readonly #parts: FullScreenParts;
  readonly #canvas: Canvas;
  readonly #notices: Notices;
  readonly #reader = new InputReader();
  readonly #decoder = new TextDecoder();
  readonly #failure = Promise.withResolvers<never>();
  /** Texts that went to the relay without waiting for anything, by id: since when. */
  readonly #sentAt = new Map<string, number>();
  readonly #unwatch: () => void;
  #state: State;
  #controls: Controls | undefined;
  #reading: Promise<Uint8Array | null> | undefined;
  #relay = "The relay is not reached yet.";
  #texts = 0;
  #typedAt: number;
  #tickedAt: number;
  #escape: Timer | undefined;
  #measure: Timer | undefined;
  #isOver = false;

  constructor(parts: FullScreenParts) {
    this.#parts = parts;
    const { clock, terminal, theme } = parts;
    this.#typedAt = this.#tickedAt = clock.monotonic();
    this.#failure.promise.catch(() => {});
    this.#state = begin({
      ...terminal.size(),
      theme: theme === "auto" ? "either" : theme,
      now: clock.monotonic(),
      wall: clock.now(),
      ownName: parts.name,
      room: parts.room,
      relayName: parts.relay,
      isMuted: parts.quiet,
    });
    this.#notices = new Notices(parts.notifier);
    this.#canvas = new Canvas({
      clock,
      write: (text) => terminal.write(text),
      flush: () => terminal.flush(),
      frame: () => view(this.#state),
    });
    this.#unwatch = watchOver({
      restore: () => this.#restore(),
      failed: (error) => {
        if (!this.#controls || this.#isOver) return false;
        this.#failure.reject(error);
        return true;
      },
    });
    terminal.setRaw(true);
    terminal.write(ENTER + (theme === "auto" ? ASK_BACKGROUND : ""));
    if (parts.multiplexer) {
      this.#dispatch({ action: "told", weight: "problem", lines: [memory(parts.multiplexer)] });
    }
    this.#canvas.paintWithin(0);
    this.#watchWindow();
  }

  hear(event: ChatEvent): void {
    if (this.#isOver) return;
    try {
      this.#time();
      if (event.event === "sent") this.#measureRelay(event.id);
      if (event.event === "queued") this.#sentAt.delete(event.id);
      if (event.event === "relay") {
        // What waits for a relay that is away says nothing about how quick it is.
        if (event.state !== "up") this.#sentAt.clear();
        const names = { peer: "", relay: this.#parts.relay };
        this.#relay = sentenceOf(event, names)?.text ?? this.#relay;
      }
      this.#dispatch({ action: "event", event });
      if (event.event === "message") this.#controls?.displayed(event.seq);
      this.#listen();
      this.#notify(event);
      this.#canvas.paintWithin(EVENT_FRAME_MS);
    } catch (error) {
      this.#failure.reject(error);
    }
  }

  async converse(controls: Controls, over: AbortSignal): Promise<void> {
    this.#controls = controls;
    const ended = Promise.withResolvers<null>();
    over.addEventListener("abort", () => ended.resolve(null), { once: true });
    if (this.#parts.typeAhead !== "") this.#takePiece(this.#parts.typeAhead);
    while (!over.aborted) {
      this.#reading ??= this.#parts.terminal.read().catch(() => null);
      const bytes = await Promise.race([this.#reading, ended.promise, this.#failure.promise]);
      if (over.aborted) return;
      this.#reading = undefined;
      if (bytes === null) {
        await controls.leave("exit");
        return;
      }
      this.#takePiece(this.#decoder.decode(bytes, { stream: true }));
    }
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#canvas.stop();
    this.#escape?.cancel();
    this.#measure?.cancel();
    const { terminal } = this.#parts;
    await terminal.flush({ withinMs: LEAVE_MS });
    const last = this.#state.farewell.map((line) => `${safeText(line)}\n`).join("");
    this.#unwatch();
    terminal.setRaw(false);
    terminal.write(LEAVE + last);
    await terminal.flush({ withinMs: LEAVE_MS });
  }

  // What commands need of a screen.

  tell(lines: readonly string[] | string): void {
    this.#dispatch({ action: "told", weight: "news", lines: [lines].flat() });
    this.#canvas.paintWithin(KEY_FRAME_MS);
  }

  problem(text: string): void {
    this.#dispatch({ action: "told", weight: "problem", lines: [text] });
    this.#canvas.paintWithin(KEY_FRAME_MS);
  }

  said(id: string, text: string): void {
    const { relay, peer } = this.#state;
    const isDirect = relay.state === "up" && peer !== undefined;
    if (isDirect) this.#sentAt.set(id, this.#parts.clock.monotonic());
    this.#dispatch({ action: "said", id, text });
    this.#canvas.paintWithin(KEY_FRAME_MS);
  }

  clear(): void {
    this.#dispatch({ action: "cleared" });
    this.#canvas.paintWithin(KEY_FRAME_MS);
  }

  copy(code: string): boolean {
    this.#parts.terminal.write(`\x1b]52;c;${btoa(code)}\x07`);
    return true;
  }

  mute(): boolean {
    this.#dispatch({ action: "muted" });
    return this.#state.isMuted;
  }

  verified(): void {
    this.#dispatch({ action: "verified" });
  }

  relayState(): string {
    return this.#relay;
  }

  keys(): readonly (readonly [string, string])[] {
    return keyHelp();
  }

  // What is typed.

  #takePiece(piece: string): void {
    this.#typedAt = this.#parts.clock.monotonic();
    this.#escape?.cancel();
    for (const input of this.#reader.take(piece)) this.#take(input);
    if (this.#reader.isWaiting) {
      this.#escape = this.#parts.clock.after(ESCAPE_MS, () => {
        for (const input of this.#reader.settle()) this.#take(input);
        this.#canvas.paintWithin(KEY_FRAME_MS);
      });
    }
    this.#canvas.paintWithin(KEY_FRAME_MS);
  }

  #take(input: Input): void {
    this.#time();
    if (input.input !== "key" || !this.#act(input.action)) {
      this.#dispatch({ action: "input", input });
    }
  }

  /** Does what goes beyond the screen; false for every other key. */
  #act(action: (Input & { input: "key" })["action"]): boolean {
    const controls = this.#controls!;
    switch (action) {
      case "leave":
        void controls.leave("interrupted");
        return true;
      case "end-of-input":
        if (textOf(this.#state.draft) === "") void controls.leave("exit");
        else this.#dispatch({ action: "input", input: { input: "key", action: "delete" } });
        return true;
      case "redraw":
        this.#canvas.redraw();
        return true;
      case "submit":
        this.#submit(controls);
        return true;
      default:
        return false;
    }
  }

  #submit(controls: Controls): void {
    const { question, draft } = this.#state;
    if (question?.objection !== undefined) return;
    const line = question ? asText(question.paste) : textOf(draft);
    this.#dispatch({ action: "submitted", line, isPaste: question !== undefined });
    const id = String(++this.#texts);
    // Not awaited: an invitation takes a while, and what is typed meanwhile is not lost.
    perform(line, { controls, screen: this, id }).catch((error) => this.#failure.reject(error));
  }

  #measureRelay(id: string): void {
    const since = this.#sentAt.get(id);
    if (since === undefined) return;
    this.#sentAt.delete(id);
    this.#dispatch({ action: "latency", ms: this.#parts.clock.monotonic() - since });
  }

  // What goes by itself.

  #dispatch(action: Action): void {
    this.#state = reduce(this.#state, action);
  }

  #time(): void {
    const { clock } = this.#parts;
    this.#dispatch({ action: "tick", now: clock.monotonic(), wall: clock.now() });
  }

  /** When the other one was last heard. */
  #listen(): void {
    const ago = this.#controls?.overview().heardAgoMs;
    const at = ago === undefined ? undefined : Math.round(this.#parts.clock.monotonic() - ago);
    this.#dispatch({ action: "heard", at });
  }

  #watchWindow(): void {
    const { clock, terminal } = this.#parts;
    this.#measure = clock.after(MEASURE_MS, () => {
      this.#watchWindow();
      const { columns, rows } = terminal.size();
      const now = clock.monotonic();
      if (columns !== this.#state.columns || rows !== this.#state.rows) {
        this.#dispatch({ action: "resize", columns, rows });
        this.#canvas.redraw();
      } else if (now - this.#tickedAt < TICK_MS) return;
      this.#tickedAt = now;
      this.#time();
      this.#listen();
      this.#canvas.paintWithin(EVENT_FRAME_MS);
    });
  }

  #notify(event: ChatEvent): void {
    const { isMuted, isFocused } = this.#state;
    const now = this.#parts.clock.monotonic();
    const call = this.#notices.about(event, { isMuted, isFocused, typedAt: this.#typedAt, now });
    if (call !== "") this.#parts.terminal.write(call);
  }

  #restore(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.terminal.writeNow(LEAVE);
    this.#parts.terminal.setRaw(false);
  }
}

/** A paste is a text, whatever it begins with. */
function asText(paste: string): string {
  return paste.replace(/^(\s*)\//, "$1//");
}

function memory(multiplexer: string): string {
  return `This runs inside ${multiplexer}: what it keeps in a memory or a log of its own, Whisper cannot clear.`;
}
