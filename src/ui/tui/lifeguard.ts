/**
 * Puts the terminal back whatever happens: a process that ends at once, an error that nobody caught.
 *
 * @module
 */

/** What to do. */
export interface Rescue {
  /** Writes what puts the terminal back, without waiting. */
  readonly restore: () => void;
  /** Takes an error that nobody caught; false where nobody can do anything about it any more. */
  readonly failed: (error: unknown) => boolean;
}

/**
 * Watches over the process.
 *
 * @returns what ends the watch.
 */
export function watchOver({ restore, failed }: Rescue): () => void {
  const watch = new AbortController();
  const options = { signal: watch.signal };
  // Deno.exit, of a second Ctrl+C for instance, comes by here and nowhere else.
  addEventListener("unload", restore, options);
  addEventListener("error", (event) => {
    if (failed(event.error)) event.preventDefault();
    else restore();
  }, options);
  addEventListener("unhandledrejection", (event) => {
    if (failed(event.reason)) event.preventDefault();
    else restore();
  }, options);
  return () => watch.abort();
}
