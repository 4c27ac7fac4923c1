import { assert } from "@std/assert";
import { passphraseBits, WEAK_BITS } from "../../../src/cli/passphrase_strength.ts";

Deno.test("passphraseBits: calls weak what people guess first", () => {
  const weak = [
    ...[
      "",
      " ",
      "a",
      "garden",
      "password123",
      "12345678",
      "1234567890",
      "0000000000",
      "garden party",
    ],
    ...["hunter2", "dog dog dog dog", "Summer2026!", "!!!!!!!!!!", "river-canyon", "aaaaaaaaaaaa"],
  ];
  for (const text of weak) {
    assert(passphraseBits(text) < WEAK_BITS, `${text}: ${passphraseBits(text)}`);
  }
});

Deno.test("passphraseBits: does not call weak what was drawn at random", () => {
  const strong = [
    ...["river canyon ocean", "correct horse battery staple", "kq8zv2hx", "4829 1735 6620"],
    ...["räksmörgås tåg fönster", "река гора туман", "x".repeat(300)],
  ];
  for (const text of strong) {
    assert(passphraseBits(text) >= WEAK_BITS, `${text}: ${passphraseBits(text)}`);
  }
});
