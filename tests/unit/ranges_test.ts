import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { countBelow, hasNumber, type Ranges, withoutNumber, withRange } from "../../src/ranges.ts";

const MAX = 30;
const numbers = fc.array(fc.boolean(), { minLength: MAX, maxLength: MAX })
  .map((isIn) => isIn.flatMap((is, number) => is ? [number] : []));
const rangesOf = (added: readonly number[]) =>
  added.reduce<Ranges>((ranges, number) => withRange(ranges, [number, number]), []);

Deno.test("ranges: hold what a set of numbers would, in as few ranges as there can be", () => {
  fc.assert(fc.property(numbers, numbers, fc.nat(MAX), (added, removed, limit) => {
    const ranges = removed.reduce(withoutNumber, rangesOf(added));
    const left = added.filter((number) => !removed.includes(number));
    const all = Array.from({ length: MAX }, (_, number) => number);
    assertEquals(all.filter((number) => hasNumber(ranges, number)), left);
    assertEquals(countBelow(ranges, limit), left.filter((number) => number < limit).length);
    assertEquals(ranges, rangesOf(left));
  }));
});

Deno.test("withRange: keeps one range when neighbors are added", () => {
  assertEquals(rangesOf(Array.from({ length: 1_000 }, (_, number) => number)), [[0, 999]]);
});
