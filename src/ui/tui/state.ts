/**
 * What is on the screen, as a value.
 *
 * @module
 */
import type { FileEvent, Presence, RoomKind } from "../../chat/events.ts";
import type { Ranges } from "../../ranges.ts";
import { safeLine } from "../../terminal/safe_text.ts";
import { EMPTY_LINE, type History, type TypedLine } from "../../terminal/history.ts";
import { EMPTY_LOG, type Log } from "./log.ts";
import { PLAIN_TEXTS } from "../messages/plain.ts";
import type { CompletePath } from "../slash_commands.ts";
import { nameWidthFor } from "./rows.ts";
import type { ThemeName } from "./theme.ts";
import type { Scroll } from "./viewport.ts";

/** The relay, as far as it is known. */
export type RelayState =
  | { readonly state: "connecting"; readonly since: number }
  | { readonly state: "up" | "down" }
  | { readonly state: "reconnecting"; readonly retryAt: number | undefined };

/** What is waited for. */
export interface Waiting {
  readonly for: "guest" | "host" | "handshake" | "goodbye";
  readonly since: number;
  readonly atMostMs: number | undefined;
}

/** A text that is looked for in the conversation. */
export interface Find {
  readonly text: string;
  /** The entry that is shown. */
  readonly id: number;
  /** Which one it is, counted from the newest, and how many there are. */
  readonly place: number;
  readonly count: number;
}

/** Everything that the screen shows. Times are monotonic milliseconds, except `wall`. */
export interface State extends TypedLine {
  readonly columns: number;
  readonly rows: number;
  readonly theme: ThemeName;
  /** Whether the theme is the terminal's, and changes with it. */
  readonly followsTheme: boolean;
  readonly now: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
  readonly ownName: string;
  /** What the peer is called here, once known. */
  readonly peer: string | undefined;
  readonly presence: Presence | undefined;
  readonly isVerified: boolean;
  /** Cells for the names in the conversation: of everyone who was here. */
  readonly nameWidth: number;
  /** The first entry of the conversation with the present peer. */
  readonly epochFrom: number;
  readonly heardAt: number | undefined;
  readonly room: string | undefined;
  /** How the two agreed on the room: one that was agreed on by name has no codes. */
  readonly by: RoomKind;
  readonly relayName: string;
  /** Whether the relay is this computer. */
  readonly isLocal: boolean;
  /** True for a relay that may be a free cluster of Atlas, which has limits. */
  readonly isFreeCluster?: boolean | undefined;
  readonly relay: RelayState;
  /** Milliseconds that the relay took for the last message. */
  readonly latencyMs: number | undefined;
  readonly invite: string | undefined;
  readonly waiting: Waiting | undefined;
  readonly timerSeconds: number;
  /** The last news of a file that moves. */
  readonly file: FileEvent | undefined;
  /** What Tab completes a path with; undefined: no folder for files. */
  readonly paths: CompletePath | undefined;
  readonly log: Log;
  /** The documents on the relay, where they are shown in place of the conversation. */
  readonly relayView: Log | undefined;
  readonly scroll: Scroll;
  /** Entries that came while an older part was in the window. */
  readonly unread: number;
  /** Messages of the peer that were in no window yet, by entry. */
  readonly undisplayed: Ranges;
  /** Alarms that were not dismissed. */
  readonly alarms: readonly string[];
  readonly history: History;
  /** What `/find` shows in the conversation. */
  readonly find: Find | undefined;
  /** Ctrl+C was pressed while something was typed: a second one leaves. */
  readonly isLeaveAsked: boolean;
  /** This side is leaving, by itself or because its person asked for it. */
  readonly isLeaving: boolean;
  /** The chat has ended; Enter leaves. */
  readonly isEnded: boolean;
  /** Whether the terminal tells Shift+Enter from Enter. */
  readonly hasModifiers: boolean;
  /** The person has seen which key makes a new line: something was sent since. */
  readonly isNewLineTold: boolean;
  readonly isMuted: boolean;
  /** Undefined until the terminal tells. */
  readonly isFocused: boolean | undefined;
  /** What is printed when the screen is gone. */
  readonly farewell: readonly string[];
}

/** Where a chat begins. */
export type Beginning = Pick<
  State,
  | ("columns" | "rows" | "theme" | "followsTheme" | "now" | "wall" | "ownName" | "room" | "by")
  | ("relayName" | "isLocal" | "isFreeCluster" | "isMuted" | "paths")
>;

/** The state before anything has happened. */
export function begin(beginning: Beginning): State {
  return {
    ...beginning,
    room: beginning.room === undefined ? undefined : safeLine(beginning.room),
    peer: undefined,
    presence: undefined,
    isVerified: false,
    nameWidth: nameWidthFor(PLAIN_TEXTS.you),
    epochFrom: 1,
    heardAt: undefined,
    relay: { state: "connecting", since: beginning.now },
    latencyMs: undefined,
    invite: undefined,
    waiting: undefined,
    timerSeconds: 0,
    file: undefined,
    log: EMPTY_LOG,
    relayView: undefined,
    scroll: "tail",
    unread: 0,
    undisplayed: [],
    alarms: [],
    ...EMPTY_LINE,
    history: [],
    find: undefined,
    isLeaveAsked: false,
    isLeaving: false,
    isEnded: false,
    hasModifiers: false,
    isNewLineTold: false,
    isFocused: undefined,
    farewell: [],
  };
}

/** The state with the newest of the conversation in the window, and nothing looked for in it. */
export function atTail(state: State): State {
  return { ...state, scroll: "tail", unread: 0, find: undefined };
}

/** The state with the conversation in the window again. */
export function flippedBack(state: State): State {
  return state.relayView ? atTail({ ...state, relayView: undefined }) : state;
}
