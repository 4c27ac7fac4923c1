import { assert, assertEquals } from "@std/assert";
import { sizeOf } from "../../../src/relay/envelope.ts";
import { Portion } from "../../../src/relay/portion.ts";

/** Requests over a link of so many bytes in a second that answers after `rttMs`; the time of each. */
function over(
  { bytesPerSecond, rttMs = 0 }: { bytesPerSecond: number; rttMs?: number },
  { item, requests }: { item: number; requests: number },
): { portion: Portion; times: number[] } {
  const portion = new Portion();
  const times: number[] = [];
  for (let i = 0; i < requests; i++) {
    const count = Math.max(1, Math.floor(portion.bytes / item));
    const ms = rttMs + 1_000 * count * item / bytesPerSecond;
    times.push(ms);
    if (ms > 9_000) portion.failed();
    else portion.passed({ bytes: count * item, count, ms });
  }
  return { portion, times };
}

Deno.test("Portion: stays within the deadline of an attempt on links from 64 kbit/s on", () => {
  for (const kbits of [64, 128, 256, 1_000, 10_000]) {
    const link = { bytesPerSecond: kbits * 125, rttMs: 200 };
    for (const item of [400, 11_000, 27_500]) {
      const { times } = over(link, { item, requests: 30 });
      assert(times.every((ms) => ms < 9_000), `${kbits} kbit/s, ${item} bytes: ${times}`);
    }
  }
});

Deno.test("Portion: grows to its limit on a fast link, and is small again after a failure", () => {
  const { portion } = over({ bytesPerSecond: 1e8 }, { item: 11_000, requests: 20 });
  assertEquals(portion.bytes, 2 ** 20);
  portion.failed();
  assertEquals(portion.bytes, 2 ** 17);
});

Deno.test("Portion: learns nothing from a request that carried little, or nothing", () => {
  const portion = new Portion();
  const { bytes } = portion;
  portion.passed({ bytes: 0, count: 0, ms: 1 });
  portion.passed({ bytes: 300, count: 1, ms: 1 });
  portion.passed({ bytes: 300, count: 1, ms: 8_000 });
  assertEquals(portion.bytes, bytes);
});

Deno.test("Portion.count: is for items of the size of those before", () => {
  const portion = new Portion({ typical: 1_536 });
  assertEquals(portion.count, 32);
  portion.passed({ bytes: 4_915, count: 1, ms: 1 });
  assertEquals(portion.count, 10);
  portion.passed({ bytes: 100_000, count: 1, ms: 1_000 });
  assertEquals(portion.count, 1);
  const envelope = { from: "host", seq: 1, attempt: 0, id: "", token: "1234" } as const;
  assertEquals(sizeOf({ ...envelope, head: new Uint8Array(4) }), 200);
});
