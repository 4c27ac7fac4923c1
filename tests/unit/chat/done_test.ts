import { assert, assertEquals } from "@std/assert";
import { Done, MAX_REJECTED } from "../../../src/chat/done.ts";

Deno.test("done: an envelope is remembered until a read that began after its removal has come", () => {
  const done = new Done();
  done.opened("a");
  done.rejected("b");
  done.readCame(7);
  assert(done.has("a") && done.has("b"), "nothing was removed yet");
  done.removed(["a", "b"], 8);
  done.readCame(8);
  assert(done.has("a") && done.has("b"), "this read began before the removal was confirmed");
  done.readCame(9);
  assert(!done.has("a") && !done.has("b"));
  assertEquals(done.size, 0);
});

Deno.test("done: a removal of something else is none of its business", () => {
  const done = new Done();
  done.removed(["a"], 1);
  assert(!done.has("a"));
  assertEquals(done.size, 0);
});

Deno.test("done: as many rejected ones as anybody likes take a bounded place", () => {
  const done = new Done();
  done.opened("true");
  for (let i = 1; i <= MAX_REJECTED; i++) done.rejected(`${i}`);
  assertEquals(done.size, MAX_REJECTED + 1);
  assert(done.has("1"));
  done.rejected("one more");
  assertEquals(done.size, MAX_REJECTED + 1);
  assert(!done.has("1") && done.has("2") && done.has("one more"));
  assert(done.has("true"), "what was opened is not crowded out");
});
