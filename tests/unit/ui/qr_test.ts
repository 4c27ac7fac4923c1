import { assert, assertEquals } from "@std/assert";
import decodeQR from "qr/decode.js";
import { encodeRelayLink } from "../../../src/relay/relay_link.ts";
import { paintQr, qrRows } from "../../../src/ui/qr.ts";

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

const LINKS = [
  encodeRelayLink({ uri: "mongodb+srv://chat:secret@cluster0.abcde.mongodb.net/" }),
  encodeRelayLink({
    uri: "mongodb://chat:secret@chat.example.org:27017/whisper?tls=true",
    authorities: [new Uint8Array(600).fill(7)],
    code: "4821-river-cable-ocean",
  }),
];

Deno.test("qrRows: draws a picture that decodes to the link", () => {
  for (const link of LINKS) assertEquals(decodeQR(photograph(qrRows(link))), link);
});

Deno.test("qrRows: leaves a quiet zone of four light modules on every side", () => {
  for (const link of LINKS) {
    const rows = qrRows(link);
    assert(rows.every((row) => row.length === rows[0]!.length));
    assert(rows.every((row) => row.startsWith("████") && row.endsWith("████")));
    for (const row of [...rows.slice(0, 2), rows.at(-2)!]) assert(/^█+$/.test(row), row);
    // An odd number of modules leaves half a row below the picture, which has no ink.
    assert(/^▀+$|^█+$/.test(rows.at(-1)!), rows.at(-1));
  }
});

Deno.test("paintQr: sets both colors, so that dark and light don't depend on the window", () => {
  const [row] = paintQr(["█ "]);
  assertEquals(row!.raw, "\x1b[97;40m█ \x1b[0m");
});
