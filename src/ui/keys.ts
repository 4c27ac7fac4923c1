/**
 * The keys of both interfaces for people: the one table that says what a terminal sends for each, what
 * it does, how the help calls it, and how the linear twin does the same.
 *
 * @module
 */

/** What a key does. */
export type KeyAction =
  | "submit"
  | "newline"
  | "complete"
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "backspace"
  | "delete"
  | "delete-word"
  | "delete-to-start"
  | "delete-to-end"
  | "undo"
  | "page-up"
  | "page-down"
  | "line-up"
  | "line-down"
  | "first"
  | "last"
  | "dismiss"
  | "redraw"
  | "leave"
  | "end-of-input";

/** One row of the table. */
export interface KeySpec {
  /** What is printed on the keys. */
  readonly name: string;
  readonly help: string;
  /** What terminals send, by what it does: ECMA-48, xterm, rxvt and the Linux console. */
  readonly sends: Readonly<Partial<Record<KeyAction, readonly string[]>>>;
  /** How the linear twin does the same: by the same keys, by them in other words, or otherwise. */
  readonly plain: "same" | { readonly help: string } | { readonly instead: string };
}

/** Every key. */
export const KEYS: readonly KeySpec[] = [
  { name: "Enter", help: "send", sends: { submit: ["\r"] }, plain: "same" },
  {
    name: "Alt+Enter, Ctrl+J",
    help: "a new line in the same text",
    sends: { newline: ["\n", "\x1b\r", "\x1b\n", "\x1b[13;2u", "\x1b[27;2;13~"] },
    plain: { instead: "paste a text of several lines" },
  },
  { name: "Tab", help: "complete a command", sends: { complete: ["\t"] }, plain: "same" },
  {
    name: "Up, Down",
    help: "move by a row; beyond the first and the last: what was sent before",
    sends: {
      up: ["\x1b[A", "\x1bOA", "\x10"],
      down: ["\x1b[B", "\x1bOB", "\x0e"],
    },
    plain: { help: "what was sent before" },
  },
  {
    name: "Left, Right",
    help: "move by a letter; with Ctrl or Alt by a word",
    sends: {
      "left": ["\x1b[D", "\x1bOD", "\x02"],
      "right": ["\x1b[C", "\x1bOC", "\x06"],
      "word-left": ["\x1b[1;5D", "\x1b[1;3D", "\x1b[5D", "\x1bOd", "\x1bb"],
      "word-right": ["\x1b[1;5C", "\x1b[1;3C", "\x1b[5C", "\x1bOc", "\x1bf"],
    },
    plain: "same",
  },
  {
    name: "Home, End",
    help: "to the beginning and the end of a row; once more: of the conversation",
    sends: {
      home: ["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "\x01"],
      end: ["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "\x05"],
    },
    plain: { help: "to the beginning and the end of the line" },
  },
  {
    name: "Backspace, Delete",
    help: "take a letter away",
    sends: { backspace: ["\x7f", "\b"], delete: ["\x1b[3~"] },
    plain: "same",
  },
  {
    name: "Ctrl+W, Ctrl+U, Ctrl+K",
    help: "take away a word, all before the cursor, all behind it",
    sends: {
      "delete-word": ["\x17", "\x1b\x7f", "\x1b\b"],
      "delete-to-start": ["\x15"],
      "delete-to-end": ["\x0b"],
    },
    plain: "same",
  },
  { name: "Ctrl+Z", help: "undo", sends: { undo: ["\x1a", "\x1f"] }, plain: "same" },
  {
    name: "PgUp, PgDn",
    help: "look back, a screen at a time; with Shift a row",
    sends: {
      "page-up": ["\x1b[5~"],
      "page-down": ["\x1b[6~"],
      "line-up": ["\x1b[5;2~", "\x1b[1;2A", "\x1b[a"],
      "line-down": ["\x1b[6;2~", "\x1b[1;2B", "\x1b[b"],
    },
    plain: { instead: "the terminal's own way to look back" },
  },
  {
    name: "Ctrl+Home, Ctrl+End",
    help: "to the beginning of the conversation, and back to its end",
    sends: {
      first: ["\x1b[1;5H", "\x1b[7^"],
      last: ["\x1b[1;5F", "\x1b[8^"],
    },
    plain: { instead: "the terminal's own way to look back" },
  },
  {
    name: "Esc",
    help: "an alarm was read; a question is answered with no",
    sends: { dismiss: ["\x1b"] },
    plain: { instead: "nothing: an alarm is a line that stays" },
  },
  {
    name: "Ctrl+L",
    help: "draw the screen anew",
    sends: { redraw: ["\x0c"] },
    plain: "same",
  },
  {
    name: "Ctrl+C",
    help: "leave; twice: at once",
    sends: { leave: ["\x03"] },
    plain: "same",
  },
  {
    name: "Ctrl+D",
    help: "leave, where nothing is typed",
    sends: { "end-of-input": ["\x04"] },
    plain: "same",
  },
];

/** What a sequence does. */
export const ACTION_OF: ReadonlyMap<string, KeyAction> = new Map(
  KEYS.flatMap(({ sends }) =>
    Object.entries(sends).flatMap(([action, sequences]) =>
      sequences.map((sequence) => [sequence, action as KeyAction] as const)
    )
  ),
);

/** The rows of the help. */
export function keyHelp(): [name: string, help: string][] {
  return KEYS.map(({ name, help }) => [name, help]);
}

/** The same for the linear twin. */
export function plainKeyHelp(): [name: string, help: string][] {
  return KEYS.flatMap(({ name, help, plain }): [string, string][] => {
    if (plain === "same") return [[name, help]];
    return "help" in plain ? [[name, plain.help]] : [];
  });
}
