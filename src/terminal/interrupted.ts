/**
 * Ctrl+C at a question.
 *
 * @module
 */
import { type Failure, untranslated } from "../errors.ts";

/** The failure of a person who pressed Ctrl+C at a question. */
export function interrupted(): Failure {
  return untranslated("interrupted", "Interrupted.", "Nothing was left behind.");
}
