/**
 * Texts that wait for somebody to read them, and which texts there can be.
 *
 * @module
 */
import { untranslated } from "../errors.ts";
import { isUtf8, MAX_TEXT_BYTES } from "../protocol/payload.ts";

/** More than anybody types before somebody comes; a script that is in a hurry is told to wait. */
const MAX_EARLY_TEXTS = 10_000;

/** A text, and what its sender calls it. */
export interface Text {
  readonly text: string;
  readonly id: string;
}

/** The texts that wait, in order. */
export class EarlyTexts {
  #texts: Text[] = [];
  #emptied = Promise.withResolvers<void>();

  /** How many wait. */
  get count(): number {
    return this.#texts.length;
  }

  /** @throws {Failure} when there are too many. */
  add(text: Text): void {
    if (this.#texts.length >= MAX_EARLY_TEXTS) {
      throw untranslated(
        "usage",
        "Too many texts wait to be sent.",
        "Wait for the other one first.",
      );
    }
    this.#texts.push(text);
  }

  /** Takes all of them out. */
  take(): readonly Text[] {
    const taken = this.#texts;
    this.#texts = [];
    this.#emptied.resolve();
    this.#emptied = Promise.withResolvers();
    return taken;
  }

  /** Resolves when none is left. */
  async emptied(): Promise<void> {
    if (this.#texts.length > 0) await this.#emptied.promise;
  }
}

/** @throws {Failure} `too-long` or `usage` unless `text` can be sent as it is. */
export function assertSendable(text: string): void {
  if (text === "") {
    throw untranslated("usage", "There is nothing to send.", "Type something first.");
  }
  if (isUtf8(text, MAX_TEXT_BYTES)) return;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_TEXT_BYTES) {
    throw untranslated(
      "too-long",
      `This text is too long: ${bytes} bytes, and ${MAX_TEXT_BYTES} is the most.`,
      "Send it in parts.",
    );
  }
  throw untranslated(
    "usage",
    "This text is not valid Unicode.",
    "Send it without lone surrogates.",
  );
}
