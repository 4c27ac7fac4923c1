import { assert, assertEquals } from "@std/assert";
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

const encode = (seq: number, pn: number, n: number, kem = 0) =>
  encodeHeader({ seq, pn, n, kem, ratchetKey }, own);

/** The head with its header changed and tagged again. */
function retag(head: Bytes, change: (header: Bytes) => void): Bytes {
  const header = head.slice(0, -16);
  change(header);
  return concat(header, hmacSha256(key, header).subarray(0, 16));
}

Deno.test("encodeHeader: writes version, four numbers, the ratchet key and the tag", () => {
  const head = encode(0x01020304, 0x0a, 0x00010000, 0x05);
  assertEquals([head.length, HEAD_BYTES], [65, 65]);
  assertEquals(head.subarray(0, 17).toHex(), "02010203040000000a0001000000000005");
  assertEquals(head.slice(17, 49), new Uint8Array(ratchetKey));
  assertEquals(head.slice(49), hmacSha256(key, head.subarray(0, 49)).slice(0, 16));
  assertEquals(withoutTag(head), head.subarray(0, 49));
});

Deno.test("decodeHeader: reads what encodeHeader writes", () => {
  for (const [seq, pn, n] of [[1, 0, 0], [300, 40, 2], [MAX_SEQ, 0, MAX_SEQ - 1]] as const) {
    const kem = seq % 7;
    const header = decodeHeader(encode(seq, pn, n, kem), peer)!;
    assertEquals({ ...header, ratchetKey: [...header.ratchetKey] }, {
      seq,
      pn,
      n,
      kem,
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

Deno.test("decodeHeader: refuses another length or another key", () => {
  const head = encode(5, 1, 2);
  for (const length of [0, 16, 49, HEAD_BYTES - 1]) {
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
    "version 1": (header) => header[0] = 1,
    "number 0": (header) => header.fill(0, 1, 17),
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
