import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { hyperlink, linked, linkParts } from "../../../src/terminal/links.ts";
import { safeText } from "../../../src/terminal/safe_text.ts";
import { wrapRows } from "../../../src/terminal/text.ts";

/** The targets of a text as it is shown. */
function targets(text: string): string[] {
  return linked(safeText(text), "1").links.map(({ target }) => target);
}

Deno.test("linked: finds http and https links, without what ends a sentence", () => {
  for (
    const [text, found] of [
      ["see https://example.com.", ["https://example.com"]],
      ["(https://example.com/a_(b))", ["https://example.com/a_(b)"]],
      ["<https://example.com/?q=1&r=2#x>", ["https://example.com/?q=1&r=2#x"]],
      ["http://localhost:8080/x, and https://a.example!", [
        "http://localhost:8080/x",
        "https://a.example",
      ]],
      ["HTTPS://EXAMPLE.com/Path", ["HTTPS://EXAMPLE.com/Path"]],
      ["https://example.com/é", ["https://example.com/%C3%A9"]],
      ["no link: example.com", []],
    ] as const
  ) assertEquals(targets(text), [...found], text);
});

Deno.test("linked: makes no link of what is not http, or goes elsewhere than it says", () => {
  for (
    const text of [
      "javascript:alert(1)",
      "file:///etc/passwd",
      "ftp://example.com",
      "data:text/html,https",
      "ssh://example.com",
      "mailto:a@example.com",
      "https://",
      "https://bank.example@evil.example/",
      "https://bank.example:443@evil.example/",
      "https://@evil.example/",
      "https://bänk.example@evil.example/",
      "https://0x7f.1/",
      "https://2130706433/",
      "https://127.1/",
      "https://bank.example%2eevil.example/",
      `https://example.com/${"a".repeat(3_000)}`,
    ]
  ) assertEquals(targets(text), [], text);
});

Deno.test("linked: shows the host of the network behind a host in other letters", () => {
  for (
    const [text, shown] of [
      ["https://аpple.com/login.", "https://аpple.com/login‹xn--pple-43d.com›."],
      ["https://münchen.de", "https://münchen.de‹xn--mnchen-3ya.de›"],
      ["https://ｅvil.example", "https://ｅvil.example‹evil.example›"],
      [
        "https://bank.example。evil.example",
        "https://bank.example。evil.example‹bank.example.evil.example›",
      ],
      ["https://xn--pple-43d.com", "https://xn--pple-43d.com"],
    ] as const
  ) {
    const { text: now, links } = linked(safeText(text), "1");
    assertEquals(now, shown);
    assert(links.length === 1 && /^[\x21-\x7e]+$/.test(links[0]!.target), text);
  }
});

Deno.test("linked: what is made visible ends a link", () => {
  for (
    const [text, found] of [
      ["https://example.com/\u202egnp.exe", ["https://example.com/"]],
      ["https://example.com/\x1b]8;;https://evil.example\x07x", [
        "https://example.com/",
        "https://evil.example",
      ]],
      ["https://example.com/\u200bx", ["https://example.com/"]],
      ["[label](https://evil.example)", ["https://evil.example"]],
      ['<a href="https://evil.example">https://bank.example</a>', [
        "https://evil.example",
        "https://bank.example",
      ]],
    ] as const
  ) assertEquals(targets(text), [...found], text);
});

Deno.test("linkParts: the rows of a wrapped link are that link, and its text is its target", () => {
  const url = `https://example.com/${"path/".repeat(20)}`;
  const { text, links } = linked(`before ${url} after https://b.example`, "7");
  const parts = wrapRows(text, 20).flatMap((row) => linkParts(row.text, row.start, links));
  const first = parts.filter(({ link }) => link?.id === "7-0");
  assert(first.length > 4);
  assertEquals(first.map(({ text }) => text).join(""), url);
  assertEquals(new Set(first.map(({ link }) => link!.target)), new Set([url]));
  assertEquals(parts.filter(({ link }) => link?.id === "7-1").map(({ text }) => text), [
    "https://b.example",
  ]);
});

Deno.test("linked: changes nothing else, and whatever is opened is http in ASCII", () => {
  const unit = fc.constantFrom(
    ...["https://", "http://", "a", ".", "com", "/", "@", ":", "é", "а", "。", "%", "\x1b]8;;"],
    ...["\x07", "\u202e", "#", "?", " ", "\n", "👍", "\\", "0x7f", "[", "]", "xn--"],
  );
  fc.assert(fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
    const safe = safeText(text);
    const { text: shown, links } = linked(safe, "1");
    assertEquals(shown.replaceAll(/‹[^›]*›/g, ""), safe.replaceAll(/‹[^›]*›/g, ""));
    for (const link of links) {
      const written = shown.slice(link.start, link.end);
      assert(URL.canParse(written) && new URL(written).href === new URL(link.target).href);
      assert(/^https?:\/\/[\x21-\x7e]+$/i.test(link.target), link.target);
      assert(hyperlink("", { text: written, link }).raw.startsWith("\x1b]8;id=1-"));
    }
  }));
});
