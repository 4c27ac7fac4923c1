/**
 * `whisper doctor`: looks at everything that a chat needs, in the order in which a chat needs it, and
 * ends with "ready" or with the first thing to do.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { Failure } from "../errors.ts";
import type { Check, Examination, Finding } from "../relay/check.ts";

/** What the doctor says, as it happens. */
export interface Report {
  /** A step has ended. */
  step(step: Step): void;
  /** All have. `first`: what to do, where something is to be done before a chat. */
  verdict(verdict: { ready: boolean; first: string | undefined }): void;
}

/** A step that has ended. */
export interface Step {
  readonly name: string;
  readonly title: string;
  /** How long it took; undefined where it was not reached. */
  readonly ms: number | undefined;
  readonly finding: Finding | { readonly state: "skipped"; readonly says: string };
}

/** What the doctor needs. */
export interface DoctorOptions {
  /** What can be seen from here, the settings last. */
  readonly here: readonly Check[];
  /** The steps of the relay that the settings name; called once those are known. */
  readonly relay: () => Promise<Examination>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Takes every step until one fails; those behind it are only named.
 *
 * @returns whether a chat is possible.
 * @throws what is no failure of a step: a mistake in the program, or the reason of the signal.
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
  report.verdict({ ready: failed === undefined, first: failed });
  return failed === undefined;
}

/** Returns what to do about the step that failed. */
async function takeSteps(
  checks: readonly Check[],
  { clock, signal }: DoctorOptions,
  report: Report,
): Promise<string | undefined> {
  let fix: string | undefined;
  for (const check of checks) {
    const { name, title } = check;
    if (fix !== undefined) {
      const finding = { state: "skipped", says: "not reached" } as const;
      report.step({ name, title, ms: undefined, finding });
      continue;
    }
    const began = clock.monotonic();
    const finding = await take(check, signal);
    report.step({ name, title, ms: clock.monotonic() - began, finding });
    if (finding.state === "failed") fix = finding.fix;
  }
  return fix;
}

async function take(check: Check, signal: AbortSignal): Promise<Finding> {
  signal.throwIfAborted();
  try {
    return await check.run(signal);
  } catch (error) {
    if (!(error instanceof Failure) || error.code === "interrupted") throw error;
    return { state: "failed", says: withoutPeriod(error.message), fix: error.hint };
  }
}

function withoutPeriod(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
