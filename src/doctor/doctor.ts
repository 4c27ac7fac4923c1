/**
 * `whisper doctor`: looks at everything that a chat needs, in the order in which a chat needs it, and
 * ends with "ready" or with the first thing to do.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { Failure, RelayUnavailable } from "../errors.ts";
import type { Check, CheckName, Examination, Finding } from "../relay/check.ts";

/** What the doctor reports, as it happens. */
export interface Report {
  /** A step has ended. */
  step(step: Step): void;
  /** All have. `failed`: the step that has to be dealt with before a chat is possible. */
  verdict(failed: Step | undefined): void;
}

/** A step that has ended. */
export interface Step {
  readonly name: CheckName;
  /** How long it took; undefined where it was not reached. */
  readonly ms: number | undefined;
  readonly result: Result;
}

/** What a step found, or why it found nothing. */
export type Result =
  | Finding
  | { readonly state: "failed"; readonly failure: Failure }
  | { readonly state: "skipped" };

/** What the doctor needs. */
export interface DoctorOptions {
  /** The steps that need no connection, the settings last. */
  readonly here: readonly Check[];
  /** The steps of the relay that the settings name; called once those are known. */
  readonly relay: () => Promise<Examination>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Takes every step until one fails; those after it are only named.
 *
 * @returns whether a chat is possible.
 * @throws what is not the failure of a step: a bug, or the reason of the signal.
 */
export async function examineAll(options: DoctorOptions, report: Report): Promise<boolean> {
  let failed = await takeSteps(options.here, options, report);
  if (failed === undefined) {
    const relay = await options.relay();
    try {
      failed = await takeSteps(relay.checks, options, report);
    } finally {
      await relay.close();
    }
  }
  report.verdict(failed);
  return failed === undefined;
}

/** Returns the step that failed. */
async function takeSteps(
  checks: readonly Check[],
  { clock, signal }: DoctorOptions,
  report: Report,
): Promise<Step | undefined> {
  let failed: Step | undefined;
  for (const check of checks) {
    const { name } = check;
    if (failed) {
      report.step({ name, ms: undefined, result: { state: "skipped" } });
      continue;
    }
    const began = clock.monotonic();
    const result = await run(check, signal);
    const step = { name, ms: clock.monotonic() - began, result };
    report.step(step);
    if (result.state === "failed") failed = step;
  }
  return failed;
}

async function run(check: Check, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  try {
    return await check.run(signal);
  } catch (error) {
    const failure = error instanceof RelayUnavailable ? error.failure : error;
    if (!(failure instanceof Failure) || failure.code === "interrupted") throw error;
    return { state: "failed", failure };
  }
}
