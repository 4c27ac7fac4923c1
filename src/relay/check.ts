/**
 * One look at a relay, as `whisper doctor` takes it: what a step found, and what to do about it.
 *
 * @module
 */

/** What a step found. */
export type Finding =
  | {
    /** `unknown`: this step alone cannot tell; a later one will. */
    readonly state: "ok" | "unknown";
    /** Part of a sentence for the person. */
    readonly says: string;
  }
  | {
    /** `warning`: a chat is possible all the same. `failed`: it is not. */
    readonly state: "warning" | "failed";
    readonly says: string;
    /** One sentence: what to do. */
    readonly fix: string;
  };

/** One step. Each begins where the one before it has ended well. */
export interface Check {
  /** A stable name, for programs. */
  readonly name: string;
  /** The same for people. */
  readonly title: string;
  /**
   * Looks.
   *
   * @throws {Failure} in place of a finding that is `failed`.
   */
  run(signal: AbortSignal): Promise<Finding> | Finding;
}

/** The steps of one relay, and what they hold open. */
export interface Examination {
  readonly checks: readonly Check[];
  /** Closes everything; nothing stays on the relay. */
  close(): Promise<void>;
}
