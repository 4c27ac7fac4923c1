/**
 * The sentences of failures that end the process from outside.
 *
 * @module
 */
import type { FailureTexts } from "./failure_text.ts";

const LOST = {
  "no-reader": "the program that reads it has ended",
  "no-space": "the disk is full",
  "closed": "the terminal was closed",
  "other": "the system reports an error",
} as const;

/** By reason. */
export const LIFECYCLE_FAILURES = {
  "interrupted": () => ({ message: "Interrupted.", hint: "Nothing was left behind." }),
  "terminated": () => ({ message: "Stopped by the system.", hint: "Nothing was left behind." }),
  "output-lost": ({ why }) => ({
    message: `Cannot write the output: ${LOST[why]}.`,
    hint: "What was written before that is incomplete.",
  }),
} satisfies Partial<FailureTexts>;
