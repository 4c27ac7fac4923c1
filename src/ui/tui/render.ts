/**
 * Frames on the terminal: what changed since the last is written, at its absolute place: a row from
 * the first letter on that changed, as far as every terminal agrees on where that is. Rows that only
 * moved are moved by the terminal. No row depends on what another shows, so that a letter which the
 * terminal counts otherwise than we do spoils no more than its own row. A frame is rendered soon after
 * something happened, and never faster than the terminal takes them.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { restOfRow, type TerminalText, tty } from "../../terminal/terminal_text.ts";
import type { Frame } from "./view.ts";

/** What a person has chosen about the terminal. */
export interface ScreenOptions {
  /** Whether the mouse wheel scrolls. */
  readonly mouse: boolean;
  /** Whether the colors follow the terminal's theme. */
  readonly followsTheme: boolean;
}

/** How the terminal was found, as far as it has answered. */
export interface FoundModes {
  /** Private modes by number. */
  readonly modes: ReadonlyMap<number, boolean>;
  /** The level of modifyOtherKeys. */
  readonly otherKeys?: number;
}

/** Before anything is asked. */
export const NOTHING_FOUND: FoundModes = { modes: new Map() };

/**
 * The modes that are switched: rows end at the edge instead of wrapping (7), pastes come in brackets
 * (2004), the terminal reports focus (1004) and changes of its theme (2031). With alternate scroll
 * (1007) the wheel sends arrow keys. No mouse is reported: selecting text stays the terminal's.
 */
const MODES: readonly (readonly [mode: number, wanted: (options: ScreenOptions) => boolean])[] = [
  [7, () => false],
  [2004, () => true],
  [1004, () => true],
  [1007, ({ mouse }) => mouse],
  [2031, ({ followsTheme }) => followsTheme],
];
/** Hidden while a frame is written, and shown again. */
const CURSOR = 25;

function switched(mode: number, on: boolean): TerminalText {
  return on ? tty`\x1b[?${mode}h` : tty`\x1b[?${mode}l`;
}

/** Keys with modifiers are told apart, too: xterm's modifyOtherKeys. */
function modesOn(options: ScreenOptions): TerminalText {
  return tty`${MODES.map(([mode, wanted]) => switched(mode, wanted(options)))}\x1b[>4;1m`;
}

/** Asks how the terminal is, before it is changed (DECRQM, XTQMODKEYS). */
const ASK_MODES = tty`${
  [...MODES.map(([mode]) => mode), CURSOR].map((mode) => tty`\x1b[?${mode}$p`)
}\x1b[?4m`;

/**
 * Taken over: the title is saved, the alternate screen is shown, the modes are set. The kitty keyboard
 * protocol (level 1) is asked for last: each screen has a stack of its own, so that even a program
 * that is killed leaves the main screen as it was.
 */
export function enterScreen(options: ScreenOptions): TerminalText {
  return tty`\x1b[22;2t\x1b]2;Whisper\x07\x1b[?1049h${ASK_MODES}\x1b[H\x1b[2J\x1b[?1007s${
    modesOn(options)
  }\x1b[>1u`;
}

/** The same after the process was stopped and continued: what is saved stays saved. */
export function resumeScreen(options: ScreenOptions): TerminalText {
  return tty`\x1b]2;Whisper\x07\x1b[?1049h${modesOn(options)}\x1b[=1u`;
}

/**
 * Given back, with every mode as it was found, or as terminals begin where one does not tell. The
 * alternate screen is erased before it is left, because some terminals keep it. What was there before
 * Whisper started stays, scrollback included.
 */
export function leaveScreen({ modes, otherKeys }: FoundModes): TerminalText {
  const restored = MODES.toReversed().map(([mode]) => {
    const found = modes.get(mode);
    // xterm saves this one by itself.
    if (found === undefined && mode === 1007) return tty`\x1b[?1007r`;
    return switched(mode, found ?? mode === 7);
  });
  const keys = otherKeys === undefined ? tty`\x1b[>4m` : tty`\x1b[>4;${otherKeys}m`;
  const cursor = switched(CURSOR, modes.get(CURSOR) ?? true);
  return tty`\x1b[?2026l\x1b[0m\x1b[<u${keys}${restored}\x1b[H\x1b[J\x1b[?1049l${cursor}\x1b[23;2t`;
}

/** Asks for the color of the background. */
export const ASK_BACKGROUND = tty`\x1b]11;?\x07`;
/** Asks for the keyboard protocol, then for the attributes: nearly every terminal answers these last. */
export const ASK_TERMINAL = tty`\x1b[?u\x1b[c`;

const ERASE = tty`\x1b[0m\x1b[2J`;
/** Frames are shown whole where the terminal can do that (mode 2026). */
const [BEGIN_FRAME, END_FRAME] = [tty`\x1b[?2026h`, tty`\x1b[?2026l`];

/** What the renderer needs. */
export interface RendererDeps {
  readonly clock: Clock;
  /** Takes text for the screen, in order. */
  readonly write: (text: TerminalText) => void;
  /** Resolves when the terminal has taken all of it, or is gone. */
  readonly flush: () => Promise<void>;
  /** What is to be seen now. */
  readonly frame: () => Frame;
  /** Called with each frame that the terminal has taken. */
  readonly shown?: (frame: Frame) => void;
}

/** Renders frames. */
export class Renderer {
  readonly #deps: RendererDeps;
  /** The rows on the screen. */
  #rows: readonly TerminalText[] = [];
  #renderedAt = -Infinity;
  #next: { readonly timer: Timer; readonly at: number } | undefined;
  #isBusy = false;
  /** How soon after the last a frame is wanted that had to wait. */
  #wanted = Infinity;
  #isPaused = false;
  #isOver = false;

  constructor(deps: RendererDeps) {
    this.#deps = deps;
  }

  /** Renders now, or as soon as the last frame is `ms` milliseconds old. */
  renderWithin(ms: number): void {
    if (this.#isOver || this.#isPaused) return;
    // While the terminal has not taken the last frame, nobody would see another.
    if (this.#isBusy) {
      this.#wanted = Math.min(this.#wanted, ms);
      return;
    }
    const { clock } = this.#deps;
    const now = clock.monotonic();
    const at = Math.max(now, this.#renderedAt + ms);
    if (this.#next && this.#next.at <= at) return;
    this.#next?.timer.cancel();
    if (at <= now) return this.#render();
    this.#next = { at, timer: clock.after(at - now, () => this.#render()) };
  }

  /** Renders everything again: something else has written on the screen. */
  redraw(): void {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#rows = [];
    this.#deps.write(ERASE);
    this.renderWithin(0);
  }

  /** Renders nothing until {@link redraw}: the screen belongs to the shell. */
  pause(): void {
    this.#isPaused = true;
    this.#next?.timer.cancel();
    this.#next = undefined;
  }

  /** Renders no more. */
  stop(): void {
    this.#isOver = true;
    this.#next?.timer.cancel();
  }

  #render(): void {
    this.#next?.timer.cancel();
    this.#next = undefined;
    const { clock, write, flush, frame, shown } = this.#deps;
    this.#renderedAt = clock.monotonic();
    this.#wanted = Infinity;
    this.#isBusy = true;
    const next = frame();
    write(changes(this.#rows, next));
    this.#rows = next.rows;
    void flush().then(() => {
      this.#isBusy = false;
      if (this.#isOver || this.#isPaused) return;
      shown?.(next);
      if (this.#wanted < Infinity) this.renderWithin(this.#wanted);
    });
  }
}

/** What to write to turn the rows on the screen into those of a frame. */
export function changes(shown: readonly TerminalText[], { rows, cursor }: Frame): TerminalText {
  const place = tty`${goTo(cursor.row, cursor.column)}\x1b[?25h`;
  const move = bestMove(shown, rows);
  const moved = move ? afterMove(shown, move) : shown;
  const changed = rows.flatMap((row, index) => replaced(index, moved[index], row) ?? []);
  if (!move && changed.length === 0) return place;
  // One row, as at most keys, is shown at once by every terminal.
  if (!move && changed.length === 1) return tty`\x1b[0m${changed}${place}`;
  return tty`${BEGIN_FRAME}\x1b[?25l\x1b[0m${
    move ? moving(move) : ""
  }${changed}${place}${END_FRAME}`;
}

/** Puts the cursor in a place. */
function goTo(row: number, column = 0): TerminalText {
  return column === 0 ? tty`\x1b[${row + 1}H` : tty`\x1b[${row + 1};${column + 1}H`;
}

/** What to write where a row replaces another: what did not change in it stays. */
function replaced(
  index: number,
  known: TerminalText | undefined,
  row: TerminalText,
): TerminalText | undefined {
  if (row.raw === known?.raw) return undefined;
  // Erased first: behind a full row there is no place from which the rest could be erased.
  if (!known) return tty`${goTo(index)}\x1b[2K${row}\x1b[0m`;
  const { column, rest } = restOfRow(known, row);
  return tty`${goTo(index, column)}\x1b[K${rest}`;
}

/** Rows that are on the screen already, `by` rows further down (or up, where it is negative). */
interface Move {
  /** The first and the last of these rows in the next frame. */
  readonly first: number;
  readonly last: number;
  readonly by: number;
}

/** Rows are looked for so far from where they are shown. */
const MAX_MOVE = 8;
/** UTF-16 units that a move takes to write, or about as many. */
const MOVE_COST = 40;

/** The move that saves most of what is to be written; undefined where none does. */
function bestMove(
  shown: readonly TerminalText[],
  rows: readonly TerminalText[],
): Move | undefined {
  let best: Move | undefined;
  let most = MOVE_COST;
  const raw = (row: TerminalText | undefined) => row?.raw ?? "";
  if (shown.length !== rows.length) return undefined;
  for (let by = -MAX_MOVE; by <= MAX_MOVE; by++) {
    let [first, saved] = [0, 0];
    for (let index = 0; by !== 0 && index < rows.length; index++) {
      const row = raw(rows[index]);
      if (row !== shown[index + by]?.raw) [first, saved] = [index + 1, 0];
      else if (row !== raw(shown[index])) saved += row.length;
      if (saved > most) [best, most] = [{ first, last: index, by }, saved];
    }
  }
  return best && extended(best, { shown, rows });
}

/** The move with the rows around it of which it saves a part. */
function extended(
  move: Move,
  { shown, rows }: { shown: readonly TerminalText[]; rows: readonly TerminalText[] },
): Move {
  const { by } = move;
  const cost = (index: number, known: TerminalText) =>
    replaced(index, known, rows[index]!)?.raw.length ?? 0;
  const saves = (index: number) => {
    const [here, there] = [shown[index], shown[index + by]];
    return here && there && cost(index, there) < cost(index, here);
  };
  let { first, last } = move;
  while (saves(first - 1)) first--;
  while (saves(last + 1)) last++;
  return { first, last, by };
}

/** Lines are deleted and inserted, so that nothing gets into a scrollback. */
function moving({ first, last, by }: Move): TerminalText {
  const deleted = (row: number) => tty`${goTo(row)}\x1b[${Math.abs(by)}M`;
  const inserted = (row: number) => tty`${goTo(row)}\x1b[${Math.abs(by)}L`;
  return by > 0
    ? tty`${deleted(first)}${inserted(last + 1)}`
    : tty`${deleted(last + by + 1)}${inserted(first + by)}`;
}

/** The rows on the screen after a move. */
function afterMove(shown: readonly TerminalText[], { first, last, by }: Move): TerminalText[] {
  const rows = [...shown];
  const empty = Array<TerminalText>(Math.abs(by)).fill(tty``);
  if (by > 0) {
    rows.splice(first, by);
    rows.splice(last + 1, 0, ...empty);
  } else {
    rows.splice(last + by + 1, -by);
    rows.splice(first + by, 0, ...empty);
  }
  return rows;
}
