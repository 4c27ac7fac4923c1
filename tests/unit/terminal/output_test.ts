import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { flushAll, Output, type Sink } from "../../../src/terminal/output.ts";
import { tty } from "../../../src/terminal/terminal_text.ts";

/** A pipe; each test replaces what it looks at. */
const PIPE: Sink = {
  write: (bytes) => Promise.resolve(bytes.length),
  writeSync: (bytes) => bytes.length,
  isTerminal: () => false,
};

/** An output, and all that it has written. */
function recorded(isTerminal = false): { output: Output; text: () => Promise<string> } {
  const written: number[] = [];
  const take = (bytes: Uint8Array) => written.push(...bytes);
  const output = new Output({
    write: (bytes) => Promise.resolve((take(bytes), bytes.length)),
    writeSync: (bytes) => (take(bytes), bytes.length),
    isTerminal: () => isTerminal,
  });
  const text = async () => {
    await output.flush();
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(written));
  };
  return { output, text };
}

// deno-lint-ignore no-control-regex -- what acts on a terminal
const ACTING = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const HOSTILE = "a\x1b]52;c;aGk=\x07b\x9b31mc\u202ed\x7f\u2028e";

Deno.test("Output.write: sanitizes every string, and leaves what tty made", async () => {
  for (const isTerminal of [true, false]) {
    const { output, text } = recorded(isTerminal);
    output.write(HOSTILE);
    output.write(tty`${HOSTILE}`);
    output.writeNow(HOSTILE);
    assertNotMatch(await text(), ACTING);
    output.write(tty`\x1b[1m${"x"}\x1b[0m`);
    assert((await text()).endsWith("\x1b[1mx\x1b[0m"));
  }
});

Deno.test("Output.writeJson: escapes what a terminal acts on, and changes no value", async () => {
  const { output, text } = recorded();
  const value = { text: HOSTILE, emoji: "👩‍👩‍👧 é", [HOSTILE]: 1 };
  output.writeJson(value);
  assertNotMatch((await text()).trimEnd(), ACTING);
  assertEquals(JSON.parse(await text()), value);
});

Deno.test("Output.writeData: keeps data for a pipe, and sanitizes it for a terminal", async () => {
  const piped = recorded();
  piped.output.writeData(HOSTILE);
  piped.output.writeData(Uint8Array.of(0x1b, 0x41));
  assertEquals(await piped.text(), `${HOSTILE}\x1bA`);
  const shown = recorded(true);
  shown.output.writeData(HOSTILE);
  shown.output.writeData(Uint8Array.of(0x1b, 0x41));
  assertNotMatch(await shown.text(), ACTING);
});

Deno.test("Output: writes in order when little is taken at a time", async () => {
  let taken = "";
  const queue = new Output({
    ...PIPE,
    write: async (bytes) => {
      await Promise.resolve();
      taken += new TextDecoder().decode(bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  });
  queue.write("first line\n");
  queue.write("second line\n");
  queue.writeData(new TextEncoder().encode("third\n"));
  await queue.flush();
  assertEquals(taken, "first line\nsecond line\nthird\n");
});

Deno.test("Output: reports a lost reader once and writes nothing more", async () => {
  let writes = 0;
  let lost = 0;
  const queue = new Output({
    ...PIPE,
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

Deno.test("flushAll: waits for every output, and no longer than it is told", async () => {
  const stuck = Promise.withResolvers<number>();
  const output = new Output({ ...PIPE, write: () => stuck.promise });
  const { output: other, text } = recorded();
  output.write("x");
  other.write("y");
  await flushAll({ withinMs: 1 });
  assertEquals(await text(), "y");
  stuck.resolve(1);
  await output.flush();
});
