/**
 * A relay, or another user of it, that interferes with the handshake: nobody gets in who does not
 * know the code, nobody talks to anybody else than who does, and an honest guest gets in afterwards.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { ChatEvent } from "../../src/chat/events.ts";
import { decodeHandshake, encodeHandshake, makeEnvelope } from "../../src/protocol/wire.ts";
import type { Envelope, Listener, Page } from "../../src/relay/relay.ts";
import { assertAllHeard, assertCalm, Harness, type Person, QUIET_MS } from "./harness.ts";
import { type Document, foreignShare, intercept, type Interceptor, otherId } from "./hostile.ts";

/** What is stored in place of a handshake message. */
type Fault = (envelope: Envelope, harness: Harness) => readonly Document[];

type HandshakeType = NonNullable<ReturnType<typeof decodeHandshake>>["type"];

/** Length of each field of each handshake message on the wire, in order. */
const FIELDS: Readonly<Record<Exclude<HandshakeType, "host-refusal">, readonly number[]>> = {
  "guest-share": [1, 1, 16, 32],
  "host-share": [1, 1, 16, 32, 32, 1_184],
  "guest-tag": [1, 1, 16, 1_088, 64],
  "host-tag": [1, 1, 16, 64],
};
/**
 * Bytes from one that is altered to the next in the same field. Each takes a whole chat; that each byte
 * of a field is checked alike is shown in `tests/unit/protocol/handshake_test.ts`.
 */
const STEP = Deno.env.get("SOAK") === "1" ? 1 : 8;

/** Positions of the first and the last byte of each field, and of those between at steps; long fields at larger ones. */
function bytesOf(fields: readonly number[]): number[] {
  let start = 0;
  return fields.flatMap((length) => {
    const step = length > 64 ? 16 * STEP : STEP;
    const between = Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
    const bytes = [...new Set([...between, length - 1])].map((i) => start + i);
    start += length;
    return bytes;
  });
}

/** Alice waits and Bob comes, with `fault` in place of the first handshake message of `type`. */
async function meddle(type: HandshakeType, fault: Fault, seed = 1) {
  const harness = new Harness({ seed });
  let isDone = false;
  const interceptor: Interceptor = (name, args, proceed) => {
    const [envelope, ...rest] = name === "post" ? args[1] as Envelope[] : [];
    if (isDone || !envelope || decodeHandshake(envelope.head)?.type !== type) return proceed();
    isDone = true;
    for (const document of [...fault(envelope, harness), ...rest]) harness.plant(document);
    return Promise.resolve();
  };
  const through = {
    through: (relay: Parameters<typeof intercept>[1]) => intercept(interceptor, relay),
  };
  const alice = await harness.host(through);
  const bob = harness.join(alice.code!, through);
  bob.say("meant for Alice alone");
  alice.say("meant for Bob alone");
  await harness.advance(61_000);
  assert(isDone, `${type} was not posted`);
  return { harness, alice, bob };
}

/** An error that names another version of the protocol. */
function isOtherVersion({ failure }: ChatEvent & { event: "error" }): boolean {
  return failure.reason === "other-protocol-version";
}

/** Nobody got in, and an honest second attempt does, with the same code. */
async function assertOpenToBob(harness: Harness, alice: Person, bob: Person): Promise<void> {
  assertEquals([alice.isReady, bob.isReady], [false, false]);
  assert([5, 6, 9].includes(bob.status!), `Bob ended with ${bob.status}`);
  const before = alice.all("alarm").length;
  const again = harness.join(alice.code!);
  again.say("here I am");
  await harness.until(() => again.heard.length === 1 && alice.heard.length === 1);
  await harness.advance(QUIET_MS);
  assertAllHeard(alice, again);
  assertEquals(alice.all("alarm").length, before);
  assertCalm(again);
}

for (const [type, fields] of Object.entries(FIELDS)) {
  Deno.test(`handshake: rejects a ${type} with any byte altered`, async () => {
    for (const i of bytesOf(fields)) {
      const fault: Fault = ({ head, ...rest }) => {
        const altered = head.slice();
        altered[i]! ^= 1;
        return [{ ...rest, head: altered }];
      };
      const { harness, alice, bob } = await meddle(type as HandshakeType, fault, i + 1);
      const name = `byte ${i}`;
      assertEquals([alice.heard, bob.heard], [[], []], name);
      const alarms = [...alice.all("alarm"), ...bob.all("alarm")];
      assert(alarms.length <= 1, `${name}: ${alarms.map(({ kind }) => kind)}`);
      assert(alarms.every(({ kind }) => kind === "guess" || kind === "forged"), name);
      const errors = [...alice.all("error"), ...bob.all("error")];
      assertEquals(errors.some(isOtherVersion), i === 0, name);
      // The seal comes before the last message, so that only a fresh code helps after it.
      if (type === "host-tag") await alice.chat.invite();
      await assertOpenToBob(harness, alice, bob);
      await harness.end();
    }
  });
}

Deno.test("handshake: discards a message that is truncated, extended or of another type", async () => {
  const faults: [string, (head: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>][] = [
    ["empty", () => new Uint8Array(0)],
    ["cut", (head) => head.slice(0, -1)],
    ["prolonged", (head) => Uint8Array.from([...head, 0])],
    ["of an unknown type", (head) => head.with(1, 6)],
    ["of a host", (head) => Uint8Array.from([2, 5, ...head.slice(2, 18)])],
    ["of version 0", (head) => head.with(0, 0)],
  ];
  for (const [name, alter] of faults) {
    const { harness, alice, bob } = await meddle(
      "guest-share",
      ({ head, ...rest }) => [{ ...rest, head: alter(head) }],
    );
    assertEquals(alice.alarms, { forged: 1 }, name);
    await assertOpenToBob(harness, alice, bob);
    await harness.end();
  }
});

Deno.test("handshake: reports a guest of another version and admits the next guest", async () => {
  for (const version of [1, 3]) {
    const { harness, alice, bob } = await meddle(
      "guest-share",
      ({ head, ...rest }) => [{ ...rest, head: head.with(0, version) }],
    );
    assertCalm(alice);
    assertEquals(alice.all("error").filter(isOtherVersion).length, 1);
    // The refusal is in the host's own version.
    assertEquals(bob.failure?.code, "wrong-code");
    await assertOpenToBob(harness, alice, bob);
    await harness.end();
  }
});

Deno.test("handshake: ends the guest's attempt with a reason when the host speaks another version", async () => {
  const { harness, alice, bob } = await meddle(
    "host-share",
    ({ head, ...rest }) => [{ ...rest, head: Uint8Array.from([1, 2, ...head.slice(2, 82)]) }],
  );
  assertEquals([bob.status, bob.failure?.code], [9, "protocol"]);
  await assertOpenToBob(harness, alice, bob);
  await harness.end();
});

Deno.test("handshake: discards a handshake message that carries a token", async () => {
  const { harness, alice, bob } = await meddle("guest-share", (e) => [{ ...e, token: "AAAA" }]);
  assertEquals(alice.alarms, { forged: 1 });
  await assertOpenToBob(harness, alice, bob);
  await harness.end();
});

Deno.test("handshake: rejects the identity element", async () => {
  const identity: Fault = ({ head, ...rest }) => [{
    ...rest,
    head: Uint8Array.from([...head.slice(0, 18), ...new Uint8Array(32)]),
  }];
  const { harness, alice, bob } = await meddle("guest-share", identity);
  assertEquals(alice.alarms, { forged: 1 });
  await assertOpenToBob(harness, alice, bob);
  await harness.end();
});

Deno.test("handshake: ends the attempt when the guest's own share comes back", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  const reflect: Interceptor = (name, args, proceed) => {
    const [envelope] = name === "post" ? args[1] as Envelope[] : [];
    const said = envelope && decodeHandshake(envelope.head);
    if (said?.type !== "guest-share") return proceed();
    const { nonce, share } = said;
    const ratchetKey = new Uint8Array(32).fill(9);
    const encapsulationKey = new Uint8Array(1_184);
    const head = encodeHandshake({
      type: "host-share",
      nonce,
      share,
      ratchetKey,
      encapsulationKey,
    });
    harness.plant({ ...makeEnvelope(harness.room, { from: "host", seq: 0, head, token: "" }) });
    return Promise.resolve();
  };
  const bob = harness.join(alice.code!, { through: (relay) => intercept(reflect, relay) });
  await harness.until(() => bob.status !== undefined);
  // It never confirmed anything: the host has seen no guess.
  assertEquals([bob.status, bob.failure?.code], [5, "wrong-code"]);
  assertCalm(alice);
  alice.say("are you there?");
  await assertOpenToBob(harness, alice, bob);
  await harness.end();
});

Deno.test("handshake: admits no one by a share inserted under the guest's nonce", async () => {
  const { harness, alice, bob } = await meddle("guest-share", (envelope, harness) => {
    const other = foreignShare(harness, decodeHandshake(envelope.head)!.nonce);
    return [other, envelope];
  });
  assertEquals(alice.alarms, { forged: 1, guess: 1 });
  await assertOpenToBob(harness, alice, bob);
  await harness.end();
});

Deno.test("handshake: ends the guest's attempt and burns no code when a refusal is forged", async () => {
  const { harness, alice, bob } = await meddle("guest-share", (envelope) => {
    const { nonce } = decodeHandshake(envelope.head)!;
    const head = encodeHandshake({ type: "host-refusal", nonce });
    return [{ ...envelope, id: "R".repeat(22), from: "host", head }, envelope];
  });
  assertEquals([bob.status, bob.failure?.code], [5, "wrong-code"]);
  assertCalm(alice);
  await assertOpenToBob(harness, alice, bob);
  await harness.end();
});

Deno.test("handshake: counts a guess when a tag is forged under the guest's nonce", async () => {
  const { harness, alice, bob } = await meddle("guest-tag", (envelope) => {
    const head = envelope.head.slice();
    head.fill(7, 18);
    return [{ ...envelope, id: "T".repeat(22), head }, envelope];
  });
  assertEquals(alice.all("alarm").map(({ kind }) => kind), ["guess", "forged"]);
  await assertOpenToBob(harness, alice, bob);
  await harness.end();
});

Deno.test("handshake: reports a guest that disappears after the seal, and a new code works", async () => {
  const { harness, alice, bob } = await meddle("host-tag", () => []);
  assertEquals(bob.status, 6);
  await harness.until(() => alice.all("presence").length > 0);
  assertEquals(alice.all("presence").map(({ peer }) => peer), ["vanished"]);
  await alice.chat.invite();
  const again = harness.join(alice.code!);
  await harness.until(() => alice.isReady && again.isReady);
  assertCalm(alice, again);
  await harness.end();
});

Deno.test("handshake: treats a second message of one attempt as a forgery, without harm", async () => {
  let share: Envelope | undefined;
  const { harness, alice, bob } = await meddle("host-tag", (envelope, harness) => {
    share = harness.relay.seen.map(({ envelope }) => envelope as Envelope)
      .find(({ head }) => decodeHandshake(head)?.type === "host-share")!;
    return [{ ...share, id: otherId(share), head: share.head.with(40, 1) }, envelope];
  });
  await harness.until(() => alice.heard.length === 1 && bob.heard.length === 1);
  assertAllHeard(alice, bob);
  assertEquals([alice.alarms, bob.alarms], [{}, { forged: 1 }]);
  await harness.end();
});

Deno.test("handshake: accepts each message from its own role only", async () => {
  const { harness, alice, bob } = await meddle("host-share", (envelope, harness) => {
    const own = harness.relay.seen.map(({ envelope }) => envelope as Envelope)
      .find(({ head }) => decodeHandshake(head)?.type === "guest-share")!;
    return [
      // Of another attempt, which would be none of the guest's business if a host had said it.
      { ...own, id: otherId(own), from: "host", head: own.head.with(5, own.head[5]! ^ 1) },
      { ...envelope, id: otherId(envelope), from: "guest" },
      envelope,
    ];
  });
  await harness.until(() => alice.heard.length === 1 && bob.heard.length === 1);
  assertAllHeard(alice, bob);
  assertEquals([alice.alarms, bob.alarms], [{ forged: 1 }, { forged: 1 }]);
  await harness.end();
});

Deno.test("handshake: seals the room before the guest learns that it is in", async () => {
  let wasSealed: boolean | undefined;
  const { harness } = await meddle("host-tag", (envelope, harness) => {
    wasSealed = harness.room.sealed;
    return [envelope];
  });
  assertEquals(wasSealed, true);
  await harness.end();
});

Deno.test("handshake: a guest who sees its seat freed before its refusal is told of the code", async () => {
  const harness = new Harness();
  const alice = await harness.host();
  let isFreed = false;
  const isRefusal = ({ head }: Envelope) => decodeHandshake(head)?.type === "host-refusal";
  const withheld = (envelopes: readonly Envelope[]) =>
    isFreed ? envelopes : envelopes.filter((envelope) => !isRefusal(envelope));
  const late: Interceptor = async (name, args, proceed) => {
    if (name === "watch") {
      const listener = args[1] as Listener;
      const behind: Listener = {
        wake: () => listener.wake(),
        state: (state) => listener.state(state),
        push: (envelopes) => listener.push([...withheld(envelopes)]),
      };
      args[1] = behind;
      return proceed();
    }
    const answer = await proceed();
    if (name === "renew") isFreed ||= !answer;
    if (name !== "read") return answer;
    const page = answer as Page;
    return { ...page, envelopes: withheld(page.envelopes) };
  };
  const wrong = alice.code!.replace(/[a-z]+$/, (word) => word === "acid" ? "acorn" : "acid");
  const bob = harness.join(wrong, { through: (relay) => intercept(late, relay) });
  await harness.until(() => bob.status !== undefined);
  assertEquals(isFreed, true);
  assertEquals([bob.status, bob.failure?.code], [5, "wrong-code"]);
  await harness.end();
});
