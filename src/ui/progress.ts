/**
 * How far files have come, for people: a line now and then, or a bar.
 *
 * @module
 */
import type { FileEvent } from "../chat/events.ts";
import { safeLine } from "../terminal/safe_text.ts";
import { clip } from "../terminal/text.ts";
import { percent, progressText, sizeText } from "./messages/files.ts";

/** Percents between two lines. */
const STEP = 10;
/** Bytes between two lines about a stream, whose end is not known. */
const STREAM_STEP = 10_000_000;
/** Cells of a bar. */
const BAR_CELLS = 24;

/** Without room for so much of the name, there is only how far the file has come. */
const MIN_NAME_CELLS = 8;
/** After so many milliseconds without progress, the rate is measured from there. */
const PAUSE_MS = 5_000;

/** A line for every ten percent of each file. */
export class ProgressSteps {
  readonly #steps = new Map<string, number>();

  /** The line for an event; undefined where there is none. */
  next(event: FileEvent): string | undefined {
    const key = `${event.from} ${event.id}`;
    if (event.state !== "progress") {
      this.#steps.delete(key);
      return undefined;
    }
    const { size, bytes } = event;
    const step = size === null
      ? Math.floor(bytes / STREAM_STEP)
      : Math.floor(percent(size, bytes) / STEP);
    // That a file is complete is said by a sentence of its own.
    if (bytes === size || step <= (this.#steps.get(key) ?? 0)) return undefined;
    this.#steps.set(key, step);
    const name = event.name === "" ? "" : `${event.name}: `;
    return `${name}${progressText(event)}`;
  }
}

/** A bar with rate and time left, for the line that is written again and again. */
export class ProgressBar {
  #began: { readonly key: string; readonly at: number; readonly bytes: number } | undefined;
  #updatedAt = -Infinity;

  /** The text for an event, at this monotonic time, in so many cells: the name gives way first. */
  text(event: FileEvent, { now, columns }: { now: number; columns: number }): string {
    const key = `${event.from} ${event.id}`;
    const isSlow = now - this.#updatedAt > PAUSE_MS;
    this.#updatedAt = now;
    if (!this.#began || this.#began.key !== key || isSlow) {
      this.#began = { key, at: now, bytes: event.bytes };
    }
    const { size, bytes, name } = event;
    const elapsed = (now - this.#began.at) / 1_000;
    const rate = elapsed > 0 ? (bytes - this.#began.bytes) / elapsed : 0;
    const speed = rate > 0 ? `${sizeText(Math.round(rate))}/s` : "";
    if (size === null) return clip([sizeText(bytes), speed].filter(Boolean).join(", "), columns);
    const share = size === 0 ? 1 : bytes / size;
    const full = Math.floor(share * BAR_CELLS);
    const bar = "#".repeat(full) + "-".repeat(BAR_CELLS - full);
    const left = rate > 0 ? `${timeText((size - bytes) / rate)} left` : "";
    const facts = [`${percent(size, bytes)}% of ${sizeText(size)}`, speed, left].filter(Boolean)
      .join(", ");
    const rest = ` [${bar}] ${facts}`;
    const room = columns - rest.length;
    return room < MIN_NAME_CELLS ? clip(facts, columns) : clip(safeLine(name), room) + rest;
  }
}

/** `12 s`, `3:05 min`, `1:02 h`. */
function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 100) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)} h`;
}
