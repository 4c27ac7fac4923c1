/**
 * One frame: the screen as rows of text with their colours, and the place of the cursor. Laid out by
 * ink; nothing here writes to a terminal.
 *
 * @module
 */
import { renderToString } from "ink";
import { heightsOf } from "./geometry.ts";
import type { State } from "./state.ts";
import { composerRows } from "./parts.ts";
import { Screen } from "./screen.tsx";

/** What a terminal should show. */
export interface Frame {
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** The frame of a state. */
export function frameOf(state: State): Frame {
  const lines = renderToString(<Screen state={state} />, { columns: state.columns }).split("\n");
  const heights = heightsOf(state);
  const { cursor } = composerRows(state, heights.composer);
  const above = heights.header + heights.alarms + heights.conversation + heights.invite +
    heights.rule;
  return {
    lines: lines.slice(0, state.rows),
    cursor: {
      row: Math.min(state.rows - 1, above + cursor.row),
      column: Math.min(state.columns - 1, cursor.column),
    },
  };
}
