import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runNotify } from "../../../src/doctor/notify.ts";
import { Failure } from "../../../src/errors.ts";
import { rawOf } from "../../../src/terminal/terminal_text.ts";
import { FakeClock } from "../../support/clock.ts";

Deno.test("runNotify: sends a notification and asks whether it was seen", async () => {
  for (const [answer, told] of [["y", "Good"], ["", "allow-passthrough"]] as const) {
    const clock = new FakeClock();
    const log: string[] = [];
    const running = runNotify({
      asker: {
        isInteractive: true,
        readLine: ({ prompt = "" }) => {
          log.push(prompt);
          return Promise.resolve(answer);
        },
        print: (text) => log.push(text),
        note: () => {},
      },
      notifier: { kind: "osc9", multiplexer: "tmux" },
      clock,
      write: (text) => log.push(rawOf(text)),
      signal: new AbortController().signal,
    });
    await clock.advance(5_000);
    assertEquals(await running, 0);
    assertEquals(log.slice(1, 3), [
      "\x1bPtmux;\x1b\x1b]9;Whisper: Test notification\x07\x1b\\\x07",
      "Did you see it? [y/N]: ",
    ]);
    assertStringIncludes(log.at(-1)!, told);
  }
});

Deno.test("runNotify: needs a person at a terminal", async () => {
  const asker = {
    isInteractive: false,
    readLine: () => Promise.resolve(null),
    print: () => {},
    note: () => {},
  };
  await assertRejects(
    () =>
      runNotify({
        asker,
        notifier: { kind: "bell", multiplexer: undefined },
        clock: new FakeClock(),
        write: () => {},
        signal: new AbortController().signal,
      }),
    Failure,
  );
});
