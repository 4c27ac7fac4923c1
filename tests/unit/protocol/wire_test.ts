import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { encodeBase64Url } from "../../../src/base64url.ts";
import { type Bytes, concat, encodeUtf8 } from "../../../src/crypto/bytes.ts";
import { sha256 } from "../../../src/crypto/kdf.ts";
import {
  decodeHandshake,
  decodeOtherVersion,
  encodeHandshake,
  type HandshakeMessage,
  makeEnvelope,
  PROTOCOL_VERSION,
  roomOfName,
  roomOfNameplate,
} from "../../../src/protocol/wire.ts";
import { asEnvelope } from "../../../src/relay/envelope.ts";
import { MAX_HEAD_BYTES, MAX_TOKEN_CHARS } from "../../../src/relay/relay.ts";

const fill = (byte: number, length: number): Bytes => new Uint8Array(length).fill(byte);
const nonce = fill(1, 16);

/** One message of each type, with its length on the wire. */
const MESSAGES: readonly [HandshakeMessage, number][] = [
  [{ type: "guest-share", nonce, share: fill(2, 32) }, 50],
  [
    {
      type: "host-share",
      nonce,
      share: fill(3, 32),
      ratchetKey: fill(4, 32),
      encapsulationKey: fill(7, 1_184),
    },
    1_266,
  ],
  [{ type: "guest-tag", nonce, ciphertext: fill(8, 1_088), tag: fill(5, 64) }, 1_170],
  [{ type: "host-tag", nonce, tag: fill(6, 64) }, 82],
  [{ type: "host-refusal", nonce }, 18],
];

Deno.test("encodeHandshake: writes version, type, nonce and the fields in order", () => {
  for (const [i, [message, length]] of MESSAGES.entries()) {
    const head = encodeHandshake(message);
    assertEquals(head.length, length, message.type);
    assertEquals([...head.subarray(0, 2)], [PROTOCOL_VERSION, i + 1]);
    assertEquals(head.slice(2, 18), nonce);
    assertEquals(decodeHandshake(head), message);
  }
  const { ratchetKey, share, encapsulationKey } = MESSAGES[1]![0] as HandshakeMessage & {
    type: "host-share";
  };
  assertEquals(
    encodeHandshake(MESSAGES[1]![0]).slice(18),
    concat(share, ratchetKey, encapsulationKey),
  );
  const { ciphertext, tag } = MESSAGES[2]![0] as HandshakeMessage & { type: "guest-tag" };
  assertEquals(encodeHandshake(MESSAGES[2]![0]).slice(18), concat(ciphertext, tag));
});

Deno.test("decodeHandshake: refuses every other length: n-1, n, n+1", () => {
  for (const [message] of MESSAGES) {
    const head = encodeHandshake(message);
    for (let length = 0; length < head.length; length++) {
      assertEquals(decodeHandshake(head.slice(0, length)), undefined);
    }
    assertEquals(decodeHandshake(concat(head, fill(0, 1))), undefined);
  }
});

Deno.test("decodeHandshake: refuses other versions and types", () => {
  for (const [message] of MESSAGES) {
    const head = encodeHandshake(message);
    for (const version of [0, 1, 3, 255]) {
      assertEquals(decodeHandshake(concat(new Uint8Array([version]), head.slice(1))), undefined);
    }
    for (const code of [0, 6, 255]) {
      const other = head.slice();
      other[1] = code;
      assertEquals(decodeHandshake(other), undefined);
    }
  }
});

Deno.test("decodeOtherVersion: reads version, sender and nonce of other versions only", () => {
  for (const [i, [message]] of MESSAGES.entries()) {
    const head = encodeHandshake(message);
    assertEquals(decodeOtherVersion(head), undefined);
    for (const version of [1, 3, 255]) {
      const other = concat(new Uint8Array([version]), head.subarray(1));
      const from = i === 0 || i === 2 ? "guest" : "host";
      assertEquals(decodeOtherVersion(other), { version, from, nonce });
      assertEquals(decodeOtherVersion(other.slice(0, 18))?.nonce, nonce);
      assertEquals(decodeOtherVersion(other.slice(0, 17)), undefined);
      other[1] = 9;
      assertEquals(decodeOtherVersion(other), undefined);
    }
    assertEquals(decodeOtherVersion(concat(new Uint8Array(1), head.subarray(1))), undefined);
  }
  assertEquals(decodeOtherVersion(new Uint8Array()), undefined);
});

Deno.test("decodeHandshake: accepts only bytes that encodeHandshake writes", () => {
  const lengths = fc.constantFrom(0, 1, 2, 17, 18, 19, 49, 50, 51, 81, 82, 83, 1_170, 1_266, 2_048);
  const bytes = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  fc.assert(fc.property(bytes, fc.nat(3), fc.nat(6), (random, version, code) => {
    for (const head of [random, Uint8Array.from([version, code, ...random.subarray(2)])]) {
      const message = decodeHandshake(head);
      if (message) assertEquals(encodeHandshake(message), Uint8Array.from(head));
    }
  }));
});

Deno.test("decodeHandshake: copies its bytes", () => {
  const head = encodeHandshake(MESSAGES[0]![0]);
  const message = decodeHandshake(head)!;
  head.fill(0);
  assertEquals(message, MESSAGES[0]![0]);
});

Deno.test("roomOfNameplate and roomOfName: hash the kind and the name", () => {
  // SHA-256 of 1b || "whisper/1 room of nameplate" || 04 || "4821", by its own writing.
  const text = concat(
    fill(0x1b, 1),
    encodeUtf8("whisper/1 room of nameplate"),
    fill(0x04, 1),
    encodeUtf8("4821"),
  );
  assertEquals(roomOfNameplate("4821"), encodeBase64Url(sha256(text).subarray(0, 16)));
  assertMatch(roomOfNameplate("4821"), /^[A-Za-z0-9_-]{22}$/);
  assertNotEquals(roomOfNameplate("4821"), roomOfNameplate("4822"));
  assertNotEquals(roomOfNameplate("4821"), roomOfName("4821"));
  assertEquals(roomOfName(" cafe\u0301 "), roomOfName("café"));
});

Deno.test("makeEnvelope: derives the id from the epoch and the whole content", () => {
  const place = { room: "room", epoch: "epoch" };
  const said = { from: "host", seq: 1, head: fill(1, 61), token: "gAAA" } as const;
  const ids = [
    makeEnvelope(place, said),
    makeEnvelope({ ...place, room: "roome" }, said),
    makeEnvelope({ room: "roome", epoch: "poch" }, said),
    makeEnvelope({ ...place, epoch: "other" }, said),
    makeEnvelope(place, { ...said, from: "guest" }),
    makeEnvelope(place, { ...said, seq: 11 }),
    makeEnvelope(place, { ...said, head: fill(1, 60) }),
    makeEnvelope(place, { ...said, token: "gAAB" }),
  ].map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  assert(ids.every((id) => /^[A-Za-z0-9_-]{22}$/.test(id)));
  assertEquals(makeEnvelope(place, said).id, ids[0]);
  assertEquals(makeEnvelope(place, said).attempt, 0);
});

const ENVELOPE = {
  ...makeEnvelope({ room: "r", epoch: "e" }, {
    from: "host",
    seq: 1,
    head: fill(1, 61),
    token: "gAAA",
  }),
};

Deno.test("asEnvelope: copies the envelope", () => {
  const read = asEnvelope(ENVELOPE)!;
  assertEquals(read, ENVELOPE);
  assert(read.head.buffer !== ENVELOPE.head.buffer);
});

Deno.test("asEnvelope: refuses a field of another type", () => {
  const faults: Record<string, readonly unknown[]> = {
    id: [undefined, null, 1, "", "a".repeat(21), "a".repeat(23), "a".repeat(21) + "+", {}],
    from: [undefined, "", "Host", "stranger ", 0, ["host"]],
    seq: [undefined, -1, 0.5, NaN, Infinity, "1", 1n, 2 ** 31],
    attempt: [undefined, -1, 0.5, "0", 2 ** 31],
    head: [undefined, "AA", [1, 2], new ArrayBuffer(4), fill(0, MAX_HEAD_BYTES + 1)],
    token: [undefined, null, 1, "a".repeat(MAX_TOKEN_CHARS + 1), fill(0, 4)],
  };
  for (const [field, values] of Object.entries(faults)) {
    for (const value of values) {
      assertEquals(asEnvelope({ ...ENVELOPE, [field]: value }), undefined, `${field}`);
    }
  }
});

Deno.test("asEnvelope: enforces the limits: n-1, n, n+1", () => {
  const isEnvelope = (change: object) => asEnvelope({ ...ENVELOPE, ...change }) !== undefined;
  for (
    const [n, make] of [
      [2 ** 31 - 1, (n: number) => ({ seq: n })],
      [2 ** 31 - 1, (n: number) => ({ attempt: n })],
      [MAX_HEAD_BYTES, (n: number) => ({ head: fill(0, n) })],
      [MAX_TOKEN_CHARS, (n: number) => ({ token: "a".repeat(n) })],
      [22, (n: number) => ({ id: "a".repeat(n) })],
    ] as const
  ) {
    assert(isEnvelope(make(n)), `${n}`);
    assert(!isEnvelope(make(n + 1)), `${n + 1}`);
    assertEquals(isEnvelope(make(n - 1)), n !== 22, `${n - 1}`);
  }
});

Deno.test("asEnvelope: accepts only envelopes within the limits", () => {
  const field = fc.anything({ withTypedArray: true, withBigInt: true, withNullPrototype: true });
  const document = fc.record({
    id: fc.oneof(field, fc.constant(ENVELOPE.id)),
    from: fc.oneof(field, fc.constant("guest")),
    seq: fc.oneof(field, fc.integer()),
    attempt: fc.oneof(field, fc.integer()),
    head: fc.oneof(field, fc.uint8Array({ maxLength: MAX_HEAD_BYTES + 1 })),
    token: fc.oneof(field, fc.string()),
  });
  let envelopes = 0;
  fc.assert(
    fc.property(document, (document) => {
      const envelope = asEnvelope(document);
      if (!envelope) return;
      envelopes++;
      assertEquals(envelope.head.toHex(), (document.head as Bytes).toHex());
      assert(envelope.seq >= 0 && envelope.seq < 2 ** 31);
    }),
    { numRuns: 2_000 },
  );
  assert(envelopes > 0);
});
