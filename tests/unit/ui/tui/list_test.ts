import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { List } from "../../../../src/ui/tui/list.ts";

Deno.test("List: has what an array has after the same changes, and leaves earlier lists as they were", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(), { maxLength: 600 }),
    fc.array(fc.tuple(fc.boolean(), fc.nat(), fc.nat()), { maxLength: 300 }),
    (items, changes) => {
      let array = items;
      let list = List.from(items);
      for (const [isNew, place, value] of changes) {
        const [listBefore, arrayBefore] = [list, array];
        if (isNew || array.length === 0) {
          array = [...array, value];
          list = list.append(value);
        } else {
          array = array.with(place % array.length, value);
          list = list.with(place % array.length, value);
        }
        assertEquals(listBefore.at(-1), arrayBefore.at(-1));
        assertEquals(listBefore.length, arrayBefore.length);
      }
      assertEquals([...list], array);
      for (const index of [0, 255, 256, -1, -256, -257, array.length, -array.length - 1]) {
        assertEquals(list.at(index), array.at(index), `${index} of ${array.length}`);
      }
      const isOdd = (item: number) => item % 2 === 1;
      assertEquals(list.findLastIndex(isOdd), array.findLastIndex(isOdd));
      assertEquals(list.findLast(isOdd), array.findLast(isOdd));
    },
  ));
});
