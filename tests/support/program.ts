/**
 * The real program in its JSON mode, as a process of its own: what it said, and what it is told.
 *
 * @module
 */

/** A line that the program wrote. */
// deno-lint-ignore no-explicit-any -- what came over a pipe is looked at by the test that reads it
export type Line = Record<string, any> & { readonly event: string };

/** How to start it. */
export interface ProgramOptions {
  readonly env?: Record<string, string>;
  /** The command before the arguments; default: Deno with this repository's main.ts. */
  readonly command?: readonly string[];
}

const MAIN = import.meta.resolve("../../main.ts");
const DEFAULT_COMMAND = [Deno.execPath(), "run", "--allow-all", "--no-check", MAIN];
/** After this real time without the awaited line a test fails instead of hanging the run. */
const SILENCE_MS = 60_000;

/** A running program. */
export class Program {
  readonly lines: Line[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #errors: Promise<string>;
  #changed = Promise.withResolvers<void>();
  #isOver = false;

  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const [command, ...before] = options.command ?? DEFAULT_COMMAND;
    this.#child = new Deno.Command(command!, {
      args: [...before, ...args],
      env: { NO_COLOR: "1", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#read();
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** Writes a line to its standard input: an object as JSON, text as it is. */
  async tell(line: unknown): Promise<void> {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    await this.#input.write(new TextEncoder().encode(`${text}\n`));
  }

  /** Ends its standard input. */
  async end(): Promise<void> {
    await this.#input.close();
  }

  /**
   * The first line, from the `after`th on, for which `wanted` holds.
   *
   * @throws {Error} with all it said, when it ends or stays silent before.
   */
  async line(wanted: (line: Line) => boolean, after = 0): Promise<Line> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("it stayed silent")), SILENCE_MS);
    });
    try {
      while (true) {
        const changed = this.#changed.promise;
        const found = this.lines.slice(after).find(wanted);
        if (found) return found;
        if (this.#isOver) throw new Error("it ended");
        await Promise.race([changed, silence]);
      }
    } catch (cause) {
      const said = this.lines.map((line) => JSON.stringify(line)).join("\n");
      throw new Error(`The awaited line did not come:\n${wanted}\n${said}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first line of an event. */
  event(name: string): Promise<Line> {
    return this.line(({ event }) => event === name);
  }

  /** All lines of an event so far. */
  all(name: string): Line[] {
    return this.lines.filter(({ event }) => event === name);
  }

  /** True once it has closed its standard output. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its number in the system. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end; `stderr` is what it said beside. */
  async over(): Promise<{ code: number; signal: Deno.Signal | null; stderr: string }> {
    const { code, signal } = await this.#child.status;
    await this.#reading;
    await this.#input.close().catch(() => {});
    return { code, signal, stderr: await this.#errors };
  }

  /** Ends it if it has not ended; for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.over();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of this.#child.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.lines.push(JSON.parse(line));
      this.#wake();
    }
    if (rest !== "") throw new Error(`A line without an end: ${rest}`);
    this.#isOver = true;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
