/**
 * Base64url (RFC 4648 section 5), in which identifiers, keys and tokens are written.
 *
 * @module
 */

/** Options of the base64url functions. */
export interface Base64UrlOptions {
  /** Pads with `=` to a multiple of four characters, as Fernet does. Default: no padding. */
  readonly padded?: boolean;
}

/** Writes bytes in base64url (RFC 4648 section 5), without padding unless asked for. */
export function encodeBase64Url(
  bytes: Uint8Array,
  { padded = false }: Base64UrlOptions = {},
): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: !padded });
}

/**
 * Reads base64url strictly: only the text that {@link encodeBase64Url} writes with the same options.
 * Whitespace, `+` and `/`, missing or surplus padding, trailing characters and stray bits in the last
 * character are all refused, so that a token has exactly one accepted form.
 *
 * @throws {SyntaxError} for any other text.
 */
export function decodeBase64Url(
  text: string,
  { padded = false }: Base64UrlOptions = {},
): Uint8Array<ArrayBuffer> {
  const whole = padded ? text : text.padEnd(Math.ceil(text.length / 4) * 4, "=");
  try {
    // Refuses stray bits, and any padding but the right one.
    const options = { alphabet: "base64url", lastChunkHandling: "strict" } as const;
    const bytes = Uint8Array.fromBase64(whole, options);
    // Whitespace is skipped, and so makes the text longer than its bytes need.
    const isDense = whole.length === Math.ceil(bytes.length / 3) * 4;
    if (isDense && (padded || !text.includes("="))) return bytes;
  } catch {
    // As below.
  }
  throw new SyntaxError("Cannot read base64url: the text is not in its canonical form");
}
