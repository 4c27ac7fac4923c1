import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_WINDOW, Receiving, Sending } from "../../../src/files/transfer.ts";
import { CHUNK_BYTES, MAX_FILE_BYTES } from "../../../src/limits.ts";

/** Sends what is due, at most `count` of it. */
function drain(sending: Sending, count = Infinity, window = MAX_WINDOW): (number | "end")[] {
  const sent: (number | "end")[] = [];
  while (sent.length < count) {
    const due = sending.due(window);
    if (!due) break;
    if (due.send === "end") sending.endSent();
    else sending.chunkSent(due.n);
    sent.push(due.send === "end" ? "end" : due.n);
  }
  return sent;
}

Deno.test("Sending: has nothing due before it was accepted", () => {
  const sending = new Sending(3);
  assertEquals(sending.due(MAX_WINDOW), undefined);
  sending.accept(1);
  assertEquals(drain(sending), [1, "end"]);
});

Deno.test("Sending: sends an empty file as its end alone", () => {
  const sending = new Sending(0);
  sending.accept(1);
  assertEquals(drain(sending), ["end"]);
});

Deno.test("Sending: has a window of chunks under way, and goes on where an accept leaves off", () => {
  const sending = new Sending(200 * CHUNK_BYTES);
  sending.accept(1);
  assertEquals(drain(sending).length, MAX_WINDOW);
  assertEquals(sending.inFlight, MAX_WINDOW);
  sending.accept(9);
  assertEquals(drain(sending), [91, 92, 93, 94, 95, 96, 97, 98]);
});

Deno.test("Sending: goes back when the same number is wanted again", () => {
  const sending = new Sending(5 * CHUNK_BYTES);
  sending.accept(1);
  assertEquals(drain(sending), [1, 2, 3, 4, 5, "end"]);
  sending.accept(3);
  assertEquals(drain(sending), [], "an answer is not a repetition");
  sending.accept(3);
  assertEquals(drain(sending), [3, 4, 5, "end"]);
  sending.accept(2);
  assertEquals(drain(sending), [], "an older answer");
});

Deno.test("Sending: goes on behind what arrived before it went back", () => {
  const sending = new Sending(9 * CHUNK_BYTES);
  sending.accept(1);
  assertEquals(drain(sending, 8), [1, 2, 3, 4, 5, 6, 7, 8]);
  sending.accept(1);
  assertEquals(drain(sending, 3), [1, 2, 3], "asked for too early");
  assertEquals([sending.accept(8), sending.accept(10)], [true, false]);
  assertEquals(drain(sending), [8, 9, "end"]);
});

Deno.test("Sending: refuses an accept of what was not sent", () => {
  const sending = new Sending(5 * CHUNK_BYTES);
  assertEquals(sending.accept(2), false);
  sending.accept(1);
  drain(sending, 2);
  assertEquals([sending.accept(4), sending.accept(3)], [false, true]);
});

Deno.test("Sending: ends a stream where its end was found", () => {
  const sending = new Sending(undefined);
  sending.accept(1);
  assertEquals(drain(sending, 3), [1, 2, 3]);
  sending.foundEnd(3);
  assertEquals(drain(sending), ["end"]);
});

Deno.test("Receiving: stores what is next, once, and asks once for what is missing", () => {
  const receiving = new Receiving(4 * CHUNK_BYTES + 1);
  assertEquals(receiving.chunk(1, CHUNK_BYTES), "store");
  assertEquals(receiving.chunk(1, CHUNK_BYTES), "ignore");
  assertEquals(receiving.chunk(3, CHUNK_BYTES), "ask");
  assertEquals(receiving.chunk(4, CHUNK_BYTES), "ignore");
  assertEquals(receiving.end(4 * CHUNK_BYTES + 1), "ignore");
  // It went back, and the same is missing again.
  assertEquals(receiving.chunk(3, CHUNK_BYTES), "ask");
  assertEquals(receiving.chunk(2, CHUNK_BYTES), "store");
  assertEquals(receiving.end(4 * CHUNK_BYTES + 1), "ask");
  for (const n of [3, 4]) assertEquals(receiving.chunk(n, CHUNK_BYTES), "store");
  assertEquals(receiving.chunk(5, 1), "store");
  assertEquals(receiving.end(4 * CHUNK_BYTES + 1), "complete");
});

Deno.test("Receiving: finds what no honest sender sends impossible", () => {
  const size = CHUNK_BYTES + 10;
  const second = () => {
    const receiving = new Receiving(size);
    receiving.chunk(1, CHUNK_BYTES);
    return receiving;
  };
  assertEquals(new Receiving(size).chunk(1, 10), "impossible", "short");
  assertEquals(second().chunk(2, 11), "impossible", "beyond the size");
  assertEquals(second().chunk(2, 9), "impossible", "before the end");
  assertEquals(second().chunk(3, 1), "impossible", "behind the end");
  assertEquals(new Receiving(0).chunk(1, 1), "impossible", "of an empty file");
  assertEquals(second().end(CHUNK_BYTES), "impossible", "another size");
  const stream = new Receiving(undefined);
  assertEquals([stream.chunk(1, 5), stream.chunk(2, 5)], ["store", "impossible"]);
  assertEquals(stream.end(4), "impossible");
  assertEquals(stream.end(5), "complete");
});

Deno.test("Receiving: takes no stream beyond the limit", () => {
  const stream = new Receiving(undefined);
  const full = Math.floor(MAX_FILE_BYTES / CHUNK_BYTES);
  for (let n = 1; n <= full; n++) assertEquals(stream.chunk(n, CHUNK_BYTES), "store");
  const left = MAX_FILE_BYTES - full * CHUNK_BYTES;
  assertEquals(stream.chunk(full + 1, left + 1), "impossible");
  assertEquals(stream.chunk(full + 1, left), "store");
});

Deno.test("Sending, Receiving: every chunk arrives once, whatever is lost, repeated or late", () => {
  const size = 7 * CHUNK_BYTES + 3;
  const length = (n: number) => n === 8 ? 3 : CHUNK_BYTES;
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(9)), (choices) => {
      const [sending, receiving] = [new Sending(size), new Receiving(size)];
      const stored: number[] = [];
      let answered = 0;
      const tell = (from: number) => {
        answered = from;
        sending.accept(from);
      };
      tell(1);
      let rounds = 0;
      while (true) {
        const due = sending.due(3);
        const fate = rounds++ < 200 ? choices.next().value! : 9;
        let verdict: string = "ignore";
        if (due?.send === "chunk") {
          sending.chunkSent(due.n);
          if (fate > 2) verdict = receiving.chunk(due.n, length(due.n));
          if (verdict === "store") stored.push(due.n);
        } else if (due?.send === "end") {
          sending.endSent();
          if (fate > 2) verdict = receiving.end(size);
        } else if (fate > 4) {
          // Nothing has come for a while.
          if (receiving.next > answered) tell(receiving.next);
          tell(answered);
        }
        if (verdict === "complete") break;
        if (verdict === "ask" && fate > 3) {
          if (receiving.next > answered) tell(receiving.next);
          tell(answered);
        }
        if (verdict === "store" && fate > 6) tell(receiving.next);
      }
      assertEquals(stored, [1, 2, 3, 4, 5, 6, 7, 8]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("Sending, Receiving: come to an end, whenever a repetition is asked for", () => {
  const size = 40 * CHUNK_BYTES;
  const choices = fc.infiniteStream(fc.nat(9));
  const property = fc.property(choices, fc.nat(60), (choices, calmFrom) => {
    const [sending, receiving] = [new Sending(size), new Receiving(size)];
    const [chunks, accepts]: [(number | "end")[], number[]] = [[], [1]];
    let answered = 1;
    const answer = () => {
      if (receiving.next > answered) accepts.push(answered = receiving.next);
    };
    const ask = () => {
      answer();
      accepts.push(answered);
    };
    for (let step = 0; step < 1_000; step++) {
      const choice = choices.next().value!;
      const isCalm = step > calmFrom;
      // When nothing has come for a while; a program that was suspended thinks so, too.
      if (isCalm ? chunks.length + accepts.length === 0 : choice === 0) ask();
      if (isCalm || choice % 2 === 0) chunks.push(...drain(sending, 3, isCalm ? 2 : 9));
      const from = isCalm || choice % 3 === 0 ? accepts.shift() : undefined;
      if (from !== undefined) sending.accept(from);
      // What waits is read at once, and answered together.
      for (const next of isCalm || choice > 6 ? chunks.splice(0) : []) {
        const verdict = next === "end" ? receiving.end(size) : receiving.chunk(next, CHUNK_BYTES);
        if (verdict === "complete") return;
        if (verdict === "ask") ask();
      }
      answer();
    }
    throw new Error("They stand still");
  });
  fc.assert(property, { numRuns: 1_000 });
});
