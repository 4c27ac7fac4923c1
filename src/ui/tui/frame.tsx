/**
 * One frame: the screen as rows of text with their colours, and the place of the cursor. Laid out by
 * ink, row by row; nothing here writes to a terminal.
 *
 * @module
 */
import { renderToString } from "ink";
import { conversationWindow, type Heights, heightsOf } from "./geometry.ts";
import { bannerRows, composerRows, headerRows, inviteRows, ruleRow, statusRow } from "./parts.ts";
import type { Row } from "./rows.ts";
import { Rows } from "./rows_view.tsx";
import type { State } from "./state.ts";
import { paint } from "./theme.ts";
import { visibleRows } from "./viewport.ts";

/** What a terminal should show. */
export interface Frame {
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/**
 * Makes frames. A row that was in the last frame is not laid out again: a key costs its own row, and
 * a message its own.
 */
export class Frames {
  /** The rows of the last frame, and what ink made of them. */
  #known: ReadonlyMap<string, string> = new Map();
  #columns = 0;

  /** The frame of a state. */
  of(state: State): Frame {
    const heights = heightsOf(state);
    const composer = composerRows(state, heights.composer);
    const rows = [
      ...placed(headerRows(state, heights.header), heights.header),
      ...placed(bannerRows(state, heights.alarms), heights.alarms),
      ...placed(conversation(state, heights), heights.conversation, "bottom"),
      ...placed(inviteRows(state, heights.invite), heights.invite),
      ...placed([ruleRow(state)], heights.rule),
      ...placed(composer.rows, heights.composer),
      ...placed([statusRow(state)], heights.status),
    ].slice(0, state.rows);
    const above = state.rows - heights.status - heights.composer;
    return {
      lines: this.#lay(rows.map((row) => paint(row, state.theme)), state.columns),
      cursor: {
        row: Math.max(0, above + composer.cursor.row),
        column: Math.min(state.columns - 1, composer.cursor.column),
      },
    };
  }

  #lay(rows: readonly string[], columns: number): string[] {
    const known = columns === this.#columns ? this.#known : new Map<string, string>();
    const fresh = [...new Set(rows)].filter((row) => !known.has(row));
    const lines = fresh.length === 0
      ? []
      : renderToString(<Rows rows={fresh} columns={columns} />, { columns }).split("\n");
    const made = new Map(fresh.map((row, index) => [row, lines[index] ?? ""]));
    const laid = rows.map((row) => known.get(row) ?? made.get(row)!);
    this.#known = new Map(rows.map((row, index) => [row, laid[index]!]));
    this.#columns = columns;
    return laid;
  }
}

function conversation(state: State, { conversation }: Heights): readonly Row[] {
  return visibleRows({ ...conversationWindow(state), height: conversation }, state.scroll);
}

/** Rows in a place of that height, at its top or at its bottom. */
function placed(rows: readonly Row[], height: number, at: "top" | "bottom" = "top"): Row[] {
  const shown = rows.slice(0, height);
  const space = Array<Row>(height - shown.length).fill([]);
  return at === "top" ? [...shown, ...space] : [...space, ...shown];
}
