import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  concat,
  constantTimeEqual,
  decodeBase64Url,
  decodeUtf8,
  encodeBase64Url,
  encodeUtf8,
  lengthPrefixed,
  wipe,
} from "../../../src/crypto/bytes.ts";

const range = (length: number) => Uint8Array.from({ length }, (_, i) => i * 37);

Deno.test("concat: joins in order into a new array", () => {
  const part = new Uint8Array([1, 2]);
  const joined = concat(part, new Uint8Array(), new Uint8Array([3]));
  part.fill(9);
  assertEquals(joined, new Uint8Array([1, 2, 3]));
  assertEquals(concat(), new Uint8Array());
});

Deno.test("lengthPrefixed: distinguishes lists that concat does not", () => {
  const lists = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], []];
  const joined = lists.map((list) => lengthPrefixed(...list.map(encodeUtf8)).join());
  assertEquals(new Set(joined).size, lists.length);
});

Deno.test("lengthPrefixed: writes lengths in LEB128", () => {
  for (
    const [length, prefix] of [
      [0, [0]],
      [127, [0x7f]],
      [128, [0x80, 1]],
      [16_383, [0xff, 0x7f]],
      [16_384, [0x80, 0x80, 1]],
    ] as const
  ) {
    const bytes = lengthPrefixed(new Uint8Array(length));
    assertEquals(bytes.length, prefix.length + length);
    assertEquals([...bytes.subarray(0, prefix.length)], [...prefix]);
  }
});

Deno.test("constantTimeEqual: compares bytes and lengths", () => {
  assert(constantTimeEqual(range(20), range(20)));
  assert(constantTimeEqual(new Uint8Array(), new Uint8Array()));
  assert(!constantTimeEqual(range(20), range(19)));
  for (let i = 0; i < 20; i++) {
    const other = range(20);
    other[i]! ^= 0x80;
    assert(!constantTimeEqual(range(20), other), `byte ${i}`);
  }
});

Deno.test("wipe: overwrites everything it is given", () => {
  const [a, b] = [range(3), range(40)];
  wipe(a, b);
  assertEquals([...a, ...b], new Array(43).fill(0));
});

Deno.test("decodeUtf8: returns text as it was encoded", () => {
  for (const text of ["", "abc", "naïve", "\ufeffmark", "👩‍👩‍👧", "\u0000"]) {
    assertEquals(decodeUtf8(encodeUtf8(text)), text);
  }
});

Deno.test("decodeUtf8: refuses what is not UTF-8", () => {
  for (
    const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [
      0xf4,
      0x90,
      0x80,
      0x80,
    ]]
  ) {
    assertThrows(() => decodeUtf8(new Uint8Array(bytes)), TypeError);
  }
});

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
