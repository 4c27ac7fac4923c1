/**
 * What keys do to the screen.
 *
 * @module
 */
import { beginningWith } from "../commands.ts";
import { edit, insert, move, replace, textOf } from "./draft.ts";
import { conversationWindow, layComposer } from "./geometry.ts";
import type { KeyAction } from "../keys.ts";
import type { State } from "./state.ts";
import { typed } from "./typing.ts";
import { scrolled, scrolledToFirst } from "./viewport.ts";

/** The state after a key. Keys that send and leave are the interface's affair. */
export function pressKey(state: State, action: KeyAction): State {
  if (state.question) return answer(state, action);
  switch (action) {
    case "page-up":
      return scroll(state, -(page(state) - 1));
    case "page-down":
      return scroll(state, page(state) - 1);
    case "line-up":
      return scroll(state, -1);
    case "line-down":
      return scroll(state, 1);
    case "first":
      return { ...state, scroll: scrolledToFirst(conversationWindow(state)) };
    case "last":
      return { ...state, scroll: "tail", unread: 0 };
    case "dismiss":
      return { ...state, alarms: [] };
    case "complete":
      return complete(state);
    case "up":
    case "down":
      return vertical(state, action === "up" ? -1 : 1);
    case "home":
    case "end":
      return edge(state, action);
    case "submit":
    case "leave":
    case "end-of-input":
    case "redraw":
      return state;
    default: {
      const draft = edit(state.draft, action);
      if (!draft || draft === state.draft) return state;
      return textOf(draft) === textOf(state.draft) ? { ...state, draft } : typed(state, draft);
    }
  }
}

/** A paste that is being asked about: no, or into the draft, for changing it first. */
function answer(state: State, action: KeyAction): State {
  if (action !== "dismiss" && action !== "complete") return state;
  const next = { ...state, question: undefined };
  return action === "dismiss" ? next : typed(next, insert(state.draft, state.question!.paste));
}

function page(state: State): number {
  return Math.max(2, conversationWindow(state).height);
}

function scroll(state: State, by: number): State {
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
  const isRecalling = state.recall.place < state.history.length;
  if (target < 0 || target >= rows.length || isRecalling) return recall(state, by);
  return { ...state, draft: move(state.draft, placeAt(target, column)) };
}

function recall(state: State, by: -1 | 1): State {
  const { history } = state;
  const place = state.recall.place + by;
  if (place < 0 || place > history.length) return state;
  const kept = state.recall.place === history.length ? textOf(state.draft) : state.recall.draft;
  const draft = replace(state.draft, history[place] ?? kept);
  return { ...state, draft, recall: { place, draft: kept } };
}

function complete(state: State): State {
  const { before, after } = state.draft;
  const [, word] = /^\/([a-z]+)$/.exec(before) ?? [];
  const name = word && after === "" ? beginningWith(word) : undefined;
  return name ? typed(state, replace(state.draft, `/${name} `)) : state;
}
