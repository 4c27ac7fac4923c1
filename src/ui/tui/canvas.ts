/**
 * When frames are painted: soon after something happened, not more often than anybody can see, and
 * never faster than the terminal takes them.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import type { Frame } from "./view.ts";
import { Painter } from "./painter.ts";

/** What it needs. */
export interface CanvasDeps {
  readonly clock: Clock;
  /** Takes text for the screen, in order. */
  readonly write: (text: string) => void;
  /** Resolves when all of it is out, or nobody takes it. */
  readonly flush: () => Promise<void>;
  /** What is to be seen now. */
  readonly frame: () => Frame;
}

/** The screen as it is painted. */
export class Canvas {
  readonly #deps: CanvasDeps;
  readonly #painter = new Painter();
  #paintedAt = -Infinity;
  #next: { readonly timer: Timer; readonly at: number } | undefined;
  #isBusy = false;
  /** How soon after the last a frame is wanted that had to wait. */
  #wanted = Infinity;
  #isOver = false;

  constructor(deps: CanvasDeps) {
    this.#deps = deps;
  }

  /** Paints now, or as soon as the last frame is `ms` milliseconds old. */
  paintWithin(ms: number): void {
    if (this.#isOver) return;
    // A terminal that has not taken the last frame yet gets no other: nobody would see it.
    if (this.#isBusy) {
      this.#wanted = Math.min(this.#wanted, ms);
      return;
    }
    const { clock } = this.#deps;
    const now = clock.monotonic();
    const at = Math.max(now, this.#paintedAt + ms);
    if (this.#next && this.#next.at <= at) return;
    this.#next?.timer.cancel();
    if (at <= now) return this.#paint();
    this.#next = { at, timer: clock.after(at - now, () => this.#paint()) };
  }

  /** Paints everything anew: something else has written on the screen. */
  redraw(): void {
    if (this.#isOver) return;
    this.#deps.write(this.#painter.forget());
    this.paintWithin(0);
  }

  /** Paints no more. */
  stop(): void {
    this.#isOver = true;
    this.#next?.timer.cancel();
  }

  #paint(): void {
    this.#next?.timer.cancel();
    this.#next = undefined;
    const { clock, write, flush, frame } = this.#deps;
    this.#paintedAt = clock.monotonic();
    this.#wanted = Infinity;
    this.#isBusy = true;
    write(this.#painter.paint(frame()));
    void flush().then(() => {
      this.#isBusy = false;
      if (this.#wanted < Infinity) this.paintWithin(this.#wanted);
    });
  }
}
