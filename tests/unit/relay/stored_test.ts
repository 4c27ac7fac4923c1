import { assert, assertEquals } from "@std/assert";
import { storedFields } from "../../../src/relay/stored.ts";

Deno.test("storedFields: writes every kind of value, and cuts long ones", () => {
  const date = new Date(0);
  assertEquals(
    storedFields({
      text: "é".repeat(30),
      bytes: new Uint8Array(20).fill(0xab),
      count: 7,
      long: 7n,
      flag: false,
      empty: null,
      date,
      list: ["a", "b"],
      host: { token: "x", lease: date },
    }).map(({ name, value, bytes }) => [name, value, bytes]),
    [
      ["text", `${"é".repeat(24)}…`, 60],
      ["bytes", `${"ab".repeat(12)}…`, 20],
      ["count", "7", 1],
      ["long", "7", 1],
      ["flag", "false", 5],
      ["empty", "null", 4],
      ["date", "1970-01-01T00:00:00.000Z", 24],
      ["list", '["a","b"]', 9],
      ["host.token", "x", 1],
      ["host.lease", "1970-01-01T00:00:00.000Z", 24],
    ],
  );
});

Deno.test("storedFields: writes objects that only look as if they could write themselves", () => {
  const odd = { toString: 1, valueOf: 2, toJSON: 3 };
  const fields = storedFields({
    ...{ odd, nested: { odd }, list: [odd] },
    thrower: { inner: { toJSON: () => JSON.parse("{") } },
  });
  assertEquals(fields.map(({ name, value }) => [name, value]), [
    ["odd.toString", "1"],
    ["odd.valueOf", "2"],
    ["odd.toJSON", "3"],
    ["nested.odd", '{"toString":1,"valueOf":…'],
    ["list", '[{"toString":1,"valueOf"…'],
    ["thrower.inner", "?"],
  ]);
});

Deno.test("storedFields: bears whatever others have stored, in bounded space", () => {
  const deep: Record<string, unknown> = {};
  let inner = deep;
  for (let i = 0; i < 500; i++) inner = inner["a"] = {} as Record<string, unknown>;
  const fields = storedFields({
    deep,
    invalid: new Date(NaN),
    ["k".repeat(10_000)]: "v".repeat(100_000),
    ...Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, i])),
  });
  assert(fields.length <= 32);
  for (const { name, value } of fields) assert(name.length + value.length < 100);
});
