/**
 * Restores the terminal whatever happens to the process: an exit without warning, an error that
 * nothing catches, a stop by job control. And tells of a window that has another size.
 *
 * @module
 */

/** What to do. */
export interface ProcessHandlers {
  /** Restores the terminal, without waiting. */
  readonly restore: () => void;
  /** Takes the terminal over again, after the process was stopped and continued. */
  readonly resume: () => void;
  /** Measures the window, which has another size. */
  readonly resized: () => void;
  /** Handles an uncaught error; false where it can no longer be handled. */
  readonly failed: (error: unknown) => boolean;
}

/**
 * Watches the process.
 *
 * @returns what ends the watch.
 */
export function watchProcess({ restore, resume, resized, failed }: ProcessHandlers): () => void {
  const watch = new AbortController();
  const options = { signal: watch.signal };
  // Deno.exit, of a second Ctrl+C for instance, dispatches this event and nothing else.
  addEventListener("unload", restore, options);
  // Dispatched by main.ts at SIGCONT and SIGWINCH.
  addEventListener("continue", resume, options);
  addEventListener("resize", resized, options);
  const onError = (event: Event, error: unknown) => {
    if (failed(error)) event.preventDefault();
    else restore();
  };
  addEventListener("error", (event) => onError(event, event.error), options);
  addEventListener("unhandledrejection", (event) => onError(event, event.reason), options);
  return () => watch.abort();
}
