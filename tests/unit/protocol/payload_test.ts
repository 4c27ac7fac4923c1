import { assert, assertEquals, assertThrows } from "@std/assert";
import { encode } from "cborg";
import fc from "fast-check";
import { type Bytes, concat, encodeUtf8 } from "../../../src/crypto/bytes.ts";
import {
  CHUNK_BYTES,
  MAX_FILE_BYTES,
  MAX_FILE_NAME_BYTES,
  MAX_NAME_BYTES,
  MAX_TEXT_BYTES,
} from "../../../src/limits.ts";
import { MAX_TOKEN_CHARS } from "../../../src/relay/relay.ts";
import {
  bucket,
  decodePayload,
  encodePayload,
  isName,
  MalformedPayload,
  MAX_CLIENT_BYTES,
  MAX_COUNTER,
  MAX_MISSING_RANGES,
  MAX_TIME_MS,
  MAX_TIMER_SECONDS,
  type Payload,
  SHORT_TEXT_BYTES,
} from "../../../src/protocol/payload.ts";
import type { Range } from "../../../src/ranges.ts";

const counters = {
  at: 1_700_000_000_000,
  texts: 3,
  shown: 9,
  missing: [[2, 4], [7, 7]],
  kem: 1,
} as const;
const ek = new Uint8Array(1_184).fill(1);
const ct = new Uint8Array(1_088).fill(0xff);

/** One of each kind but those of KEM exchanges and of files. */
const SHORT: readonly Payload[] = [
  { kind: "profile", name: "Zoë", client: "whisper/2", ...counters },
  { kind: "text", text: "Are you there?\n\u{1f44b}", ...counters },
  { kind: "receipt", ...counters },
  { kind: "timer", seconds: 30, agreed: false, ...counters },
  { kind: "burn", ...counters },
  { kind: "bye", ...counters },
  { kind: "ping", ...counters },
  { kind: "verify", same: true, ...counters },
];

const REPLY: Payload = { kind: "text", text: "yes", reply: [false, 9], ...counters };

/** One of each kind, and a reply. */
const PAYLOADS: readonly Payload[] = [
  ...SHORT,
  REPLY,
  { kind: "kem-key", n: 1, ek, ...counters },
  { kind: "kem-answer", n: 1, ct, ...counters },
  { kind: "offer", id: 1, name: "Zoë.pdf", size: 9, stream: false, ...counters },
  { kind: "accept", id: 1, from: 1, ...counters },
  { kind: "refuse", id: 1, reason: "declined", ...counters },
  { kind: "chunk", id: 1, n: 1, bytes: new Uint8Array(9).fill(7), ...counters },
  { kind: "end", id: 1, size: 9, sha256: new Uint8Array(32), ...counters },
  { kind: "delivered", id: 1, ...counters },
  { kind: "cancel", id: 1, reason: "canceled", ...counters },
];
const ofKind = (kind: Payload["kind"]) => PAYLOADS.find((payload) => payload.kind === kind)!;
const [kemKey, kemAnswer] = [ofKind("kem-key"), ofKind("kem-answer")];
const [offer, chunk, end] = [ofKind("offer"), ofKind("chunk"), ofKind("end")];

/** Pads as §6 says, whatever the bytes are. */
function pad(bytes: Uint8Array, length = bucket(bytes.length + 1)): Bytes {
  const padded = new Uint8Array(length);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  return padded;
}

/** Whether a payload with these fields is taken. */
function isTaken(fields: object): boolean {
  try {
    decodePayload(pad(encode(fields)));
    return true;
  } catch (error) {
    assert(error instanceof MalformedPayload, String(error));
    return false;
  }
}

const text = PAYLOADS[1]!;
const receipt = PAYLOADS[2]!;

Deno.test("decodePayload: reads what encodePayload writes, for each kind", () => {
  for (const payload of PAYLOADS) assertEquals(decodePayload(encodePayload(payload)), payload);
});

Deno.test("encodePayload: writes this CBOR, padded", () => {
  const ping: Payload = { kind: "ping", at: 1, texts: 0, shown: 1, missing: [[1, 1]], kem: 0 };
  const cbor = "a6" + "626174" + "01" + "636b656d" + "00" + "646b696e64" + "6470696e67" +
    "6573686f776e" + "01" +
    "657465787473" + "00" + "676d697373696e67" + "81820101";
  assertEquals(encodePayload(ping).toHex(), (cbor + "80").padEnd(2 * 127, "0"));
});

Deno.test("decodePayload: returns exactly the same string", () => {
  for (
    const said of [
      " ",
      "\ufeff",
      "\ufeffa",
      "\ufeff" + "a".repeat(40),
      "a\u0000b",
      "e\u0301",
      "\u{10ffff}",
      "a\r\n",
      "\u202e",
    ]
  ) {
    const payload = { ...text, text: said };
    assertEquals(decodePayload(encodePayload(payload as Payload)), payload);
  }
});

Deno.test("bucket: returns 127, 255, ... 4095, and then multiples of 4096 less one", () => {
  for (
    const [length, size] of [
      [0, 127],
      [1, 127],
      [126, 127],
      [127, 127],
      [128, 255],
      [255, 255],
      [256, 511],
      [511, 511],
      [512, 1_023],
      [1_023, 1_023],
      [1_024, 2_047],
      [2_047, 2_047],
      [2_048, 4_095],
      [4_095, 4_095],
      [4_096, 8_191],
      [8_191, 8_191],
      [8_192, 12_287],
      [20_479, 20_479],
      [20_480, 24_575],
    ]
  ) {
    assertEquals(bucket(length!), size!, `${length}`);
  }
});

Deno.test("encodePayload: gives all short payloads one size", () => {
  const said = (payload: Payload): Payload => {
    if (payload.kind === "text") return { ...payload, text: "a".repeat(SHORT_TEXT_BYTES) };
    return payload.kind === "timer" ? { ...payload, seconds: MAX_TIMER_SECONDS } : payload;
  };
  for (const most of [1, 23, 24, 255, 256, 65_536, MAX_COUNTER]) {
    const sizes = SHORT.map((payload) =>
      encodePayload({ ...said(payload), texts: most, shown: most, missing: [], kem: most }).length
    );
    assertEquals([...new Set(sizes)], [127], `${most}`);
  }
});

Deno.test("encodePayload: gives both payloads of a KEM exchange the size of a text of 1.5 KiB", () => {
  const size = encodePayload({ ...text, text: "a".repeat(1_536) } as Payload).length;
  assertEquals(size, 2_047);
  for (const n of [1, MAX_COUNTER]) {
    const most = { texts: MAX_COUNTER, shown: MAX_COUNTER, kem: MAX_COUNTER };
    assertEquals(encodePayload({ ...kemKey, ...most, n } as Payload).length, size);
    assertEquals(encodePayload({ ...kemAnswer, ...most, n } as Payload).length, size);
  }
});

Deno.test("encodePayload: gives the largest receipt 255 bytes", () => {
  const most = 2 * MAX_MISSING_RANGES;
  const missing = Array.from({ length: MAX_MISSING_RANGES }, (_, i): Range => {
    const number = MAX_COUNTER - most + 2 * i;
    return [number, number];
  });
  const kem = MAX_COUNTER;
  const payload: Payload = { ...receipt, texts: kem, shown: kem, missing, kem };
  assertEquals(encodePayload(payload).length, 255);
  assertEquals(decodePayload(encodePayload(payload)), payload);
});

Deno.test("encodePayload: gives every full chunk of a file one size, whose token a relay accepts", () => {
  const bytes = new Uint8Array(CHUNK_BYTES);
  const most = 2 * MAX_MISSING_RANGES;
  const missing = Array.from({ length: MAX_MISSING_RANGES }, (_, i): Range => {
    const number = MAX_COUNTER - most + 2 * i;
    return [number, number];
  });
  const [n, texts] = [MAX_COUNTER, MAX_COUNTER];
  const largest = { id: n, n, at: MAX_TIME_MS, texts, shown: texts, missing, kem: texts };
  const smallest = { id: 1, n: 1, at: 0, texts: 0, shown: 0, missing: [], kem: 0 };
  for (const fields of [smallest, largest]) {
    assertEquals(encodePayload({ kind: "chunk", bytes, ...fields }).length, 45_055);
  }
  // Fernet: version, time, IV, padding to a block, tag; then base64.
  const token = Math.ceil((1 + 8 + 16 + 45_056 + 32) / 3) * 4;
  assertEquals(token, 60_152);
  assert(token <= MAX_TOKEN_CHARS);
});

Deno.test("decodePayload: accepts a name of a file that is empty, and one that is a path", () => {
  for (const name of ["", "../../etc/passwd", "a\u0000b", "\u202egpj.exe"]) {
    assert(isTaken({ ...offer, name }), name);
  }
});

Deno.test("decodePayload: accepts one form of padding", () => {
  const bytes = encode(receipt);
  decodePayload(pad(bytes));
  for (
    const [name, padded] of [
      ["none", bytes],
      ["empty", new Uint8Array()],
      ["zeros alone", new Uint8Array(127)],
      ["no marker", concat(bytes, new Uint8Array(127 - bytes.length))],
      ["a longer bucket", pad(bytes, 255)],
      ["a byte short", pad(bytes).slice(0, -1)],
      ["a byte more", concat(pad(bytes), new Uint8Array(1))],
      ["two markers", pad(concat(bytes, new Uint8Array([0x80])))],
      ["something behind the marker", concat(pad(bytes).slice(0, -1), new Uint8Array([1]))],
      ["the marker of nothing", pad(new Uint8Array())],
    ] as const
  ) {
    assertThrows(() => decodePayload(padded), MalformedPayload, undefined, name);
  }
});

Deno.test("decodePayload: accepts one form of CBOR", () => {
  const canonical = encode(receipt).toHex();
  decodePayload(pad(Uint8Array.fromHex(canonical)));
  const kind = "646b696e64" + "6772656365697074";
  const shown = "6573686f776e" + "09";
  for (
    const [name, from, to] of [
      ["a number in more bytes", shown, "6573686f776e" + "1809"],
      ["a number as a float of 16 bits", shown, "6573686f776e" + "f94880"],
      ["a number as a float of 64 bits", shown, "6573686f776e" + "fb4022000000000000"],
      ["a length in more bytes", kind, "78046b696e64" + "6772656365697074"],
      ["an indefinite map", canonical, "bf" + canonical.slice(2) + "ff"],
      ["an indefinite list", "8282020482", "9f82020482"],
      ["keys in another order", kind + shown, shown + kind],
      ["a key twice", canonical, "a7" + canonical.slice(2) + shown],
      ["a tag", shown, "6573686f776e" + "c109"],
      ["a tag on the whole", canonical, "d9d9f7" + canonical],
      ["something behind it", canonical, canonical + "00"],
      ["a byte string as a key", "6573686f776e", "4573686f776e"],
      ["text that is not UTF-8", "6772656365697074", "6772656365697fff"],
      ["a negative number", shown, "6573686f776e" + "20"],
      ["null", shown, "6573686f776e" + "f6"],
      ["undefined", shown, "6573686f776e" + "f7"],
      ["a large number", shown, "6573686f776e" + "1b0020000000000000"],
    ] as const
  ) {
    assert(canonical.includes(from), name);
    const bytes = Uint8Array.fromHex(canonical.replace(from, to));
    assertThrows(() => decodePayload(pad(bytes)), MalformedPayload, undefined, name);
  }
});

Deno.test("decodePayload: refuses other types and unknown kinds", () => {
  for (const value of [null, 1, "text", [], [1], true, new Uint8Array(3), {}]) {
    assert(!isTaken(value as object));
  }
  for (const kind of [undefined, 1, "", "Text", "file", "toString", "__proto__", "constructor"]) {
    assert(!isTaken({ ...receipt, kind: kind ?? null }), `${kind}`);
  }
});

Deno.test("decodePayload: refuses missing, extra and foreign fields", () => {
  for (const payload of PAYLOADS) {
    assert(isTaken(payload));
    for (const name of Object.keys(payload)) {
      const { [name]: _, ...rest } = payload as unknown as Record<string, unknown>;
      assertEquals(isTaken(rest), name === "reply", `${payload.kind} without ${name}`);
      assert(!isTaken({ ...payload, [name]: null }), `${payload.kind} with no ${name}`);
    }
    assert(!isTaken({ ...payload, more: 1 }), `${payload.kind} with more`);
    assert(!isTaken({ ...payload, toString: 1 }));
  }
  assert(!isTaken({ ...receipt, text: "a" }));
  for (const payload of PAYLOADS) {
    assertEquals(isTaken({ ...payload, reply: [true, 1] }), payload.kind === "text");
  }
  assert(!isTaken({ ...text, kind: "receipt" }));
});

Deno.test("decodePayload: refuses a field of another type", () => {
  for (
    const [payload, name, values] of [
      [text, "text", ["", 1, true, ["a"], new Uint8Array(1)]],
      [PAYLOADS[0]!, "name", ["", " ", "\u3000", "a\nb", "a\u0000", "\u009b", 1, true]],
      [PAYLOADS[0]!, "client", [1, true, []]],
      [PAYLOADS[3]!, "seconds", [-1, 0.5, "30", true, 2 ** 40]],
      [PAYLOADS[3]!, "agreed", [0, 1, "true"]],
      [PAYLOADS[7]!, "same", [0, 1, "true"]],
      [REPLY, "reply", [
        ...[1, true, "a", {}, [], [true], [1], [1, true], [0, 1], ["you", 1]],
        ...[[true, 0], [true, -1], [true, 0.5], [true, "1"], [true, 1, 1]],
      ]],
      [receipt, "at", [-1, 0.5, "1", true]],
      [receipt, "texts", [-1, 0.5, "1", true]],
      [receipt, "shown", [-1, 0.5, "1", true]],
      [receipt, "kem", [-1, 0.5, "1", true]],
      [kemKey, "n", [-1, 0, 0.5, "1", true]],
      [kemKey, "ek", ["", 1, ek.slice(1), new Uint8Array(1_185), ek.with(1, 0xff), [...ek]]],
      [kemAnswer, "n", [-1, 0, 0.5, "1", true]],
      [kemAnswer, "ct", ["", 1, ct.slice(1), new Uint8Array(1_089), [...ct]]],
      [offer, "id", [-1, 0, 0.5, "1", true]],
      [offer, "name", [1, true, ["a"]]],
      [offer, "size", [-1, 0.5, "1", true]],
      [offer, "stream", [0, 1, "true", true]],
      [ofKind("accept"), "from", [-1, 0, 0.5, "1", true]],
      [ofKind("refuse"), "reason", ["", "canceled", 1, true]],
      [chunk, "n", [-1, 0, 0.5, "1", true]],
      [chunk, "bytes", ["", 1, new Uint8Array(0), [1]]],
      [end, "size", [-1, 0.5, "1", true]],
      [end, "sha256", ["", 1, new Uint8Array(31), new Uint8Array(33)]],
      [ofKind("cancel"), "reason", ["", "declined", 1, true]],
      [receipt, "missing", [1, "a", {}, [1], [[1]], [[1, 2, 3]], [["1", 2]], [[0.5, 1]], [[]]]],
    ] as const
  ) {
    for (const value of values) {
      assert(!isTaken({ ...payload, [name]: value }), `${name}: ${Deno.inspect(value)}`);
    }
  }
});

Deno.test("decodePayload: enforces the limits: n-1, n, n+1", () => {
  const ranges = (count: number): Range[] =>
    Array.from({ length: count }, (_, i) => [
      2 * i + 1,
      2 * i + 1,
    ]);
  for (
    const [name, n, make] of [
      ["text", MAX_TEXT_BYTES, (n) => ({ ...text, text: "a".repeat(n) })],
      [
        "text in UTF-8",
        MAX_TEXT_BYTES,
        (n) => ({ ...text, text: "é".repeat(n >> 1) + "a".repeat(n & 1) }),
      ],
      ["name", MAX_NAME_BYTES, (n) => ({ ...PAYLOADS[0], name: "a".repeat(n) })],
      ["client", MAX_CLIENT_BYTES, (n) => ({ ...PAYLOADS[0], client: "a".repeat(n) })],
      ["timer", MAX_TIMER_SECONDS, (n) => ({ ...PAYLOADS[3], seconds: n })],
      ["time", MAX_TIME_MS, (n) => ({ ...receipt, at: n })],
      ["texts", MAX_COUNTER, (n) => ({ ...receipt, texts: n })],
      ["shown", MAX_COUNTER, (n) => ({ ...receipt, shown: n })],
      ["reply", MAX_COUNTER, (n) => ({ ...text, reply: [true, n] })],
      ["kem", MAX_COUNTER, (n) => ({ ...receipt, kem: n })],
      ["file", MAX_COUNTER, (n) => ({ ...offer, id: n })],
      ["file name", MAX_FILE_NAME_BYTES, (n) => ({ ...offer, name: "a".repeat(n) })],
      ["file size", MAX_FILE_BYTES, (n) => ({ ...offer, size: n })],
      ["size at the end", MAX_FILE_BYTES, (n) => ({ ...end, size: n })],
      ["chunk", CHUNK_BYTES, (n) => ({ ...chunk, bytes: new Uint8Array(n) })],
      ["chunks", MAX_COUNTER, (n) => ({ ...chunk, n })],
      ["exchange", MAX_COUNTER, (n) => ({ ...kemKey, n })],
      ["ranges", MAX_MISSING_RANGES, (n) => ({ ...receipt, shown: 99, missing: ranges(n) })],
    ] as [string, number, (n: number) => object][]
  ) {
    assert(isTaken(make(n - 1)), `${name} ${n - 1}`);
    assert(isTaken(make(n)), `${name} ${n}`);
    assert(!isTaken(make(n + 1)), `${name} ${n + 1}`);
  }
});

Deno.test("decodePayload: accepts the smallest counters", () => {
  for (const name of ["at", "texts"]) assert(isTaken({ ...receipt, [name]: 0 }));
  assert(isTaken({ ...receipt, shown: 0, missing: [] }));
  assert(isTaken({ ...text, texts: 1 }));
  assert(!isTaken({ ...text, texts: 0 }), "a text counts itself");
  assert(isTaken({ ...PAYLOADS[3]!, seconds: 0 }));
});

Deno.test("decodePayload: refuses ranges that overlap, touch, descend or exceed shown", () => {
  const isRight = (...missing: number[][]) => isTaken({ ...receipt, shown: 9, missing });
  for (
    const right of [[], [[1, 1]], [[1, 9]], [[9, 9]], [[1, 3], [5, 5]], [[1, 1], [3, 3], [5, 9]]]
  ) {
    assert(isRight(...right), JSON.stringify(right));
  }
  for (
    const wrong of [
      [[0, 1]],
      [[2, 1]],
      [[1, 10]],
      [[10, 10]],
      [[1, 3], [3, 4]],
      [[1, 3], [4, 5]],
      [[5, 5], [1, 3]],
      [[1, 5], [2, 3]],
      [[1, 1], [1, 1]],
    ]
  ) {
    assert(!isRight(...wrong), JSON.stringify(wrong));
  }
});

Deno.test("isName: refuses blank, malformed and control characters", () => {
  for (const name of ["a", "Zoë", "王", "\u{1f98a}", " a "]) assert(isName(name), name);
  for (const name of ["", " ", "\t", "a\u0007", "\ud800", 1, null, undefined]) {
    assert(!isName(name), `${name}`);
  }
});

Deno.test("decodePayload: accepts only bytes that encodePayload writes", () => {
  const taken = { count: 0 };
  const check = (padded: Uint8Array) => {
    let payload: Payload;
    try {
      payload = decodePayload(padded);
    } catch (error) {
      assert(error instanceof MalformedPayload, String(error));
      return;
    }
    taken.count++;
    assertEquals(encodePayload(payload), Uint8Array.from(padded));
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    check(bytes);
    check(pad(bytes));
  }));
  const anything = fc.anything({ withTypedArray: true });
  fc.assert(fc.property(anything, (value) => check(pad(encode(value)))));
  // Each byte of a right one, in turn, to each of a few values.
  for (const payload of SHORT) {
    const right = encodePayload(payload);
    for (let at = 0; at < right.length; at++) {
      for (const flip of [0x01, 0x20, 0x80, 0xff]) {
        const other = right.slice();
        other[at]! ^= flip;
        check(other);
      }
    }
  }
  assert(taken.count > 0);
});

Deno.test("decodePayload: refuses lists nested thousands deep", () => {
  const deep = new Uint8Array(16_000).fill(0x81);
  assertThrows(() => decodePayload(pad(deep)), MalformedPayload);
  assertThrows(
    () => decodePayload(pad(concat(encodeUtf8("a"), deep))),
    MalformedPayload,
  );
});
