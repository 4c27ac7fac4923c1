/**
 * Which Whisper this is.
 *
 * @module
 */

/** The version, as CHANGELOG.md has it. */
export const VERSION = "0.1.0";

/** The commit it was made from; put in by whoever makes a release. */
export const COMMIT: string | undefined = undefined;

/** The MongoDB driver in use, as deno.json pins it: asking the driver would mean loading it. */
export const DRIVER_VERSION = "7.9.0";
