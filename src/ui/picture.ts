/**
 * How a picture of half blocks is shown, without loading what makes one.
 *
 * @module
 */

/** Bright white on black (SGR): dark and light are right in a window of any color. */
export const PICTURE_STYLE = "97;40";
