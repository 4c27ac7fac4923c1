/**
 * The one place that writes to standard output and standard error. Text is sanitized here, whatever
 * came before. Writing does not wait: a slow reader, or one that has gone, holds nothing else up.
 *
 * @module
 */
import { atMost, systemClock } from "../clock.ts";
import type { FactsOf } from "../failure_reasons.ts";
import { rawOf, type TerminalText } from "./terminal_text.ts";

/** Where bytes go: `Deno.stdout` or `Deno.stderr`. */
export interface Sink {
  /** Writes some of `bytes`, and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** The same, at once. */
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/** What JSON allows in a string and a terminal acts on: DEL, C1, changes of direction, line breaks. */
const UNSAFE_IN_JSON = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/g;

/** Why output can no longer be written. */
export type OutputLoss = FactsOf<"output-lost">["why"];

/** Every output of the process. */
const OUTPUTS = new Set<Output>();

/** Resolves when all outputs are written, or `withinMs` have passed: what follows comes after them. */
export async function flushAll(options: { readonly withinMs: number }): Promise<void> {
  await Promise.all(Array.from(OUTPUTS, (output) => output.flush(options)));
}

/** Writes in order, as fast as the reader takes it. */
export class Output {
  readonly #sink: Sink;
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #loss: OutputLoss | undefined;
  #onLost: (() => void) | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
    OUTPUTS.add(this);
  }

  /** Whether a terminal reads it. */
  get isTerminal(): boolean {
    return this.#sink.isTerminal();
  }

  /** Why writing failed; undefined as long as it works. */
  get loss(): OutputLoss | undefined {
    return this.#loss;
  }

  /** Calls `listener` when the output can no longer be written. */
  onLost(listener: () => void): void {
    this.#onLost = listener;
    if (this.#loss !== undefined) listener();
  }

  /** Writes text; a string is sanitized. */
  write(text: string | TerminalText): void {
    this.#enqueue(encode(rawOf(text)));
  }

  /** Writes a value as one line of JSON, with everything escaped that a terminal would act on. */
  writeJson(value: unknown): void {
    const line = JSON.stringify(value).replaceAll(
      UNSAFE_IN_JSON,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    this.#enqueue(encode(`${line}\n`));
  }

  /** Writes bytes exactly as they are, where the reader is known to take them. */
  writeBytes(bytes: Uint8Array): void {
    this.#enqueue(bytes);
  }

  /** Writes data for a file or another program: unchanged, except on a terminal, which gets text. */
  writeData(data: string | Uint8Array): void {
    if (!this.isTerminal) return this.#enqueue(typeof data === "string" ? encode(data) : data);
    this.write(typeof data === "string" ? data : new TextDecoder().decode(data));
  }

  /** Writes a text at once, before everything that waits: for the last moment of a process. */
  writeNow(text: string | TerminalText): void {
    let bytes = encode(rawOf(text));
    try {
      while (bytes.length > 0) bytes = bytes.subarray(this.#sink.writeSync(bytes));
    } catch {
      // The terminal is closed.
    }
  }

  /** Resolves when everything is written, nothing more can be, or `withinMs` have passed. */
  async flush({ withinMs }: { readonly withinMs?: number } = {}): Promise<void> {
    if (!this.#writing) return;
    await (withinMs === undefined ? this.#writing : atMost(systemClock, withinMs, this.#writing));
  }

  #enqueue(bytes: Uint8Array): void {
    if (this.#loss !== undefined || bytes.length === 0) return;
    this.#pending.push(bytes);
    // What is written in one turn of the event loop goes out in one write.
    this.#writing ??= Promise.resolve().then(() => this.#drain());
  }

  async #drain(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        let rest = join(this.#pending.splice(0));
        while (rest.length > 0) rest = rest.subarray(await this.#sink.write(rest));
      }
    } catch (error) {
      this.#loss = outputLoss(error);
      this.#pending = [];
      this.#onLost?.();
    } finally {
      this.#writing = undefined;
    }
  }
}

/** What an error of a write says about the output. */
export function outputLoss(error: unknown): OutputLoss {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EPIPE":
      return "no-reader";
    case "ENOSPC":
    case "EDQUOT":
      return "no-space";
    case "EIO":
    case "ENXIO":
    case "EBADF":
      return "closed";
    default:
      return "other";
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
