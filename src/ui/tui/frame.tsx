/**
 * One frame: the screen as rows of text with their colours, and the place of the cursor. Laid out by
 * ink, part by part; nothing here writes to a terminal.
 *
 * @module
 */
import { renderToString } from "ink";
import { conversationWindow, type Heights, heightsOf } from "./geometry.ts";
import { Part, type PartProps } from "./part.tsx";
import { bannerRows, composerRows, headerRows, inviteRows, ruleRow, statusRow } from "./parts.ts";
import type { Row } from "./rows.ts";
import type { State } from "./state.ts";
import { paint } from "./theme.ts";
import { visibleRows } from "./viewport.ts";

/** What a terminal should show. */
export interface Frame {
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** From top to bottom. */
const PARTS: readonly (keyof Heights)[] = [
  "header",
  "alarms",
  "conversation",
  "invite",
  "rule",
  "composer",
  "status",
];

/** A part as it was laid out last. */
interface Known {
  readonly props: PartProps;
  readonly lines: readonly string[];
}

/**
 * Makes frames. A part that looks as it did in the last frame is not laid out again: a key costs the
 * composer, and not the conversation above it.
 */
export class Frames {
  readonly #known = new Map<keyof Heights, Known>();

  /** The frame of a state. */
  of(state: State): Frame {
    const heights = heightsOf(state);
    const composer = composerRows(state, heights.composer);
    const rows: Record<keyof Heights, readonly Row[]> = {
      header: headerRows(state, heights.header),
      alarms: bannerRows(state, heights.alarms),
      conversation: visibleRows(
        { ...conversationWindow(state), height: heights.conversation },
        state.scroll,
      ),
      invite: inviteRows(state, heights.invite),
      rule: [ruleRow(state)],
      composer: composer.rows,
      status: [statusRow(state)],
    };
    const lines = PARTS.flatMap((part) =>
      this.#linesOf(part, {
        rows: rows[part].map((row) => paint(row, state.theme)),
        columns: state.columns,
        height: heights[part],
        fromBottom: part === "conversation",
      })
    );
    const above = state.rows - heights.status - heights.composer;
    return {
      lines: lines.slice(0, state.rows),
      cursor: {
        row: Math.max(0, above + composer.cursor.row),
        column: Math.min(state.columns - 1, composer.cursor.column),
      },
    };
  }

  #linesOf(part: keyof Heights, props: PartProps): readonly string[] {
    if (props.height === 0) return [];
    const known = this.#known.get(part);
    if (known && isSame(known.props, props)) return known.lines;
    const lines = renderToString(<Part {...props} />, { columns: props.columns }).split("\n");
    this.#known.set(part, { props, lines });
    return lines;
  }
}

function isSame(a: PartProps, b: PartProps): boolean {
  return a.columns === b.columns && a.height === b.height && a.rows.length === b.rows.length &&
    a.rows.every((row, index) => row === b.rows[index]);
}
