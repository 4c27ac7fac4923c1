/**
 * The step that looks at the terminal.
 *
 * @module
 */
import { type Check, type Finding, found } from "../relay/check.ts";

/** What is known of the terminal. */
export interface TerminalFacts {
  /** Whether standard input and output are a terminal. */
  readonly input: boolean;
  readonly output: boolean;
  /** `TERM`. */
  readonly kind: string | undefined;
  readonly size: { readonly columns: number; readonly rows: number } | undefined;
  /** `tmux` or `screen`, where Whisper runs inside one of them. */
  readonly multiplexer: string | undefined;
  readonly color: boolean;
}

/** Below this, messages and the input line don't fit. */
const MIN_COLUMNS = 40;
const MIN_ROWS = 10;

/** The step that says what this terminal is able to show. */
export function checkTerminal(facts: TerminalFacts): Check {
  return { name: "terminal", run: () => look(facts) };
}

function look({ input, output, kind, size, multiplexer, color }: TerminalFacts): Finding {
  if (!input || !output) return found("no-terminal", {});
  if (kind === "dumb") return found("dumb-terminal", {});
  if (size && (size.columns < MIN_COLUMNS || size.rows < MIN_ROWS)) {
    const least = { minColumns: MIN_COLUMNS, minRows: MIN_ROWS };
    return found("small-terminal", { ...size, ...least }, "warning");
  }
  const { columns, rows } = size ?? {};
  if (multiplexer) return found("multiplexer", { name: multiplexer, columns, rows }, "warning");
  return found("terminal", { columns, rows, color });
}
