/**
 * Every reason for which Whisper fails, by area: the public code that programs branch on
 * (docs/JSON.md), and the facts that its sentences in `src/ui/messages/` mention.
 *
 * @module
 */
import type { FailureCode } from "./exit_status.ts";

/** A reason as declared: its public code, and, as a type only, its facts. */
interface Declared<Facts extends object> {
  readonly code: FailureCode;
  readonly facts?: Facts;
}

/** Declares a reason. */
function because<Facts extends object = Record<never, never>>(
  code: FailureCode,
): Declared<Facts> {
  return { code };
}

/** All reasons. */
export const REASONS = {
  // The connection to the relay (`src/chat/retry.ts`, `src/deadline.ts`).
  /** No answer within this time. */
  "relay-timeout": because<{ seconds: number }>("relay-unreachable"),
  /** The client was replaced while an operation was under way. */
  "relay-reconnected": because("relay-unreachable"),

  // Relay links.
  "relay-link-damaged": because("relay-uri"),
  "relay-link-version": because("relay-uri"),

  // Everywhere.
  /** Not a failure of the person or the relay: a mistake in the program. */
  "bug": because("bug"),
  /** A sentence from before `src/ui/messages/`. Goes when the last is translated. */
  "untranslated": because<{ code: FailureCode; message: string; hint: string }>("bug"),

  // Lifecycle of the process.
  /** The person pressed Ctrl+C before a chat began. */
  "interrupted": because("interrupted"),
  /** The system, or a terminal that was closed, ended the program before a chat began. */
  "terminated": because("interrupted"),
  /** Standard output takes no more. */
  "output-lost": because<{ why: "no-reader" | "no-space" | "closed" | "other" }>("output"),
};

/** What went wrong, precisely. */
export type Reason = keyof typeof REASONS;

/** The facts of a reason. */
export type FactsOf<R extends Reason> = (typeof REASONS)[R] extends Declared<infer Facts> ? Facts
  : never;
