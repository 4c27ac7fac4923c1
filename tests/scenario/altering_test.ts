/**
 * A relay that alters what is said: every field of a message, and every byte of it, one at a time.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Envelope } from "../../src/relay/relay.ts";
import { Harness, QUIET_MS } from "./harness.ts";
import {
  type Document,
  HostileFixture,
  intercept,
  type Interceptor,
  withHeadByte,
  withTokenChar,
} from "./hostile.ts";

const HEAD_BYTES = 61;
const TOKEN_CHARS = 164;
/** Bytes and characters from one altered copy beside its true one to the next; each takes a message. */
const STEP = Deno.env.get("SOAK") === "1" ? 1 : 8;

Deno.test("alteration: discards a header with any byte altered", async () => {
  const fixture = await HostileFixture.set();
  for (let i = 0; i < HEAD_BYTES; i++) {
    const name = `byte ${i} of the head`;
    await fixture.spoil(
      (e) => [withHeadByte(e, i)],
      { shown: false, bob: ["forged", "gap"] },
      name,
    );
    if (i % STEP > 0) continue;
    const high = (e: Envelope) => [withHeadByte(e, i, 0x80), e];
    await fixture.spoil(high, { shown: true, bob: ["forged"] }, `${name}, beside the true one`);
  }
  await fixture.end();
});

Deno.test("alteration: discards a token with any character altered", async () => {
  const fixture = await HostileFixture.set();
  for (let i = 0; i < TOKEN_CHARS; i++) {
    const name = `character ${i} of the token`;
    const replaced = (e: Envelope) => [withTokenChar(e, i)];
    await fixture.spoil(replaced, { shown: false, bob: ["altered", "gap"] }, name);
    if (i % STEP > 0) continue;
    const added = (e: Envelope) => [withTokenChar(e, i), e];
    await fixture.spoil(added, { shown: true, bob: ["altered"] }, `${name}, beside the true one`);
  }
  await fixture.end();
});

Deno.test("alteration: discards a header or token that is truncated or extended", async () => {
  const fixture = await HostileFixture.set();
  const heads: [string, (head: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>][] = [
    ["empty", () => new Uint8Array(0)],
    ["without its first byte", (head) => head.slice(1)],
    ["without its last byte", (head) => head.slice(0, -1)],
    ["one byte longer", (head) => Uint8Array.from([...head, 0])],
    ["512 bytes long", (head) => Uint8Array.from([...head, ...new Uint8Array(451)])],
    ["twice", (head) => Uint8Array.from([...head, ...head])],
  ];
  for (const [name, alter] of heads) {
    const fault = (e: Envelope) => [{ ...e, head: alter(e.head) }];
    await fixture.spoil(fault, { shown: false, bob: ["forged", "gap"] }, `head ${name}`);
  }
  const tokens: [string, (token: string) => string][] = [
    ["empty", () => ""],
    ["without its first character", (token) => token.slice(1)],
    ["without its last character", (token) => token.slice(0, -1)],
    ["without its padding", (token) => token.replaceAll("=", "")],
    ["with a line break", (token) => token + "\n"],
    ["with a block less", (token) => token.slice(0, 64) + token.slice(86)],
    ["with four characters more", (token) => token + "AAAA"],
    ["twice", (token) => token + token],
    ["at the limit of a relay", () => "A".repeat(65_536)],
    ["of other characters", (token) => token.replace(/.$/, "é")],
  ];
  for (const [name, alter] of tokens) {
    const fault = (e: Envelope) => [{ ...e, token: alter(e.token) }];
    await fixture.spoil(fault, { shown: false, bob: ["altered", "gap"] }, `token ${name}`);
  }
  await fixture.end();
});

Deno.test("alteration: detects a sequence number that differs from the header", async () => {
  const fixture = await HostileFixture.set();
  for (const by of [-1, 1, 5, 300]) {
    const fault = (e: Envelope) => [{ ...e, seq: e.seq + by }];
    await fixture.spoil(fault, { shown: false, bob: ["altered", "gap"] }, `seq ${by}`);
  }
  const largest = (e: Envelope) => [{ ...e, seq: 2 ** 31 - 1 }];
  await fixture.spoil(largest, { shown: false, bob: ["altered", "gap"] }, "the largest seq");
  // Number 0 is the handshake's, and this is none of it.
  const handshake = (e: Envelope) => [{ ...e, seq: 0 }];
  await fixture.spoil(handshake, { shown: false, bob: ["forged", "gap"] }, "seq 0");
  await fixture.end();
});

Deno.test("alteration: discards a message under another sender's name", async () => {
  const fixture = await HostileFixture.set();
  const reflected = (e: Envelope) => [{ ...e, from: "guest" as const }];
  await fixture.spoil(reflected, { shown: false, bob: ["gap"], alice: ["forged"] }, "reflected");
  // The first reader removes it; both may have been told.
  const knocking = (e: Envelope) => [{ ...e, from: "stranger" as const }];
  await fixture.spoil(
    knocking,
    { shown: false, bob: ["forged", "gap"], alice: ["forged"] },
    "from a stranger",
  );
  await fixture.end();
});

Deno.test("alteration: raises no alarm for another id or attempt count", async () => {
  const fixture = await HostileFixture.set();
  const ids = (e: Envelope) => [{ ...e, id: "A".repeat(22) }];
  await fixture.spoil(ids, { shown: true }, "id");
  for (const attempt of [1, 7, 2 ** 31 - 1]) {
    await fixture.spoil((e) => [{ ...e, attempt }], { shown: true }, `attempt ${attempt}`);
  }
  await fixture.end();
});

Deno.test("alteration: discards a document of another shape and reports it once", async () => {
  const fixture = await HostileFixture.set();
  const shapes: [string, (envelope: Envelope) => Document][] = [
    ["id missing", ({ id: _, ...rest }) => rest],
    ["id of another alphabet", (e) => ({ ...e, id: "!".repeat(22) })],
    ["id too long", (e) => ({ ...e, id: e.id + "A" })],
    ["seq missing", ({ seq: _, ...rest }) => rest],
    ["seq a text", (e) => ({ ...e, seq: String(e.seq) })],
    ["seq negative", (e) => ({ ...e, seq: -1 })],
    ["seq a fraction", (e) => ({ ...e, seq: e.seq + 0.5 })],
    ["seq NaN", (e) => ({ ...e, seq: NaN })],
    ["seq too large", (e) => ({ ...e, seq: 2 ** 31 })],
    ["attempt missing", ({ attempt: _, ...rest }) => rest],
    ["attempt negative", (e) => ({ ...e, attempt: -1 })],
    ["head missing", ({ head: _, ...rest }) => rest],
    ["head a text", (e) => ({ ...e, head: "head" })],
    ["head too long", (e) => ({ ...e, head: new Uint8Array(513) })],
    ["token missing", ({ token: _, ...rest }) => rest],
    ["token a number", (e) => ({ ...e, token: 7 })],
    ["token too long", (e) => ({ ...e, token: "A".repeat(65_537) })],
  ];
  for (const [name, shape] of shapes) {
    const bob = ["forged", "gap"] as const;
    await fixture.spoil((e) => [shape(e)], { shown: false, bob }, name);
  }
  await fixture.end();
});

Deno.test("alteration: discards a header combined with another message's token", async () => {
  const fixture = await HostileFixture.set();
  let first: Envelope | undefined;
  await fixture.spoil((e) => (first = e, []), { shown: false, bob: ["gap"] }, "dropped");
  const token = (e: Envelope) => [{ ...e, token: first!.token }];
  await fixture.spoil(token, { shown: false, bob: ["altered", "gap"] }, "an older token");
  const head = (e: Envelope) => [{ ...e, head: first!.head }];
  await fixture.spoil(head, { shown: false, bob: ["altered", "gap"] }, "an older head");
  await fixture.end();
});

for (const part of ["token", "head", "seq"] as const) {
  Deno.test(`alteration: discards two messages of one post that swapped their ${part}`, async () => {
    const harness = new Harness();
    let isArmed = false;
    const interceptor: Interceptor = (name, args, proceed) => {
      if (name !== "post" || !isArmed) return proceed();
      isArmed = false;
      const [a, b] = args[1] as [Envelope, Envelope];
      harness.plant({ ...a, [part]: b[part] });
      harness.plant({ ...b, [part]: a[part] });
      return Promise.resolve();
    };
    const { alice, bob } = await harness.pair({
      host: { through: (relay) => intercept(interceptor, relay) },
    });
    isArmed = true;
    alice.say("first", "second");
    await harness.advance(QUIET_MS);
    alice.say("third");
    bob.say("what was that?");
    await harness.advance(QUIET_MS);
    assertEquals([bob.heard, alice.heard], [["third"], ["what was that?"]]);
    const counts = new Map<string, number>();
    for (const { kind, count } of bob.all("alarm")) {
      counts.set(kind, (counts.get(kind) ?? 0) + count);
    }
    assertEquals(Object.fromEntries(counts), { altered: 2, gap: 2 });
    assertEquals(alice.all("alarm"), []);
    await harness.end();
  });
}
