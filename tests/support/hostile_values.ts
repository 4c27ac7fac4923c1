/**
 * One value of every BSON type, and of each kind that makes a reader stumble.
 *
 * @module
 */
import {
  binary,
  encode,
  int32,
  int64,
  join,
  Raw,
  rawOf,
  type RawValue,
  text,
} from "./raw_writer.ts";

const INVALID_UTF8 = [0x61, 0xff, 0xfe, 0x62];

function deep(levels: number): RawValue {
  let value: RawValue = "end";
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

function cString(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

const VALUES: Readonly<Record<string, RawValue>> = {
  "double": 1.5,
  "huge double": 8e15,
  "NaN": NaN,
  "infinity": Infinity,
  "string": "x",
  "empty string": "",
  "long string": "x".repeat(300_000),
  "invalid UTF-8": text(INVALID_UTF8),
  "control sequences": "\x1b]52;c;ZXZpbA==\x07\u009b31m\u202e",
  "operator": "$$ROOT",
  "object": { a: 1 },
  "empty object": {},
  "deep object": deep(90),
  "object with invalid UTF-8": { a: text(INVALID_UTF8) },
  "object like a Binary": { _bsontype: "Binary" },
  "object like a Binary with a buffer": { _bsontype: "Binary", buffer: "x", position: 1e9 },
  "object like a Long": { _bsontype: "Long" },
  "object like an ObjectId": { _bsontype: "ObjectId" },
  "object like a DBRef": { $ref: "a", $id: 1 },
  "object with a prototype": { __proto__x: 1, constructor: { prototype: 1 } },
  "object with an operator": { $where: "1" },
  "array": [1, 2],
  "empty array": [],
  "array of invalid UTF-8": [text(INVALID_UTF8)],
  "large array": Array.from({ length: 20_000 }, (_, i) => `item-${i}`),
  "nested arrays": [[[[1]]]],
  "binary": Uint8Array.of(1, 2, 3),
  "large binary": new Uint8Array(300_000),
  "malformed old binary": binary(2, [0xff, 0xff, 0xff, 0x7f, 1]),
  "short old binary": binary(2, []),
  "UUID of the wrong length": binary(4, [1, 2, 3]),
  "malformed vector": binary(9, [0x27, 0x07, 1]),
  "empty vector": binary(9, []),
  "user-defined binary": binary(0x80, [1]),
  "undefined": new Raw(0x06, []),
  "ObjectId": new Raw(0x07, new Uint8Array(12)),
  "true": true,
  "false": false,
  "date": new Date(0),
  "date out of range": new Raw(0x09, int64(2n ** 63n - 1n)),
  "date before time": new Raw(0x09, int64(-(2n ** 63n))),
  "null": null,
  "regular expression": new Raw(0x0b, join(cString("(("), cString("x"))),
  "regular expression with invalid UTF-8": new Raw(0x0b, [0xff, 0x00, 0x00]),
  "DBPointer": new Raw(0x0c, join(int32(2), cString("a"), new Uint8Array(12))),
  "code": new Raw(0x0d, join(int32(2), cString("a"))),
  "symbol": new Raw(0x0e, join(int32(2), cString("a"))),
  "code with scope": new Raw(0x0f, scoped()),
  "int": 7,
  "negative int": -1,
  "timestamp": new Raw(0x11, int64(-1n)),
  "long": new Raw(0x12, int64(2n ** 62n)),
  "negative long": new Raw(0x12, int64(-(2n ** 63n))),
  "decimal": new Raw(0x13, new Uint8Array(16).fill(0x11)),
  "decimal NaN": new Raw(0x13, [...new Uint8Array(15), 0x7c]),
  "MinKey": new Raw(0xff, []),
  "MaxKey": new Raw(0x7f, []),
};

/** Values by name, ready to be sent. */
export const HOSTILE_VALUES: Readonly<Record<string, Raw>> = Object.fromEntries(
  Object.entries(VALUES).map(([name, value]) => [name, rawOf(value)]),
);

function scoped(): Uint8Array {
  const code = join(int32(2), cString("a"));
  const scope = encode({ b: 1 });
  return join(int32(4 + code.length + scope.length), code, scope);
}
