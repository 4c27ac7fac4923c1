/**
 * What can be seen without going anywhere: the terminal, and the settings.
 *
 * @module
 */
import type { Check, Finding } from "../relay/check.ts";

/** What a terminal is, as it says itself. */
export interface TerminalFacts {
  /** Whether a person types there, and whether one reads there. */
  readonly input: boolean;
  readonly output: boolean;
  /** `TERM`. */
  readonly kind: string | undefined;
  readonly size: { readonly columns: number; readonly rows: number } | undefined;
  /** `tmux` or `screen`, where one of them stands in between. */
  readonly multiplexer: string | undefined;
  readonly color: boolean;
}

/** Below this a message and the line under it get in each other's way. */
const MIN_COLUMNS = 40;
const MIN_ROWS = 10;

/** What this terminal makes possible. */
export function checkTerminal(facts: TerminalFacts): Check {
  return { name: "terminal", title: "Terminal", run: () => look(facts) };
}

function look({ input, output, kind, size, multiplexer, color }: TerminalFacts): Finding {
  if (!input || !output) {
    return { state: "ok", says: "none: lines in and out, for programs and files" };
  }
  if (kind === "dumb") {
    return { state: "ok", says: "a simple one: chats are plain lines" };
  }
  const says = [
    size ? `${size.columns} by ${size.rows}` : "of unknown size",
    color ? "colours" : "no colours",
    ...(multiplexer ? [`inside ${multiplexer}`] : []),
  ].join(", ");
  if (size && (size.columns < MIN_COLUMNS || size.rows < MIN_ROWS)) {
    return {
      state: "warning",
      says,
      fix: `Make the window at least ${MIN_COLUMNS} by ${MIN_ROWS}, or use --plain.`,
    };
  }
  if (multiplexer) {
    return {
      state: "warning",
      says,
      fix: `${multiplexer} keeps its own scrollback: clear it after a chat, or chat outside of it.`,
    };
  }
  return { state: "ok", says };
}

/**
 * The settings.
 *
 * @param read finds them all, asking for what is missing; says in part of a sentence what they are.
 */
export function checkSettings(read: () => Promise<string>): Check {
  return {
    name: "configuration",
    title: "Settings",
    run: async () => ({ state: "ok", says: await read() }),
  };
}
