/**
 * Notifications for a person who looks elsewhere: a bell, and a desktop notification where the terminal
 * passes one on. None of it says who wrote, or what.
 *
 * @module
 */
import type { ChatEvent } from "../../chat/events.ts";
import { IDLE_MS } from "../common.ts";
import { NOTICE_TEXTS } from "../messages/tui.ts";
import { closeNotification, notification, type Notifier } from "../../terminal/notification.ts";
import { BELL, type TerminalText } from "../../terminal/terminal_text.ts";

/** Two notifications of a kind are at least so far apart. */
const NOTICE_MS = 10_000;
/** What is known about the person at the screen. */
export interface Attention {
  readonly isMuted: boolean;
  /** Whether the window has focus; undefined where the terminal has not told. */
  readonly isFocused: boolean | undefined;
  readonly typedAt: number;
  readonly now: number;
}

/** Decides when to notify, and when that was read. */
export class Notices {
  #notifier: Notifier;
  /** Of all notifications of this chat: a new one replaces the last. */
  readonly #id = `whisper-${crypto.randomUUID()}`;
  #isShown = false;
  readonly #lastAt = new Map<ChatEvent["event"], number>();

  constructor(notifier: Notifier) {
    this.#notifier = notifier;
  }

  /** What to write for an event; undefined where no notification is due. */
  about(
    event: ChatEvent,
    { isMuted, isFocused, typedAt, now }: Attention,
  ): TerminalText | undefined {
    const { event: cause } = event;
    if (isMuted || (cause !== "ready" && cause !== "message" && cause !== "alarm")) {
      return undefined;
    }
    const looksElsewhere = isFocused === undefined ? now - typedAt > IDLE_MS : !isFocused;
    // An alarm rings even if the window has focus.
    if (cause !== "alarm" && !looksElsewhere) return undefined;
    if (now - (this.#lastAt.get(cause) ?? -Infinity) < NOTICE_MS) return undefined;
    this.#lastAt.set(cause, now);
    if (!looksElsewhere) return BELL;
    this.#isShown = true;
    return notification(this.#notifier, { text: NOTICE_TEXTS[cause], id: this.#id });
  }

  /** The terminal takes OSC 99. */
  useKittys(): void {
    this.#notifier = { ...this.#notifier, kind: "osc99" };
  }

  /** What takes the last notification away, now that the person has looked; undefined for nothing. */
  read(): TerminalText | undefined {
    if (!this.#isShown) return undefined;
    this.#isShown = false;
    return closeNotification(this.#notifier, this.#id);
  }
}
