/**
 * Where the bytes of files come from and go to. Implemented by a folder, and by the standard input and
 * output; tests have one in memory.
 *
 * @module
 */
/** Bytes of a file. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A file that is sent. Methods throw a `Failure` that says what is wrong with it. */
export interface FileSource {
  /** As it is offered: the last part of the path; empty where there is none. */
  readonly name: string;
  /** Bytes; undefined for a stream, whose end nobody knows yet. */
  readonly size: number | undefined;
  /**
   * Chunk number `n`, from 1. Every chunk but the last has `CHUNK_BYTES`; what is shorter, or empty, is
   * the end. Chunks are read in order; one may be read again until it is released.
   */
  read(n: number): Promise<Bytes>;
  /** Chunks before number `n` are not read again. */
  release(n: number): void;
  /** Everything was read: throws if the file is not the one that was offered. */
  check(): Promise<void>;
  /** Harmless when repeated. */
  close(): Promise<void>;
}

/** A file that is received. Methods throw a `Failure` that says what is wrong with the place. */
export interface FileTarget {
  /** Appends chunks that came together. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /**
   * Everything was written and is right: gives the file its name.
   *
   * @returns the name, with a counter where the wanted one was taken.
   */
  finish(): Promise<string>;
  /** Removes the file again, which was canceled while it got its name. Only after `finish`. */
  remove(): Promise<void>;
  /** Removes what was written. Harmless when repeated, and after `finish`. */
  discard(): Promise<void>;
}

/** What files are taken from and put into. */
export interface FileStore {
  /** Finds a file to send. Nothing of it is read yet. */
  source(path: string): Promise<FileSource>;
  /**
   * Makes room for a file; missing where nothing can be put, so that offers are refused at once. `name`
   * has gone through `safeFileName`.
   */
  target?(file: { readonly name: string; readonly size: number | undefined }): Promise<FileTarget>;
  /** Paths that begin like this, for completion; folders end with a slash. */
  complete?(beginning: string): string[];
}
