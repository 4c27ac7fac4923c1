/**
 * A program that speaks in lines, run as a process of its own: what is written to it and what it
 * writes, each line with the time at which it came.
 *
 * @module
 */
import { permissionFlags } from "../../src/build/permissions.ts";

/** One line of standard output. */
export interface Line {
  readonly text: string;
  /** When it came, by `performance.now`. */
  readonly at: number;
}

/** How to start one. */
export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const ROOT = new URL("../../", import.meta.url);

/** The path of a file of the repository. */
export function pathTo(file: string): string {
  return decodeURIComponent(new URL(file, ROOT).pathname);
}

/** The path of a file beside the benchmarks. */
export function pathToPart(file: string): string {
  return pathTo(`tests/bench/${file}`);
}

/** What Deno is started with for Whisper from source: the same flags as in `deno task chat`. */
export function whisperArgs(args: readonly string[]): string[] {
  const run = ["run", "--quiet", "--frozen", ...permissionFlags({ atlas: false })];
  return [...run, pathTo("main.ts"), ...args];
}

/** A running program. */
export class Program {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #listeners = new Set<(line: Line) => void>();
  #isOver = false;

  constructor(command: string, { args, env = {} }: ProgramOptions) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** A program of this repository, run by the Deno that runs the benchmark. */
  static deno(file: string, args: readonly string[], env?: Record<string, string>): Program {
    const run = ["run", "--quiet", "--frozen", "--allow-all", pathTo(file), ...args];
    return new Program(Deno.execPath(), { args: run, ...env && { env } });
  }

  /** Whisper from source. */
  static whisper(args: readonly string[], env?: Record<string, string>): Program {
    return new Program(Deno.execPath(), { args: whisperArgs(args), ...env && { env } });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Calls `listener` with each line from now on, until the returned function is called. */
  onLine(listener: (line: Line) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes lines, each with its line break, in one piece. */
  async write(...lines: readonly string[]): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  }

  /**
   * The next line from now on that `fits`.
   *
   * @throws {Error} when the program ends before, or after a minute.
   */
  async next(fits: (text: string) => boolean): Promise<Line> {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const stop = this.onLine((line) => fits(line.text) && resolve(line));
    const timer = setTimeout(() => reject(new Error("The line did not come in a minute")), 60_000);
    this.#reading.then(() => reject(new Error("The program ended before its line came")));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Ends its input and waits for its end; after 15 seconds it is killed. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.kill(), 15_000);
    try {
      await this.#writer.close().catch(() => {});
      await this.#child.status;
      await this.#reading;
    } finally {
      clearTimeout(timer);
    }
  }

  kill(): void {
    if (!this.#isOver) this.#child.kill("SIGKILL");
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of this.#child.stdout) {
      const at = performance.now();
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const text of lines) {
        for (const listener of this.#listeners) listener({ text, at });
      }
    }
    this.#isOver = true;
  }
}

/** Megabytes of a process, from the system's account of it: at present, or at most so far. */
export async function memoryOf(pid: number, kind: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`${kind}:\\s+(\\d+) kB`).exec(status)![1]) / 1_024;
}

/** Milliseconds of processor time that a process has used, by the system's account of its threads. */
export async function cpuOf(pid: number): Promise<number> {
  let ms = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const account = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`);
    ms += Number(account.split(" ")[0]) / 1e6;
  }
  return ms;
}
