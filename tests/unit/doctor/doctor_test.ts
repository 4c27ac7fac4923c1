import { assertEquals, assertRejects } from "@std/assert";
import { type Clock, systemClock } from "../../../src/clock.ts";
import { examineAll, type Report, type Step } from "../../../src/doctor/doctor.ts";
import { checkTerminal, type TerminalFacts } from "../../../src/doctor/here.ts";
import { jsonReport, plainReport } from "../../../src/doctor/report.ts";
import { untranslated } from "../../../src/errors.ts";
import type { Check, Finding } from "../../../src/relay/check.ts";

/** Every look at it is a millisecond later. */
function tickingClock(): Clock {
  let now = 0;
  return { ...systemClock, monotonic: () => now++ };
}

function check(name: string, run: Check["run"]): Check {
  return { name, title: name.toUpperCase(), run };
}

const good = (says: string): Finding => ({ state: "ok", says });
const LOST = untranslated("relay-unreachable", "The relay does not answer.", "Check the network.");

/** Runs these steps; returns what was reported, and whether the relay was closed. */
async function examined(here: Check[], relay: Check[]) {
  const steps: Step[] = [];
  let verdict: Parameters<Report["verdict"]>[0] | undefined;
  let closed = false;
  const ready = await examineAll({
    here,
    relay: () =>
      Promise.resolve({ checks: relay, close: () => Promise.resolve(void (closed = true)) }),
    clock: tickingClock(),
    signal: new AbortController().signal,
  }, { step: (step) => steps.push(step), verdict: (said) => verdict = said });
  return {
    ready,
    verdict,
    closed,
    states: steps.map(({ name, finding }) => [name, finding.state]),
  };
}

Deno.test("doctor: all is well, whatever is only noted", async () => {
  const noted: Finding = { state: "warning", says: "b", fix: "Mend b." };
  const found = await examined([check("a", () => good("a"))], [check("b", () => noted)]);
  assertEquals(found, {
    ready: true,
    verdict: { ready: true, first: undefined },
    closed: true,
    states: [["a", "ok"], ["b", "warning"]],
  });
});

Deno.test("doctor: what lies behind a failure is named, and not tried", async () => {
  const failing = check("b", () => {
    throw LOST;
  });
  const found = await examined([check("a", () => good("a"))], [
    failing,
    check("c", () => {
      throw new Error("it was tried");
    }),
  ]);
  assertEquals(found, {
    ready: false,
    verdict: { ready: false, first: "Check the network." },
    closed: true,
    states: [["a", "ok"], ["b", "failed"], ["c", "skipped"]],
  });
});

Deno.test("doctor: without settings no relay is opened", async () => {
  const failing = check("a", () => ({ state: "failed", says: "a", fix: "Mend a." }));
  const found = await examined([failing], [check("b", () => good("b"))]);
  assertEquals([found.closed, found.verdict!.first], [false, "Mend a."]);
});

Deno.test("doctor: a mistake in the program is no finding, and the relay is closed all the same", async () => {
  let closed = false;
  const relay = () =>
    Promise.resolve({
      checks: [check("a", () => Promise.reject(new TypeError("a mistake")))],
      close: () => Promise.resolve(void (closed = true)),
    });
  const signal = new AbortController().signal;
  const report = { step() {}, verdict() {} };
  await assertRejects(
    () => examineAll({ here: [], relay, clock: tickingClock(), signal }, report),
    TypeError,
  );
  assertEquals(closed, true);
});

const STEP: Step = {
  name: "tcp",
  title: "Connection",
  ms: 12.34,
  finding: { state: "failed", says: "the relay does not answer", fix: "Check the network." },
};

Deno.test("doctor: lines for a person carry mark, time and fix", () => {
  let text = "";
  const report = plainReport((line) => text += line, false);
  report.step(STEP);
  report.step({ ...STEP, ms: undefined, finding: { state: "skipped", says: "not reached" } });
  report.verdict({ ready: false, first: "Check the network." });
  assertEquals(text.split("\n").map((line) => line.trimEnd()), [
    "  FAILED  Connection            12 ms  the relay does not answer",
    "          Check the network.",
    "  -       Connection                   not reached",
    "",
    "Not ready. First of all:",
    "          Check the network.",
    "",
  ]);
});

Deno.test("doctor: what is to be done fits 80 columns", () => {
  let text = "";
  const fix = "Check the network, and the other things, ".repeat(9).trim();
  const says = "it fails";
  plainReport((line) => text += line, false).step({
    ...STEP,
    finding: { state: "warning", says, fix },
  });
  const [, ...lines] = text.trimEnd().split("\n");
  assertEquals(lines.map((line) => line.trim()).join(" "), fix);
  assertEquals(lines.every((line) => line.length <= 80), true);
});

Deno.test("doctor: colours only where they are wanted", () => {
  let text = "";
  plainReport((line) => text += line, true).step(STEP);
  assertEquals(text.includes("\x1b[31;1mFAILED\x1b[0m"), true);
});

Deno.test("doctor: lines for a program", () => {
  const lines: unknown[] = [];
  const report = jsonReport((line) => lines.push(JSON.parse(line)));
  report.step(STEP);
  report.verdict({ ready: true, first: undefined });
  assertEquals(lines, [
    {
      event: "check",
      check: "tcp",
      state: "failed",
      ms: 12.3,
      says: "the relay does not answer",
      fix: "Check the network.",
    },
    { event: "verdict", ready: true, first: null },
  ]);
});

Deno.test("doctor: terminals", () => {
  const facts: TerminalFacts = {
    input: true,
    output: true,
    kind: "xterm",
    size: { columns: 80, rows: 24 },
    multiplexer: undefined,
    color: true,
  };
  const cases: [Partial<TerminalFacts>, Finding["state"], string][] = [
    [{}, "ok", "80 by 24, colours"],
    [{ output: false }, "ok", "none: lines in and out, for programs and files"],
    [{ kind: "dumb" }, "ok", "a simple one: chats are plain lines"],
    [{ size: { columns: 39, rows: 24 } }, "warning", "39 by 24, colours"],
    [{ size: { columns: 40, rows: 10 }, color: false }, "ok", "40 by 10, no colours"],
    [{ multiplexer: "tmux" }, "warning", "80 by 24, colours, inside tmux"],
  ];
  for (const [change, state, says] of cases) {
    const found = checkTerminal({ ...facts, ...change }).run(AbortSignal.any([])) as Finding;
    assertEquals([found.state, found.says], [state, says]);
  }
});
