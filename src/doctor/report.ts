/**
 * What the doctor found, as lines for a person or for a program. The words are in
 * `src/ui/messages/doctor.ts`.
 *
 * @module
 */
import { describeResult, DOCTOR, type StepText } from "../ui/messages/doctor.ts";
import { styled, type TerminalText, tty } from "../terminal/terminal_text.ts";
import { wrap } from "../terminal/text.ts";
import type { Report, Result, Step } from "./doctor.ts";

const COLORS: Partial<Record<Result["state"], string>> = {
  ok: "32",
  warning: "33",
  failed: "31;1",
};
/** Columns of the mark, of the title, and of the time. */
const MARK = 6;
const TITLE = 17;
const TIME = 8;

/** Stands before what is to be done. */
const FIX = " ".repeat(2 + MARK + 2);
/** Fits the narrowest terminal that is usual. */
const WIDTH = 80 - FIX.length;

/** One line for each step, and another one below it where something is to be done. */
export function plainReport(
  write: (text: string | TerminalText) => void,
  color: boolean,
): Report {
  const advise = ({ fix }: StepText) => {
    if (fix !== null) { for (const line of wrap(fix, WIDTH)) write(`${FIX}${line}\n`); }
  };
  return {
    step({ name, ms, result }) {
      const text = describeResult(result);
      const style = color ? COLORS[result.state] ?? "" : "";
      const mark = styled(style, DOCTOR.marks[result.state].padEnd(MARK));
      const title = DOCTOR.titles[name].padEnd(TITLE);
      write(tty`  ${mark}  ${title}  ${time(ms).padStart(TIME)}  ${text.says}\n`);
      advise(text);
    },
    verdict(failed) {
      write(`\n${failed ? DOCTOR.notReady : DOCTOR.ready}\n`);
      if (failed) advise(describeResult(failed.result));
    },
  };
}

/** One JSON object for each line. */
export function jsonReport(write: (value: unknown) => void): Report {
  return {
    step({ name, ms, result }) {
      write({
        event: "check",
        check: name,
        state: result.state,
        ms: ms === undefined ? null : Math.round(ms * 10) / 10,
        ...describeResult(result),
      });
    },
    verdict(failed) {
      const first = failed ? describeResult(failed.result).fix : null;
      write({ event: "verdict", ready: !failed, first });
    },
  };
}

function time(ms: Step["ms"]): string {
  if (ms === undefined) return "";
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
