/**
 * Colors by what they mean. Nearly everyone can tell blue from orange, and nothing is said by color
 * alone.
 *
 * @module
 */
import { hyperlink, type Link } from "../../terminal/links.ts";
import { PICTURE_STYLE } from "../common.ts";
import { safeLine } from "../../terminal/safe_text.ts";
import { type TerminalText, tty } from "../../terminal/terminal_text.ts";
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
  | "picture"
  | "found"
  | "rule";

/** `either`: readable on a background that is not known. */
export type ThemeName = "dark" | "light" | "either" | "none";

/** Terminals without xterm's 256 colors: many blink where they are asked for one. */
const FEW_COLORS = /^(?:vt\d|ansi|cons)|-(?:mono|8color|16color)$/;

/** The theme where none is chosen; `auto`: as the background of the terminal is. */
export function themeOfTerminal(term = ""): ThemeName | "auto" {
  // The console of Linux is dark, and prints what it does not know.
  if (term === "linux") return "dark";
  return FEW_COLORS.test(term) ? "none" : "auto";
}

/**
 * Parameters of SGR (ECMA-48) for each role; the colors are of xterm's 256. Every color has a contrast
 * of at least 4.5:1 (WCAG 2) with the backgrounds that its theme is for.
 */
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
  picture: "",
  found: "7",
  rule: "",
};
/** What every theme with colors has. */
const COLORED: Theme = { ...NONE, picture: PICTURE_STYLE };

/** Exported for the test of the contrast. */
export const THEMES: Readonly<Record<ThemeName, Theme>> = {
  none: NONE,
  dark: {
    ...COLORED,
    faint: "38;5;248",
    own: "1;38;5;117",
    peer: "1;38;5;215",
    news: "38;5;252",
    problem: "1;38;5;215",
    alarm: "1;7;38;5;203",
    rule: "38;5;246",
  },
  light: {
    ...COLORED,
    faint: "38;5;241",
    own: "1;38;5;25",
    peer: "1;38;5;94",
    news: "38;5;239",
    problem: "1;38;5;94",
    alarm: "1;7;38;5;160",
    rule: "38;5;242",
  },
  either: {
    ...COLORED,
    faint: "38;5;243",
    own: "1;38;5;63",
    peer: "1;38;5;131",
    news: "38;5;243",
    problem: "1;38;5;131",
    rule: "38;5;243",
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

/** The row with every occurrence of a text in what people wrote marked. */
export function marked(spans: readonly Span[], text: string): readonly Span[] {
  const wanted = text.toLowerCase();
  return spans.flatMap((span): Span[] => {
    const lower = span.text.toLowerCase();
    // Letters that change their length with their case would mark others.
    if (span.role !== "plain" || lower.length !== span.text.length) return [span];
    const parts: Span[] = [];
    let from = 0;
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
      parts.push({ ...span, text: span.text.slice(from, at) });
      from = at + wanted.length;
      parts.push({ ...span, role: "found", text: span.text.slice(at, from) });
    }
    return [...parts, { ...span, text: span.text.slice(from) }];
  });
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
    spans.map(({ role, text, link }) => hyperlink(styles[role], { text: safeLine(text), link }))
  }`;
}
