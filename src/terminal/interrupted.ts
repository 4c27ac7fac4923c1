/**
 * Ctrl+C at a question.
 *
 * @module
 */
import { Failure } from "../errors.ts";

/** The failure of a person who pressed Ctrl+C at a question. */
export function interrupted(): Failure {
  return new Failure("interrupted");
}
