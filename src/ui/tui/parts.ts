/**
 * The rows of everything around the conversation: header, alarms, the code, the line above the
 * composer, the composer, the status.
 *
 * @module
 */
import { beginningWith, offeredCommands } from "../slash_commands.ts";
import { UNSENT_TEXT } from "../messages/interfaces.ts";
import {
  FIND_TEXTS,
  HEADER_TEXTS,
  HINT_TEXTS,
  INVITE_TEXTS,
  PASTE_TEXTS,
  SCROLL_TEXTS,
  SEARCH_TEXTS,
} from "../messages/tui.ts";
import { hasPaste } from "../../terminal/editor.ts";
import { foundLine } from "../../terminal/history.ts";
import { safeLine, safeText } from "../../terminal/safe_text.ts";
import { presenceWord } from "../messages/events.ts";
import { alarmRows, layComposer, PROMPT_CELLS } from "./geometry.ts";
import type { State } from "./state.ts";
import type { Row } from "./rows.ts";
import { statusText } from "./status.ts";
import { cut, type Span } from "./theme.ts";
import { clip, pad, widthOf } from "../../terminal/text.ts";

/** From so many columns on there is room for every word. */
const WIDE_FROM = 60;

/**
 * The room, how safe it is, who is there. The name comes last: whatever it is, it stands behind what the
 * program says.
 */
export function headerRows(state: State): Row[] {
  const { columns, room, peer, presence, isVerified } = state;
  const isWide = columns >= WIDE_FROM;
  const place = isWide || room === undefined
    ? `${HEADER_TEXTS.program} ${room ?? ""}`.trimEnd()
    : room;
  const verified = isVerified ? HEADER_TEXTS.verified : HEADER_TEXTS.unverified;
  const bar: Span = { role: "rule", text: " │ " };
  const who: Span[] = peer === undefined ? [{ role: "faint", text: HEADER_TEXTS.alone }] : [
    { role: "faint", text: isWide ? `${HEADER_TEXTS.encrypted} · ${verified}` : verified },
    bar,
    {
      role: presence === "here" ? "faint" : "problem",
      text: `${presenceWord(presence ?? "here")}: `,
    },
    { role: "peer", text: peer },
  ];
  const header: Row = [{ role: "strong", text: ` ${place}` }, bar, ...who];
  return [cut(header, columns), [{ role: "rule", text: "─".repeat(columns) }]];
}

/** Alarms that were not dismissed. Nothing else is reversed from edge to edge at the top. */
export function bannerRows(state: State): Row[] {
  return alarmRows(state).map((text) => [
    { role: "alarm", text: pad(clip(` ${text}`, state.columns), state.columns) },
  ]);
}

/** The invite code, large, and how to share it. */
export function inviteRows({ invite = "", columns, isLocal }: State, height: number): Row[] {
  const inner = Math.min(columns, widthOf(invite) + 8);
  const margin = (text: string, width: number) =>
    " ".repeat(Math.max(0, Math.floor((width - widthOf(text)) / 2)));
  const line = (role: Span["role"], text: string): Row => [
    { role: "plain", text: margin(text, columns) },
    { role, text: clip(text, columns) },
  ];
  const code = line("code", pad(margin(invite, inner) + invite, inner));
  if (height < 9) {
    return [line("faint", INVITE_TEXTS.short), code, []];
  }
  return [
    [],
    line("plain", INVITE_TEXTS.title),
    [],
    line("code", " ".repeat(inner)),
    code,
    line("code", " ".repeat(inner)),
    [],
    line("plain", INVITE_TEXTS.share),
    line("faint", INVITE_TEXTS.run(isLocal)),
  ];
}

/**
 * The line above the composer: what there is outside the window.
 *
 * @param above how many messages have scrolled past without having been displayed.
 */
export function ruleRow({ columns, scroll, unread, find }: State, above: number): Row {
  const below = unread > 0 ? SCROLL_TEXTS.unread(unread) : SCROLL_TEXTS.more;
  const notes = [above > 0 && SCROLL_TEXTS.above(above), scroll !== "tail" && below];
  const note = find ? FIND_TEXTS.shown(safeLine(find.text), find) : notes.filter(Boolean).join("·");
  const right = Math.min(2, Math.max(0, columns - widthOf(note)));
  const left = Math.max(0, columns - widthOf(note) - right);
  return [
    { role: "rule", text: "─".repeat(left) },
    { role: "strong", text: clip(note, columns) },
    { role: "rule", text: "─".repeat(right) },
  ];
}

/** What is being typed, and where in it the cursor is. */
export function composerRows(
  state: State,
  height: number,
): { readonly rows: Row[]; readonly cursor: { readonly row: number; readonly column: number } } {
  if (state.search) return searchRows(state, state.search.query);
  const { rows, row, column } = layComposer(state);
  const first = Math.max(0, Math.min(row - height + 1, rows.length - height, row));
  const from = row < first ? row : Math.max(first, row - height + 1);
  const isEmpty = rows.length === 1 && rows[0] === "";
  const shown = rows.slice(from, from + height).map((text, index): Row => [
    { role: "own", text: from + index === 0 ? "> " : "  " },
    isEmpty ? { role: "faint", text: hint(state) } : { role: "plain", text },
  ]);
  return { rows: shown, cursor: { row: row - from, column: PROMPT_CELLS + column } };
}

/** The search in the history: what is asked, and the beginning of the line that is found. */
function searchRows(state: State, query: string): ReturnType<typeof composerRows> {
  const width = Math.max(1, state.columns - PROMPT_CELLS - 1);
  const label = widthOf(SEARCH_TEXTS.label) < width / 2 ? SEARCH_TEXTS.label : "";
  // The end of a long query is what is being typed.
  let asked = safeLine(query);
  while (widthOf(label + asked) > width) asked = asked.slice(1);
  const found = foundLine(state, state.history);
  const text = found
    ? safeLine(found.line)
    : query === ""
    ? SEARCH_TEXTS.empty
    : SEARCH_TEXTS.nothing;
  return {
    rows: [
      [{ role: "problem", text: "? " }, { role: "faint", text: label }, {
        role: "plain",
        text: asked,
      }],
      [{ role: "plain", text: "  " }, { role: found ? "plain" : "faint", text: clip(text, width) }],
    ],
    cursor: { row: 0, column: PROMPT_CELLS + widthOf(label + asked) },
  };
}

function hint(state: State): string {
  const { columns, peer, presence, by, isEnded, isLeaving, hasModifiers, isNewLineTold } = state;
  const text = isEnded
    ? HINT_TEXTS.ended
    : isLeaving
    ? ""
    : peer === undefined
    ? HINT_TEXTS.alone
    : presence === "left"
    ? by === "code" ? HINT_TEXTS.left : HINT_TEXTS.leftByName
    : hasModifiers || isNewLineTold
    ? HINT_TEXTS.ready
    : HINT_TEXTS.newLine;
  return clip(text, columns - PROMPT_CELLS);
}

/** The status in one line; while a command is typed, what it does. */
export function statusRow(state: State): Row {
  if (state.isLeaveAsked) {
    return [{ role: "problem", text: clip(` ${UNSENT_TEXT}`, state.columns) }];
  }
  if (state.search) {
    return [{ role: "faint", text: clip(` ${SEARCH_TEXTS.keys}`, state.columns) }];
  }
  const command = commandHint(state);
  const paste = hasPaste(state.draft) ? `${PASTE_TEXTS.keys} · ` : "";
  const text = command ?? `${paste}${statusText(state)}`;
  return [{ role: "faint", text: clip(` ${text}`, state.columns) }];
}

function commandHint({ draft: { before, after }, by }: State): string | undefined {
  const [, word] = /^\/([a-z]*)(?:\s|$)/.exec(safeText(before + after)) ?? [];
  if (word === undefined || before.startsWith("//")) return undefined;
  const offered = offeredCommands(by);
  const names = [...offered.keys()].filter((one) => one.startsWith(word));
  const name = names.find((one) => one === word) ?? beginningWith(word, by);
  if (name === undefined) return names.map((one) => `/${one}`).join(" ") || undefined;
  const { argument, help } = offered.get(name)!;
  return `/${name}${argument ? ` ${argument}` : ""}: ${help}`;
}
