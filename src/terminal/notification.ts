/**
 * Desktop notifications by way of the terminal: kitty's (OSC 99), iTerm2's (OSC 9), rxvt's (OSC 777),
 * and the bell where there is none.
 *
 * @module
 */
import { BELL, type TerminalText, throughMultiplexer, tty } from "./terminal_text.ts";

/** How a terminal is asked to notify. */
export type NotifierKind = "osc99" | "osc9" | "osc777" | "bell";

/** The way of one terminal. */
export interface Notifier {
  readonly kind: NotifierKind;
  /** What stands between the program and the terminal, and has to pass the sequence on. */
  readonly multiplexer: "tmux" | "screen" | undefined;
}

/** Terminals that name themselves and take iTerm's sequence; the others that take any take rxvt's. */
const OSC9 = /^(?:iTerm\.app|WezTerm|ghostty|WarpTerminal|vscode)$/;

/** The way of this terminal, as far as variables tell; `env` reads one. */
export function notifierFor(env: (name: string) => string | undefined): Notifier {
  const multiplexer = env("TMUX") ? "tmux" : env("STY") ? "screen" : undefined;
  const term = env("TERM");
  // The console of Linux would print what it does not know.
  if (term === undefined || /^(?:linux|dumb|vt\d+)/.test(term)) {
    return { kind: "bell", multiplexer };
  }
  if (multiplexer) {
    // The multiplexer has put its own name in place of the terminal's.
    const takesOsc9 = env("LC_TERMINAL") === "iTerm2" || env("WEZTERM_PANE") !== undefined ||
      env("GHOSTTY_RESOURCES_DIR") !== undefined;
    const kind = env("KITTY_WINDOW_ID") !== undefined ? "osc99" : takesOsc9 ? "osc9" : "osc777";
    return { kind, multiplexer };
  }
  const takesOsc9 = OSC9.test(env("TERM_PROGRAM") ?? "") || term === "xterm-kitty";
  return { kind: takesOsc9 ? "osc9" : "osc777", multiplexer };
}

/** Asks whether the terminal takes OSC 99; nothing where the answer could not come back. */
export function askNotifications({ kind, multiplexer }: Notifier): TerminalText {
  return kind === "bell" || multiplexer ? tty`` : tty`\x1b]99;i=whisper:p=?;\x07`;
}

/**
 * A notification with the bell.
 *
 * @param text never what a person wrote.
 * @param id a later notification of the same id replaces this one.
 */
export function notification(
  { kind, multiplexer }: Notifier,
  { text, id }: { readonly text: string; readonly id: string },
): TerminalText {
  if (kind === "bell") return BELL;
  const sequences = {
    osc99: tty`\x1b]99;i=${id};Whisper: ${text}\x07`,
    osc9: tty`\x1b]9;Whisper: ${text}\x07`,
    osc777: tty`\x1b]777;notify;Whisper;${text}\x07`,
  };
  return tty`${throughMultiplexer(sequences[kind], multiplexer)}${BELL}`;
}

/** Takes a notification away; undefined where the terminal cannot. */
export function closeNotification(
  { kind, multiplexer }: Notifier,
  id: string,
): TerminalText | undefined {
  if (kind !== "osc99") return undefined;
  return throughMultiplexer(tty`\x1b]99;i=${id}:p=close;\x07`, multiplexer);
}
