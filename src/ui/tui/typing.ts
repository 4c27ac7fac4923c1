/**
 * What is typed and pasted, on its way into the draft and out of it.
 *
 * @module
 */
import {
  type Draft,
  emptied,
  EMPTY_DRAFT,
  forgetPast,
  insert,
  insertPaste,
  replace,
  textOf,
} from "../../terminal/editor.ts";
import { foundIn, pressInSearch, searchFor } from "../../terminal/history_search.ts";
import type { KeyAction } from "../../terminal/keys.ts";
import { isPartOf, type SentLine, withLine } from "../common.ts";
import { secretStart } from "../slash_commands.ts";
import { NO_RECALL, type State } from "./state.ts";

/** A paste of one line, up to this, is as good as typed. */
const MAX_QUIET_PASTE = 1_000;

/** A draft that was changed by hand is no longer a line of the history. */
export function typed(state: State, draft: Draft): State {
  return { ...state, draft, recall: NO_RECALL };
}

/** Takes a paste: like typing where it is short, and as a marker where it is not. */
export function pasted(state: State, paste: string): State {
  if (state.search) return searchTyped(state, paste);
  if (!paste.includes("\n") && paste.length <= MAX_QUIET_PASTE) {
    return paste === "" ? state : typed(state, insert(state.draft, paste));
  }
  return typed(state, insertPaste(state.draft, paste));
}

/** The draft is being sent; Up brings it back. */
export function submitted(
  state: State,
  { id, line }: SentLine,
): State {
  const isSecret = secretStart(line, state.by) !== undefined;
  const history = isSecret ? state.history : withLine(state.history, { id, line });
  const isNewLineTold = state.isNewLineTold || state.peer !== undefined;
  const next = { ...state, history, recall: NO_RECALL, isNewLineTold };
  return { ...next, draft: isSecret ? EMPTY_DRAFT : emptied(state.draft) };
}

/** Forgets what the draft has of a message that must not come back. */
export function forgetSent(state: State, id: string): State {
  if (isPartOf(id, state.recall.id)) return withOwnDraft(state);
  return { ...state, draft: forgetPast(state.draft) };
}

/** The draft itself, in place of an earlier line, and without what it remembers. */
export function withOwnDraft(state: State): State {
  const { draft, recall } = state;
  if (recall.id === undefined) return { ...state, draft: forgetPast(draft) };
  return { ...state, draft: { ...EMPTY_DRAFT, before: recall.draft }, recall: NO_RECALL };
}

/** The line that is found in the history (Ctrl+R). */
export function foundLine({ search, history }: State): SentLine | undefined {
  const index = search && foundIn(history.map(({ line }) => line), search);
  return index === undefined ? undefined : history[index];
}

/** Adds to what is searched for. */
export function searchTyped(state: State, text: string): State {
  return { ...state, search: searchFor(state.search!.query + text) };
}

/** What a key does while the history is searched; undefined for one that is for the draft, too. */
export function pressWhileSearching(state: State, action: KeyAction): State | undefined {
  const next = pressInSearch(state.history.map(({ line }) => line), state.search!, action);
  switch (next) {
    case "canceled":
      return { ...state, search: undefined };
    case "taken":
      return takeFound(state);
    default:
      return next && { ...state, search: next };
  }
}

/** The line that was found becomes the draft, as if Up had brought it. */
export function takeFound(state: State): State {
  const found = foundLine(state);
  const next = { ...state, search: undefined };
  if (!found) return next;
  const draft = state.recall.id === undefined ? textOf(state.draft) : state.recall.draft;
  return {
    ...next,
    draft: replace(state.draft, found.line),
    recall: { id: found.id, draft },
  };
}
