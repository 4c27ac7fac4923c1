/**
 * Whether bytes may be written to a terminal as they are.
 *
 * @module
 */

/** Control characters but tab and line breaks: a terminal acts on them. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Judges one piece after the other; false from the first one on that is not plain text in UTF-8. */
export function isTextForTerminal(): (bytes: Uint8Array) => boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return (bytes) => {
    try {
      return !CONTROL.test(decoder.decode(bytes, { stream: true }));
    } catch {
      return false;
    }
  };
}
