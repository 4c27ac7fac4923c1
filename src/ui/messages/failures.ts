/**
 * What a person reads about each failure: what happened, then what to do.
 *
 * @module
 */
import type { Failure } from "../../errors.ts";
import type { FactsOf, Reason } from "../../failure_reasons.ts";
import { CHAT_FAILURES } from "./chat_failures.ts";
import { CLI_FAILURES } from "./cli_failures.ts";
import { FILE_FAILURES } from "./files.ts";
import type { FailureText, FailureTexts } from "./failure_text.ts";
import { RELAY_LINK_FAILURES } from "./relay_link_failures.ts";
import { RELAY_FAILURES } from "./relay_failures.ts";
import { PROTOCOL_FAILURES } from "./protocol_failures.ts";

const OUTPUT_LOSSES = {
  "no-reader": "the program that reads it has ended",
  "no-space": "the disk is full",
  "closed": "the terminal was closed",
  "other": "the system reports an error",
} as const;

const TEXTS: FailureTexts = {
  ...CHAT_FAILURES,
  ...RELAY_FAILURES,
  ...PROTOCOL_FAILURES,
  "bug": () => ({
    message: "Internal error. This is a bug in Whisper.",
    hint: "Run the command again with --debug and report what it prints.",
  }),
  "interrupted": () => ({ message: "Interrupted.", hint: "Nothing was left behind." }),
  "terminated": () => ({ message: "Stopped by the system.", hint: "Nothing was left behind." }),
  "output-lost": ({ why }) => ({
    message: `Cannot write the output: ${OUTPUT_LOSSES[why]}.`,
    hint: "What was written before that is incomplete.",
  }),
  ...CLI_FAILURES,
  ...FILE_FAILURES,
  ...RELAY_LINK_FAILURES,
};

/** The sentences of a failure. */
export function describeFailure<R extends Reason>(failure: Failure<R>): FailureText {
  const text = TEXTS[failure.reason] as (facts: FactsOf<R>) => FailureText;
  return text(failure.facts);
}
