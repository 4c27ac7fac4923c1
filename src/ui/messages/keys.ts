/**
 * The keys of both interfaces for people, as `/help` lists them.
 *
 * @module
 */

/** One row of the help. */
export interface KeyHelp {
  /** The actions of `src/terminal/keys.ts` that the row describes. */
  readonly actions: readonly string[];
  /** What is printed on the keys. */
  readonly keys: string;
  readonly help: string;
  /** The help in the plain interface where it differs; null where the key does nothing there. */
  readonly plain?: string | null;
}

/** Every key. */
export const KEY_HELP: readonly KeyHelp[] = [
  { actions: ["submit"], keys: "Enter", help: "send" },
  {
    actions: ["newline"],
    keys: "Shift+Enter, Alt+Enter, Ctrl+J",
    help: "new line in the same message",
    plain: null,
  },
  { actions: ["complete"], keys: "Tab", help: "complete a command" },
  {
    actions: ["up", "down"],
    keys: "Up, Down",
    help: "move by a row; past the first row: earlier messages, first a queued one",
    plain: "earlier messages, first a queued one",
  },
  {
    actions: ["left", "right", "word-left", "word-right"],
    keys: "Left, Right",
    help: "move by a character; with Ctrl or Alt by a word",
  },
  {
    actions: ["home", "end"],
    keys: "Home, End",
    help: "start or end of the line; again: of the conversation",
    plain: "start or end of the line",
  },
  {
    actions: ["backspace", "delete"],
    keys: "Backspace, Delete",
    help: "delete a character",
  },
  {
    actions: ["delete-word", "delete-next-word", "delete-to-start", "delete-to-end"],
    keys: "Ctrl+W, Alt+D, Ctrl+U, Ctrl+K",
    help: "delete the word before or after, to the start of the line, to its end",
  },
  { actions: ["yank"], keys: "Ctrl+Y", help: "insert what these keys deleted last" },
  { actions: ["undo"], keys: "Ctrl+_", help: "undo" },
  { actions: ["search"], keys: "Ctrl+R", help: "search in what you sent; again: older" },
  {
    actions: ["page-up", "page-down", "line-up", "line-down"],
    keys: "PgUp, PgDn",
    help: "scroll by a screen; with Shift by a row",
    plain: null,
  },
  {
    actions: ["first", "last"],
    keys: "Ctrl+Home, Ctrl+End",
    help: "start of the conversation, and back to its end",
    plain: null,
  },
  {
    actions: ["dismiss"],
    keys: "Esc",
    help: "dismiss an alarm; answer a question with no",
    plain: null,
  },
  { actions: ["suspend"], keys: "Ctrl+Z", help: "suspend; fg continues" },
  { actions: ["redraw"], keys: "Ctrl+L", help: "redraw the screen" },
  { actions: ["leave"], keys: "Ctrl+C", help: "leave; twice: at once" },
  { actions: ["end-of-input"], keys: "Ctrl+D", help: "leave, if nothing is typed" },
];

/** The keys and their help in the full screen. */
export function keyHelp(): [keys: string, help: string][] {
  return KEY_HELP.map(({ keys, help }) => [keys, help]);
}

/** The same in the plain interface. */
export function plainKeyHelp(): [keys: string, help: string][] {
  return KEY_HELP.flatMap(({ keys, help, plain }): [string, string][] =>
    plain === null ? [] : [[keys, plain ?? help]]
  );
}
