/**
 * What is on the screen, as a value.
 *
 * @module
 */
import type { Presence } from "../../chat/events.ts";
import { safeLine } from "../../terminal/safe_text.ts";
import { type Draft, EMPTY } from "./draft.ts";
import { EMPTY_LOG, type Log } from "./log.ts";
import type { ThemeName } from "./theme.ts";
import type { Scroll } from "./viewport.ts";

/** The relay as far as it is known. */
export type RelayState =
  | { readonly state: "connecting"; readonly since: number }
  | { readonly state: "up" }
  | { readonly state: "reconnecting"; readonly message: string; readonly retryAt?: number }
  | { readonly state: "down"; readonly message: string };

/** What is waited for. */
export interface Waiting {
  readonly for: "guest" | "host" | "handshake" | "goodbye";
  readonly since: number;
  readonly atMostMs: number | undefined;
}

/** A paste that nobody has agreed to yet. */
export interface Question {
  readonly paste: string;
  /** Why it cannot be sent as it is. */
  readonly objection: string | undefined;
}

/** Everything that the screen shows. Times without a word are monotonic milliseconds. */
export interface State {
  readonly columns: number;
  readonly rows: number;
  readonly theme: ThemeName;
  /** Monotonic, and of the wall. */
  readonly now: number;
  readonly wall: number;
  readonly ownName: string;
  /** What the other one is called here, once known. */
  readonly peer: string | undefined;
  readonly presence: Presence | undefined;
  readonly isVerified: boolean;
  readonly heardAt: number | undefined;
  readonly room: string | undefined;
  readonly relayName: string;
  readonly relay: RelayState;
  /** Milliseconds that the relay took for the last text. */
  readonly latencyMs: number | undefined;
  readonly invite: string | undefined;
  readonly waiting: Waiting | undefined;
  readonly timerSeconds: number;
  readonly log: Log;
  readonly scroll: Scroll;
  /** What came while something older was being looked at. */
  readonly unread: number;
  /** Alarms that nobody has said to have read. */
  readonly alarms: readonly string[];
  readonly draft: Draft;
  readonly history: readonly string[];
  /** Which earlier text is shown; the length of the history is the draft itself. */
  readonly recall: { readonly place: number; readonly draft: string };
  readonly question: Question | undefined;
  readonly isMuted: boolean;
  /** Undefined until the terminal tells. */
  readonly isFocused: boolean | undefined;
  /** What remains to be said when the screen is gone. */
  readonly farewell: readonly string[];
}

/** Where a chat begins. */
export interface Beginning {
  readonly columns: number;
  readonly rows: number;
  readonly theme: ThemeName;
  readonly now: number;
  readonly wall: number;
  readonly ownName: string;
  readonly room: string | undefined;
  readonly relayName: string;
  readonly isMuted: boolean;
}

/** The state before anything has happened. */
export function begin(beginning: Beginning): State {
  return {
    ...beginning,
    room: beginning.room === undefined ? undefined : safeLine(beginning.room),
    peer: undefined,
    presence: undefined,
    isVerified: false,
    heardAt: undefined,
    relay: { state: "connecting", since: beginning.now },
    latencyMs: undefined,
    invite: undefined,
    waiting: undefined,
    timerSeconds: 0,
    log: EMPTY_LOG,
    scroll: "tail",
    unread: 0,
    alarms: [],
    draft: EMPTY,
    history: [],
    recall: { place: 0, draft: "" },
    question: undefined,
    isFocused: undefined,
    farewell: [],
  };
}
