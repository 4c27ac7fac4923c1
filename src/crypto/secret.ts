/**
 * Secret bytes that do not show when what holds them is printed, logged or turned into JSON.
 *
 * @module
 */
import { type Bytes, wipe } from "./bytes.ts";

/** Secret bytes of one owner, until it wipes them. */
export class Secret {
  readonly #bytes: Bytes;
  #isWiped = false;

  /** Takes `bytes` over: they are wiped with the secret. */
  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /**
   * The bytes themselves, not a copy, so that none is left behind.
   *
   * @throws {TypeError} once they are wiped: zeros must never pass for a key.
   */
  get bytes(): Bytes {
    if (this.#isWiped) throw new TypeError("Cannot use secret: it is wiped");
    return this.#bytes;
  }

  /** Overwrites the bytes; harmless when repeated. */
  wipe(): void {
    wipe(this.#bytes);
    this.#isWiped = true;
  }

  /** Nothing of the bytes, not even their number. */
  toJSON(): string {
    return "Secret";
  }

  /** As above. */
  toString(): string {
    return this.toJSON();
  }

  /** As above. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toJSON();
  }

  /** As above. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toJSON();
  }
}
