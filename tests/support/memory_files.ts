/**
 * Files in memory, for tests: what is sent, what was received, and every way to fail.
 *
 * @module
 */
import { Failure } from "../../src/errors.ts";
import type { FileSource, FileStore, FileTarget } from "../../src/files/store.ts";
import { CHUNK_BYTES } from "../../src/limits.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Files that one side has. */
export class MemoryFiles implements FileStore {
  /** What can be sent, by path. */
  readonly sources = new Map<string, Bytes>();
  /** What was received, by name. */
  readonly received = new Map<string, Bytes>();
  /** Targets that were made and neither finished nor discarded. */
  open = 0;
  /** Sources that were found and not closed. */
  found = 0;
  /** Thrown by the next write. */
  writeFailure: Failure | undefined;
  /** Thrown by the next read. */
  readFailure: Failure | undefined;
  /** Writes wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** So does a file that gets its name. */
  finishGate: Promise<void> = Promise.resolve();

  source(path: string): Promise<FileSource> {
    const bytes = this.sources.get(path);
    if (!bytes) {
      return Promise.reject(new Failure("file-unreadable", { name: path, problem: "missing" }));
    }
    this.found++;
    let isOpen = true;
    return Promise.resolve({
      name: path,
      size: bytes.length,
      read: (n) => {
        const { readFailure } = this;
        this.readFailure = undefined;
        if (readFailure) return Promise.reject(readFailure);
        return Promise.resolve(bytes.slice((n - 1) * CHUNK_BYTES, n * CHUNK_BYTES));
      },
      release: () => {},
      check: () =>
        this.sources.get(path) === bytes
          ? Promise.resolve()
          : Promise.reject(new Failure("file-changed", { name: path })),
      close: () => {
        if (isOpen) this.found--;
        isOpen = false;
        return Promise.resolve();
      },
    });
  }

  target({ name }: { name: string }): Promise<FileTarget> {
    this.open++;
    let isOpen = true;
    const parts: Uint8Array[] = [];
    const end = () => {
      if (isOpen) this.open--;
      isOpen = false;
    };
    return Promise.resolve({
      write: async (chunks) => {
        await this.gate;
        const { writeFailure } = this;
        this.writeFailure = undefined;
        if (writeFailure) throw writeFailure;
        parts.push(...chunks.map((bytes) => bytes.slice()));
      },
      finish: async () => {
        await this.finishGate;
        this.received.set(name, new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()));
        end();
        return name;
      },
      remove: () => {
        this.received.delete(name);
        return Promise.resolve();
      },
      discard: () => {
        end();
        return Promise.resolve();
      },
    });
  }
}
