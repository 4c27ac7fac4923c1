/**
 * What is typed and pasted, on its way into the draft and out of it.
 *
 * @module
 */
import { type Draft, EMPTY_DRAFT, forgetPast, insert } from "../../terminal/editor.ts";
import { withLine } from "../common.ts";
import { splitText } from "../split.ts";
import { NO_RECALL, type State } from "./state.ts";

/** A paste of one line, up to this, is as good as typed. */
const MAX_QUIET_PASTE = 1_000;

/** A draft that was changed by hand is no longer a line of the history. */
export function typed(state: State, draft: Draft): State {
  return { ...state, draft, recall: NO_RECALL };
}

/** Takes a paste: like typing where it is short, and after a question where it is not. */
export function pasted(state: State, paste: string): State {
  if (state.question) return asked(state, state.question.text + paste);
  if (!paste.includes("\n") && paste.length <= MAX_QUIET_PASTE) {
    return paste === "" ? state : typed(state, insert(state.draft, paste));
  }
  return asked(state, paste);
}

function asked(state: State, text: string): State {
  return { ...state, question: { text, messages: splitText(text).length } };
}

/** The draft, or the paste that was asked about, is being sent; Up brings either back. */
export function submitted(
  state: State,
  { id, line, isAnswer }: {
    readonly id: string;
    readonly line: string;
    readonly isAnswer: boolean;
  },
): State {
  const history = withLine(state.history, { id, line });
  return isAnswer
    ? { ...state, question: undefined, history, recall: NO_RECALL }
    : { ...state, draft: EMPTY_DRAFT, history, recall: NO_RECALL };
}

/** Forgets what the draft has of a message that must not come back. */
export function forgetSent(state: State, id: string): State {
  const { draft, recall } = state;
  if (recall.id !== id) return { ...state, draft: forgetPast(draft) };
  return { ...state, draft: { ...EMPTY_DRAFT, before: recall.draft }, recall: NO_RECALL };
}
