/**
 * What programs see of `whisper send` and `whisper receive`.
 *
 * @module
 */
import type { ChatEvent } from "../chat/events.ts";
import type { Failure } from "../errors.ts";
import { eventAsJson } from "./json.ts";
import { describeFailure } from "./messages/failures.ts";
import type { TransferView } from "./transfer.ts";

/** The events of docs/JSON.md on standard output. */
export class TransferJson implements TransferView {
  readonly #write: (value: unknown) => void;
  readonly #flush: () => Promise<void>;

  constructor({ write, flush }: { write: (value: unknown) => void; flush: () => Promise<void> }) {
    this.#write = write;
    this.#flush = flush;
  }

  show(event: ChatEvent): void {
    this.#write(eventAsJson(event));
  }

  fail(failure: Failure): void {
    this.#write({ event: "error", code: failure.code, ...describeFailure(failure), fatal: true });
  }

  close(): Promise<void> {
    return this.#flush();
  }
}
