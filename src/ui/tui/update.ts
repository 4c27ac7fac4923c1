/**
 * The model of the screen: everything that happens is an action, and a pure function makes the next
 * state of it.
 *
 * @module
 */
import type { ChatEvent, MessageRef } from "../../chat/events.ts";
import { forgetAll, hearEvent, quoting } from "./events.ts";
import { conversationWindow } from "./geometry.ts";
import { emptied, EMPTY_DRAFT, insertPaste, replace } from "../../terminal/editor.ts";
import { typeText, withDraft, withLine } from "../../terminal/history.ts";
import { type Input, isTyped } from "../../terminal/keys.ts";
import { pressKey, scrollBy } from "./press.ts";
import { drawn, EMPTY_LOG, type Entry, quoteOf, said, told } from "./log.ts";
import { countBelow } from "../../ranges.ts";
import { clearedUnread } from "../messages/tui.ts";
import type { Weight } from "../messages/events.ts";
import { rowsOf } from "./rows.ts";
import { atTail, flippedBack, type State } from "./state.ts";
import { themeFor } from "./theme.ts";
import { scrolled } from "./viewport.ts";
import { secretStart } from "../slash_commands.ts";

/** Everything that happens. */
export type Action =
  | { readonly action: "event"; readonly event: ChatEvent }
  | { readonly action: "input"; readonly input: Input }
  /** What only has to be noted. */
  | { readonly action: "noted"; readonly facts: Facts }
  /** The draft is being sent. */
  | { readonly action: "submitted"; readonly id: string; readonly line: string }
  | {
    readonly action: "said";
    readonly id: string;
    readonly text: string;
    readonly reply?: MessageRef;
  }
  /** A text is given to the person to edit. */
  | { readonly action: "given"; readonly text: string }
  | { readonly action: "told"; readonly weight: Weight; readonly lines: readonly string[] }
  | { readonly action: "drawn"; readonly rows: readonly string[] }
  /** The documents on the relay are shown in place of the conversation. */
  | { readonly action: "flipped"; readonly lines: readonly string[] }
  /** An empty text: the same as before. */
  | { readonly action: "find"; readonly text: string }
  | { readonly action: "cleared" }
  | { readonly action: "ended" };

/** What is known from outside: the time, the window, the relay, and what the person has chosen. */
export type Facts = Partial<
  Pick<
    State,
    | ("now" | "wall" | "columns" | "rows" | "heardAt" | "latencyMs" | "isLeaving" | "isMuted")
    | "undisplayed"
  >
>;

/** A paste of one line, up to this, is as good as typed. */
const MAX_QUIET_PASTE = 1_000;

/** What is about the conversation: it shows the conversation again. */
const BACK: ReadonlySet<Action["action"]> = new Set([
  "submitted",
  "told",
  "drawn",
  "find",
  "ended",
]);

/** The next state. */
export function reduce(before: State, action: Action): State {
  const state = BACK.has(action.action) ? flippedBack(before) : before;
  switch (action.action) {
    case "event":
      return hearEvent(state, action.event);
    case "input":
      // Only Ctrl+C right after Ctrl+C leaves; what the terminal reports by itself does not matter.
      return takeInput(
        { ...state, isLeaveAsked: state.isLeaveAsked && !isTyped(action.input) },
        action.input,
      );
    case "noted":
      return { ...state, ...action.facts };
    case "submitted":
      return submitted(state, action.id, action.line);
    case "said": {
      const { id: sendId, text, reply } = action;
      const quote = reply && quoteOf(state.log, reply, quoting(state));
      const log = said(state.log, { sendId, text, at: state.wall, quote });
      return atTail({ ...state, log });
    }
    case "given":
      return withDraft(state, replace(state.draft, action.text));
    case "told": {
      const log = told(state.log, action.weight, action.lines.join("\n"), state.wall);
      return fromItsBeginning({ ...state, log }, log.entries.at(-1)!);
    }
    case "drawn":
      return atTail({ ...state, log: drawn(state.log, action.rows, state.wall) });
    case "flipped": {
      const relayView = told(EMPTY_LOG, "news", action.lines.join("\n"), state.wall);
      return fromItsBeginning({ ...state, relayView }, relayView.entries.at(-1)!);
    }
    case "find":
      return found(state, action.text);
    case "cleared": {
      const next = forgetAll(state);
      const unread = countBelow(state.undisplayed, Infinity);
      if (unread === 0) return next;
      return { ...next, log: told(next.log, "news", clearedUnread(unread), state.wall) };
    }
    case "ended":
      return { ...state, isEnded: true, search: undefined, draft: EMPTY_DRAFT, invite: undefined };
    default:
      return action satisfies never;
  }
}

/** The last entry, from its first row on where it is longer than the window. */
function fromItsBeginning(state: State, entry: Entry): State {
  const next = atTail(state);
  const { geometry, height } = conversationWindow({ ...next, scroll: { id: entry.id, row: 0 } });
  const isLonger = rowsOf(entry, geometry).length > height;
  return isLonger ? { ...next, scroll: { id: entry.id, row: height - 1 } } : next;
}

/** Shows the newest message with a text, or the next older one of a text that was looked for. */
function found(state: State, text: string): State {
  const wanted = text === "" ? state.find?.text ?? "" : text;
  const matches = [...state.log.entries].filter((one) =>
    one.kind !== "program" && one.text.toLowerCase().includes(wanted.toLowerCase())
  ).reverse();
  const before = state.find?.text === wanted ? state.find.id : Infinity;
  const older = matches.findIndex(({ id }) => id < before);
  // Behind the oldest comes the newest again.
  const index = Math.max(0, older);
  const entry = matches[index];
  if (wanted === "" || !entry) return { ...state, find: undefined };
  const window = conversationWindow(state);
  const last = rowsOf(entry, window.geometry).length - 1;
  const scroll = scrolled(window, { id: entry.id, row: last }, Math.floor(window.height / 2));
  const find = { text: wanted, id: entry.id, place: index + 1, count: matches.length };
  return { ...state, find, scroll, unread: scroll === "tail" ? 0 : state.unread };
}

/** The draft is being sent; Up brings it back, unless it holds a passphrase. */
function submitted(state: State, id: string, line: string): State {
  const isSecret = secretStart(line, state.by) !== undefined;
  const history = isSecret ? state.history : withLine(state.history, { id, line });
  const isNewLineTold = state.isNewLineTold || state.peer !== undefined;
  const draft = isSecret ? EMPTY_DRAFT : emptied(state.draft);
  return { ...withDraft(state, draft), history, isNewLineTold };
}

/** Takes a paste: like typing where it is short, and as a marker where it is not. */
function pasted(state: State, paste: string): State {
  const isShort = !paste.includes("\n") && paste.length <= MAX_QUIET_PASTE;
  if (state.search || isShort) return typeText(state, paste);
  return withDraft(state, insertPaste(state.draft, paste));
}

function takeInput(state: State, input: Input): State {
  switch (input.input) {
    case "text":
      return typeText(state, input.text);
    case "key":
      return pressKey(state, input.action);
    case "paste":
      return pasted(state, input.text);
    case "focus":
      return { ...state, isFocused: input.isFocused };
    case "background":
      return state.followsTheme ? { ...state, theme: themeFor(input.brightness) } : state;
    case "scheme":
      return state.followsTheme ? { ...state, theme: input.isLight ? "light" : "dark" } : state;
    case "wheel":
      return scrollBy(state, input.rows);
    case "keyboard":
      return { ...state, hasModifiers: true };
    case "mode":
    case "notifications":
    case "attributes":
      return state;
    default:
      return input satisfies never;
  }
}
