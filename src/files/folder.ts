/**
 * The disk: files that a person sends, and the folder that files of the peer are put into.
 *
 * What comes is written into a file of its own with a random name, which nobody else can read and no
 * link can redirect, and gets its name when it is complete and right. Nothing is ever overwritten.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { basename, isAbsolute, join } from "node:path";
import type { Random } from "../clock.ts";
import { Failure } from "../errors.ts";
import { fileProblem } from "../file_problem.ts";
import { CHUNK_BYTES, MAX_FILE_BYTES } from "../limits.ts";
import { numbered } from "./names.ts";
import type { Bytes, FileSource, FileStore, FileTarget } from "./store.ts";

/** The name of a file that is being received; safe names do not begin with a dot. */
const PART = /^\.whisper-[0-9a-f]{16}\.part$/;
/** Chunks of a file that are read together. */
const BLOCK_CHUNKS = 8;
/** Names tried where the wanted one is taken. */
const MAX_NAMES = 1_000;

/** A folder that files are taken from and put into. */
export class Folder implements FileStore {
  readonly #path: string;
  readonly #random: Random;

  private constructor(path: string, random: Random) {
    this.#path = path;
    this.#random = random;
  }

  /**
   * Opens a folder, and removes what a crash has left in it.
   *
   * @throws {Failure} `files-folder` for one that is missing or cannot be read.
   */
  static async open(path: string, random: Random): Promise<Folder> {
    try {
      if (!(await Deno.stat(path)).isDirectory) {
        throw new Failure("files-folder", { path, problem: "not-a-folder" });
      }
      const folder = await Deno.realPath(path);
      for await (const { name, isFile } of Deno.readDir(folder)) {
        if (isFile && PART.test(name)) await removeLeftover(join(folder, name));
      }
      return new Folder(folder, random);
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw new Failure("files-folder", { path, problem: fileProblem(cause) }, { cause });
    }
  }

  /**
   * Puts a file into it and removes it.
   *
   * @throws {Failure} `files-folder` where that is not possible.
   */
  async assertWritable(): Promise<void> {
    try {
      await (await this.target({ name: "" })).discard();
    } catch (cause) {
      const problem = fileProblem(cause instanceof Failure ? cause.cause : cause);
      throw new Failure("files-folder", { path: this.#path, problem }, { cause });
    }
  }

  /** Finds a file by its path from this folder, or by its whole path if it is in it. */
  async source(path: string): Promise<FileSource> {
    const whole = isAbsolute(path) ? path : join(this.#path, path);
    const name = basename(whole);
    try {
      const real = await Deno.realPath(whole);
      if (!real.startsWith(join(this.#path, "/"))) {
        throw new Failure("file-outside", { name, folder: this.#path });
      }
      return await DiskSource.find(real, name);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) {
        throw new Failure("file-outside", { name, folder: this.#path }, { cause });
      }
      throw unreadable(name, cause);
    }
  }

  async target({ name }: { name: string }): Promise<FileTarget> {
    return await DiskTarget.make(this.#path, name, this.#random);
  }

  /** Names in a folder below this one that begin like this, for completion; folders end with a slash. */
  complete(beginning: string): string[] {
    const slash = beginning.lastIndexOf("/") + 1;
    const [folder, start] = [beginning.slice(0, slash), beginning.slice(slash)];
    try {
      const entries = [...Deno.readDirSync(join(this.#path, folder))];
      return entries.filter(({ name }) => name.startsWith(start) && !PART.test(name))
        .filter(({ name }) => start !== "" || !name.startsWith("."))
        .map(({ name, isDirectory }) => `${folder}${name}${isDirectory ? "/" : ""}`).sort();
    } catch {
      return [];
    }
  }
}

/** Files that were named one by one, to be sent; nothing can be put. */
export class NamedFiles implements FileStore {
  async source(path: string): Promise<FileSource> {
    const name = basename(path);
    try {
      return await DiskSource.find(path, name);
    } catch (cause) {
      throw unreadable(name, cause);
    }
  }
}

/** Removes a file that no running program writes. */
async function removeLeftover(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true });
    // Its writer holds a lock on it, which ends with the process.
    if (file.tryLockSync(true)) await Deno.remove(path);
  } catch {
    // Not ours, or just removed: the next start looks again.
  }
}

class DiskSource implements FileSource {
  readonly name: string;
  readonly size: number;
  readonly #path: string;
  readonly #found: Deno.FileInfo;
  #file: Deno.FsFile | undefined;
  /** What was read last, from chunk number `first` on. */
  #block: { readonly first: number; readonly bytes: Bytes } | undefined;

  private constructor(path: string, name: string, found: Deno.FileInfo) {
    this.#path = path;
    this.name = name;
    this.size = found.size;
    this.#found = found;
  }

  static async find(path: string, name: string): Promise<DiskSource> {
    const found = await Deno.stat(path);
    if (found.isDirectory) throw new Failure("file-is-folder", { name });
    if (!found.isFile) {
      throw new Failure("file-unreadable", { name, problem: "not-a-file" });
    }
    if (found.size > MAX_FILE_BYTES) {
      throw new Failure("file-too-large", { name, maxBytes: MAX_FILE_BYTES });
    }
    // Opened once, so that what cannot be read is not offered.
    using file = await Deno.open(path);
    // Files of /proc have bytes and no size.
    if (found.size === 0 && await file.read(new Uint8Array(1)) !== null) {
      throw new Failure("file-unreadable", { name, problem: "no-size" });
    }
    return new DiskSource(path, name, found);
  }

  async read(n: number): Promise<Bytes> {
    const block = this.#block;
    const isInBlock = block && n >= block.first && n < block.first + BLOCK_CHUNKS;
    const { first, bytes } = isInBlock ? block : await this.#readBlock(n);
    const offset = (n - first) * CHUNK_BYTES;
    return bytes.subarray(offset, offset + CHUNK_BYTES);
  }

  release(): void {
    // A file can be read again.
  }

  async check(): Promise<void> {
    try {
      const now = await (this.#file ? this.#file.stat() : Deno.stat(this.#path));
      if (!isSame(now, this.#found)) throw this.#changed();
    } catch (cause) {
      throw unreadable(this.name, cause);
    }
  }

  close(): Promise<void> {
    this.#file?.close();
    this.#file = undefined;
    return Promise.resolve();
  }

  /** Reads several chunks at once: each call to the system costs as much as its bytes. */
  async #readBlock(first: number): Promise<{ first: number; bytes: Bytes }> {
    try {
      const file = this.#file ??= await this.#open();
      const offset = (first - 1) * CHUNK_BYTES;
      const length = Math.max(0, Math.min(BLOCK_CHUNKS * CHUNK_BYTES, this.size - offset));
      await file.seek(offset, Deno.SeekMode.Start);
      const bytes = await readFully(file, length);
      if (bytes.length < length) throw this.#changed();
      return this.#block = { first, bytes };
    } catch (cause) {
      throw unreadable(this.name, cause);
    }
  }

  async #open(): Promise<Deno.FsFile> {
    const file = await Deno.open(this.#path);
    if (isSame(await file.stat(), this.#found)) return file;
    file.close();
    throw this.#changed();
  }

  #changed(): Failure {
    return new Failure("file-changed", { name: this.name });
  }
}

class DiskTarget implements FileTarget {
  readonly #folder: string;
  readonly #name: string;
  readonly #part: string;
  #file: Deno.FsFile | undefined;
  /** The path that it got in the end. */
  #stored: string | undefined;

  private constructor(folder: string, name: string, part: string, file: Deno.FsFile) {
    this.#folder = folder;
    this.#name = name;
    this.#part = part;
    this.#file = file;
  }

  static async make(folder: string, name: string, random: Random): Promise<DiskTarget> {
    const part = join(folder, `.whisper-${random(8).toHex()}.part`);
    try {
      // Never follows a link, and never opens a file that exists.
      const file = await Deno.open(part, { write: true, createNew: true, mode: 0o600 });
      try {
        file.tryLockSync(true);
      } catch {
        // A file system without locks: the part is only removed too early if another start cleans up.
      }
      return new DiskTarget(folder, name, part, file);
    } catch (cause) {
      throw unwritable(name, cause);
    }
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    try {
      const bytes = Buffer.concat(chunks);
      for (let at = 0; at < bytes.length;) at += await this.#file!.write(bytes.subarray(at));
    } catch (cause) {
      throw unwritable(this.#name, cause);
    }
  }

  async finish(): Promise<string> {
    try {
      // "Delivered" is true after a loss of power, too.
      await this.#file!.sync();
      const name = await this.#giveName();
      this.#close();
      return name;
    } catch (cause) {
      throw unwritable(this.#name, cause);
    }
  }

  async remove(): Promise<void> {
    if (this.#stored !== undefined) await Deno.remove(this.#stored).catch(() => {});
  }

  async discard(): Promise<void> {
    if (!this.#file) return;
    this.#close();
    await Deno.remove(this.#part).catch(() => {});
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** A second name for the part, and then the first one goes: nothing is replaced on the way. */
  async #giveName(): Promise<string> {
    for (let number = 0; number < MAX_NAMES; number++) {
      const name = number === 0 ? this.#name : numbered(this.#name, number);
      const path = join(this.#folder, name);
      try {
        await link(this.#part, path);
        this.#stored = path;
        return name;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
    throw new Deno.errors.AlreadyExists();
  }
}

/** Moves a file to a path at which there is nothing. */
async function link(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    // A file system without hard links: an empty file of ours takes the place first.
    (await Deno.open(to, { write: true, createNew: true, mode: 0o600 })).close();
    return await Deno.rename(from, to);
  }
  await Deno.remove(from);
}

async function readFully(file: Deno.FsFile, length: number): Promise<Bytes> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) return bytes.slice(0, at);
    at += read;
  }
  return bytes;
}

function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return a.size === b.size && a.ino === b.ino && a.dev === b.dev &&
    a.mtime?.getTime() === b.mtime?.getTime();
}

function unreadable(name: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  return new Failure("file-unreadable", { name, problem: fileProblem(cause) }, { cause });
}

function unwritable(name: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  return new Failure("file-unwritable", { name, problem: fileProblem(cause) }, { cause });
}
