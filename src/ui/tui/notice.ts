/**
 * Word for somebody who looks elsewhere: a bell, and a notification of the desktop where the terminal
 * passes one on. None of it says who wrote, or what.
 *
 * @module
 */
import type { ChatEvent } from "../../chat/events.ts";

/** How a terminal is asked for a notification. */
export type Notifier = "osc9" | "osc777" | "bell";

/** What somebody is called for. */
type Cause = "ready" | "message" | "alarm";

/** Two notices of a kind are at least so far apart. */
const NOTICE_MS = 10_000;
/** Terminals that name themselves and take iTerm's sequence; the others that take any take rxvt's. */
const OSC9 = /^(?:iTerm\.app|WezTerm|ghostty|WarpTerminal|vscode)$/;
const BELL = "\x07";

/** The way of a terminal. */
export function notifierFor(
  { term, program }: { readonly term: string | undefined; readonly program: string | undefined },
): Notifier {
  // The console of Linux would print what it does not know.
  if (term === undefined || /^(?:linux|dumb|vt\d+)/.test(term)) return "bell";
  return OSC9.test(program ?? "") || term === "xterm-kitty" ? "osc9" : "osc777";
}

const TEXTS: Readonly<Record<Cause, string>> = {
  ready: "The other one is here",
  message: "A new message",
  alarm: "An alarm",
};

/** What to write. */
function notice(notifier: Notifier, cause: Cause): string {
  const text = TEXTS[cause];
  switch (notifier) {
    case "bell":
      return BELL;
    case "osc9":
      return `\x1b]9;Whisper: ${text}\x07${BELL}`;
    case "osc777":
      return `\x1b]777;notify;Whisper;${text}\x07${BELL}`;
  }
}

/** Somebody who has not typed for so long may look elsewhere, where the terminal does not tell. */
const IDLE_MS = 60_000;

/** What is known of the person before the screen. */
export interface Attention {
  readonly isMuted: boolean;
  /** Whether the window is looked at; undefined where the terminal has not told. */
  readonly isFocused: boolean | undefined;
  readonly typedAt: number;
  readonly now: number;
}

/** Decides when somebody is called. */
export class Notices {
  readonly #notifier: Notifier;
  readonly #lastAt = new Map<Cause, number>();

  constructor(notifier: Notifier) {
    this.#notifier = notifier;
  }

  /** What to write because of an event; nothing where nobody needs to be called. */
  about(event: ChatEvent, { isMuted, isFocused, typedAt, now }: Attention): string {
    const cause = causeOf(event);
    if (cause === undefined || isMuted) return "";
    const looksElsewhere = isFocused === undefined ? now - typedAt > IDLE_MS : !isFocused;
    // An alarm is heard by those, too, who look.
    if (cause !== "alarm" && !looksElsewhere) return "";
    if (now - (this.#lastAt.get(cause) ?? -Infinity) < NOTICE_MS) return "";
    this.#lastAt.set(cause, now);
    return notice(looksElsewhere ? this.#notifier : "bell", cause);
  }
}

function causeOf({ event }: ChatEvent): Cause | undefined {
  return event === "ready" || event === "message" || event === "alarm" ? event : undefined;
}
