import { assert, assertEquals } from "@std/assert";
import type { ChatEvent, FileEvent } from "../../../src/chat/events.ts";
import { Failure } from "../../../src/errors.ts";
import { TransferInterface, type TransferTask } from "../../../src/ui/transfer.ts";
import { TransferScreen } from "../../../src/ui/transfer_screen.ts";
import { FakeClock } from "../../support/clock.ts";
import { RecordedControls } from "../../support/controls.ts";
import { FakeTerminal } from "../../support/terminal.ts";

const RECEIVE: TransferTask = {
  kind: "receive",
  isStream: false,
  confirm: () => Promise.resolve(true),
};

/** A transfer with a screen, whose chat only writes down what it is asked for. */
class Harness {
  readonly controls = new RecordedControls();
  readonly stop = new AbortController();
  readonly over = new AbortController();
  /** What the screen says. */
  readonly said: string[] = [];
  readonly ui: TransferInterface;
  outputFailure: Failure | undefined;

  readonly clock = new FakeClock();

  constructor(task: TransferTask = RECEIVE) {
    const { clock } = this;
    this.ui = new TransferInterface({
      task,
      view: new TransferScreen({
        terminal: new FakeTerminal(),
        print: (text) => this.said.push(text),
        clock,
        kind: task.kind,
        name: "Alice",
        relay: "this computer",
        isLocal: true,
        isFreeCluster: false,
        progress: "lines",
      }),
      clock,
      timeoutMs: undefined,
      stop: this.stop.signal,
      outputFailure: () => this.outputFailure,
    });
    void this.ui.converse(this.controls, this.over.signal);
    this.ui.hear({ event: "ready", peer: "Bob", verify: [] } as unknown as ChatEvent);
    this.said.length = 0;
  }

  file(state: FileEvent["state"], more: Partial<FileEvent> = {}): void {
    const from = more.from ?? "peer";
    this.ui.hear({ event: "file", id: "1", name: "a", size: 3, bytes: 0, ...more, from, state });
  }

  presence(peer: "here" | "away" | "left" | "vanished"): void {
    this.ui.hear({ event: "presence", peer } as ChatEvent);
  }

  get status(): number {
    return this.ui.outcome?.status ?? 0;
  }
}

Deno.test("TransferInterface: receives, and is content when the sender leaves then", () => {
  const harness = new Harness();
  harness.file("offered");
  harness.file("accepted");
  harness.file("received");
  harness.presence("left");
  assertEquals(harness.ui.outcome, undefined);
  assertEquals(harness.controls.asked.at(-1), "leave exit");
});

Deno.test("TransferInterface: fails when the sender is gone before the last file is complete", async () => {
  for (const gone of ["left", "vanished"] as const) {
    const harness = new Harness();
    harness.file("offered");
    harness.file("received");
    harness.file("offered", { id: "3", name: "b" });
    harness.presence(gone);
    await harness.clock.advance(30_000);
    // Leaving cancels what is open.
    harness.file("canceled", { id: "3", name: "b", by: "you" });
    assertEquals(harness.ui.outcome?.reason, "file-peer-left", gone);
    assertEquals(harness.ui.outcome?.facts, { name: "b" });
    assertEquals(harness.status, 12);
  }
});

Deno.test("TransferInterface: waits for a peer who disappeared, for as long as a suspended one takes", async () => {
  for (const task of [RECEIVE, { kind: "send", paths: ["a"] }] as const) {
    const harness = new Harness(task);
    await harness.clock.advance(0);
    const from = task.kind === "send" ? "you" : "peer";
    harness.file("offered", { from });
    for (const next of ["here", "away"] as const) {
      harness.presence("vanished");
      await harness.clock.advance(29_000);
      harness.presence(next);
      await harness.clock.advance(29_000);
    }
    harness.presence("vanished");
    await harness.clock.advance(29_000);
    harness.presence("vanished");
    assert(!harness.controls.asked.includes("leave exit"));
    await harness.clock.advance(1_000);
    assertEquals(harness.ui.outcome?.reason, "file-peer-left");
    assertEquals(harness.controls.asked.at(-1), "leave exit");
  }
  // Where there is nothing to come, it ends at once.
  const done = new Harness();
  done.file("offered");
  done.file("received");
  done.presence("vanished");
  assertEquals([done.status, done.controls.asked.at(-1)], [0, "leave exit"]);
});

Deno.test("TransferInterface: takes a question back when its file or the peer is gone", async () => {
  const asked: string[] = [];
  const takenBack: string[] = [];
  const harness = new Harness({
    kind: "receive",
    isStream: false,
    confirm: ({ name }, _, signal) => {
      asked.push(name);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          takenBack.push(name);
          reject(signal.reason);
        });
      });
    },
  });
  harness.file("offered");
  harness.file("offered", { id: "3", name: "b" });
  harness.file("canceled", { by: "peer" });
  await harness.clock.advance(0);
  assertEquals([asked, takenBack], [["a", "b"], ["a"]]);
  harness.presence("left");
  await harness.clock.advance(0);
  assertEquals([asked, takenBack], [["a", "b"], ["a", "b"]]);
  assertEquals(harness.ui.outcome?.reason, "file-peer-left");
});

Deno.test("TransferInterface: fails when the peer erases the conversation before the end", () => {
  const erased: ChatEvent = { event: "burnt", by: "peer" };
  const nothing = new Harness();
  nothing.ui.hear(erased);
  assertEquals([nothing.ui.outcome?.reason, nothing.status], ["nothing-received", 12]);
  const part = new Harness();
  part.file("offered");
  part.ui.hear(erased);
  assertEquals([part.ui.outcome?.reason, part.status], ["file-peer-left", 12]);
  const all = new Harness();
  all.file("offered");
  all.file("received");
  all.ui.hear(erased);
  assertEquals(all.ui.outcome, undefined);
});

Deno.test("TransferInterface: says that nothing came only where nothing was offered", () => {
  const none = new Harness();
  none.presence("left");
  assertEquals(none.ui.outcome?.reason, "nothing-received");
  const several = new Harness();
  several.file("offered");
  several.file("offered", { id: "3", name: "b" });
  several.presence("left");
  assertEquals(several.ui.outcome?.facts, { name: "" });
});

Deno.test("TransferInterface: was interrupted when the sender leaves because this side did", () => {
  const harness = new Harness();
  harness.file("offered");
  harness.stop.abort(new Failure("interrupted"));
  harness.file("canceled", { by: "you" });
  harness.presence("left");
  assertEquals(harness.ui.outcome?.reason, "interrupted");
  assertEquals(harness.status, 130);
});

Deno.test("TransferInterface: lost its output when the sender leaves because of that", () => {
  const harness = new Harness();
  harness.file("offered");
  harness.outputFailure = new Failure("output-lost", { why: "closed" });
  harness.file("canceled", { by: "you" });
  harness.presence("left");
  assertEquals(harness.status, 11);
});

Deno.test("TransferInterface: tells every file that failed, each once", async () => {
  const harness = new Harness({ kind: "send", paths: ["a", "b", "c"] });
  while (harness.controls.asked.length < 3) await Promise.resolve();
  harness.file("refused", { from: "you", id: "1", name: "a", reason: "declined" });
  const failure = new Failure("file-changed", { name: "b" });
  harness.file("failed", { from: "you", id: "2", name: "b", failure });
  harness.file("canceled", { from: "you", id: "3", name: "c", by: "peer" });
  assertEquals(harness.said, [
    "Your peer refused a.",
    "b changed while it was being sent, so nothing of it was delivered.",
  ]);
  // The last is told when everything is over.
  assertEquals(harness.ui.outcome?.reason, "file-canceled");
  assertEquals(harness.controls.asked.at(-1), "leave exit");
});

Deno.test("TransferInterface: does not say that the peer refused what this person refused", () => {
  const harness = new Harness();
  harness.file("offered");
  harness.file("refused");
  harness.presence("left");
  assertEquals(harness.ui.outcome?.reason, "file-refused");
  assertEquals((harness.ui.outcome?.facts as { by: string }).by, "you");
});

Deno.test("TransferScreen: names no command of a chat when the peer is away or gone", () => {
  const harness = new Harness();
  harness.presence("away");
  assertEquals(harness.said, ["Bob is away. The transfer continues when they're back."]);
  harness.presence("vanished");
  assert(!harness.said.join().includes("/invite"));
});

Deno.test("TransferScreen: says how large a stream was that had nothing in it", () => {
  const harness = new Harness();
  harness.file("received", { name: "file", size: null });
  assertEquals(harness.said, ["Received file (0 bytes) from Bob, complete and unaltered."]);
});

Deno.test("TransferInterface: ends when its code is no longer valid, and names no command of a chat", () => {
  const harness = new Harness({ kind: "send", paths: ["a"] });
  harness.ui.hear({ event: "code-burnt" });
  assertEquals(harness.said, []);
  assertEquals(harness.status, 6);
  assertEquals(harness.controls.asked.at(-1), "leave exit");
});
