/**
 * Earlier lines, brought back with the arrow keys or searched for (Ctrl+R), and what a line that is
 * being typed has to do with them. How that is shown is up to each interface.
 *
 * Of a search only what was asked is remembered: the line that is found is looked up each time, so that
 * a line which left the history is not found any more.
 *
 * @module
 */
import { type Draft, edit, EMPTY_DRAFT, forgetPast, insert, replace, textOf } from "./editor.ts";
import type { KeyAction } from "./keys.ts";

/** Earlier lines, in memory only. */
const MAX_HISTORY = 200;
/** Nobody searches for more. */
const MAX_QUERY_CHARS = 200;

/** A line that was sent. */
export interface SentLine {
  /** By which the chat's events name the message. */
  readonly id: string;
  readonly line: string;
}

/** Lines that were sent, oldest first. */
export type History = readonly SentLine[];

/** What is searched for. */
export interface HistorySearch {
  readonly query: string;
  /** Newer lines with the query that are passed over. */
  readonly skipped: number;
}

/** A line that is being typed. */
export interface TypedLine {
  readonly draft: Draft;
  /** The earlier line that the draft was taken from, and the text to return to. */
  readonly recalled: { readonly id: string; readonly draft: string } | undefined;
  /** While the history is searched; the draft stays as it is until a line is taken. */
  readonly search: HistorySearch | undefined;
}

/** Nothing typed. */
export const EMPTY_LINE: TypedLine = {
  draft: EMPTY_DRAFT,
  recalled: undefined,
  search: undefined,
};

/** The history with a line more, as far as there is room. */
export function withLine(history: History, sent: SentLine): History {
  return sent.line.trim() === "" ? history : [...history, sent].slice(-MAX_HISTORY);
}

/** The history with lines that were not sent as its newest, so that one key brings the last one back. */
export function withUnsentLast(history: History, ids: readonly string[]): History {
  const isUnsent = ({ id }: SentLine) => ids.includes(id);
  return [...history.filter((sent) => !isUnsent(sent)), ...history.filter(isUnsent)];
}

/** The history without a message: the whole of a line that was sent as several. */
export function withoutLine(history: History, id: string): History {
  return history.filter((sent) => id !== sent.id && !id.startsWith(`${sent.id}.`));
}

/** The line with another draft. When the text changes, it stops being one of the history. */
export function withDraft<L extends TypedLine>(line: L, draft: Draft): L {
  const isRecalled = line.recalled !== undefined && textOf(draft) === textOf(line.draft);
  return { ...line, draft, recalled: isRecalled ? line.recalled : undefined };
}

/** The line with text that was typed, at the cursor or in what is searched for. */
export function typeText<L extends TypedLine>(line: L, text: string): L {
  return line.search
    ? searchFor(line, line.search.query + text)
    : withDraft(line, insert(line.draft, text));
}

/** The earlier line before (-1) or after (1) the one that is shown; after the newest, the draft itself. */
export function recall<L extends TypedLine>(line: L, history: History, by: -1 | 1): L {
  const { recalled } = line;
  const from = recalled ? history.findIndex(({ id }) => id === recalled.id) : history.length;
  const place = from + by;
  return place < 0 || place > history.length ? line : bringBack(line, history[place]);
}

/** Begins a search. */
export function beginSearch<L extends TypedLine>(line: L): L {
  return searchFor(line, "");
}

/** The earlier line that a search finds; undefined where there is none. */
export function foundLine({ search }: TypedLine, history: History): SentLine | undefined {
  if (!search || search.query === "") return undefined;
  const wanted = search.query.toLowerCase();
  return history.filter(({ line }) => line.toLowerCase().includes(wanted)).at(-1 - search.skipped);
}

/**
 * What a key does to a search.
 *
 * @returns undefined for a key that takes the line that is found ({@link takeFound}) and then does what
 * it does to every line.
 */
export function pressInSearch<L extends TypedLine>(
  line: L,
  history: History,
  action: KeyAction,
): L | undefined {
  const search = line.search!;
  switch (action) {
    case "search":
    case "up":
    case "down": {
      const skipped = Math.max(0, search.skipped + (action === "down" ? -1 : 1));
      const next = { ...line, search: { ...search, skipped } };
      return foundLine(next, history) ? next : line;
    }
    case "backspace":
    case "delete-word":
    case "delete-to-start":
      return searchFor(line, edit(insert(EMPTY_DRAFT, search.query), action)!.before);
    case "dismiss":
    case "leave":
      return { ...line, search: undefined };
    case "submit":
    case "newline":
    case "end-of-input":
      return takeFound(line, history);
    default:
      return undefined;
  }
}

/** Ends a search: the line that is found becomes the draft, as if Up had brought it. */
export function takeFound<L extends TypedLine>(line: L, history: History): L {
  const found = foundLine(line, history);
  const next = { ...line, search: undefined };
  return found ? bringBack(next, found) : next;
}

/** Forgets earlier states of the draft, and an earlier line in its place that has left the history. */
export function forgetGone<L extends TypedLine>(line: L, history: History): L {
  const { draft, recalled } = line;
  if (!recalled || history.some(({ id }) => id === recalled.id)) {
    return { ...line, draft: forgetPast(draft) };
  }
  return { ...line, draft: { ...EMPTY_DRAFT, before: recalled.draft }, recalled: undefined };
}

function searchFor<L extends TypedLine>(line: L, query: string): L {
  const bounded = query.replaceAll("\n", " ").slice(0, MAX_QUERY_CHARS);
  return { ...line, search: { query: bounded, skipped: 0 } };
}

/** Puts an earlier line in place of the draft; undefined: the draft itself again. */
function bringBack<L extends TypedLine>(line: L, sent: SentLine | undefined): L {
  const own = line.recalled?.draft ?? textOf(line.draft);
  const draft = replace(line.draft, sent?.line ?? own);
  return { ...line, draft, recalled: sent && { id: sent.id, draft: own } };
}
