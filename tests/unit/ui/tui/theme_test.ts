import { assert, assertEquals } from "@std/assert";
import { type Role, themeOfTerminal, THEMES } from "../../../../src/ui/tui/theme.ts";

/** The least contrast of text (WCAG 2, level AA). */
const LEAST = 4.5;
/** Backgrounds that each theme is for, beside pure black and white: those of well-known themes. */
const BACKGROUNDS = {
  dark: ["#000000", "#1e1e1e", "#282a36", "#002b36"],
  light: ["#ffffff", "#fafafa", "#fdf6e3"],
  either: ["#000000", "#ffffff"],
} as const;

type Color = readonly [red: number, green: number, blue: number];

/** A color of xterm's 256. */
function xterm(index: number): Color {
  if (index >= 232) {
    const gray = 8 + 10 * (index - 232);
    return [gray, gray, gray];
  }
  const level = (step: number) => step === 0 ? 0 : 55 + 40 * step;
  const cube = index - 16;
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

function hex(color: string): Color {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as unknown as Color;
}

function luminance(color: Color): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Color;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Color, other: Color): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

Deno.test("THEMES: every color has a contrast of at least 4.5:1 with its backgrounds", () => {
  for (const [name, backgrounds] of Object.entries(BACKGROUNDS)) {
    const theme = THEMES[name as keyof typeof BACKGROUNDS];
    for (const role of Object.keys(theme) as Role[]) {
      const [, index] = /38;5;(\d+)/.exec(theme[role]) ?? [];
      if (index === undefined) continue;
      for (const background of backgrounds) {
        const ratio = contrast(xterm(Number(index)), hex(background));
        assert(ratio >= LEAST, `${name}, ${role} on ${background}: ${ratio.toFixed(2)}`);
      }
    }
  }
});

Deno.test("THEMES: the two names have colors of their own, except without colors", () => {
  for (const name of ["dark", "light", "either"] as const) {
    assert(THEMES[name].own !== THEMES[name].peer, name);
  }
});

Deno.test("themeOfTerminal: uses xterm's 256 colors only where the terminal has them", () => {
  const themes = {
    none: ["vt100", "vt220", "ansi", "xterm-16color", "xterm-mono", "cons25"],
    auto: [undefined, "", "xterm", "xterm-256color", "screen", "tmux-256color", "alacritty"],
    dark: ["linux"],
  };
  for (const [theme, terms] of Object.entries(themes)) {
    for (const term of terms) assertEquals(themeOfTerminal(term), theme, term);
  }
});
