/**
 * Limits that the protocol sets and every layer keeps (docs/PROTOCOL.md).
 *
 * @module
 */

/** The most bytes of UTF-8 in a message. */
export const MAX_TEXT_BYTES = 16_384;
/** The most bytes of UTF-8 in a name. */
export const MAX_NAME_BYTES = 256;
