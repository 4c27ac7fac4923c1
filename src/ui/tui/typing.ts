/**
 * What is typed and pasted, on its way into the draft and out of it.
 *
 * @module
 */
import { type Draft, EMPTY, insert } from "./draft.ts";
import type { State } from "./state.ts";

/** Texts kept for the arrow keys; the session's only, in memory. */
const MAX_HISTORY = 200;
/** A paste of one line, up to this, is as good as typed. */
const MAX_QUIET_PASTE = 1_000;
/** The longest text, in bytes of UTF-8 (docs/PROTOCOL.md). */
export const MAX_TEXT_BYTES = 16_384;

/** A draft that was changed by hand is no longer one of the history. */
export function typed(state: State, draft: Draft): State {
  return { ...state, draft, recall: { place: state.history.length, draft: "" } };
}

/** Takes a paste: like typing where it is short, and after a question where it is not. */
export function pasted(state: State, paste: string): State {
  if (state.question) return asked(state, state.question.paste + paste);
  if (!paste.includes("\n") && paste.length <= MAX_QUIET_PASTE) {
    return paste === "" ? state : typed(state, insert(state.draft, paste));
  }
  return asked(state, paste);
}

function asked(state: State, paste: string): State {
  const bytes = new TextEncoder().encode(paste).length;
  const objection = bytes > MAX_TEXT_BYTES
    ? `${bytes} bytes are too many for one text: ${MAX_TEXT_BYTES} is the most.`
    : undefined;
  return { ...state, question: { paste, objection } };
}

/** The draft, or the paste that was asked about, is on its way; Up brings either back. */
export function submitted(
  state: State,
  { line, isPaste }: { readonly line: string; readonly isPaste: boolean },
): State {
  const history = line.trim() === "" ? state.history : [...state.history, line].slice(-MAX_HISTORY);
  const recall = { place: history.length, draft: "" };
  return isPaste
    ? { ...state, question: undefined, history, recall }
    : { ...state, draft: EMPTY, history, recall };
}
