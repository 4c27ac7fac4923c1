import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  concat,
  constantTimeEqual,
  decodeUtf8,
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
