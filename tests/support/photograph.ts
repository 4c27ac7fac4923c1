/**
 * What a camera reads in a picture of half blocks.
 *
 * @module
 */
import decodeQR from "qr/decode.js";

/** The text of the QR code in these rows of a screen; light is where a character has ink. */
export function readPicture(rows: readonly string[]): string {
  return decodeQR(photograph(rows));
}

/** Pixels to a module: what a camera sees is larger than one. */
const SCALE = 4;

/** What a camera sees of the rows: light where a half block has ink. */
function photograph(rows: readonly string[]) {
  const width = rows[0]!.length * SCALE;
  const height = rows.length * 2 * SCALE;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const half = Math.floor(y / SCALE);
      const character = rows[half >> 1]![Math.floor(x / SCALE)]!;
      const isLight = half % 2 === 0 ? "█▀".includes(character) : "█▄".includes(character);
      data.fill(isLight ? 255 : 0, (y * width + x) * 3, (y * width + x + 1) * 3);
    }
  }
  return { width, height, data };
}
