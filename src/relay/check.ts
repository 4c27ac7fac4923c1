/**
 * One look at a relay, as `whisper doctor` takes it: what a step found, as a name with facts. The
 * words are in `src/ui/messages/doctor.ts`.
 *
 * @module
 */
import type { ProxyKind } from "../failure_reasons.ts";

/** What a step can find, by name, with the facts that its sentences mention. */
export interface Findings {
  "terminal": { columns: number | undefined; rows: number | undefined; color: boolean };
  "no-terminal": Record<never, never>;
  "dumb-terminal": Record<never, never>;
  "small-terminal": { columns: number; rows: number; minColumns: number; minRows: number };
  "multiplexer": { name: string; columns: number | undefined; rows: number | undefined };
  "settings": { kind: "mongodb" | "sqlite" };

  "string": { srv: boolean; hosts: number; database: string };
  "proxy": { kind: ProxyKind };
  "proxy-login": Record<never, never>;
  "dns": { hosts: number };
  "dns-by-proxy": Record<never, never>;
  "hosts-answer": { answering: number; hosts: number };
  "tls-on": Record<never, never>;
  "tls-ended": Record<never, never>;
  "tls-not-needed": Record<never, never>;
  "tls-by-onion": Record<never, never>;
  "tls-off": Record<never, never>;
  "let-in": Record<never, never>;
  "signed-in": Record<never, never>;
  "auth-not-needed": Record<never, never>;
  "auth-off": Record<never, never>;
  "version": { version: string };
  "rights-all": Record<never, never>;
  "rights-untold": Record<never, never>;
  "rights-exact": { database: string };
  "rights-missing": { database: string; actions: readonly string[] };
  "rights-beyond": { database: string };
  "stream": Record<never, never>;
  "poll-wanted": Record<never, never>;
  "poll-only": { ms: number };
  "expiry-ready": Record<never, never>;
  "expiry-later": Record<never, never>;
  "clock": { seconds: number };
  "clock-off": { seconds: number; isAhead: boolean };
  "latency": Latency;
  "latency-high": Latency;
  "operations": {
    count: number;
    pollsPerSecond: number | undefined;
    streamSeconds: number;
    freePerSecond: number | undefined;
  };

  "folder": { path: string };
  "room": Record<never, never>;
  "late-notice": Record<never, never>;
  "left": Record<never, never>;
  "left-over": { documents: number };
}

/** How long `rounds` questions took, in milliseconds; `p50Ms` is the median. */
export interface Latency {
  readonly p50Ms: number;
  readonly leastMs: number;
  readonly mostMs: number;
  readonly rounds: number;
}

/** The latency that these rounds show; there is one at least. */
export function latencyOf(rounds: readonly number[]): Latency {
  const sorted = rounds.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return {
    p50Ms: (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2,
    leastMs: sorted[0]!,
    mostMs: sorted.at(-1)!,
    rounds: sorted.length,
  };
}

/** The name of a finding. */
export type FindingName = keyof Findings;

/**
 * `unknown`: this step alone cannot tell; a later one will. `warning`: a chat is possible all the
 * same. `failed`: it is not.
 */
export type FindingState = "ok" | "unknown" | "warning" | "failed";

/** What a step found. */
export interface Finding<F extends FindingName = FindingName> {
  readonly state: FindingState;
  readonly name: F;
  readonly facts: Findings[F];
}

/**
 * Makes a finding.
 *
 * @example found("version", { version: "6.0.5" })
 * @example found("auth-off", {}, "warning")
 */
export function found<F extends FindingName>(
  name: F,
  facts: Findings[F],
  state: FindingState = "ok",
): Finding {
  return { state, name, facts };
}

/** One step. Each begins where the one before it has ended well. */
export interface Check {
  /** A stable name, for programs and for the title. */
  readonly name: CheckName;
  /**
   * Looks.
   *
   * @throws {Failure} in place of a finding that is `failed`: the reason that a chat would have.
   */
  run(signal: AbortSignal): Promise<Finding> | Finding;
}

/** The name of a step, in the order in which a chat needs what they look at. */
export type CheckName =
  | ("terminal" | "configuration")
  | ("string" | "proxy" | "proxy-login" | "dns" | "tcp" | "tls" | "access" | "auth" | "version")
  | ("privileges" | "news" | "ttl" | "clock" | "latency" | "operations")
  | ("folder" | "room" | "left");

/** The steps of one relay, and what they hold open. */
export interface Examination {
  readonly checks: readonly Check[];
  /** Closes everything; nothing stays on the relay. */
  close(): Promise<void>;
}
