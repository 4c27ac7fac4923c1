/**
 * Notifications for a person who looks elsewhere: a bell, and a desktop notification where the terminal
 * passes one on. None of it says who wrote, or what.
 *
 * @module
 */
import type { ChatEvent } from "../../chat/events.ts";
import { IDLE_MS } from "../common.ts";
import { NOTICE_TEXTS } from "../messages/tui.ts";
import { BELL, type TerminalText, tty } from "../../terminal/terminal_text.ts";

/** How a terminal shows a notification. */
export type Notifier = "osc9" | "osc777" | "bell";

/** What a notification is about. */
type Cause = "ready" | "message" | "alarm";

/** Two notifications of a kind are at least so far apart. */
const NOTICE_MS = 10_000;
/** Terminals that name themselves and take iTerm's sequence; the others that take any take rxvt's. */
const OSC9 = /^(?:iTerm\.app|WezTerm|ghostty|WarpTerminal|vscode)$/;

/** The way of this terminal. */
export function notifierFor(
  { term, program }: { readonly term: string | undefined; readonly program: string | undefined },
): Notifier {
  // The console of Linux would print what it does not know.
  if (term === undefined || /^(?:linux|dumb|vt\d+)/.test(term)) return "bell";
  return OSC9.test(program ?? "") || term === "xterm-kitty" ? "osc9" : "osc777";
}

/** What to write. */
function notice(notifier: Notifier, cause: Cause): TerminalText {
  const text = NOTICE_TEXTS[cause];
  switch (notifier) {
    case "bell":
      return BELL;
    case "osc9":
      return tty`\x1b]9;Whisper: ${text}\x07${BELL}`;
    case "osc777":
      return tty`\x1b]777;notify;Whisper;${text}\x07${BELL}`;
  }
}

/** What is known about the person at the screen. */
export interface Attention {
  readonly isMuted: boolean;
  /** Whether the window has focus; undefined where the terminal has not told. */
  readonly isFocused: boolean | undefined;
  readonly typedAt: number;
  readonly now: number;
}

/** Decides when to notify. */
export class Notices {
  readonly #notifier: Notifier;
  readonly #lastAt = new Map<Cause, number>();

  constructor(notifier: Notifier) {
    this.#notifier = notifier;
  }

  /** What to write for an event; undefined where no notification is due. */
  about(
    event: ChatEvent,
    { isMuted, isFocused, typedAt, now }: Attention,
  ): TerminalText | undefined {
    const cause = causeOf(event);
    if (cause === undefined || isMuted) return undefined;
    const looksElsewhere = isFocused === undefined ? now - typedAt > IDLE_MS : !isFocused;
    // An alarm rings even if the window has focus.
    if (cause !== "alarm" && !looksElsewhere) return undefined;
    if (now - (this.#lastAt.get(cause) ?? -Infinity) < NOTICE_MS) return undefined;
    this.#lastAt.set(cause, now);
    return notice(looksElsewhere ? this.#notifier : "bell", cause);
  }
}

function causeOf({ event }: ChatEvent): Cause | undefined {
  return event === "ready" || event === "message" || event === "alarm" ? event : undefined;
}
