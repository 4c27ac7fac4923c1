/**
 * Reading the small text files that a person names.
 *
 * @module
 */

/**
 * Text in UTF-8, or in UTF-16 with a byte order mark, as Windows PowerShell writes it with `>`.
 *
 * @throws {TypeError} for bytes that are neither.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

/**
 * The bytes of a regular file or a pipe; undefined as soon as there are more than `maxBytes`, because
 * a device has no end.
 */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(maxBytes + 1);
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) return bytes.subarray(0, length);
    length += read;
  }
  return undefined;
}
