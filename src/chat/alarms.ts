/**
 * The alarms: their sentences, and a lid on their number. A hostile relay can cause as many as it
 * likes; the person is told at once of the first of a kind, and of the rest together.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { MAX_GUESSES } from "../protocol/handshake.ts";
import type { AlarmKind, Listener } from "./events.ts";

/** Alarms of one kind within this time of the last are told as one. */
const QUIET_MS = 5_000;

/** Kinds of which every single one counts. */
type Rare = "gap" | "guess" | "rollback";
type Frequent = Exclude<AlarmKind, Rare>;

/** Raises alarms. */
export class Alarms {
  readonly #clock: Clock;
  readonly #emit: Listener;
  readonly #quiet = new Map<Frequent, { timer: Timer; count: number }>();

  constructor({ clock, emit }: { clock: Clock; emit: Listener }) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Raises an alarm for `count` documents or attempts of a kind that can come by the thousand. */
  raise(kind: Frequent, count = 1): void {
    const quiet = this.#quiet.get(kind);
    if (quiet) {
      quiet.count += count;
      return;
    }
    this.#tell(kind, count);
    this.#listen(kind);
  }

  /** A wrong guess at the code, the `count`th of this epoch. */
  guess(count: number): void {
    const left = MAX_GUESSES - count;
    this.#emit({
      event: "alarm",
      kind: "guess",
      count,
      message: left > 0
        ? `Someone came with a wrong code: a slip, or a guess. ${left} more and the code is burnt.`
        : "The code is burnt: it was tried three times in vain, so a stranger may be guessing.",
    });
  }

  /** Texts, or (without a range) messages of the program itself, that never came. */
  gap(texts: readonly [number, number] | undefined, count: number): void {
    if (!texts) {
      const message = count === 1
        ? "A message of the other program is missing; it held no text."
        : `${count} messages of the other program are missing; they held no text.`;
      return this.#emit({ event: "alarm", kind: "gap", count, message });
    }
    const [first, last] = texts;
    const missing = last - first + 1;
    const message = missing === 1
      ? `1 message is missing (number ${first}).`
      : `${missing} messages are missing (numbers ${first} to ${last}).`;
    this.#emit({ event: "alarm", kind: "gap", count: missing, first, last, message });
  }

  /** The relay went back to an earlier state. */
  rollback(): void {
    this.#emit({
      event: "alarm",
      kind: "rollback",
      count: 1,
      message: "The relay went back to an earlier state: messages may be lost or come again.",
    });
  }

  /** Tells what is still untold, and stops. */
  close(): void {
    for (const [kind, { timer, count }] of this.#quiet) {
      timer.cancel();
      if (count > 0) this.#tell(kind, count);
    }
    this.#quiet.clear();
  }

  #listen(kind: Frequent): void {
    const timer = this.#clock.after(QUIET_MS, () => {
      const count = this.#quiet.get(kind)?.count ?? 0;
      this.#quiet.delete(kind);
      if (count === 0) return;
      this.#tell(kind, count);
      this.#listen(kind);
    });
    this.#quiet.set(kind, { timer, count: 0 });
  }

  #tell(kind: Frequent, count: number): void {
    this.#emit({ event: "alarm", kind, count, message: sentence(kind, count) });
  }
}

function sentence(kind: Frequent, count: number): string {
  const times = count === 1 ? "" : ` (${count} times)`;
  switch (kind) {
    case "third-party":
      return `Someone else tried to enter this room${times}. They were kept out.`;
    case "forged":
      return `Something that your peer did not write was put into this room${times}. It was thrown away.`;
    case "altered":
      return `A message was altered on the way${times}. It was thrown away.`;
    case "replayed":
      return `An old message was sent again by someone else${times}. It was thrown away.`;
  }
}
