/**
 * The full-screen interface on the real terminal.
 *
 * @module
 */
import { systemClock } from "../../clock.ts";
import { notifierFor } from "./notice.ts";
import { FullScreen, type FullScreenParts } from "./screen.ts";

/** What is known when the screen is opened. */
export interface Opening extends
  Pick<
    FullScreenParts,
    "terminal" | "input" | "name" | "relay" | "room" | "by" | "quiet" | "paths"
  > {
  readonly color: boolean;
  /** A variable, where it may be read. */
  readonly env: (name: string) => string | undefined;
}

/** Takes over the terminal. */
export function openFullScreen({ color, env, ...rest }: Opening): FullScreen {
  return new FullScreen({
    ...rest,
    clock: systemClock,
    theme: !color ? "none" : env("TERM") === "linux" ? "dark" : "auto",
    notifier: notifierFor({ term: env("TERM"), program: env("TERM_PROGRAM") }),
    multiplexer: env("TMUX") ? "tmux" : env("STY") ? "screen" : undefined,
  });
}
