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
      facts && "message" in facts && reason === "untranslated"
        ? String(facts.message)
        : `${reason} ${Deno.inspect(facts ?? {}, { compact: true, breakLength: Infinity })}`,
      options,
    );
    this.reason = reason;
    this.facts = facts ?? {} as FactsOf<R>;
  }

  /** What programs branch on: the `code` of an `error` event. */
  get code(): FailureCode {
    if (this.reason === "untranslated") return (this.facts as Untranslated).code;
    return REASONS[this.reason].code;
  }

  /** Of an untranslated failure; goes with the last of them. */
  get hint(): string {
    return this.reason === "untranslated" ? (this.facts as Untranslated).hint : "";
  }

  /** The exit status of a process that ends with this failure. */
  get status(): number {
    return STATUS[this.code];
  }
}

type Untranslated = FactsOf<"untranslated">;

/** A failure with its sentences in place. Goes when the last is moved to `src/ui/messages/`. */
export function untranslated(
  code: FailureCode,
  message: string,
  hint: string,
  options?: ErrorOptions,
): Failure {
  return new Failure("untranslated", { code, message, hint }, options);
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
