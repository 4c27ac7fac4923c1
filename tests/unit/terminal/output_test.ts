import { assertEquals } from "@std/assert";
import { OutputQueue } from "../../../src/terminal/output.ts";

Deno.test("output keeps its order however little is taken at a time", async () => {
  let taken = "";
  const queue = new OutputQueue({
    write: async (bytes) => {
      await Promise.resolve();
      taken += new TextDecoder().decode(bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  });
  queue.write("first line\n");
  queue.write("second line\n");
  queue.write(new TextEncoder().encode("third\n"));
  await queue.flush();
  assertEquals(taken, "first line\nsecond line\nthird\n");
});

Deno.test("output whose reader has gone says so once and takes no more", async () => {
  let writes = 0;
  let lost = 0;
  const queue = new OutputQueue({
    write: () => {
      writes++;
      return Promise.reject(new Deno.errors.BrokenPipe("gone"));
    },
  });
  queue.onLost(() => lost++);
  queue.write("one");
  await queue.flush();
  queue.write("two");
  await queue.flush();
  assertEquals({ writes, lost }, { writes: 1, lost: 1 });
});
