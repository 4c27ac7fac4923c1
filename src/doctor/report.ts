/**
 * What the doctor found, as lines for a person or for a program.
 *
 * @module
 */
import type { Report, Step } from "./doctor.ts";

/** The words of the marks: read aloud, copied into a letter or searched for, they stay words. */
const MARKS = {
  ok: "ok",
  unknown: "-",
  warning: "note",
  failed: "FAILED",
  skipped: "-",
} as const;
const COLORS: Partial<Record<keyof typeof MARKS, string>> = {
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
export function plainReport(write: (text: string) => void, color: boolean): Report {
  const painted = (state: keyof typeof MARKS, text: string) => {
    const code = COLORS[state];
    return color && code ? `\x1b[${code}m${text}\x1b[0m` : text;
  };
  return {
    step({ title, ms, finding }) {
      const { state, says } = finding;
      const mark = painted(state, MARKS[state].padEnd(MARK));
      write(`  ${mark}  ${title.padEnd(TITLE)}  ${time(ms).padStart(TIME)}  ${says}\n`);
      if ("fix" in finding) { for (const line of wrapped(finding.fix)) write(`${FIX}${line}\n`); }
    },
    verdict({ ready, first }) {
      write(ready ? "\nReady: you can chat.\n" : "\nNot ready. First of all:\n");
      if (!ready) { for (const line of wrapped(first ?? "")) write(`${FIX}${line}\n`); }
    },
  };
}

/** One JSON object for each line. */
export function jsonReport(write: (text: string) => void): Report {
  return {
    step({ name, ms, finding }) {
      write(`${
        JSON.stringify({
          event: "check",
          check: name,
          state: finding.state,
          ms: ms === undefined ? null : Math.round(ms * 10) / 10,
          says: finding.says,
          fix: "fix" in finding ? finding.fix : null,
        })
      }\n`);
    },
    verdict({ ready, first }) {
      write(`${JSON.stringify({ event: "verdict", ready, first: first ?? null })}\n`);
    },
  };
}

function time(ms: Step["ms"]): string {
  if (ms === undefined) return "";
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function wrapped(sentence: string): string[] {
  const lines = [""];
  for (const word of sentence.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
