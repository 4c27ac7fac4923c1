import { assertEquals, assertThrows } from "@std/assert";
import { completeCode, entryByCode, entryByRoom } from "../../../src/chat/entry.ts";
import { Failure } from "../../../src/errors.ts";

Deno.test("entry: a room and a passphrase are the same however they were typed", () => {
  const entry = entryByRoom("café", "ﬁve o'clock");
  assertEquals(entryByRoom(" cafe\u0301 ", "  five o'clock\n"), entry);
  assertEquals(entry.mode === "room" && entry.password, "five o'clock");
});

Deno.test("entry: a blank passphrase is refused before anything is opened", () => {
  for (const passphrase of ["", "  ", "\u3000\n"]) {
    const failure = assertThrows(() => entryByRoom("café", passphrase), Failure, "empty");
    assertEquals([failure.code, failure.status], ["usage", 2]);
  }
});

Deno.test("entry: a code is taken apart, or refused with a sentence", () => {
  assertEquals(entryByCode("4821 RIVE cany ocean"), {
    mode: "join",
    code: { nameplate: "4821", password: "river-canyon-ocean" },
  });
  assertThrows(() => entryByCode("4821-river"), Failure, "1 word");
});

Deno.test("entry: the word that is being typed is completed, the number is not", () => {
  assertEquals(completeCode("4821-riv"), ["rival", "river"]);
  assertEquals(completeCode("4821 river CANY"), ["canyon"]);
  for (const line of ["", "48", "4821-", "riv", "4821-river-"]) {
    assertEquals(completeCode(line), []);
  }
});
