/**
 * The version of Whisper.
 *
 * @module
 */

/** The commit, which the bundler defines. */
declare const WHISPER_COMMIT: string | undefined;

/** The version, as in CHANGELOG.md. */
export const VERSION = "0.2.0";

/** The commit that a compiled program was made from; undefined when started from the sources. */
export const COMMIT: string | undefined = typeof WHISPER_COMMIT === "undefined"
  ? undefined
  : WHISPER_COMMIT;

/** The MongoDB driver in use, as pinned in deno.json: asking the driver would mean loading it. */
export const DRIVER_VERSION = "7.9.0";
