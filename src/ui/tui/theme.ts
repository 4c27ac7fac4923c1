/**
 * Colors by what they mean. Nearly everyone can tell blue from orange, and nothing is said by color
 * alone.
 *
 * @module
 */
import { hyperlink, type Link } from "../../terminal/links.ts";
import { safeLine } from "../../terminal/safe_text.ts";
import { styled, type TerminalText, tty } from "../../terminal/terminal_text.ts";
import { clip, widthOf } from "../../terminal/text.ts";

/** What a piece of text stands for. */
export type Role =
  | "plain"
  | "strong"
  | "faint"
  | "own"
  | "peer"
  | "news"
  | "problem"
  | "alarm"
  | "code"
  | "rule";

/** `either`: readable on a background that is not known. */
export type ThemeName = "dark" | "light" | "either" | "none";

/** Parameters of SGR (ECMA-48) for each role; the colors are of xterm's 256. */
type Theme = Readonly<Record<Role, string>>;

/** Weight and reversal are not colors: they stay where no colors are wanted. */
const NONE: Theme = {
  plain: "",
  strong: "1",
  faint: "",
  own: "1",
  peer: "1",
  news: "",
  problem: "1",
  alarm: "1;7",
  code: "1;7",
  rule: "",
};

const THEMES: Readonly<Record<ThemeName, Theme>> = {
  none: NONE,
  dark: {
    ...NONE,
    faint: "38;5;245",
    own: "1;38;5;117",
    peer: "1;38;5;215",
    news: "38;5;250",
    problem: "1;38;5;215",
    alarm: "1;7;38;5;203",
    rule: "38;5;240",
  },
  light: {
    ...NONE,
    faint: "38;5;242",
    own: "1;38;5;25",
    peer: "1;38;5;130",
    news: "38;5;239",
    problem: "1;38;5;130",
    alarm: "1;7;38;5;160",
    rule: "38;5;249",
  },
  either: {
    ...NONE,
    faint: "38;5;244",
    own: "1;38;5;32",
    peer: "1;38;5;166",
    news: "38;5;244",
    problem: "1;38;5;166",
    rule: "38;5;244",
  },
};

/** Backgrounds brighter than this are light. */
const LIGHT_FROM = 0.5;

/** The theme for a background of that brightness. */
export function themeFor(brightness: number): ThemeName {
  return brightness > LIGHT_FROM ? "light" : "dark";
}

/** A piece of a row. */
export interface Span {
  readonly role: Role;
  readonly text: string;
  /** What the terminal opens. */
  readonly link?: Link;
}

/** The row as far as there is room for it. */
export function cut(spans: readonly Span[], columns: number): readonly Span[] {
  let left = columns;
  return spans.map((span) => {
    const shown = clip(span.text, left);
    left -= widthOf(shown);
    return { ...span, text: shown };
  });
}

/** A row as the terminal takes it. */
export function paint(spans: readonly Span[], theme: ThemeName): TerminalText {
  const styles = THEMES[theme];
  return tty`${
    spans.map(({ role, text, link }) =>
      link && text !== ""
        ? hyperlink(styles[role], safeLine(text), link)
        : styled(styles[role], safeLine(text))
    )
  }`;
}
