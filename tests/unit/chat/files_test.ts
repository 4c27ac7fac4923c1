import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { FileEvent } from "../../../src/chat/events.ts";
import { FileTransfers } from "../../../src/chat/files.ts";
import { Failure } from "../../../src/errors.ts";
import { CHUNK_BYTES } from "../../../src/limits.ts";
import type { Body, FileBody } from "../../../src/protocol/payload.ts";
import { FakeClock } from "../../support/clock.ts";
import { MemoryFiles } from "../../support/memory_files.ts";

/** One side: its transfers, its files, and what it wants to send. */
class Side {
  readonly files = new MemoryFiles();
  readonly events: FileEvent[] = [];
  readonly sent: FileBody[] = [];
  readonly failures: unknown[] = [];
  readonly transfers: FileTransfers;
  /** What was read and is on the relay still. */
  unremoved = 0;

  constructor(clock: FakeClock, { hasFolder = true, isHost = true } = {}) {
    this.transfers = new FileTransfers({
      clock,
      emit: (event) => this.events.push(event as FileEvent),
      store: hasFolder ? this.files : undefined,
      send: (body) => this.sent.push(body as FileBody),
      sendBulk: (bodies: readonly Body[]) => {
        this.sent.push(...bodies as FileBody[]);
        return Promise.resolve(true);
      },
      flushRemovals: () => {
        this.unremoved = 0;
        return Promise.resolve();
      },
      onFailure: (error) => this.failures.push(error),
    });
    this.transfers.begin({ isHost });
  }

  /** States of the events, without progress. */
  get states(): string[] {
    return this.events.filter(({ state }) => state !== "progress").map(({ state }) => state);
  }

  get last(): FileEvent | undefined {
    return this.events.at(-1);
  }
}

/** Two sides with a network between them that a test may disturb. */
class Harness {
  readonly clock = new FakeClock();
  readonly host: Side;
  readonly guest: Side;
  /** Chunks that are lost on the way, counted from 1 as they are sent. */
  readonly lost = new Set<number>();
  #chunks = 0;

  constructor({ hasFolder = true } = {}) {
    this.host = new Side(this.clock);
    this.guest = new Side(this.clock, { hasFolder, isHost: false });
  }

  /** Carries payloads both ways until there are none. */
  async run({ atMost = Infinity } = {}): Promise<void> {
    for (let idle = 0; idle < 3;) {
      await this.clock.settle();
      let moved = false;
      for (const [from, to] of [[this.host, this.guest], [this.guest, this.host]] as const) {
        for (const body of from.sent.splice(0, atMost)) {
          moved = true;
          if (body.kind === "chunk" && this.lost.has(++this.#chunks)) continue;
          to.transfers.onPayload(body);
        }
      }
      idle = moved ? 0 : idle + 1;
      if (atMost !== Infinity) return;
      // Answers wait a moment for further chunks.
      if (!moved) await this.clock.advance(50);
    }
    assertEquals([...this.host.failures, ...this.guest.failures], []);
  }

  /** A file of the host is offered, and the guest has accepted it. */
  async accepted(name: string, size: number): Promise<Uint8Array> {
    const bytes = pattern(size);
    this.host.files.sources.set(name, bytes);
    await this.host.transfers.send(name, name);
    await this.run();
    await this.guest.transfers.accept(undefined);
    return bytes;
  }
}

function pattern(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 997) bytes[at] = at % 251;
  return bytes;
}

Deno.test("FileTransfers: moves a file when it was accepted, and tells both what became of it", async () => {
  const harness = new Harness();
  const bytes = await harness.accepted("report.pdf", 20 * CHUNK_BYTES + 5);
  assertEquals(harness.host.states, ["offered"], "nothing moves before");
  await harness.run();
  assertEquals(harness.guest.files.received.get("report.pdf"), bytes);
  assertEquals(harness.host.states, ["offered", "accepted", "delivered"]);
  assertEquals(harness.guest.states, ["offered", "accepted", "received"]);
  assertEquals(harness.host.last!.bytes, bytes.length);
  assertEquals([harness.host.files.found, harness.guest.files.open], [0, 0]);
  assertEquals(harness.host.transfers.isBusy || harness.guest.transfers.isBusy, false);
});

Deno.test("FileTransfers: moves empty files, and files of one chunk exactly", async () => {
  for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 200 * CHUNK_BYTES]) {
    const harness = new Harness();
    const bytes = await harness.accepted("a", size);
    await harness.run();
    assertEquals(harness.guest.files.received.get("a"), bytes, `${size}`);
  }
});

Deno.test("FileTransfers: sends nothing before it was accepted, and a window at most before an answer", async () => {
  const harness = new Harness();
  harness.host.files.sources.set("a", pattern(500 * CHUNK_BYTES));
  await harness.host.transfers.send("a", "a");
  await harness.clock.settle();
  assertEquals(harness.host.sent.splice(0).map(({ kind }) => kind), ["offer"]);
  harness.host.transfers.onPayload({ kind: "accept", id: 1, from: 1 });
  for (let turn = 0; turn < 200; turn++) await harness.clock.settle();
  assertEquals(harness.host.sent.length, 9, "as many as a transfer begins with");
});

Deno.test("FileTransfers: goes on when an answer comes at the moment when nothing is due", async () => {
  for (let moment = 0; moment < 20; moment++) {
    const harness = new Harness();
    const { host, guest } = harness;
    await harness.accepted("a", 200 * CHUNK_BYTES);
    host.sent.length = 0;
    for (const body of guest.sent.splice(0)) host.transfers.onPayload(body);
    // Answers the last chunk that is due as soon as it was handed over.
    for (let n = 0; host.sent.length < 9 && n < 1_000; n++) await Promise.resolve();
    for (let n = 0; n < moment; n++) await Promise.resolve();
    const before = host.sent.length;
    host.transfers.onPayload({ kind: "accept", id: 1, from: before + 1 });
    await harness.clock.settle();
    assert(host.sent.length > before, `after ${moment} microtasks`);
  }
});

Deno.test("FileTransfers: answers many chunks at once, and few after a moment", async () => {
  const harness = new Harness();
  await harness.accepted("a", 200 * CHUNK_BYTES);
  const { guest, clock } = harness;
  let next = 1;
  const receive = async (count: number) => {
    for (const end = next + count; next < end; next++) {
      const bytes = new Uint8Array(CHUNK_BYTES);
      guest.transfers.onPayload({ kind: "chunk", id: 1, n: next, bytes });
    }
    await clock.settle();
  };
  const answers = () => guest.sent.splice(0).map((body) => body.kind === "accept" && body.from);
  assertEquals(answers(), [1]);
  await receive(3);
  await receive(3);
  assertEquals(answers(), [], "more may come");
  await clock.advance(20);
  assertEquals(answers(), [7]);
  await receive(32);
  assertEquals(answers(), [39], "a third of the window does not wait");
  await receive(1);
  await clock.advance(49);
  assertEquals(answers(), []);
  await clock.advance(1);
  assertEquals(answers(), [40]);
});

Deno.test("FileTransfers: rests between two batches while messages are written", async () => {
  const harness = new Harness();
  await harness.accepted("a", 200 * CHUNK_BYTES);
  const { host, guest, clock } = harness;
  const chunks = () => host.sent.splice(0).length;
  host.sent.length = 0;
  host.transfers.onText();
  host.transfers.onPayload({ kind: "accept", id: 1, from: 1 });
  await clock.advance(40);
  assertEquals(chunks(), 4);
  host.transfers.onPayload({ kind: "accept", id: 1, from: 5 });
  await clock.advance(59);
  assertEquals(chunks(), 0, "one and a half times as long as the batch took");
  await clock.advance(1);
  assertEquals(chunks(), 4);
  host.transfers.onPayload({ kind: "accept", id: 1, from: 9 });
  await host.transfers.cancel(undefined);
  await guest.transfers.cancel(undefined);
  assertEquals(clock.pending, 0, "timers are left");
});

Deno.test("FileTransfers: sends files one after the other, in the order of acceptance", async () => {
  const harness = new Harness();
  for (const name of ["a", "b", "c"]) {
    harness.host.files.sources.set(name, pattern(3 * CHUNK_BYTES));
    await harness.host.transfers.send(name, name);
  }
  await harness.run();
  for (const name of ["c", "a", "b"]) await harness.guest.transfers.accept(name);
  await harness.run();
  const delivered = harness.host.events.filter(({ state }) => state === "delivered");
  assertEquals(delivered.map(({ id }) => id).toSorted(), ["a", "b", "c"]);
  assertEquals(harness.guest.files.received.size, 3);
});

Deno.test("FileTransfers: offers few files at a time, and all of them in the end", async () => {
  const harness = new Harness();
  harness.host.files.sources.set("a", pattern(10));
  for (let number = 0; number < 100; number++) await harness.host.transfers.send("a", `${number}`);
  await harness.run();
  const waiting = () => harness.guest.states.filter((state) => state === "offered").length;
  assertEquals(waiting(), 8);
  for (let number = 0; number < 100; number++) {
    await harness.guest.transfers.accept(undefined);
    await harness.run();
  }
  assertEquals(harness.host.states.filter((state) => state === "delivered").length, 100);
});

Deno.test("FileTransfers: goes on at the first missing chunk when some are lost", async () => {
  for (const lost of [[1], [20], [3, 4, 5], [1, 22, 43], [2, 19, 23, 24]]) {
    const harness = new Harness();
    for (const number of lost) harness.lost.add(number);
    const bytes = await harness.accepted("a", 20 * CHUNK_BYTES);
    for (let turn = 0; turn < 10 && harness.guest.files.received.size === 0; turn++) {
      await harness.run();
      await harness.clock.advance(20_000);
    }
    assertEquals(harness.guest.files.received.get("a"), bytes, lost.join());
    assertEquals(harness.host.states.at(-1), "delivered");
  }
});

Deno.test("FileTransfers: repeats an accept, an end, and a delivery that were lost", async () => {
  for (const kind of ["accept", "end", "delivered"]) {
    const harness = new Harness();
    const bytes = await harness.accepted("a", 3 * CHUNK_BYTES);
    let isLost = false;
    for (const side of [harness.host, harness.guest]) {
      const push = side.sent.push.bind(side.sent);
      side.sent.push = (...bodies) => {
        for (const body of bodies) {
          if (body.kind === kind && !isLost) isLost = true;
          else push(body);
        }
        return 0;
      };
    }
    if (kind === "accept") {
      harness.guest.sent.length = 0;
      isLost = true;
    }
    for (let turn = 0; turn < 4; turn++) {
      await harness.run();
      await harness.clock.advance(20_000);
    }
    await harness.run();
    assert(isLost, kind);
    assertEquals(harness.guest.files.received.get("a"), bytes, kind);
    assertEquals(harness.host.states.at(-1), "delivered", kind);
    assertEquals(harness.guest.files.open, 0);
  }
});

Deno.test("FileTransfers: refuses for a person, and for want of a folder", async () => {
  const harness = new Harness();
  harness.host.files.sources.set("a", pattern(10));
  await harness.host.transfers.send("a", "a");
  await harness.run();
  harness.guest.transfers.refuse("a");
  await harness.run();
  assertEquals([harness.host.last!.state, harness.host.last!.reason], ["refused", "declined"]);
  const without = new Harness({ hasFolder: false });
  without.host.files.sources.set("a", pattern(10));
  await without.host.transfers.send("a", "a");
  await without.run();
  assertEquals([without.host.last!.state, without.host.last!.reason], ["refused", "no-folder"]);
  assertEquals([without.guest.last!.state, without.guest.last!.reason], ["refused", "no-folder"]);
  await assertRejects(() => without.guest.transfers.send("a", "a"), Failure, "no-files-folder");
  assertThrows(() => without.guest.transfers.refuse(undefined), Failure, "no-such-file");
});

Deno.test("FileTransfers: cancels from either side, and leaves nothing behind", async () => {
  for (const by of ["host", "guest"] as const) {
    const harness = new Harness();
    await harness.accepted("a", 300 * CHUNK_BYTES);
    await harness.run({ atMost: 20 });
    await harness.run({ atMost: 20 });
    await harness[by].transfers.cancel(undefined);
    await harness.run();
    assertEquals(harness.host.states.at(-1), "canceled");
    assertEquals(harness.guest.states.at(-1), "canceled");
    assertEquals(harness[by].last!.by, "you");
    assertEquals([harness.host.files.found, harness.guest.files.open], [0, 0]);
    assertEquals(harness.guest.files.received.size, 0);
    assertEquals(harness.clock.pending, 0, "timers are left");
  }
});

Deno.test("FileTransfers: fails a file that vanishes or changes while it is sent", async () => {
  const vanished = new Harness();
  await vanished.accepted("a", 30 * CHUNK_BYTES);
  vanished.host.files.readFailure = new Failure("file-unreadable", {
    name: "a",
    problem: "missing",
  });
  await vanished.run();
  assertEquals(vanished.host.last!.failure?.reason, "file-unreadable");
  assertEquals(vanished.guest.last!.failure?.reason, "file-peer-failed");
  const changed = new Harness();
  await changed.accepted("a", 30 * CHUNK_BYTES);
  changed.host.files.sources.set("a", pattern(31 * CHUNK_BYTES));
  await changed.run();
  assertEquals(changed.host.last!.failure?.reason, "file-changed");
  assertEquals([changed.guest.files.received.size, changed.guest.files.open], [0, 0]);
});

Deno.test("FileTransfers: fails a file that cannot be stored, and goes on with the next", async () => {
  const harness = new Harness();
  await harness.accepted("a", 30 * CHUNK_BYTES);
  harness.guest.files.writeFailure = new Failure("file-unwritable", {
    name: "a",
    problem: "no-space",
  });
  await harness.run();
  assertEquals(harness.guest.last!.failure?.reason, "file-unwritable");
  assertEquals(harness.host.last!.failure?.reason, "file-peer-failed");
  const next = await harness.accepted("b", 10);
  await harness.run();
  assertEquals(harness.guest.files.received.get("b"), next);
});

Deno.test("FileTransfers: fails what moves when the peer leaves, and cancels it when we do", async () => {
  const harness = new Harness();
  await harness.accepted("a", 300 * CHUNK_BYTES);
  await harness.run({ atMost: 20 });
  await harness.run({ atMost: 20 });
  await harness.host.transfers.end("you");
  await harness.guest.transfers.end("peer");
  assertEquals([harness.host.last!.state, harness.host.last!.by], ["canceled", "you"]);
  assertEquals(harness.guest.last!.failure?.reason, "file-peer-left");
  assertEquals([harness.host.files.found, harness.guest.files.open], [0, 0]);
  assertEquals(harness.clock.pending, 0);
  await assertRejects(() => harness.host.transfers.send("a", "a"), Failure, "no-peer-for-file");
});

Deno.test("FileTransfers: removes a file that was canceled while it got its name", async () => {
  for (const who of ["you", "peer"] as const) {
    const harness = new Harness();
    const { host, guest } = harness;
    const finishing = Promise.withResolvers<void>();
    guest.files.finishGate = finishing.promise;
    await harness.accepted("a", 10);
    await harness.run();
    assertEquals(guest.states, ["offered", "accepted"]);
    const ended = guest.transfers.end(who);
    finishing.resolve();
    await ended;
    assertEquals(guest.states.at(-1), who === "you" ? "canceled" : "failed");
    assertEquals([...guest.files.received.keys()], [], "it was told that nothing was saved");
    assertEquals(host.states.includes("delivered"), false);
  }
});

// ------------------------------------------------------------------------------- hostile peers

/** A guest that gets whatever a host sends. */
function victim(): {
  side: Side;
  clock: FakeClock;
  take: (...bodies: FileBody[]) => Promise<void>;
} {
  const clock = new FakeClock();
  const side = new Side(clock, { isHost: false });
  return {
    side,
    clock,
    async take(...bodies) {
      for (const body of bodies) side.transfers.onPayload(body);
      for (let turn = 0; turn < 5; turn++) await clock.settle();
      assertEquals(side.failures, []);
    },
  };
}

const offer = (id: number, size: number, name = "a"): FileBody => {
  return { kind: "offer", id, name, size, stream: false };
};
const chunk = (id: number, n: number, length: number): FileBody => {
  return { kind: "chunk", id, n, bytes: new Uint8Array(length) };
};

Deno.test("FileTransfers: cleans the name of a hostile offer before anything else sees it", async () => {
  const { side, take } = victim();
  await take(offer(1, 0, "../../.ssh/authorized_keys\u0000\u202e"));
  assertEquals(side.last!.name, "authorized_keys");
  await side.transfers.accept(undefined);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(0)));
  await take({ kind: "end", id: 1, size: 0, sha256 });
  assertEquals([...side.files.received.keys()], ["authorized_keys"]);
});

Deno.test("FileTransfers: ignores offers with a number that is used, lower, or of the wrong side", async () => {
  const { side, take } = victim();
  await take(offer(3, 1), offer(3, 1), offer(1, 1), offer(2, 1), offer(4, 1));
  assertEquals(side.events.map(({ id }) => id), ["3"]);
});

Deno.test("FileTransfers: holds few of a thousand offers, and refuses the others", async () => {
  const { side, take } = victim();
  await take(...Array.from({ length: 1_000 }, (_, i) => offer(2 * i + 1, 2_000_000_000)));
  assertEquals(side.events.length, 16);
  assertEquals(side.sent.length, 984);
  assert(side.sent.every((body) => body.kind === "refuse" && body.reason === "busy"));
});

Deno.test("FileTransfers: stores nothing of chunks that come before acceptance", async () => {
  const { side, take } = victim();
  await take(offer(1, 100), chunk(1, 1, 100));
  assertEquals(side.last!.failure?.reason, "file-mismatch");
  assertEquals(side.sent.at(-1), { kind: "cancel", id: 1, reason: "damaged" });
  assertEquals(side.files.open, 0);
});

Deno.test("FileTransfers: discards a file with a chunk beyond its size, or a wrong hash", async () => {
  for (
    const bodies of [
      [chunk(1, 1, 101)],
      [chunk(1, 1, 99)],
      [chunk(1, 2, 1)],
      [chunk(1, 1, 100), chunk(1, 2, 1)],
      [chunk(1, 1, 100), { kind: "end", id: 1, size: 101, sha256: new Uint8Array(32) }],
      [chunk(1, 1, 100), { kind: "end", id: 1, size: 100, sha256: new Uint8Array(32) }],
    ] as FileBody[][]
  ) {
    const { side, take, clock } = victim();
    await take(offer(1, 100));
    await side.transfers.accept(undefined);
    await take(...bodies);
    assertEquals(side.last!.failure?.reason, "file-mismatch");
    assertEquals([side.files.open, side.files.received.size, clock.pending], [0, 0, 0]);
  }
});

Deno.test("FileTransfers: bounds what waits for a slow disk", async () => {
  const { side, take } = victim();
  await take(offer(1, 2_000_000_000));
  await side.transfers.accept(undefined);
  side.files.gate = new Promise(() => {});
  await take(...Array.from({ length: 360 }, (_, i) => chunk(1, i + 1, CHUNK_BYTES)));
  assertEquals(side.states.at(-1), "accepted");
  await take(chunk(1, 361, CHUNK_BYTES));
  assertEquals(side.last!.failure?.reason, "file-mismatch");
});

Deno.test("FileTransfers: survives every payload about files that it does not know", async () => {
  const { side, take } = victim();
  const sha256 = new Uint8Array(32);
  for (const id of [1, 2, 999]) {
    await take(
      { kind: "accept", id, from: 1 },
      { kind: "refuse", id, reason: "declined" },
      chunk(id, 32, 1),
      { kind: "end", id, size: 1, sha256 },
      { kind: "delivered", id },
      { kind: "cancel", id, reason: "canceled" },
    );
  }
  assertEquals(side.events, []);
  assert(side.sent.every(({ kind }) => kind === "cancel"));
});

Deno.test("FileTransfers: ignores a delivery, an accept and a refusal out of turn", async () => {
  const clock = new FakeClock();
  const host = new Side(clock);
  host.files.sources.set("a", pattern(300 * CHUNK_BYTES));
  await host.transfers.send("a", "a");
  host.transfers.onPayload({ kind: "delivered", id: 1 });
  host.transfers.onPayload({ kind: "accept", id: 1, from: 2 });
  await clock.settle();
  assertEquals(host.states, ["offered"]);
  host.transfers.onPayload({ kind: "accept", id: 1, from: 1 });
  await clock.settle();
  host.transfers.onPayload({ kind: "refuse", id: 1, reason: "declined" });
  host.transfers.onPayload({ kind: "delivered", id: 1 });
  assertEquals(host.states, ["offered", "accepted"]);
  await host.transfers.end("you");
  assertEquals(host.failures, []);
});
