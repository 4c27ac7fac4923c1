/**
 * The standard input as a file that is sent, and the standard output as one that is received.
 *
 * @module
 */
import { Failure } from "../errors.ts";
import { CHUNK_BYTES, MAX_FILE_BYTES } from "../limits.ts";
import type { Bytes, FileSource, FileStore, FileTarget } from "./store.ts";

/** A stream that is sent as it comes: its end is found, not known. */
export class StreamSource implements FileStore {
  readonly #stream: ReadableStream<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream;
  }

  source(): Promise<FileSource> {
    return Promise.resolve(new StreamedFile(this.#stream));
  }
}

class StreamedFile implements FileSource {
  readonly name = "";
  readonly size = undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Chunks that may be asked for again, by number: a window of them. */
  readonly #chunks = new Map<number, Bytes>();
  /** What was read beyond the last chunk. */
  #rest: Uint8Array = new Uint8Array(0);
  #next = 1;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async read(n: number): Promise<Bytes> {
    while (this.#next <= n) {
      const chunk = await this.#readChunk();
      if ((this.#next - 1) * CHUNK_BYTES + chunk.length > MAX_FILE_BYTES) {
        throw new Failure("file-too-large", { name: "", maxBytes: MAX_FILE_BYTES });
      }
      this.#chunks.set(this.#next++, chunk);
    }
    return this.#chunks.get(n) ?? new Uint8Array(0);
  }

  release(n: number): void {
    for (const number of this.#chunks.keys()) {
      if (number >= n) return;
      this.#chunks.delete(number);
    }
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async #readChunk(): Promise<Bytes> {
    const chunk = new Uint8Array(CHUNK_BYTES);
    let length = 0;
    while (length < CHUNK_BYTES) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#reader.read().catch((cause) => {
          throw new Failure("file-unreadable", { name: "", problem: "other" }, { cause });
        });
        if (done) break;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, CHUNK_BYTES - length);
      chunk.set(part, length);
      length += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return chunk.subarray(0, length);
  }
}

/** A place for one stream of bytes. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** A file is complete. */
  end(): void;
}

/** Everything that is received goes to one sink, one file after the other. */
export class SinkStore implements FileStore {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  source(path: string): Promise<FileSource> {
    return Promise.reject(new Failure("file-unreadable", { name: path, problem: "not-permitted" }));
  }

  target({ name }: { name: string }): Promise<FileTarget> {
    return Promise.resolve({
      write: async (chunks) => {
        for (const bytes of chunks) await this.#sink.write(bytes);
      },
      finish: () => {
        this.#sink.end();
        return Promise.resolve(name);
      },
      // What was written is written.
      remove: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    });
  }
}
