/**
 * The full-screen interface: passes events and keys to the state, and renders it. What changes in the
 * state is decided in update.ts; the side effects are here.
 *
 * @module
 */
import type { ChatEvent, Controls, MessageRef } from "../../chat/events.ts";
import type { Timer } from "../../clock.ts";
import { hasNumber, withoutNumber } from "../../ranges.ts";
import { beginsWithPaste, textOf } from "../../terminal/editor.ts";
import { type Input, isTyped, type KeyAction } from "../../terminal/keys.ts";
import { askNotifications, type Notifier } from "../../terminal/notification.ts";
import type { Size } from "../../terminal/terminal.ts";
import { toClipboard, tty } from "../../terminal/terminal_text.ts";
import type { Interface, ScreenParts } from "../interface.ts";
import { widthOf } from "../../terminal/text.ts";
import { conversationWindow } from "./geometry.ts";
import { NOT_CONNECTED } from "../messages/interfaces.ts";
import { keyHelp } from "../messages/keys.ts";
import { multiplexerWarning, RELAY_VIEW_TEXTS } from "../messages/tui.ts";
import { Performer, type Screen } from "../perform.ts";
import { sentenceOf } from "../messages/events.ts";
import type { RecentMessage } from "../recent.ts";
import { recentMessages } from "./log.ts";
import { watchProcess } from "./process_watch.ts";
import { Notices } from "./notice.ts";
import {
  ASK_BACKGROUND,
  ASK_TERMINAL,
  enterScreen,
  type FoundModes,
  leaveScreen,
  NOTHING_FOUND,
  Renderer,
  resumeScreen,
  type ScreenOptions,
} from "./render.ts";
import { begin, type State } from "./state.ts";
import type { ThemeName } from "./theme.ts";
import { type Action, type Facts, reduce } from "./update.ts";
import { type Frame, view } from "./view.ts";

/** What the interface is made of. */
export interface FullScreenParts extends ScreenParts {
  /** The room, as far as it is known beforehand. */
  readonly room: string | undefined;
  /** `auto`: as the background of the terminal is. */
  readonly theme: ThemeName | "auto";
  /** Whether the mouse wheel scrolls the conversation. */
  readonly mouse: boolean;
  readonly notifier: Notifier;
}

/** At most so often: a frame for a key, and a frame for what comes by itself. */
const [KEY_FRAME_MS, EVENT_FRAME_MS] = [4, 33];
/** What is shown of the time is as old as that at most. */
const TICK_MS = 1_000;
/** The window is measured this often where no signal tells that it has another size. */
const MEASURE_MS = Deno.build.os === "windows" ? 150 : TICK_MS;
/** A terminal that is stopped (Ctrl+S) delays leaving for so long, twice, and not longer. */
const LEAVE_MS = 500;
/** The terminal has this long to answer what was asked; a later answer would reach the shell. */
const ANSWER_MS = 1_000;
/** A process that cannot be stopped goes on after this. */
const SUSPEND_MS = 200;
/** A smaller window has no room to type in and see how the chat is: what does not fit is cut. */
const MIN_SIZE: Size = { columns: 10, rows: 3 };

/** The full-screen interface. */
export class FullScreen implements Interface, Screen {
  readonly failureAt = "close";
  readonly #parts: FullScreenParts;
  readonly #renderer: Renderer;
  readonly #notices: Notices;
  readonly #performer: Performer;
  readonly #failure = Promise.withResolvers<never>();
  /** Messages that went to the relay without waiting for anything, by id: since when. */
  readonly #sentAt = new Map<string, number>();
  readonly #unwatch: () => void;
  readonly #askedAt: number;
  readonly #options: ScreenOptions;
  #found: FoundModes = NOTHING_FOUND;
  #isAnswered = false;
  #state: State;
  #controls: Controls | undefined;
  #relay: string = NOT_CONNECTED;
  #messages = 0;
  /** The documents on the relay were shown when the last line was typed. */
  #wasFlipped = false;
  #typedAt: number;
  #tickedAt: number;
  #measure: Timer | undefined;
  #suspending: Timer | undefined;
  /** The person has asked to leave. */
  #isLeaving = false;
  #isOver = false;

  constructor(parts: FullScreenParts) {
    this.#parts = parts;
    this.#performer = new Performer(this, parts);
    const { clock, terminal, input, theme, mouse } = parts;
    this.#options = { mouse, followsTheme: theme === "auto" };
    this.#typedAt = this.#tickedAt = this.#askedAt = clock.monotonic();
    this.#failure.promise.catch(() => {});
    this.#state = begin({
      ...this.#size(),
      theme: theme === "auto" ? "either" : theme,
      followsTheme: theme === "auto",
      now: clock.monotonic(),
      wall: clock.now(),
      ownName: parts.name,
      room: parts.room,
      by: parts.by,
      relayName: parts.relay,
      isLocal: parts.isLocal,
      isFreeCluster: parts.isFreeCluster,
      isMuted: parts.quiet,
      paths: parts.paths,
    });
    this.#notices = new Notices(parts.notifier);
    this.#renderer = new Renderer({
      clock,
      write: (text) => terminal.write(text),
      flush: () => terminal.flush(),
      frame: () => view(this.#state),
      shown: (frame) => this.#reportDisplayed(frame),
    });
    this.#unwatch = watchProcess({
      restore: () => this.#restore(),
      resume: () => this.#resume(),
      resized: () => this.#measureWindow(),
      failed: (error) => {
        if (!this.#controls || this.#isOver) return false;
        this.#failure.reject(error);
        return true;
      },
    });
    // Questions and answers, the invite code among them, do not stay behind the screen.
    input.clear();
    terminal.setRaw(true);
    terminal.write(
      tty`${enterScreen(this.#options)}${theme === "auto" ? ASK_BACKGROUND : ""}${
        askNotifications(parts.notifier)
      }${ASK_TERMINAL}`,
    );
    // It keeps a copy of the screen.
    const { multiplexer } = parts.notifier;
    if (multiplexer) this.problem(multiplexerWarning(multiplexer));
    this.#renderer.renderWithin(0);
    this.#watchWindow();
  }

  hear(event: ChatEvent): void {
    if (this.#isOver) return;
    try {
      this.#tick();
      if (event.event === "sent") this.#measureRelay(event.id);
      if (event.event === "queued") this.#sentAt.delete(event.id);
      if (event.event === "relay") {
        // A message that waited for the relay does not tell how quick it is.
        if (event.state !== "up") this.#sentAt.clear();
        const names = { peer: "", relay: this.#parts.relay, by: this.#parts.by };
        this.#relay = sentenceOf(event, names)?.text ?? this.#relay;
      }
      if (this.#isLeaving) this.#note({ isLeaving: true });
      this.#dispatch({ action: "event", event });
      this.#updateHeard();
      this.#notify(event);
      this.#renderer.renderWithin(EVENT_FRAME_MS);
    } catch (error) {
      this.#failure.reject(error);
    }
  }

  async converse(controls: Controls, over: AbortSignal): Promise<void> {
    this.#controls = controls;
    try {
      while (!over.aborted) {
        const typed = await this.#read(over);
        if (typed === null) {
          this.#isLeaving = true;
          return await controls.leave("exit");
        }
        this.#takeAll(typed, controls);
      }
    } catch (error) {
      if (error !== over.reason) throw error;
    }
  }

  async acknowledge(stop: AbortSignal): Promise<void> {
    if (this.#isLeaving || this.#isOver || stop.aborted) return;
    this.#dispatch({ action: "ended" });
    this.#renderer.renderWithin(0);
    try {
      while (true) {
        const typed = await this.#read(stop);
        if (typed === null || typed.some(isAcknowledgment)) return;
        this.#takeAll(typed.filter(({ input }) => input !== "text" && input !== "paste"));
      }
    } catch {
      // A signal: as good as Enter.
    }
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#renderer.stop();
    this.#measure?.cancel();
    this.#suspending?.cancel();
    const { terminal } = this.#parts;
    await terminal.flush({ withinMs: LEAVE_MS });
    await this.#awaitAnswer();
    const last = this.#state.farewell.map((line) => `${line}\n`).join("");
    this.#unwatch();
    this.#closeNotification();
    terminal.write(leaveScreen(this.#found));
    await terminal.flush({ withinMs: LEAVE_MS });
    terminal.setRaw(false);
    terminal.write(last);
    await terminal.flush({ withinMs: LEAVE_MS });
  }

  // What commands need of a screen.

  tell(lines: readonly string[]): void {
    this.#show({ action: "told", weight: "news", lines });
  }

  problem(text: string): void {
    this.#show({ action: "told", weight: "problem", lines: [text] });
  }

  said(id: string, text: string, answered?: MessageRef): void {
    const { relay, peer } = this.#state;
    const isDirect = relay.state === "up" && peer !== undefined;
    if (isDirect) this.#sentAt.set(id, this.#parts.clock.monotonic());
    this.#show({ action: "said", id, text, ...answered && { reply: answered } });
  }

  find(text: string): "nothing" | "no-text" | undefined {
    if (text === "" && !this.#state.find) return "no-text";
    this.#show({ action: "find", text });
    return this.#state.find ? undefined : "nothing";
  }

  clear(): void {
    this.#show({ action: "cleared" });
  }

  recent(): readonly RecentMessage[] {
    return recentMessages(this.#state.log, this.#state.epochFrom);
  }

  flip(lines: readonly string[]): void {
    this.#show({ action: "flipped", lines: [RELAY_VIEW_TEXTS.back, ...lines] });
  }

  wasFlipped(): boolean {
    return this.#wasFlipped;
  }

  edit(text: string): void {
    this.#show({ action: "given", text });
  }

  copy(text: string): boolean {
    this.#parts.terminal.write(toClipboard(text));
    return true;
  }

  mute(): boolean {
    this.#note({ isMuted: !this.#state.isMuted });
    return this.#state.isMuted;
  }

  draw(picture: readonly string[]): { columns: number; rows: number } | undefined {
    const columns = widthOf(picture[0]!);
    const { height } = conversationWindow(this.#state);
    if (this.#state.columns < columns || height < picture.length) {
      // What is not the conversation takes the same rows in a higher window.
      return { columns, rows: picture.length + this.#state.rows - height };
    }
    this.#show({ action: "drawn", rows: picture });
    return undefined;
  }

  relayState(): string {
    return this.#relay;
  }

  keys(): readonly (readonly [string, string])[] {
    return keyHelp();
  }

  // What is typed.

  #read(signal: AbortSignal): Promise<Input[] | null> {
    const { input, mouse } = this.#parts;
    const reading = input.readInputs(signal, { detectWheel: mouse });
    return Promise.race([reading, this.#failure.promise]);
  }

  #takeAll(inputs: readonly Input[], controls?: Controls): void {
    for (const input of inputs) {
      this.#tick();
      if (isTyped(input)) this.#typedAt = this.#parts.clock.monotonic();
      this.#onAnswer(input);
      const hasLooked = isTyped(input) || (input.input === "focus" && input.isFocused);
      if (hasLooked) this.#closeNotification();
      if (!controls || input.input !== "key" || !this.#act(input.action, controls)) {
        this.#dispatch({ action: "input", input });
      }
    }
    this.#renderer.renderWithin(KEY_FRAME_MS);
  }

  /** What the terminal has told about itself. */
  #onAnswer(input: Input): void {
    if (input.input === "attributes") this.#isAnswered = true;
    if (input.input === "notifications") this.#notices.useKittys();
    if (input.input === "mode" && !this.#isAnswered) {
      const modes = new Map(this.#found.modes).set(input.mode, input.isSet);
      this.#found = { ...this.#found, modes };
    }
    if (input.input === "keyboard" && input.otherKeys !== undefined && !this.#isAnswered) {
      this.#found = { ...this.#found, otherKeys: input.otherKeys };
    }
  }

  /** Does what goes beyond the screen; false for every other key. */
  #act(action: KeyAction, controls: Controls): boolean {
    const isSearch = this.#state.search !== undefined;
    if (isSearch && ["leave", "end-of-input", "submit"].includes(action)) return false;
    switch (action) {
      case "leave":
        // The draft is asked about once.
        if (textOf(this.#state.draft) !== "" && !this.#state.isLeaveAsked) return false;
        this.#isLeaving = true;
        void controls.leave("interrupted");
        return true;
      case "end-of-input":
        if (textOf(this.#state.draft) !== "") return false;
        this.#isLeaving = true;
        void controls.leave("exit");
        return true;
      case "redraw":
        this.#renderer.redraw();
        return true;
      case "suspend":
        void this.#suspend();
        return true;
      case "submit":
        this.#submit(controls);
        return true;
      case "up":
        return this.#editQueued(controls);
      default:
        return false;
    }
  }

  /** Up with nothing typed: a message that is still queued comes back; false where none is. */
  #editQueued(controls: Controls): boolean {
    const { draft, recalled, search } = this.#state;
    if (textOf(draft) !== "" || recalled || search) return false;
    const line = this.#performer.takeBack(controls);
    if (line === undefined) return false;
    this.edit(line);
    return true;
  }

  #submit(controls: Controls): void {
    const { draft } = this.#state;
    this.#wasFlipped = this.#state.relayView !== undefined;
    const line = textOf(draft);
    const id = String(++this.#messages);
    this.#dispatch({ action: "submitted", id, line });
    const isText = beginsWithPaste(draft);
    const performing = this.#performer.perform(line, { controls, id, isText });
    this.#isLeaving ||= performing.isLeaving;
    // Not awaited: an invitation takes a while, and what is typed meanwhile is not lost.
    performing.done.catch((error) => this.#failure.reject(error));
  }

  #measureRelay(id: string): void {
    const since = this.#sentAt.get(id);
    if (since === undefined) return;
    this.#sentAt.delete(id);
    this.#note({ latencyMs: this.#parts.clock.monotonic() - since });
  }

  // What happens by itself.

  #dispatch(action: Action): void {
    this.#state = reduce(this.#state, action);
  }

  #note(facts: Facts): void {
    this.#dispatch({ action: "noted", facts });
  }

  /** Shows at once what a person has asked for. */
  #show(action: Action): void {
    this.#dispatch(action);
    this.#renderer.renderWithin(KEY_FRAME_MS);
  }

  #tick(): void {
    const { clock } = this.#parts;
    this.#note({ now: clock.monotonic(), wall: clock.now() });
  }

  /** When something came from the peer last. */
  #updateHeard(): void {
    const ago = this.#controls?.overview().heardAgoMs;
    const heardAt = ago === undefined ? undefined : Math.round(this.#parts.clock.monotonic() - ago);
    this.#note({ heardAt });
  }

  /** A message was displayed when a terminal that may be looked at has taken the frame with its end. */
  #reportDisplayed({ displayed }: Frame): void {
    if (this.#state.isFocused === false || this.#isOver) return;
    const { undisplayed, epochFrom } = this.#state;
    const now = displayed.filter(({ id }) => hasNumber(undisplayed, id));
    if (now.length === 0) return;
    const ids = now.map(({ id }) => id);
    this.#note({ undisplayed: ids.reduce(withoutNumber, undisplayed) });
    for (const { id, seq } of now) if (id >= epochFrom) this.#controls?.displayed(seq);
  }

  #size(): Size {
    const { columns, rows } = this.#parts.terminal.size();
    return {
      columns: Math.max(MIN_SIZE.columns, columns),
      rows: Math.max(MIN_SIZE.rows, rows),
    };
  }

  #watchWindow(): void {
    const { clock } = this.#parts;
    this.#measure = clock.after(MEASURE_MS, () => {
      this.#watchWindow();
      this.#measureWindow();
      if (clock.monotonic() - this.#tickedAt >= TICK_MS) this.#update();
    });
  }

  #measureWindow(): void {
    const { columns, rows } = this.#size();
    if (columns === this.#state.columns && rows === this.#state.rows) return;
    this.#note({ columns, rows });
    this.#renderer.redraw();
    this.#update();
  }

  #update(): void {
    this.#tickedAt = this.#parts.clock.monotonic();
    this.#tick();
    this.#updateHeard();
    this.#renderer.renderWithin(EVENT_FRAME_MS);
  }

  #notify(event: ChatEvent): void {
    const { isMuted, isFocused } = this.#state;
    const now = this.#parts.clock.monotonic();
    const call = this.#notices.about(event, { isMuted, isFocused, typedAt: this.#typedAt, now });
    if (call) this.#parts.terminal.write(call);
  }

  #closeNotification(): void {
    const close = this.#notices.read();
    if (close) this.#parts.terminal.write(close);
  }

  // The process: stopped, continued, ended.

  async #suspend(): Promise<void> {
    const { terminal, clock } = this.#parts;
    if (!terminal.suspend) return;
    this.#renderer.pause();
    // A frame that is still being written would be painted over the shell.
    await terminal.flush({ withinMs: LEAVE_MS });
    if (this.#isOver) return;
    terminal.writeNow(leaveScreen(this.#found));
    terminal.setRaw(false);
    terminal.suspend();
    // The process may be stopped here. It goes on with this timer, or with the signal to continue.
    this.#suspending = clock.after(SUSPEND_MS, () => this.#resume());
  }

  /** Takes the terminal over again: the shell has changed its mode and written on the screen. */
  #resume(): void {
    if (this.#isOver) return;
    this.#suspending?.cancel();
    const { terminal } = this.#parts;
    terminal.setRaw(false);
    terminal.setRaw(true);
    terminal.write(resumeScreen(this.#options));
    this.#renderer.redraw();
  }

  /** Waits for the answer of a terminal that was asked a moment ago: it must not reach the shell. */
  async #awaitAnswer(): Promise<void> {
    const { clock, input } = this.#parts;
    const leftMs = this.#askedAt + ANSWER_MS - clock.monotonic();
    if (this.#isAnswered || leftMs <= 0) return;
    const late = new AbortController();
    const timer = clock.after(leftMs, () => late.abort());
    try {
      while (!this.#isAnswered) {
        const inputs = await input.readInputs(late.signal);
        if (inputs === null) return;
        inputs.forEach((input) => this.#onAnswer(input));
      }
    } catch {
      // It does not answer.
    } finally {
      timer.cancel();
    }
  }

  #restore(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.terminal.writeNow(leaveScreen(this.#found));
    this.#parts.terminal.setRaw(false);
  }
}

/** Enter, and every key that leaves. */
function isAcknowledgment(input: Input): boolean {
  return input.input === "key" && ["submit", "leave", "end-of-input"].includes(input.action);
}
