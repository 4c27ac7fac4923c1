/**
 * A screen as a picture: what a terminal shows, colors included, drawn as SVG. Letters are placed cell
 * by cell and lines are drawn as lines, so that it looks the same with any font.
 *
 * @module
 */
import stringWidth from "string-width";

/** The colors of a terminal. */
export interface Palette {
  readonly foreground: string;
  readonly background: string;
}

/** What to draw. */
export interface Shot {
  /** Rows with their styles, as `tmux capture-pane -e` gives them. */
  readonly screen: string;
  readonly columns: number;
  readonly rows: number;
  readonly cursor: { readonly row: number; readonly column: number };
  readonly palette: Palette;
  /** What is seen, in words, for those who cannot see it. */
  readonly title: string;
}

/** Of one cell, in units of the picture; the usual proportions of a terminal's font. */
const [CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, BASELINE] = [9, 19, 15, 14];
const PADDING = 16;
const FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

interface Style {
  readonly foreground: string | undefined;
  readonly background: string | undefined;
  readonly isBold: boolean;
  readonly isReversed: boolean;
}

const PLAIN: Style = {
  foreground: undefined,
  background: undefined,
  isBold: false,
  isReversed: false,
};

interface Run {
  readonly column: number;
  readonly width: number;
  readonly text: string;
  readonly style: Style;
}

/** The picture. */
export function picture(shot: Shot): string {
  const width = shot.columns * CELL_WIDTH + 2 * PADDING;
  const height = shot.rows * CELL_HEIGHT + 2 * PADDING;
  const lines = shot.screen.split("\n").slice(0, shot.rows);
  const { row, column } = shot.cursor;
  const cursor = rect(
    { x: PADDING + column * CELL_WIDTH, y: PADDING + row * CELL_HEIGHT + 2 },
    { width: 2, height: CELL_HEIGHT - 4, fill: shot.palette.foreground },
  );
  let style = PLAIN;
  const drawn = lines.map((line, index) => {
    const [runs, next] = runsOf(line, style);
    style = next;
    return runs.map((run) => draw(run, index, shot.palette)).join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${FONTS}" font-size="${FONT_SIZE}">`,
    `<title>${escaped(shot.title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${shot.palette.background}"/>`,
    ...drawn.filter((line) => line !== ""),
    cursor,
    "</svg>",
    "",
  ].join("\n");
}

/** The pieces of a line that look alike. */
function runsOf(line: string, style: Style): [Run[], Style] {
  const runs: Run[] = [];
  let column = 0;
  // deno-lint-ignore no-control-regex -- what begins a style
  for (const [, codes, text] of line.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)/g)) {
    if (codes !== undefined) style = styled(style, codes.split(";").map(Number));
    for (const { segment } of graphemes.segment(text ?? "")) {
      const width = stringWidth(segment);
      const last = runs.at(-1);
      const joins = last && last.style === style && last.column + last.width === column &&
        width === 1 && isPlain(segment) && isPlain(last.text);
      if (joins) {
        runs[runs.length - 1] = { ...last, text: last.text + segment, width: last.width + 1 };
      } else runs.push({ column, width, text: segment, style });
      column += width;
    }
  }
  return [runs, style];
}

/** Text that is drawn as text, one letter to a cell. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e\u00a0-\u024f·…’“”]+$/.test(text);
}

/** The style after SGR parameters (ECMA-48, and xterm's colors). */
function styled(style: Style, [code = 0, ...rest]: readonly number[]): Style {
  const [kind, number = 0] = rest;
  if ((code === 38 || code === 48) && kind === 5) {
    const color = xterm(number);
    const next = code === 38 ? { ...style, foreground: color } : { ...style, background: color };
    return rest.length > 2 ? styled(next, rest.slice(2)) : next;
  }
  const next = code === 0
    ? PLAIN
    : code === 1
    ? { ...style, isBold: true }
    : code === 22
    ? { ...style, isBold: false }
    : code === 7
    ? { ...style, isReversed: true }
    : code === 27
    ? { ...style, isReversed: false }
    : code === 39
    ? { ...style, foreground: undefined }
    : code === 49
    ? { ...style, background: undefined }
    : style;
  return rest.length > 0 ? styled(next, rest) : next;
}

/** A color of xterm's 256: the cube and the grays. The first sixteen are not used here. */
function xterm(number: number): string {
  const hex = (...parts: number[]) =>
    `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  if (number >= 232) return hex(...Array(3).fill(8 + 10 * (number - 232)));
  const level = (step: number) => step === 0 ? 0 : 55 + 40 * step;
  const cube = number - 16;
  return hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** The parts of a cell that are filled: of QR codes. */
const BLOCKS: Readonly<Record<string, { readonly top: number; readonly height: number }>> = {
  "█": { top: 0, height: 1 },
  "▀": { top: 0, height: 0.5 },
  "▄": { top: 0.5, height: 0.5 },
};

function draw({ column, width, text, style }: Run, row: number, palette: Palette): string {
  let foreground = style.foreground ?? palette.foreground;
  let background = style.background;
  if (style.isReversed) {
    [foreground, background] = [background ?? palette.background, foreground];
  }
  const [x, y] = [PADDING + column * CELL_WIDTH, PADDING + row * CELL_HEIGHT];
  const size = { width: width * CELL_WIDTH, height: CELL_HEIGHT };
  const ground = background ? rect({ x, y }, { ...size, fill: background }) : "";
  if (text.trim() === "") return ground;
  const [middleX, middleY] = [x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2];
  if (text === "─") return ground + stroke(`M${x} ${middleY}h${CELL_WIDTH}`, foreground);
  if (text === "│") return ground + stroke(`M${middleX} ${y}v${CELL_HEIGHT}`, foreground);
  const block = BLOCKS[text];
  if (block) {
    const height = size.height * block.height;
    const at = { x, y: y + size.height * block.top };
    return ground + rect(at, { width: size.width, height, fill: foreground });
  }
  const lead = text.length - text.trimStart().length;
  const shown = text.trim();
  const cells = width - (text.length - shown.length);
  return `${ground}<text x="${x + lead * CELL_WIDTH}" y="${y + BASELINE}" fill="${foreground}"` +
    `${style.isBold ? ' font-weight="bold"' : ""} textLength="${cells * CELL_WIDTH}"` +
    ` lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escaped(shown)}</text>`;
}

function rect(
  { x, y }: { x: number; y: number },
  { width, height, fill }: { width: number; height: number; fill: string },
): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

function stroke(path: string, color: string): string {
  return `<path d="${path}" stroke="${color}" stroke-width="1.2"/>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
