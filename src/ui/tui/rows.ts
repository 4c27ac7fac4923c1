/**
 * One entry of the conversation as rows of the screen.
 *
 * The two leftmost columns are the program's alone: its own lines begin there with a mark, and no
 * message ever reaches them. What the peer says stands behind a bar, in every row.
 *
 * @module
 */
import { alarmText, type Weight } from "../messages/events.ts";
import { clockTime } from "../common.ts";
import { dayName, QUOTE_TEXTS } from "../messages/interfaces.ts";
import { PLAIN_TEXTS } from "../messages/plain.ts";
import { DELIVERY_WORDS } from "../messages/tui.ts";
import type { Entry, OwnEntry, ShownQuote } from "./log.ts";
import type { Span } from "./theme.ts";
import { linked, type LinkPart, linkParts } from "../../terminal/links.ts";
import { clip, pad, padStart, widthOf, wrap, wrapRows } from "../../terminal/text.ts";

/** A row. */
export type Row = readonly Span[];

/** What the layout of rows depends on. */
export interface Geometry {
  readonly columns: number;
  /** Cells for the names of the two. */
  readonly nameWidth: number;
}

/** From so many columns on, names have a column of their own. */
const WIDE_FROM = 60;
/** Names in the conversation get no more cells; the header has the rest. */
const MAX_NAME_CELLS = 14;
/** `  14:02 ` */
const TIME_CELLS = 8;
/** No text is squeezed into less, however narrow the window is. */
const MIN_TEXT_CELLS = 8;
/** Left free at the right: terminals that count a letter wider than we do have room for it. */
const MARGIN = 1;
const LONGEST_STATUS = Math.max(...Object.values(DELIVERY_WORDS).map((word) => word.length));

/** The width for two names. */
export function nameWidthFor(...names: readonly string[]): number {
  return Math.min(MAX_NAME_CELLS, Math.max(...names.map(widthOf)));
}

interface Laid extends Geometry {
  readonly rows: readonly Row[];
}

/** Entries that are laid out before the layouts of those not looked at since are forgotten. */
const GENERATION = 512;
/** Weak, because a message that has expired takes its layout with it. */
let [laid, laidBefore] = [new WeakMap<Entry, Laid>(), new WeakMap<Entry, Laid>()];
let laidCount = 0;

/** The rows of an entry. Remembered while they are looked at and neither it nor the geometry changes. */
export function rowsOf(entry: Entry, geometry: Geometry): readonly Row[] {
  const young = laid.get(entry);
  const known = young ?? laidBefore.get(entry);
  const isValid = known?.columns === geometry.columns && known.nameWidth === geometry.nameWidth;
  if (isValid && young) return young.rows;
  const rows = isValid ? known.rows : layOut(entry, geometry);
  if (++laidCount % GENERATION === 0) [laid, laidBefore] = [new WeakMap(), laid];
  laid.set(entry, { ...geometry, rows });
  return rows;
}

function layOut(entry: Entry, geometry: Geometry): readonly Row[] {
  const own = entry.kind === "program" ? program(entry, geometry) : spoken(entry, geometry);
  return entry.isNewDay ? [dayRow(entry.at, geometry), ...own] : own;
}

type Program = Entry & { kind: "program" };
type Spoken = Exclude<Entry, Program>;

const MARKS: Readonly<Record<Weight, string>> = { quiet: "·", news: "*", problem: "!", alarm: "!" };

function program({ weight, text, at, isPicture }: Program, { columns }: Geometry): Row[] {
  if (isPicture) {
    return text.split("\n").map((row) => [{ role: "picture", text: clip(row, columns) }]);
  }
  const role = weight === "quiet" ? "faint" : weight;
  const said = weight === "alarm" ? alarmText(text) : text;
  const width = Math.max(MIN_TEXT_CELLS, columns - TIME_CELLS - MARGIN);
  return said.split("\n").flatMap((line) => hanging(line, width)).map((line, index) => {
    const lead = index === 0 ? `${MARKS[weight]} ${clockTime(at)} ` : " ".repeat(TIME_CELLS);
    // An alarm is a block from edge to edge.
    if (role === "alarm") return [{ role, text: pad(clip(lead + line, columns), columns) }];
    return [{ role: index === 0 && weight === "problem" ? role : "faint", text: lead }, {
      role,
      text: line,
    }];
  });
}

/** A line across the conversation where another day begins. */
function dayRow(at: number, { columns }: Geometry): Row {
  const name = clip(` ${dayName(at)} `, columns);
  const left = Math.max(0, Math.floor((columns - widthOf(name)) / 2));
  const right = Math.max(0, columns - widthOf(name) - left);
  return [
    { role: "rule", text: "─".repeat(left) },
    { role: "faint", text: name },
    { role: "rule", text: "─".repeat(right) },
  ];
}

/** A line of a list: what stands behind its first column stays there. */
function hanging(line: string, width: number): string[] {
  const [, indent = "", item = "", rest = ""] = /^(\s*)(.*?\S\s{2,})(\S.*)$/.exec(line) ??
    [line, /^\s*/.exec(line)![0], "", line.trimStart()];
  // However deep a line stands, half of the window is left for its text.
  const lead = " ".repeat(Math.min(widthOf(indent), Math.floor(width / 2)));
  const column = widthOf(lead + item);
  if (item !== "" && column > width / 2) {
    return [...wrap(lead + item.trimEnd(), width), ...hanging(`${lead}    ${rest}`, width)];
  }
  const [first = "", ...others] = wrap(rest, width - column);
  return [lead + item + first, ...others.map((other) => " ".repeat(column) + other)];
}

function spoken(entry: Spoken, geometry: Geometry): Row[] {
  const isWide = geometry.columns >= WIDE_FROM;
  const role = entry.kind === "own" ? "own" : "peer";
  const notes = entry.kind === "peer" && entry.notes.length > 0
    ? `(${entry.notes.join(", ")}) `
    : "";
  const name = clip(entry.kind === "own" ? PLAIN_TEXTS.you : entry.who, geometry.nameWidth);
  const time = `  ${clockTime(entry.at)} `;
  const first: Span[] = isWide
    ? [
      { role: "faint", text: time },
      { role, text: padStart(name, geometry.nameWidth) },
      { role: "rule", text: " │ " },
    ]
    : [{ role: "faint", text: time }, { role, text: name }, { role: "rule", text: ": " }];
  const indent = isWide ? TIME_CELLS + geometry.nameWidth + 3 : TIME_CELLS;
  const rest: Span[] = [{ role: "rule", text: padStart("│ ", indent) }];
  const width = Math.max(MIN_TEXT_CELLS, geometry.columns - indent - MARGIN);
  // In a narrow window the text begins behind the name, and goes on below it.
  const lead = isWide ? 0 : widthOf(name) + 2;
  const { text, links } = linked(`${notes}${entry.text}`, String(entry.id));
  // A name may leave no room behind it.
  const lines = lead < width
    ? wrapRows(text, width, { first: width - lead })
    : [{ text: "", start: 0 }, ...wrapRows(text, width)];
  const rows = lines.map(({ text, start }, index): Span[] => [
    ...index === 0 ? first : rest,
    ...noted(index === 0 ? notes : "", linkParts(text, start, links)),
  ]);
  if (entry.quote) rows.unshift(quoteRow(entry.quote, { indent, width }));
  if (entry.kind === "peer") return rows;
  const used = widthOf(lines.at(-1)!.text) + (lines.length === 1 ? lead : 0);
  return withStatus(rows, { entry, rest, left: width - used });
}

/** One row above a reply. The bar bends: no text of a message begins behind such a bar. */
function quoteRow(
  { who, text }: ShownQuote,
  { indent, width }: { readonly indent: number; readonly width: number },
): Span[] {
  const line = text === undefined ? QUOTE_TEXTS.gone : QUOTE_TEXTS.of(who, text);
  return [
    { role: "rule", text: padStart("╭ ", indent) },
    { role: "faint", text: clip(line, width) },
  ];
}

function noted(notes: string, parts: readonly LinkPart[]): Span[] {
  const spans = parts.map((part): Span => ({ role: "plain", ...part }));
  const [first, ...others] = spans as [Span, ...Span[]];
  return notes !== "" && first.text.startsWith(notes)
    ? [
      { role: "faint", text: notes },
      { ...first, text: first.text.slice(notes.length) },
      ...others,
    ]
    : spans;
}

/** Puts the status behind a message, where the longest one has room, so that rows do not jump. */
function withStatus(
  rows: Span[][],
  { entry, rest, left }: { entry: OwnEntry; rest: Span[]; left: number },
): Row[] {
  const word = DELIVERY_WORDS[entry.status];
  const role = entry.status === "failed" ? "problem" : "faint";
  if (3 + LONGEST_STATUS <= left) {
    rows.at(-1)!.push({ role, text: `  · ${word}` });
  } else rows.push([...rest, { role, text: `· ${word}` }]);
  return rows;
}
