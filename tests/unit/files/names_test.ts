import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { numbered, safeFileName } from "../../../src/files/names.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

Deno.test("safeFileName: leaves ordinary names of any script as they are", () => {
  for (
    const name of [
      "report.pdf",
      "Zoë's notes (2).tar.gz",
      "報告書.pdf",
      "отчёт.docx",
      "تقرير.txt",
      "नमस्ते\u200dफ़ाइल.txt",
      "family \u{1f468}\u200d\u{1f469}\u200d\u{1f467}.jpg",
      "a",
    ]
  ) {
    assertEquals(safeFileName(name), name);
  }
});

Deno.test("safeFileName: takes the last part of a path, whatever the system", () => {
  for (
    const [name, safe] of [
      ["../../x", "x"],
      ["/etc/passwd", "passwd"],
      ["C:\\Windows\\system32\\evil.dll", "evil.dll"],
      ["a/b\\c.txt", "c.txt"],
      ["folder/", "folder"],
      ["..", "file"],
      [".", "file"],
      ["../..", "file"],
      ["", "file"],
      ["   ", "file"],
      ["\u202e", "file"],
      [".bashrc", "_.bashrc"],
      ["-rf", "_-rf"],
      ["~", "_~"],
      [".whisper-0123456789abcdef.part", "_.whisper-0123456789abcdef.part"],
      ["con", "_con"],
      ["NUL.txt", "_NUL.txt"],
      ["com1 .log", "_com1 .log"],
      ["LPT³", "_LPT³"],
      ["console.log", "console.log"],
      ["a.txt:stream", "a.txt_stream"],
      ['<a>|"b"?*', "_a___b___"],
      ["a.exe. . .", "a.exe"],
      ["gpj\u202efdp.exe", "gpjfdp.exe"],
      ["a\u0000b\nc\u001b[31m", "abc[31m"],
      ["a\ufeff\u200bb", "ab"],
      ["e\u0301", "\u00e9"],
    ]
  ) {
    assertEquals(safeFileName(name!), safe, JSON.stringify(name));
  }
});

Deno.test("safeFileName: shortens a long name and keeps its extension", () => {
  const name = safeFileName("é".repeat(200) + ".pdf");
  assert(name.endsWith("é.pdf"));
  assert(bytes(name) <= 247 && bytes(name) > 240);
  assert(bytes(numbered(name, 999)) <= 255);
  assertEquals(bytes(safeFileName("a." + "b".repeat(300))), 247);
});

Deno.test("numbered: counts before the extension", () => {
  assertEquals(numbered("report.pdf", 1), "report (1).pdf");
  assertEquals(numbered("README", 2), "README (2)");
  assertEquals(numbered("_.bashrc", 3), "_ (3).bashrc");
});

Deno.test("safeFileName: makes every string a safe name, and a safe name itself", () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(...'/\\.:*?"<>|~- \t\u0000\n\u001b\u202e\u200b\u2066\ufeffaAéń漢'),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      fc.constantFrom("con", "NUL", "com1", ".txt", "\u{1f98a}", "\ud800"),
    ),
    maxLength: 400,
  });
  fc.assert(
    fc.property(hostile, (name) => {
      const safe = safeFileName(name);
      assert(safe !== "" && safe !== "." && safe !== "..");
      assert(!/[/\\<>:"|?*\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200b\u202a-\u202e\u2066-\u2069]/u.test(safe));
      assert(!/^[.\-~\s]|[.\s]$/u.test(safe), JSON.stringify(safe));
      assert(!/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(safe), safe);
      assert(bytes(numbered(safe, 999)) <= 255);
      assert(safe.isWellFormed());
      assertEquals(safeFileName(safe), safe);
    }),
    { numRuns: 2_000 },
  );
});
