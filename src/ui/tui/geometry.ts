/**
 * Where everything is on the screen.
 *
 * @module
 */
import type { RoomKind } from "../../chat/events.ts";
import { ALARM_TEXTS, PASTE_TEXTS } from "../messages/tui.ts";
import { secretStart } from "../slash_commands.ts";
import { graphemes } from "../../terminal/graphemes.ts";
import { safeText } from "../../terminal/safe_text.ts";
import { type Draft, withMarkers } from "../../terminal/editor.ts";
import type { State } from "./state.ts";
import type { Window } from "./viewport.ts";
import { type Laid, lay, pad, padStart, placeIn, widthOf, wrap } from "../../terminal/text.ts";

/** The composer grows to so many rows, and to a third of the screen. */
const MAX_COMPOSER_ROWS = 8;
/** What is searched for, and the line that is found. */
const SEARCH_ROWS = 2;
/** `> ` */
export const PROMPT_CELLS = 2;
/** From so many rows on there is room for air. */
const AIRY_FROM = 16;
/** From so many rows on there is room for a header beside a row of the conversation. */
const HEADER_FROM = 5;

/** The line above the composer, and the status line. */
const FIXED_ROWS = 2;

/** The heights of the parts, from top to bottom; with {@link FIXED_ROWS} they fill the screen. */
export interface Heights {
  readonly header: number;
  readonly alarms: number;
  readonly conversation: number;
  readonly invite: number;
  readonly composer: number;
}

/** How high everything is. */
export function heightsOf(state: State): Heights {
  const header = state.rows >= AIRY_FROM ? 2 : state.rows >= HEADER_FROM ? 1 : 0;
  const composer = state.search ? SEARCH_ROWS : composerRows(state);
  const fixed = header + composer + FIXED_ROWS;
  const alarms = Math.min(alarmRows(state).length, Math.max(0, state.rows - fixed - 1));
  const room = Math.max(0, state.rows - fixed - alarms);
  const invite = Math.min(inviteHeight(state), room);
  return { header, alarms, conversation: room - invite, invite, composer };
}

/** The conversation, or the documents of it on the relay, as far as there is room. */
export function conversationWindow(state: State): Window {
  return {
    entries: (state.relayView ?? state.log).entries,
    geometry: { columns: state.columns, nameWidth: state.nameWidth },
    height: heightsOf(state).conversation,
  };
}

/** Alarms that were not dismissed, as the rows of the banner. */
export function alarmRows({ alarms, columns }: State): string[] {
  if (alarms.length === 0) return [];
  const width = Math.max(ALARM_TEXTS.dismiss.length, columns - 2);
  const count = alarms.length === 1 ? ALARM_TEXTS.one : ALARM_TEXTS.many(alarms.length);
  const rows = wrap(safeText(`${count}: ${alarms.at(-1)}`), width);
  const last = rows.at(-1)!;
  return widthOf(last) + 2 + ALARM_TEXTS.dismiss.length <= width
    ? rows.with(-1, pad(last, width - ALARM_TEXTS.dismiss.length) + ALARM_TEXTS.dismiss)
    : [...rows, padStart(ALARM_TEXTS.dismiss, width)];
}

/** How high the code is shown, while it opens the room; not while an older part is in the window. */
function inviteHeight({ invite, rows, scroll }: State): number {
  if (invite === undefined) return 0;
  if (rows >= AIRY_FROM) return 9;
  return scroll === "tail" ? 3 : 0;
}

/** The composer, laid out. */
export interface Composer extends Laid {
  /** The place in the draft that is shown in a row, so many cells from its beginning. */
  readonly placeAt: (row: number, column: number) => number;
}

const laidDrafts = new WeakMap<Draft, { readonly width: number; readonly composer: Composer }>();

/** The composer with the cursor. Remembered for as long as neither draft nor width changes. */
export function layComposer({ draft, columns, by }: State): Composer {
  const width = Math.max(1, columns - PROMPT_CELLS - 1);
  const known = laidDrafts.get(draft);
  if (known?.width === width) return known.composer;
  const shown = (text: string) => shownDraft(text, draft);
  const before = shown(draft.before);
  const text = masked(before + shown(draft.after), by);
  const laid = lay(text, before.length, width);
  const composer = {
    ...laid,
    placeAt: (row: number, column: number) =>
      placeShown(draft, (laid.starts[row] ?? 0) + placeIn(laid.rows[row] ?? "", column)),
  };
  laidDrafts.set(draft, { width, composer });
  return composer;
}

/** A line with dots in place of the passphrase in it. */
function masked(line: string, by: RoomKind): string {
  const start = secretStart(line, by) ?? line.length;
  return line.slice(0, start) + "•".repeat(line.length - start);
}

/** A text of a draft as it is shown: safe, with a label in place of each paste. */
function shownDraft(text: string, { pastes }: Draft): string {
  if (pastes.length === 0) return safeText(text);
  return text.split(/([\ufdd0-\ufdef])/).map((part, index) =>
    index % 2 === 0 ? safeText(part) : withMarkers(part, pastes, PASTE_TEXTS.marker)
  ).join("");
}

/** The place in a draft that is shown so far from the beginning of its shown form. */
function placeShown(draft: Draft, shown: number): number {
  const text = draft.before + draft.after;
  if (shownDraft(text, draft) === text) return boundary(text, shown);
  let [low, high] = [0, text.length];
  // The shown form only grows with the text, so halving finds the place.
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (shownDraft(text.slice(0, middle), draft).length > shown) high = middle - 1;
    else low = middle;
  }
  return boundary(text, low);
}

/** The beginning of the grapheme that the place is in. */
function boundary(text: string, place: number): number {
  return place >= text.length ? place : graphemes().segment(text).containing(place)!.index;
}

function composerRows(state: State): number {
  const most = Math.max(1, Math.min(MAX_COMPOSER_ROWS, Math.floor(state.rows / 3)));
  return Math.min(most, layComposer(state).rows.length);
}
