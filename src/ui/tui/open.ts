/**
 * The full-screen interface on the real terminal.
 *
 * @module
 */
import { systemClock } from "../../clock.ts";
import { notifierFor } from "../../terminal/notification.ts";
import { FullScreen, type FullScreenParts } from "./screen.ts";

/** What is known when the screen is opened. */
export interface Opening extends
  Pick<
    FullScreenParts,
    | "terminal"
    | "input"
    | "name"
    | "relay"
    | "isFreeCluster"
    | "room"
    | "by"
    | "quiet"
    | "mouse"
    | "paths"
    | "link"
  > {
  readonly color: boolean;
  /** The theme that the person has chosen, where there are colors. */
  readonly theme: "auto" | "dark" | "light";
  /** A variable, where it may be read. */
  readonly env: (name: string) => string | undefined;
}

/** Takes over the terminal. */
export function openFullScreen({ color, theme, env, ...rest }: Opening): FullScreen {
  // The console of Linux is dark, and prints what it does not know.
  const auto = env("TERM") === "linux" ? "dark" : "auto";
  return new FullScreen({
    ...rest,
    clock: systemClock,
    theme: !color ? "none" : theme === "auto" ? auto : theme,
    notifier: notifierFor(env),
  });
}
