/**
 * Which signals ask the program to leave, and which one ends it at once.
 *
 * A closing terminal sends SIGHUP up to three times (the kernel, the shell, `deno task`), and a
 * SIGTERM to a process group arrives twice through `deno task`. Repetitions of these mean nothing:
 * leaving takes its bounded time. Only a person who presses Ctrl+C a second time skips it.
 *
 * @module
 */
import { Failure } from "../errors.ts";

/** Keys of a person: Ctrl+C, and Ctrl+Break on Windows. */
const INTERRUPTS: readonly Deno.Signal[] = ["SIGINT", "SIGBREAK"];

/** Every signal that would otherwise end the process with the room and the terminal as they are. */
export const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : [
    ...["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const,
    ...["SIGVTALRM", "SIGPROF", "SIGXCPU", "SIGXFSZ", "SIGIO"] as const,
    ...Deno.build.os === "linux" ? ["SIGPWR", "SIGSTKFLT"] as const : [],
  ];

/**
 * Interrupts this close together, in milliseconds, are one key press: `deno task` passes on what the
 * terminal has already sent to the whole process group.
 */
const ONE_PRESS_MS = 300;

/** Turns signals into one request to leave. */
export class StopRequests {
  readonly #now: () => number;
  readonly #controller = new AbortController();
  #interruptedAt: number | undefined;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Aborted by the first request; the reason is the {@link Failure} `interrupted` or `terminated`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Takes a signal.
   *
   * @returns whether the process has to end at once: a person interrupted a second time.
   */
  onSignal(name: Deno.Signal): boolean {
    if (!INTERRUPTS.includes(name)) {
      this.#controller.abort(new Failure("terminated"));
      return false;
    }
    const now = this.#now();
    const before = this.#interruptedAt;
    this.#interruptedAt = now;
    if (before !== undefined) return now - before > ONE_PRESS_MS;
    this.#controller.abort(new Failure("interrupted"));
    return false;
  }
}
