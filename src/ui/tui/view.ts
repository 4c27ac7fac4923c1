/**
 * The view: the screen of a state, as rows of text with their colors and the place of the cursor.
 * Nothing here writes to a terminal.
 *
 * @module
 */
import { conversationWindow, heightsOf } from "./geometry.ts";
import { bannerRows, composerRows, headerRows, inviteRows, ruleRow, statusRow } from "./parts.ts";
import { countBelow } from "../../ranges.ts";
import type { TerminalText } from "../../terminal/terminal_text.ts";
import type { Entry, PeerEntry } from "./log.ts";
import type { Row } from "./rows.ts";
import type { State } from "./state.ts";
import { cut, marked, paint } from "./theme.ts";
import { visible } from "./viewport.ts";

/** What a terminal should show. */
export interface Frame {
  readonly rows: readonly TerminalText[];
  readonly cursor: { readonly row: number; readonly column: number };
  /** Messages of the peer whose end is in the window. */
  readonly displayed: readonly PeerEntry[];
}

/** The frame of a state. */
export function view(state: State): Frame {
  const heights = heightsOf(state);
  const composer = composerRows(state, heights.composer);
  const { rows: conversation, entries } = visible(conversationWindow(state), state.scroll);
  const rows = [
    ...placed(headerRows(state), heights.header),
    ...placed(bannerRows(state), heights.alarms),
    ...placed(
      state.find ? conversation.map((row) => marked(row, state.find!.text)) : conversation,
      heights.conversation,
      "bottom",
    ),
    ...placed(inviteRows(state, heights.invite), heights.invite),
    ruleRow(state, unreadAbove(state, entries)),
    ...placed(composer.rows, heights.composer),
    statusRow(state),
  ].slice(0, state.rows);
  const above = state.rows - 1 - heights.composer;
  return {
    rows: rows.map((row) => paint(cut(row, state.columns), state.theme)),
    displayed: entries.filter((entry) => entry.kind === "peer"),
    cursor: {
      row: Math.max(0, above + composer.cursor.row),
      column: Math.min(state.columns - 1, composer.cursor.column),
    },
  };
}

/** How many messages above the window were never in it. */
function unreadAbove(
  { undisplayed, scroll, relayView }: State,
  ending: readonly Entry[],
): number {
  if (relayView) return 0;
  // Of a message that is longer than the window, the end is below.
  const first = ending[0]?.id ?? (scroll === "tail" ? Infinity : scroll.id);
  return countBelow(undisplayed, first);
}

/** Rows in a place of that height, at its top or at its bottom. */
function placed(rows: readonly Row[], height: number, at: "top" | "bottom" = "top"): Row[] {
  const shown = rows.slice(0, height);
  const space = Array<Row>(height - shown.length).fill([]);
  return at === "top" ? [...shown, ...space] : [...space, ...shown];
}
