/**
 * What a person reads about failures of the protocol, and about codes and passphrases.
 *
 * @module
 */
import type { InvalidCode } from "../../failure_reasons.ts";
import { counted } from "./counted.ts";
import type { FailureTexts } from "./failure_text.ts";

/** To be spread into the table of all failures. */
export const PROTOCOL_FAILURES = {
  "invalid-peer-key": () => ({
    message: "The chat cannot start: the other program sent an invalid key.",
    hint: "Update Whisper on both sides and start a new chat.",
  }),
  "other-protocol-version": ({ peer, own }) => ({
    message: `The other program speaks version ${peer} of the protocol; this one speaks ${own}.`,
    hint: "Update Whisper on both sides and use a new code.",
  }),
  "invalid-code": ({ problem }) => ({
    message: `This is not an invite code: ${describeCodeProblem(problem)}`,
    hint: "A code is a number and three words, like 4821-river-canyon-ocean.",
  }),
  "invalid-passphrase": ({ problem }) => ({
    message: {
      "too-long": "This passphrase is too long.",
      "not-unicode": "This passphrase is not valid Unicode.",
      "empty": "The passphrase is empty.",
    }[problem],
    hint: {
      "too-long": "Use a shorter one.",
      "not-unicode": "Type it again.",
      "empty": "Type the one that you both agreed on.",
    }[problem],
  }),
} satisfies Partial<FailureTexts>;

function describeCodeProblem(problem: InvalidCode): string {
  switch (problem.kind) {
    case "too-long":
      return "it is too long.";
    case "empty":
      return "it is empty.";
    case "no-number":
      return "it does not start with a number.";
    case "number-too-long":
      return "its number is too long.";
    case "word-count":
      if (problem.words === 0) return "the three words after the number are missing.";
      return `it has ${counted(problem.words, "word")} after the number, not 3.`;
    case "unknown-word": {
      const { typed, suggestion } = problem;
      const subject = typed === undefined ? "one of its words" : `"${typed}"`;
      return suggestion === undefined
        ? `${subject} is not in the word list.`
        : `${subject} is not in the word list. Did you mean "${suggestion}"?`;
    }
  }
}
