import { assertEquals } from "@std/assert";
import { BSON } from "mongodb";
import { decodeEnvelope } from "../../../../src/relay/mongodb/envelope_document.ts";

const place = { room: "r".repeat(22), epoch: "e".repeat(11) };

Deno.test("decodeEnvelope: finds no envelope in what a server makes up, and fails at none of it", () => {
  for (const _id of [{ toString: 1 }, { valueOf: 1, toString: 1 }, 7, null, []]) {
    const { envelope, isMark, bytes } = decodeEnvelope(BSON.serialize({ _id, bytes: "7" }), place);
    assertEquals([envelope, isMark, bytes], [undefined, false, 0]);
  }
});
