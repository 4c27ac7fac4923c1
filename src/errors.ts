/**
 * The failures that a person acts on, their codes, and the exit status of a process that ends with
 * one. What a person reads about each is in `src/ui/messages/`.
 *
 * @module
 */

import { type FailureCode, STATUS } from "./exit_status.ts";
import { type FactsOf, type Reason, REASONS } from "./failure_reasons.ts";

export { EXIT, type FailureCode } from "./exit_status.ts";

/**
 * A failure that a person acts on: a {@link Reason} with its facts. The sentences are in
 * `src/ui/messages/`, and `describeFailure` finds them.
 *
 * @example
 * ```ts
 * throw new Failure("message-too-long", { bytes: 20_000, maxBytes: 16_384 });
 * ```
 */
export class Failure<R extends Reason = Reason> extends Error {
  override readonly name = "Failure";
  /** What went wrong, precisely; the key of its sentences. */
  readonly reason: R;
  /** What the sentences mention. */
  readonly facts: FactsOf<R>;

  constructor(
    reason: R,
    ...[facts, options]: Record<never, never> extends FactsOf<R>
      ? [facts?: FactsOf<R>, options?: ErrorOptions]
      : [facts: FactsOf<R>, options?: ErrorOptions]
  ) {
    super(
      `${reason} ${Deno.inspect(facts ?? {}, { compact: true, breakLength: Infinity })}`,
      options,
    );
    this.reason = reason;
    this.facts = facts ?? {} as FactsOf<R>;
  }

  /** What programs branch on: the `code` of an `error` event. */
  get code(): FailureCode {
    return REASONS[this.reason].code;
  }

  /** The exit status of a process that ends with this failure. */
  get status(): number {
    return STATUS[this.code];
  }
}

/** Anything that was thrown, as a failure; what is not one yet is a bug. */
export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure("bug", {}, { cause: error });
}

/**
 * The relay did not answer, or answered that it cannot now. Whether a write took effect is unknown.
 * Repeating the operation is safe (every relay operation is idempotent) and expected.
 */
export class RelayUnavailable extends Error {
  override readonly name = "RelayUnavailable";
  /** The relay asked for fewer operations. */
  readonly throttled: boolean;
  /** What to tell the person if it stays so. */
  readonly failure: Failure;

  constructor(failure: Failure, options: ErrorOptions & { throttled?: boolean } = {}) {
    super(failure.message, options);
    this.failure = failure;
    this.throttled = options.throttled ?? false;
  }
}
