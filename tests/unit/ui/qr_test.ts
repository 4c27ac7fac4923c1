import { assert, assertEquals } from "@std/assert";
import { encodeRelayLink } from "../../../src/relay/relay_link.ts";
import { readPicture } from "../../support/photograph.ts";
import { paintQr, qrRows } from "../../../src/ui/qr.ts";

const LINKS = [
  encodeRelayLink({ uri: "mongodb+srv://chat:secret@cluster0.abcde.mongodb.net/" }),
  encodeRelayLink({
    uri: "mongodb://chat:secret@chat.example.org:27017/whisper?tls=true",
    authorities: [new Uint8Array(600).fill(7)],
    code: "4821-river-cable-ocean",
  }),
];

Deno.test("qrRows: draws a picture that decodes to the link", () => {
  for (const link of LINKS) assertEquals(readPicture(qrRows(link)), link);
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
