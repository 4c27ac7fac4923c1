/**
 * The rows of everything around the conversation: header, alarms, the code, the line above the
 * composer, the composer, the status.
 *
 * @module
 */
import { ALL_CHAT_COMMANDS, beginningWith } from "../commands.ts";
import { safeText } from "../../terminal/safe_text.ts";
import { presenceWord } from "../messages/events.ts";
import { alarmRows, layComposer, PROMPT_CELLS, questionRows } from "./geometry.ts";
import type { State } from "./state.ts";
import type { Row } from "./rows.ts";
import { statusText } from "./status.ts";
import { cut, type Span } from "./theme.ts";
import { clip, pad, widthOf } from "./wrap.ts";

/** From so many columns on there is room for every word. */
const WIDE_FROM = 60;

/**
 * Which room, how safe it is, who is there. The name is the last: whatever somebody calls themselves,
 * it stands behind what the program says.
 */
export function headerRows(state: State, height: number): Row[] {
  const { columns, room, peer, presence, isVerified } = state;
  const isWide = columns >= WIDE_FROM;
  const place = isWide || room === undefined ? `Whisper ${room ?? ""}`.trimEnd() : room;
  const verified = isVerified ? "verified" : "not verified";
  const spans: Span[] = [
    { role: "strong", text: ` ${place}` },
    { role: "rule", text: " │ " },
    ...peer === undefined ? [{ role: "faint", text: "nobody else here" } as const] : [
      { role: "faint", text: isWide ? `locked, ${verified}` : verified } as const,
      { role: "rule", text: " │ " } as const,
      {
        role: presence === "here" ? "faint" : "problem",
        text: `${presenceWord(presence ?? "here")}: `,
      } as const,
      { role: "peer", text: peer } as const,
    ],
  ];
  const rule: Row = [{ role: "rule", text: "─".repeat(columns) }];
  return height > 1 ? [cut(spans, columns), rule] : [cut(spans, columns)];
}

/** Alarms nobody has read. Nothing else on the screen is reversed from edge to edge at its top. */
export function bannerRows(state: State, height: number): Row[] {
  return alarmRows(state).slice(0, height).map((text) => [
    { role: "alarm", text: pad(clip(` ${text}`, state.columns), state.columns) },
  ]);
}

/** The code, large, and how to give it over. */
export function inviteRows({ invite = "", columns }: State, height: number): Row[] {
  const inner = Math.min(columns, widthOf(invite) + 8);
  const line = (role: Span["role"], text: string): Row => [
    { role: "plain", text: " ".repeat(Math.max(0, Math.floor((columns - widthOf(text)) / 2))) },
    { role, text: clip(text, columns) },
  ];
  const code = line("code", centred(invite, inner));
  const say = "Say it to them, by voice if you can; don't post it.";
  if (height < 9) {
    return [line("faint", clip("Your code: say it, don't post it", columns)), code, []]
      .slice(0, height) as Row[];
  }
  return [
    [],
    line("plain", "Your code, for one other person and one use"),
    [],
    line("code", " ".repeat(inner)),
    code,
    line("code", " ".repeat(inner)),
    [],
    line("plain", clip(say, columns)),
    line("faint", clip("They type: whisper join · /copy gives it to your clipboard", columns)),
  ];
}

/** The line above the composer: whether there is more below. */
export function ruleRow({ columns, scroll, unread }: State): Row {
  const note = scroll === "tail"
    ? ""
    : unread > 0
    ? ` ${unread} new below · Ctrl+End `
    : " more below · PgDn ";
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
  if (state.question) {
    const rows = questionRows(state).slice(0, height);
    return {
      rows: rows.map((text, index): Row => [
        { role: "problem", text: index === 0 ? "? " : "  " },
        { role: "plain", text },
      ]),
      cursor: { row: rows.length - 1, column: PROMPT_CELLS + widthOf(rows.at(-1) ?? "") },
    };
  }
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

function hint({ columns, peer, presence }: State): string {
  const text = peer === undefined
    ? "Type already, if you like: it is sent when they come. /help lists all."
    : presence === "left"
    ? "/invite makes a fresh code, /exit leaves."
    : "Type and press Enter. /help lists all.";
  return clip(text, columns - PROMPT_CELLS);
}

/** How everything is, in one line; while a command is typed, what it does. */
export function statusRow(state: State): Row {
  const command = commandHint(state);
  const text = command ?? statusText(state);
  return [{ role: "faint", text: clip(` ${text}`, state.columns) }];
}

function commandHint({ draft: { before, after } }: State): string | undefined {
  const [, word] = /^\/([a-z]*)(?:\s|$)/.exec(safeText(before + after)) ?? [];
  if (word === undefined || before.startsWith("//")) return undefined;
  const name = ALL_CHAT_COMMANDS.has(word) ? word : beginningWith(word);
  if (name !== undefined) {
    const { argument, help } = ALL_CHAT_COMMANDS.get(name)!;
    return `/${name}${argument ? ` ${argument}` : ""}: ${help}`;
  }
  const names = [...ALL_CHAT_COMMANDS.keys()].filter((one) => one.startsWith(word));
  return names.length > 0 ? names.map((one) => `/${one}`).join(" ") : undefined;
}

function centred(text: string, width: number): string {
  const left = Math.max(0, Math.floor((width - widthOf(text)) / 2));
  return pad(" ".repeat(left) + text, width);
}
