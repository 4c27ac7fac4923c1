import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { decodeBase64Url, encodeBase64Url } from "../../src/base64url.ts";
import { decodeUtf8, encodeUtf8 } from "../../src/crypto/bytes.ts";

const range = (length: number) => Uint8Array.from({ length }, (_, i) => i * 37);

Deno.test("decodeBase64Url: decodes what it encoded, padded or not", () => {
  for (let length = 0; length < 70; length++) {
    for (const padded of [false, true]) {
      const text = encodeBase64Url(range(length), { padded });
      assertEquals(decodeBase64Url(text, { padded }), range(length));
      assertEquals(text.includes("="), padded && length % 3 !== 0);
    }
  }
});

Deno.test("decodeBase64Url: matches RFC 4648 section 10", () => {
  for (
    const [text, encoded] of [
      ["f", "Zg=="],
      ["fo", "Zm8="],
      ["foo", "Zm9v"],
      ["foob", "Zm9vYg=="],
      ["fooba", "Zm9vYmE="],
      ["foobar", "Zm9vYmFy"],
    ] as const
  ) {
    assertEquals(encodeBase64Url(encodeUtf8(text), { padded: true }), encoded);
    assertEquals(decodeUtf8(decodeBase64Url(encoded, { padded: true })), text);
  }
  assertEquals(encodeBase64Url(new Uint8Array([0xfb, 0xff])), "-_8");
});

Deno.test("decodeBase64Url: refuses every other spelling of the same bytes", () => {
  const refused: [text: string, padded: boolean, why: string][] = [
    ["Zg", true, "padding missing"],
    ["Zg=", true, "half the padding missing"],
    ["Zg===", true, "surplus padding"],
    ["Zm9v=", true, "padding where none belongs"],
    ["Zg==", false, "padding where none is wanted"],
    ["Zh==", true, "a stray bit in the last character"],
    ["Zm9=", true, "stray bits in the last character"],
    ["Zh", false, "a stray bit, unpadded"],
    ["Zm9v\n", true, "a newline behind it"],
    [" Zm9v", true, "a space before it"],
    ["Zm\t9v", true, "a tab in it"],
    ["Zm9v\0", true, "a zero character"],
    ["+/8=", true, "the other alphabet"],
    ["Zm9v%%%%", true, "signs of no alphabet"],
    ["Zg==Zg==", true, "data behind the padding"],
    ["Z", true, "a lone character"],
    ["Z===", true, "a lone character, padded"],
    ["Zm9v\u017f", true, "a letter that lower-cases into the alphabet"],
  ];
  for (const [text, padded, why] of refused) {
    assertThrows(() => decodeBase64Url(text, { padded }), SyntaxError, "Cannot", why);
  }
});

Deno.test("decodeBase64Url: decodes into memory of its own", () => {
  const [a, b] = [decodeBase64Url("Zm9v"), decodeBase64Url("Zm9v")];
  assertNotEquals(a.buffer, undefined);
  assert(a.buffer !== b.buffer);
  assertEquals(a.buffer.byteLength, 3);
});
