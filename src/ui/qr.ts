/**
 * A text as a QR code made of half blocks, two modules to a character. Importing this file loads the
 * encoder.
 *
 * @module
 */
import encodeQR from "qr";
import { PICTURE_STYLE } from "./common.ts";
import { styled, type TerminalText } from "../terminal/terminal_text.ts";

/** Modules of light around the symbol, which readers need to find it (ISO/IEC 18004, 5.3.8). */
const QUIET_ZONE = 4;
/** Light modules are ink: on a dark window, and with {@link paintQr} on any. */
const INK = { "light,light": "█", "light,dark": "▀", "dark,light": "▄", "dark,dark": " " } as const;

/**
 * The rows of the picture, all of one width.
 *
 * @example qrRows("whisper:AQ").length // 15: 21 modules and the quiet zone, two to a row
 */
export function qrRows(text: string): string[] {
  // A screen has no scratches to correct, and little room.
  const modules = encodeQR(text, "raw", { ecc: "low", border: QUIET_ZONE });
  const rows: string[] = [];
  for (let at = 0; at < modules.length; at += 2) {
    rows.push(
      modules[at]!.map((isDark, x) =>
        INK[`${shade(isDark)},${shade(modules[at + 1]?.[x] ?? false)}`]
      ).join(""),
    );
  }
  return rows;
}

/** The rows in bright white on black, so that dark and light are right in a window of any color. */
export function paintQr(rows: readonly string[]): TerminalText[] {
  return rows.map((row) => styled(PICTURE_STYLE, row));
}

function shade(isDark: boolean): "dark" | "light" {
  return isDark ? "dark" : "light";
}
