import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createRatchetSession } from "../../../src/crypto/ratchet_session.ts";
import { Failure } from "../../../src/errors.ts";
import {
  AlteredToken,
  type Conversation,
  type Received,
  ReplayedMessage,
  type Sealed,
  startConversation,
} from "../../../src/protocol/conversation.ts";
import {
  type Body,
  encodePayload,
  MalformedPayload,
  MAX_MISSING_RANGES,
  type Payload,
} from "../../../src/protocol/payload.ts";
import { makeEnvelope } from "../../../src/protocol/wire.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";
import { clockAt, dropped, shakeHands, type Talk, talk, talkAtOnce } from "./support.ts";

const text = (said: string): Body => ({ kind: "text", text: said });
const texts = (...said: string[]) => said.map(text);

async function hear(side: Conversation, ...sealed: Sealed[]): Promise<Received[]> {
  const { received, error } = await side.open(sealed.map(({ envelope }) => envelope));
  if (error !== undefined) throw error;
  display(side, received);
  return received;
}

/** All of it is in front of the person. */
function display(side: Conversation, received: readonly Received[]): void {
  for (const { payload } of received) if (payload.kind === "text") side.displayed(payload.texts);
}

/** One payload of the side, as the other sees its counters. */
async function counters(side: Conversation) {
  const [{ payload }] = await side.seal([{ kind: "receipt" }]) as [Sealed];
  const { texts, shown, missing } = payload;
  return { texts, shown, missing };
}

function close({ host, guest }: Talk): void {
  host.close();
  guest.close();
}

Deno.test("conversation: delivers payloads in order with their counters", async () => {
  const pair = await talk(1, () => 1_700_000_000_000);
  const sealed = await pair.host.seal([
    { kind: "profile", name: "Alice", client: "whisper/1" },
    ...texts("a", "b"),
    { kind: "bye" },
  ]);
  assertEquals(sealed.map(({ envelope }) => [envelope.from, envelope.seq]), [
    ["host", 1],
    ["host", 2],
    ["host", 3],
    ["host", 4],
  ]);
  const received = await hear(pair.guest, ...sealed);
  assertEquals(received.map(({ payload }) => payload), sealed.map(({ payload }) => payload));
  assertEquals(received.map(({ payload }) => payload.texts), [0, 1, 2, 2]);
  assertEquals(received.map(({ payload }) => payload.at), Array(4).fill(1_700_000_000_000));
  assert(received.every(({ gap }) => gap === undefined));
  assertEquals(await counters(pair.guest), { texts: 0, shown: 2, missing: [] });
  close(pair);
});

Deno.test("Conversation.displayed: counters confirm what was displayed, and nothing that was not", async () => {
  const pair = await talk(8);
  const sealed = await pair.host.seal(texts("1", "2", "3", "4", "5"));
  const open = async (...numbers: number[]) => {
    const { error } = await pair.guest.open(numbers.map((n) => sealed[n - 1]!.envelope));
    assertEquals(error, undefined);
  };
  await open(1, 2, 4);
  assertEquals(await counters(pair.guest), { texts: 0, shown: 3, missing: [[1, 3]] });
  assertEquals([pair.guest.displayed(2), pair.guest.displayed(2)], [true, false]);
  assertEquals(await counters(pair.guest), { texts: 0, shown: 3, missing: [[1, 1], [3, 3]] });
  assertEquals(pair.guest.displayed(1), true);
  assertEquals(await counters(pair.guest), { texts: 0, shown: 3, missing: [[3, 3]] });
  pair.guest.displayed(4);
  await open(3);
  assertEquals(await counters(pair.guest), { texts: 0, shown: 4, missing: [[3, 3]] });
  pair.guest.displayed(3);
  assertEquals(await counters(pair.guest), { texts: 0, shown: 4, missing: [] });
  for (const never of [0, 5, 6, 1.5]) assertEquals(pair.guest.displayed(never), false);
  // The peer takes all of these reports.
  await hear(pair.host, ...await pair.guest.seal([{ kind: "receipt" }]));
  close(pair);
});

Deno.test("headerSeq: reads headers of the peer only", async () => {
  const pair = await talk(2);
  const [sealed] = await pair.host.seal(texts("a")) as [Sealed];
  assertEquals(pair.guest.headerSeq(sealed.envelope), 1);
  assertEquals(pair.host.headerSeq(sealed.envelope), undefined);
  const head = sealed.envelope.head.slice();
  head[3]! ^= 1;
  assertEquals(pair.guest.headerSeq({ ...sealed.envelope, head }), undefined);
  close(pair);
});

Deno.test("open: reports a gap once, with its numbers", async () => {
  for (const last of [text("e"), { kind: "receipt" }, { kind: "bye" }] as Body[]) {
    const pair = await talk(3);
    const sealed = await pair.host.seal([...texts("a", "b", "c"), last]);
    await hear(pair.guest, sealed[0]!);
    const [received] = await hear(pair.guest, sealed[3]!);
    assertEquals(received?.gap, [2, 3]);
    assertEquals(pair.guest.textsMissing, 2);
    const shown = last.kind === "text" ? 4 : 3;
    assertEquals(await counters(pair.guest), { texts: 0, shown, missing: [[2, 3]] });
    const [next] = await hear(pair.guest, ...await pair.host.seal(texts("f")));
    assertEquals(next?.gap, undefined);
    close(pair);
  }
});

Deno.test("open: reports no gap for a missing message without a text", async () => {
  const pair = await talk(4);
  const sealed = await pair.host.seal([{ kind: "receipt" }, { kind: "ping" }, text("a")]);
  const [received] = await hear(pair.guest, sealed[2]!);
  assertEquals(received?.gap, undefined);
  assertEquals(pair.guest.textsMissing, 0);
  close(pair);
});

Deno.test("open: removes a late text from the missing ones", async () => {
  const pair = await talk(5);
  const sealed = await pair.host.seal(texts("1", "2", "3", "4", "5", "6"));
  await hear(pair.guest, sealed[5]!);
  for (
    const [late, missing] of [
      [3, [[1, 2], [4, 5]]],
      [1, [[2, 2], [4, 5]]],
      [5, [[2, 2], [4, 4]]],
      [2, [[4, 4]]],
      [4, []],
    ] as const
  ) {
    const [received] = await hear(pair.guest, sealed[late - 1]!);
    assertEquals(received?.payload.texts, late);
    assertEquals(received?.gap, undefined);
    assertEquals((await counters(pair.guest)).missing as unknown, missing);
  }
  close(pair);
});

Deno.test("seal: reports adjacent gaps as one", async () => {
  const pair = await talk(6);
  const sealed = await pair.host.seal([text("1"), { kind: "ping" }, text("2"), text("3")]);
  await hear(pair.guest, sealed[1]!);
  assertEquals((await counters(pair.guest)).missing, [[1, 1]]);
  const [received] = await hear(pair.guest, sealed[3]!);
  assertEquals(received?.gap, [2, 2]);
  assertEquals((await counters(pair.guest)).missing, [[1, 2]]);
  close(pair);
});

Deno.test("seal: merges the oldest of too many gaps and never reports a missing text as shown: n-1, n, n+1", async () => {
  for (const count of [MAX_MISSING_RANGES - 1, MAX_MISSING_RANGES, MAX_MISSING_RANGES + 1]) {
    const pair = await talk(7);
    const sealed = await pair.host.seal(
      Array.from({ length: 2 * count }, (_, i) => text(`${i + 1}`)),
    );
    // Every other one is lost.
    await hear(pair.guest, ...sealed.filter((_, i) => i % 2 === 1));
    assertEquals(pair.guest.textsMissing, count);
    const { missing } = await counters(pair.guest);
    assertEquals(missing.length, Math.min(count, MAX_MISSING_RANGES));
    assertEquals(missing[0], count > MAX_MISSING_RANGES ? [1, 3] : [1, 1]);
    for (let lost = 1; lost < 2 * count; lost += 2) {
      assert(missing.some(([first, last]) => first <= lost && lost <= last), `${lost}`);
    }
    // The other side takes the report.
    await hear(pair.host, ...await pair.guest.seal([{ kind: "receipt" }]));
    close(pair);
  }
});

Deno.test("open: tells a replayed envelope from an altered one", async () => {
  const pair = await talk(8);
  const [a, b] = await pair.host.seal(texts("a", "b")) as [Sealed, Sealed];
  await hear(pair.guest, a);
  assertInstanceOf((await pair.guest.open([a.envelope])).error, ReplayedMessage);
  const altered = { ...b.envelope, token: a.envelope.token };
  const { received, error } = await pair.guest.open([altered]);
  assertEquals(received, []);
  assertInstanceOf(error, AlteredToken);
  assertEquals((await hear(pair.guest, b))[0]?.payload.texts, 2);
  close(pair);
});

Deno.test("open: stops at the first failure and returns what came before it", async () => {
  const pair = await talk(9);
  const [a, b, c] = await pair.host.seal(texts("a", "b", "c")) as [Sealed, Sealed, Sealed];
  const altered = { ...b.envelope, token: c.envelope.token };
  const { received, error } = await pair.guest.open([a.envelope, altered, c.envelope]);
  assertEquals(received.map(({ payload }) => payload.texts), [1]);
  assertInstanceOf(error, AlteredToken);
  assertEquals((await hear(pair.guest, b, c)).map(({ payload }) => payload.texts), [2, 3]);
  close(pair);
});

/** A host that holds the keys and sends whatever it likes. */
async function lyingHost(seed: number) {
  const { fixture, random, guest, host } = await shakeHands(seed);
  const shared = { random, generateKeyPair: seededKeyPairs(random) };
  const { sessionKey, transcript, ratchet } = host.result;
  const session = createRatchetSession({
    sessionKey: sessionKey.bytes,
    transcript,
    monotonic: () => 0,
    ...ratchet,
    ...shared,
  });
  const conversation = startConversation({
    handshake: guest.result,
    epoch: fixture,
    clock: clockAt(() => 0),
    send: dropped,
    ...shared,
  });
  return {
    guest: conversation,
    async say(...payloads: (Partial<Payload> & object)[]) {
      const honest = { kind: "ping", at: 0, texts: 0, shown: 0, missing: [], kem: 0 };
      const sealed = await session.seal(
        payloads.map((payload) => encodePayload({ ...honest, ...payload } as Payload)),
      );
      return sealed.map((one) => makeEnvelope(fixture, { from: "host", ...one }));
    },
    close() {
      session.close();
      conversation.close();
    },
  };
}

Deno.test("open: refuses impossible counters", async () => {
  const said = (texts: number) => ({ kind: "text", text: "a", texts }) as const;
  const lies: Record<string, [(Partial<Payload> & object)[], number]> = {
    "a number twice": [[said(1), said(1)], 1],
    "backwards": [[said(1), { texts: 0 }], 1],
    "a text that was never sent": [[{ texts: 1 }], 0],
    "more texts than messages": [[said(1), said(3)], 1],
    "texts by the million": [[said(2 ** 31 - 1)], 0],
    "a receipt for what was never sent": [[said(1), { texts: 1, shown: 1 }], 1],
  };
  for (const [name, [payloads, right]] of Object.entries(lies)) {
    const { guest, say, close } = await lyingHost(10);
    const { received, error } = await guest.open(await say(...payloads));
    assertEquals(received.length, right, name);
    assertInstanceOf(error, MalformedPayload, name);
    close();
  }
  // The same, honestly: one is missing between.
  const { guest, say, close } = await lyingHost(10);
  const envelopes = await say(said(1), said(2), said(3));
  const { received } = await guest.open([envelopes[0]!, envelopes[2]!]);
  assertEquals(received[1]?.gap, [2, 2]);
  close();
});

Deno.test("open: refuses a late text whose number is not missing", async () => {
  const { guest, say, close } = await lyingHost(11);
  const said = (texts: number) => ({ kind: "text", text: "a", texts }) as const;
  const [a, b, c] = await say(said(1), said(1), said(3));
  await guest.open([a!, c!]);
  const { received, error } = await guest.open([b!]);
  assertEquals(received, []);
  assertInstanceOf(error, MalformedPayload);
  close();
});

Deno.test("startConversation: fails when the host's ratchet key is of small order", async () => {
  const { fixture, random, guest } = await shakeHands(12);
  const ratchet = { role: "guest", hostRatchetKey: new Uint8Array(32) } as const;
  const handshake = { ...guest.result, ratchet };
  const failure = assertThrows(
    () =>
      startConversation({
        handshake,
        epoch: fixture,
        clock: clockAt(),
        random,
        send: dropped,
      }),
    Failure,
  );
  assertEquals([failure.reason, failure.code], ["invalid-peer-key", "protocol"]);
  assertThrows(() => guest.result.sessionKey.bytes, TypeError, "wiped");
});

Deno.test("close: makes every later call fail", async () => {
  const pair = await talk(13);
  const [sealed] = await pair.host.seal(texts("a")) as [Sealed];
  close(pair);
  close(pair);
  await assertRejects(() => pair.host.seal(texts("b")), Error, "closed");
  await assertRejects(() => pair.guest.open([sealed.envelope]), Error, "closed");
});

Deno.test("conversation: delivers each text once with correct counters, in any order and with any loss", async () => {
  const soak = Deno.env.get("SOAK") === "1";
  const order = fc.array(fc.nat(11), { minLength: 1, maxLength: 20 });
  const kinds = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });
  let seed = 0;
  await fc.assert(
    fc.asyncProperty(kinds, order, async (kinds, order) => {
      const pair = talkAtOnce(seed++);
      const sealed = await pair.host.seal(
        kinds.map((isText, i) => isText ? text(`${i}`) : { kind: "ping" }),
      );
      const heard = new Set<number>();
      const seen = new Set<number>();
      for (const i of order) {
        const { received, error } = await pair.guest.open([sealed[i]!.envelope]);
        if (seen.has(i)) assertInstanceOf(error, ReplayedMessage);
        seen.add(i);
        display(pair.guest, received);
        for (const { payload } of received) {
          if (payload.kind !== "text") continue;
          assertEquals(payload.text, `${i}`);
          assert(!heard.has(payload.texts));
          heard.add(payload.texts);
        }
        const { shown, missing } = await counters(pair.guest);
        const last = Math.max(...seen);
        assertEquals(shown, sealed[last]!.payload.texts);
        for (let number = 1; number <= shown; number++) {
          const isMissing = missing.some(([first, end]) => first <= number && number <= end);
          assertEquals(isMissing, !heard.has(number), `${number}`);
        }
        assertEquals(pair.guest.textsMissing, shown - heard.size);
      }
      close(pair);
    }),
    { numRuns: soak ? 20_000 : 200 },
  );
});
