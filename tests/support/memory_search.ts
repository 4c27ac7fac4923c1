/**
 * Looks for a text in the memory of another process, on Linux.
 *
 * @module
 */

/** How much is read at once. */
const PIECE = 1 << 22;
/** Strings of V8 have their length before their characters. */
const LENGTH_BYTES = 4;
/** One character for each byte. */
const ONE_BYTE = new TextDecoder("latin1");

/** Where a text was found. */
export interface Copy {
  /** What the mapping is, such as `[heap]`; empty for one without a name. */
  readonly place: string;
  /** True for a string of the engine, which no program can overwrite. */
  readonly isString: boolean;
}

/**
 * All copies of an ASCII text, in one byte or two a character, in what a process may write.
 *
 * @throws {Deno.errors.PermissionDenied} where the system does not let us look.
 */
export async function copiesOf(text: string, pid: number): Promise<Copy[]> {
  const wide = [...text].map((letter) => `${letter}\0`).join("");
  const copies: Copy[] = [];
  using memory = await Deno.open(`/proc/${pid}/mem`);
  for (const line of (await Deno.readTextFile(`/proc/${pid}/maps`)).split("\n")) {
    const [, first, last, place] = /^([\da-f]+)-([\da-f]+) rw\S+ \S+ \S+ \S+ *(.*)$/.exec(line) ??
      [];
    if (first === undefined || last === undefined) continue;
    const [from, to] = [parseInt(first, 16), parseInt(last, 16)];
    for (let at = from; at < to; at += PIECE) {
      const overlap = wide.length + LENGTH_BYTES;
      const piece = await readAt(memory, { at, length: Math.min(PIECE + overlap, to - at) });
      for (const form of [text, wide]) {
        for (let i = piece.indexOf(form); i >= 0; i = piece.indexOf(form, i + 1)) {
          const length = Array.from(piece.slice(i - LENGTH_BYTES, i), (c) => c.charCodeAt(0));
          const [low = -1, ...high] = length;
          // The text itself, or with the line break of a file.
          const isString = [text.length, text.length + 1].includes(low) &&
            high.every((byte) => byte === 0);
          copies.push({ place: place ?? "", isString });
        }
      }
    }
  }
  return copies;
}

/** One character for each byte; what cannot be read, such as a page that is gone, is empty. */
async function readAt(
  memory: Deno.FsFile,
  { at, length }: { at: number; length: number },
): Promise<string> {
  const bytes = new Uint8Array(length);
  try {
    await memory.seek(at, Deno.SeekMode.Start);
    const read = await memory.read(bytes) ?? 0;
    return ONE_BYTE.decode(bytes.subarray(0, read));
  } catch {
    return "";
  }
}
