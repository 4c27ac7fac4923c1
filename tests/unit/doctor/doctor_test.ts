import { rawOf } from "../../../src/terminal/terminal_text.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { type Clock, systemClock } from "../../../src/clock.ts";
import { examineAll, type Step } from "../../../src/doctor/doctor.ts";
import { checkTerminal, type TerminalFacts } from "../../../src/doctor/run.ts";
import { jsonReport, plainReport } from "../../../src/doctor/report.ts";
import { Failure, RelayUnavailable } from "../../../src/errors.ts";
import { type Check, type CheckName, type Finding, found } from "../../../src/relay/check.ts";
import { describeResult } from "../../../src/ui/messages/doctor.ts";

/** Every look at it is a millisecond later. */
function tickingClock(): Clock {
  let now = 0;
  return { ...systemClock, monotonic: () => now++ };
}

function check(name: CheckName, run: Check["run"]): Check {
  return { name, run };
}

const GOOD = found("let-in", {});
const REFUSED = new Failure("connection-refused");
const REFUSED_HINT = "Check that it is running, and the port in the connection string.";

/** Runs these steps; returns what was reported, and whether the relay was closed. */
async function examined(here: Check[], relay: Check[]) {
  const steps: Step[] = [];
  let failed: Step | undefined;
  let closed = false;
  const ready = await examineAll({
    here,
    relay: () =>
      Promise.resolve({ checks: relay, close: () => Promise.resolve(void (closed = true)) }),
    clock: tickingClock(),
    signal: new AbortController().signal,
  }, { step: (step) => steps.push(step), verdict: (step) => failed = step });
  return {
    ready,
    failed: failed?.name,
    first: failed && describeResult(failed.result).fix,
    closed,
    states: steps.map(({ name, result }) => [name, result.state]),
  };
}

Deno.test("examineAll: is ready when steps only warn", async () => {
  const noted = found("auth-off", {}, "warning");
  const outcome = await examined([check("dns", () => GOOD)], [check("auth", () => noted)]);
  assertEquals(outcome, {
    ready: true,
    failed: undefined,
    first: undefined,
    closed: true,
    states: [["dns", "ok"], ["auth", "warning"]],
  });
});

for (
  const thrown of [REFUSED, new RelayUnavailable(REFUSED)]
) {
  Deno.test(`examineAll: names the steps after a ${thrown.name}, and does not take them`, async () => {
    const failing = check("tcp", () => {
      throw thrown;
    });
    const outcome = await examined([check("dns", () => GOOD)], [
      failing,
      check("tls", () => {
        throw new Error("it was tried");
      }),
    ]);
    assertEquals(outcome, {
      ready: false,
      failed: "tcp",
      first: REFUSED_HINT,
      closed: true,
      states: [["dns", "ok"], ["tcp", "failed"], ["tls", "skipped"]],
    });
  });
}

Deno.test("examineAll: opens no relay without settings", async () => {
  const facts = { database: "whisper", actions: ["find"] };
  const failing = check("privileges", () => found("rights-missing", facts, "failed"));
  const outcome = await examined([failing], [check("news", () => GOOD)]);
  assertEquals([outcome.closed, outcome.failed], [false, "privileges"]);
  assertEquals(outcome.first, 'Give the database user the role readWrite on "whisper".');
});

Deno.test("examineAll: throws what is a bug, and closes the relay", async () => {
  let closed = false;
  const relay = () =>
    Promise.resolve({
      checks: [check("dns", () => Promise.reject(new TypeError("a bug")))],
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

const STEP: Step = { name: "tcp", ms: 12.34, result: { state: "failed", failure: REFUSED } };

Deno.test("plainReport: shows mark, title, time and fix", () => {
  let text = "";
  const report = plainReport((line) => text += rawOf(line), false);
  report.step(STEP);
  report.step({ ...STEP, ms: undefined, result: { state: "skipped" } });
  report.verdict(STEP);
  assertEquals(text.split("\n").map((line) => line.trimEnd()), [
    "  FAILED  Connection            12 ms  the server refused the connection",
    `          ${REFUSED_HINT}`,
    "  -       Connection                   not reached",
    "",
    "Not ready. Do this first:",
    `          ${REFUSED_HINT}`,
    "",
  ]);
});

Deno.test("plainReport: wraps what is to be done at 80 columns", () => {
  let text = "";
  const failure = new Failure("dns-failed");
  const result = { state: "failed", failure } as const;
  plainReport((line) => text += rawOf(line), false).step({ ...STEP, result });
  const [, ...lines] = text.trimEnd().split("\n");
  assertEquals(lines.length > 2, true);
  assertEquals(lines.map((line) => line.trim()).join(" "), describeResult(result).fix);
  assertEquals(lines.every((line) => line.length <= 80), true);
});

Deno.test("plainReport: uses colors only where they are wanted", () => {
  let text = "";
  plainReport((line) => text += rawOf(line), true).step(STEP);
  assertEquals(text.includes("\x1b[31;1mFAILED\x1b[0m"), true);
});

Deno.test("jsonReport: writes one object for each step and the verdict", () => {
  const lines: unknown[] = [];
  const report = jsonReport((value) => lines.push(value));
  report.step(STEP);
  report.verdict(undefined);
  report.verdict(STEP);
  assertEquals(lines, [
    {
      event: "check",
      check: "tcp",
      state: "failed",
      ms: 12.3,
      says: "the server refused the connection",
      fix: REFUSED_HINT,
    },
    { event: "verdict", ready: true, first: null },
    { event: "verdict", ready: false, first: REFUSED_HINT },
  ]);
});

Deno.test("checkTerminal: tells what a terminal makes possible", () => {
  const facts: TerminalFacts = {
    input: true,
    output: true,
    kind: "xterm",
    size: { columns: 80, rows: 24 },
    multiplexer: undefined,
    color: true,
  };
  const cases: [Partial<TerminalFacts>, Finding["state"], string][] = [
    [{}, "ok", "80 by 24, colors"],
    [{ output: false }, "ok", "none: plain lines in and out"],
    [{ kind: "dumb" }, "ok", "TERM=dumb: chats use --plain"],
    [{ size: { columns: 39, rows: 24 } }, "warning", "39 by 24"],
    [{ size: { columns: 40, rows: 10 }, color: false }, "ok", "40 by 10, no colors"],
    [{ multiplexer: "tmux" }, "warning", "80 by 24, inside tmux"],
  ];
  for (const [change, state, says] of cases) {
    const finding = checkTerminal({ ...facts, ...change }).run(AbortSignal.any([])) as Finding;
    assertEquals([finding.state, describeResult(finding).says], [state, says]);
  }
});
