/**
 * What keys do to the screen.
 *
 * @module
 */
import { completions } from "../slash_commands.ts";
import {
  complete as completed,
  edit,
  expandPastes,
  hasPaste,
  move,
} from "../../terminal/editor.ts";
import { conversationWindow, layComposer } from "./geometry.ts";
import {
  beginSearch,
  pressInSearch,
  recall,
  takeFound,
  withDraft,
} from "../../terminal/history.ts";
import type { KeyAction } from "../../terminal/keys.ts";
import { atTail, flippedBack, type State } from "./state.ts";
import { scrolled, scrolledToFirst } from "./viewport.ts";

/** Keys for the conversation: what is being typed stays as it is. */
const SCROLLING: ReadonlySet<KeyAction> = new Set(
  ["page-up", "page-down", "line-up", "line-down", "first", "last", "suspend", "redraw"],
);

/** The state after a key. What sends and leaves is up to screen.ts. */
export function pressKey(state: State, action: KeyAction): State {
  if (state.search && !SCROLLING.has(action)) {
    const { history } = state;
    return pressInSearch(state, history, action) ?? pressKey(takeFound(state, history), action);
  }
  if (action === "leave") return { ...state, isLeaveAsked: true };
  switch (action) {
    case "page-up":
      return scrollBy(state, -(page(state) - 1));
    case "page-down":
      return scrollBy(state, page(state) - 1);
    case "line-up":
      return scrollBy(state, -1);
    case "line-down":
      return scrollBy(state, 1);
    case "first":
      return { ...state, scroll: scrolledToFirst(conversationWindow(state)) };
    case "last":
      return atTail(state);
    case "dismiss":
      if (state.isLeaveAsked) return state;
      if (state.find) return { ...state, find: undefined };
      return state.alarms.length > 0 ? { ...state, alarms: [] } : flippedBack(state);
    case "complete":
      return complete(state);
    case "up":
    case "down":
      return vertical(state, action === "up" ? -1 : 1);
    case "home":
    case "end":
      return edge(state, action);
    case "search":
      return beginSearch(state);
    case "submit":
    case "suspend":
    case "redraw":
      return state;
    case "end-of-input":
      return pressKey(state, "delete");
    default: {
      const draft = edit(state.draft, action);
      return draft ? withDraft(state, draft) : state;
    }
  }
}

function page(state: State): number {
  return Math.max(2, conversationWindow(state).height);
}

/** So many rows further back (negative) or on. */
export function scrollBy(state: State, by: number): State {
  const next = scrolled(conversationWindow(state), state.scroll, by);
  return { ...state, scroll: next, unread: next === "tail" ? 0 : state.unread };
}

/** At the edge of a row already: the same key goes to the edge of the conversation. */
function edge(state: State, action: "home" | "end"): State {
  const draft = edit(state.draft, action)!;
  if (draft.before !== state.draft.before) return { ...state, draft };
  return pressKey(state, action === "home" ? "first" : "last");
}

function vertical(state: State, by: -1 | 1): State {
  const { rows, row, column, placeAt } = layComposer(state);
  const target = row + by;
  // While the history is being looked through, arrows go on in it.
  if (target < 0 || target >= rows.length || state.recalled) {
    return recall(state, state.history, by);
  }
  return { ...state, draft: move(state.draft, placeAt(target, column)) };
}

function complete(state: State): State {
  const { draft } = state;
  if (hasPaste(draft)) return withDraft(state, expandPastes(draft));
  return withDraft(state, completed(draft, completions(draft.before, state)));
}
