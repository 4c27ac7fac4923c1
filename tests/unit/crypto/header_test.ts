import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { type Bytes, concat } from "../../../src/crypto/bytes.ts";
import {
  decodeHeader,
  encodeHeader,
  HEAD_BYTES,
  type HeaderKey,
  MAX_SEQ,
  withoutTag,
} from "../../../src/crypto/header.ts";
import { hmacSha256 } from "../../../src/crypto/kdf.ts";
import type { OwnRatchetKey } from "../../../src/crypto/ratchet_keys.ts";

const ratchetKey = new Uint8Array(32).fill(7) as OwnRatchetKey;
const key = new Uint8Array(32).fill(1);
const own = key as HeaderKey<"own">;
const peer = key as Bytes as HeaderKey<"peer">;

const encode = (seq: number, pn: number, n: number) =>
  encodeHeader({ seq, pn, n, ratchetKey }, own);

/** The head with its header changed and tagged anew. */
function retag(head: Bytes, change: (header: Bytes) => void): Bytes {
  const header = head.slice(0, -16);
  change(header);
  return concat(header, hmacSha256(key, header).subarray(0, 16));
}

Deno.test("encodeHeader: writes version, three numbers, the ratchet key and the tag", () => {
  const head = encode(0x01020304, 0x0a, 0x00010000);
  assertEquals(head.length, HEAD_BYTES);
  assertEquals(encodeHex(head.subarray(0, 13)), "01010203040000000a00010000");
  assertEquals(head.slice(13, 45), new Uint8Array(ratchetKey));
  assertEquals(head.slice(45), hmacSha256(key, head.subarray(0, 45)).slice(0, 16));
  assertEquals(withoutTag(head), head.subarray(0, 45));
});

Deno.test("decodeHeader: returns a head as it was encoded", () => {
  for (const [seq, pn, n] of [[1, 0, 0], [300, 40, 2], [MAX_SEQ, 0, MAX_SEQ - 1]] as const) {
    const header = decodeHeader(encode(seq, pn, n), peer)!;
    assertEquals({ ...header, ratchetKey: [...header.ratchetKey] }, {
      seq,
      pn,
      n,
      ratchetKey: [...ratchetKey],
    });
  }
});

Deno.test("decodeHeader: refuses a head with any bit flipped", () => {
  const head = encode(5, 1, 2);
  for (let bit = 0; bit < head.length * 8; bit++) {
    const altered = head.slice();
    altered[bit >> 3]! ^= 1 << (bit & 7);
    assertEquals(decodeHeader(altered, peer), undefined, `bit ${bit}`);
  }
});

Deno.test("decodeHeader: refuses another length, another key and another sender", () => {
  const head = encode(5, 1, 2);
  for (const length of [0, 16, 45, HEAD_BYTES - 1]) {
    assertEquals(decodeHeader(head.slice(0, length), peer), undefined);
  }
  assertEquals(decodeHeader(concat(head, new Uint8Array(1)), peer), undefined);
  assertEquals(decodeHeader(new Uint8Array(HEAD_BYTES), peer), undefined);
  const other = new Uint8Array(32).fill(2) as Bytes as HeaderKey<"peer">;
  assertEquals(decodeHeader(head, other), undefined);
});

Deno.test("decodeHeader: refuses impossible numbers under a valid tag", () => {
  const head = encode(5, 1, 2);
  assert(decodeHeader(retag(head, () => {}), peer));
  const faults: Record<string, (header: Bytes) => void> = {
    "version 0": (header) => header[0] = 0,
    "version 2": (header) => header[0] = 2,
    "number 0": (header) => header.fill(0, 1, 13),
    "a number beyond the last": (header) => header[1] = 0x80,
    "more before it than its number": (header) => header[12] = 4,
  };
  for (const [name, fault] of Object.entries(faults)) {
    assertEquals(decodeHeader(retag(head, fault), peer), undefined, name);
  }
  // 1 before in the last chain and 3 in this one: it is the fifth.
  assertEquals(decodeHeader(retag(head, (header) => header[12] = 3), peer)?.n, 3);
});

Deno.test("decodeHeader: reads from the middle of a larger buffer", () => {
  const head = encode(5, 1, 2);
  const buffer = concat(new Uint8Array(3), head);
  assertEquals(decodeHeader(buffer.subarray(3), peer)?.seq, 5);
});
