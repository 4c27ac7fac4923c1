/**
 * Which Whisper this is.
 *
 * @module
 */

/** The version, as CHANGELOG.md has it. */
export const VERSION = "0.1.0";

/** Where `deno task compile` puts the commit in. */
const MADE_FROM = "@COMMIT@";

/** The commit it was made from; undefined where it is started from its sources. */
export const COMMIT: string | undefined = MADE_FROM.startsWith("@") ? undefined : MADE_FROM;

/** The MongoDB driver in use, as deno.json pins it: asking the driver would mean loading it. */
export const DRIVER_VERSION = "7.9.0";
