/**
 * `whisper doctor`, put together.
 *
 * @module
 */
import type { DoctorCommand } from "../cli/command.ts";
import { type Asker, askRelay, type RelayTarget } from "../cli/questions.ts";
import type { Clock, Random } from "../clock.ts";
import { EXIT } from "../errors.ts";
import { type Check, type Finding, found } from "../relay/check.ts";
import { examine, URI_CHECKS } from "../relay/open.ts";
import type { TerminalText } from "../terminal/terminal_text.ts";
import { examineAll } from "./doctor.ts";
import { jsonReport, plainReport } from "./report.ts";

/** What the doctor gets from outside. */
export interface DoctorDeps {
  readonly asker: Asker;
  readonly terminal: TerminalFacts;
  readonly write: (text: string | TerminalText) => void;
  /** Writes a value as one line of JSON. */
  readonly writeJson: (value: unknown) => void;
  /** Gives up the network, for a chat that stays on this computer. */
  readonly goOffline: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/**
 * Looks at everything, and returns the exit status: 0 when a chat is possible, 130 when `signal` has
 * ended it, else 3.
 */
export async function runDoctor(command: DoctorCommand, deps: DoctorDeps): Promise<number> {
  const { asker, terminal, write, writeJson, goOffline, clock, random, signal } = deps;
  let target: RelayTarget | undefined;
  const settingsCheck: Check = {
    name: "configuration",
    run: async () => {
      target = await askRelay(command, asker, URI_CHECKS);
      if (target.kind === "sqlite") goOffline();
      return found("settings", { kind: target.kind });
    },
  };
  const { poll, proxy } = command;
  const report = command.ui === "json" ? jsonReport(writeJson) : plainReport(write, terminal.color);
  const relay = () => {
    const settings = target!.kind === "sqlite" ? target! : { ...target!, poll, proxy };
    return examine(settings, { clock, random, signal });
  };
  try {
    const here = [checkTerminal(terminal), settingsCheck];
    const isReady = await examineAll({ here, relay, clock, signal }, report);
    return isReady ? EXIT.ok : EXIT.relay;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

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
