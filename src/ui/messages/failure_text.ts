/**
 * The shape of the sentences about failures.
 *
 * @module
 */
import type { FactsOf, Reason } from "../../failure_reasons.ts";

/** Two sentences: what happened, and what to do next. */
export interface FailureText {
  readonly message: string;
  readonly hint: string;
}

/** The sentences of every reason, from its facts. */
export type FailureTexts = { readonly [R in Reason]: (facts: FactsOf<R>) => FailureText };
