import { assert, assertEquals, assertThrows } from "@std/assert";
import { completeCode, entryByCode, entryByRoom } from "../../../src/chat/room.ts";
import { Failure } from "../../../src/errors.ts";
import { roomOfName } from "../../../src/protocol/wire.ts";

Deno.test("entry: a room and a passphrase are the same however they were typed", () => {
  for (
    const [name, passphrase] of [["café", "ﬁve o'clock"], [" cafe\u0301 ", "  five o'clock\n"]]
  ) {
    const entry = entryByRoom(name!, passphrase!);
    assert(entry.mode === "room");
    assertEquals(entry.room, roomOfName("café"));
    assertEquals(entry.password.bytes, new TextEncoder().encode("five o'clock"));
  }
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
  assertThrows(() => entryByCode("4821-river"), Failure, "word-count");
});

Deno.test("entry: the word that is being typed is completed, the number is not", () => {
  assertEquals(completeCode("4821-riv"), ["4821-rival", "4821-river"]);
  assertEquals(completeCode("4821 river CANY"), ["4821 river canyon"]);
  for (const line of ["", "48", "4821-", "riv", "4821-river-"]) {
    assertEquals(completeCode(line), []);
  }
});
