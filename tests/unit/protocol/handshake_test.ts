import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Random } from "../../../src/clock.ts";
import type { Bytes } from "../../../src/crypto/bytes.ts";
import {
  beginAsGuest,
  beginAsHost,
  type GuestState,
  type GuestStep,
  type HandshakeParams,
  type HostState,
  type HostStep,
  MAX_ATTEMPTS,
  MAX_GUESSES,
  stepGuest,
  stepHost,
} from "../../../src/protocol/handshake.ts";
import type { HandshakeMessage } from "../../../src/protocol/wire.ts";
import { seededRandom } from "../../support/random.ts";
import { paramsFrom, shakeHands } from "./support.ts";

type Type = HandshakeMessage["type"];
const TYPES: readonly Type[] = [
  "guest-share",
  "host-share",
  "guest-tag",
  "host-tag",
  "host-refusal",
];

/** A handshake as far as it has come; made anew for every case, since a step spends its state. */
class Run {
  readonly random: Random;
  readonly params: HandshakeParams;
  readonly nonce: Bytes;
  readonly ratchetKey: Bytes;
  readonly messages = new Map<Type, HandshakeMessage>();
  guest: GuestState;
  host: HostState;

  constructor({ guestParams, hostParams }: {
    guestParams?: (params: HandshakeParams) => HandshakeParams;
    hostParams?: (params: HandshakeParams) => HandshakeParams;
  } = {}) {
    this.random = seededRandom(7);
    this.params = paramsFrom(this.random);
    this.nonce = this.random(16);
    this.ratchetKey = this.random(32);
    const begun = beginAsGuest(guestParams?.(this.params) ?? this.params, this.nonce, this.random);
    this.guest = begun.state;
    this.host = beginAsHost(hostParams?.(this.params) ?? this.params, this.ratchetKey);
    this.messages.set("guest-share", begun.send!);
    this.messages.set("host-refusal", { type: "host-refusal", nonce: this.nonce });
  }

  toHost(message: HandshakeMessage): HostStep {
    const step = stepHost(this.host, message, this.random);
    this.host = step.state;
    if (step.send) this.messages.set(step.send.type, step.send);
    return step;
  }

  toGuest(message: HandshakeMessage): GuestStep {
    const step = stepGuest(this.guest, message);
    this.guest = step.state;
    if (step.send) this.messages.set(step.send.type, step.send);
    return step;
  }

  /** Goes on honestly until `upTo` messages have been heard. */
  go(upTo: number): this {
    const order = ["guest-share", "host-share", "guest-tag", "host-tag"] as const;
    for (const [i, type] of order.slice(0, upTo).entries()) {
      if (i % 2 === 0) this.toHost(this.messages.get(type)!);
      else this.toGuest(this.messages.get(type)!);
    }
    return this;
  }
}

/** What a message of each type is in a run of its own that went well. */
const honest = new Run().go(4).messages;

Deno.test("an honest handshake leaves both with the same", () => {
  const { guest, host, messages, params } = shakeHands(1);
  assertEquals(guest.established.isk.bytes, host.established.isk.bytes);
  assertEquals(guest.established.transcript, host.established.transcript);
  assertEquals(guest.established.hostRatchetKey, host.established.hostRatchetKey);
  assertEquals([guest.established.isk.bytes.length, guest.established.transcript.length], [64, 32]);
  assertNotEquals(messages["guest-tag"], messages["host-tag"]);
  const other = shakeHands(2);
  assertEquals(other.params.password, params.password);
  assertNotEquals(other.host.established.isk.bytes, host.established.isk.bytes);
});

/** The guest's states, by what has been heard, and the types that take it further. */
const GUEST_STATES: readonly [
  heard: number,
  state: string,
  moves: Partial<Record<Type, string>>,
][] = [
  [1, "awaiting-share", { "host-share": "awaiting-tag", "host-refusal": "refused" }],
  [3, "awaiting-tag", { "host-tag": "established", "host-refusal": "refused" }],
  [4, "established", {}],
];

Deno.test("a guest: every message in every state moves it as it should, or not at all", () => {
  for (const [heard, name, moves] of GUEST_STATES) {
    for (const type of TYPES) {
      const run = new Run().go(heard);
      assertEquals(run.guest.state, name);
      const before = run.guest;
      const { state, send } = run.toGuest(honest.get(type)!);
      assertEquals(state.state, moves[type] ?? name, `${type} in ${name}`);
      assertEquals(
        send?.type,
        name === "awaiting-share" && type === "host-share" ? "guest-tag" : undefined,
      );
      if (!moves[type]) assert(state === before, "the very same state");
    }
  }
});

Deno.test("a guest that was refused stays so", () => {
  for (const type of TYPES) {
    const run = new Run().go(2);
    run.toGuest(honest.get("host-refusal")!);
    const { state, send } = run.toGuest(honest.get(type)!);
    assertEquals([state.state, send], ["refused", undefined]);
  }
});

Deno.test("a guest: a message of another attempt changes nothing in any state", () => {
  for (const [heard, name] of GUEST_STATES) {
    for (const type of TYPES) {
      for (const at of [0, 15]) {
        const run = new Run().go(heard);
        const before = run.guest;
        const nonce = run.nonce.slice();
        nonce[at]! ^= 1;
        const { state, send } = run.toGuest({ ...honest.get(type)!, nonce });
        assert(state === before && send === undefined, `${type} in ${name}`);
      }
    }
  }
});

/** The host's states, and what each type does in it. */
const HOST_STATES: readonly [
  heard: number,
  name: string,
  moves: Partial<Record<Type, [state: string, send: Type]>>,
][] = [
  [0, "open", { "guest-share": ["open", "host-share"] }],
  [1, "open", { "guest-tag": ["established", "host-tag"] }],
  [3, "established", {}],
];

Deno.test("a host: every message in every state moves it as it should, or not at all", () => {
  for (const [heard, name, moves] of HOST_STATES) {
    for (const type of TYPES) {
      const run = new Run().go(heard);
      assertEquals(run.host.state, name);
      const before = run.host;
      const { state, send, guess } = run.toHost(honest.get(type)!);
      assertEquals(
        [state.state, send?.type],
        moves[type] ?? [name, undefined],
        `${type} after ${heard} messages`,
      );
      assertEquals(guess, undefined);
      if (!moves[type]) assert(state === before, "the very same state");
    }
  }
});

Deno.test("a host: a tag of another attempt, or before its share, is no guess", () => {
  const run = new Run();
  assertEquals(run.toHost(honest.get("guest-tag")!), { state: run.host });
  run.go(2);
  const nonce = run.nonce.map((byte) => byte ^ 1);
  const step = run.toHost({ ...honest.get("guest-tag")!, nonce });
  assertEquals([step.send, step.guess], [undefined, undefined]);
  assertEquals(run.toHost(run.messages.get("guest-tag")!).state.state, "established");
});

Deno.test("a share that comes twice is answered once, even when it is another", () => {
  const run = new Run().go(1);
  assertEquals(run.toHost(run.messages.get("guest-share")!).send, undefined);
  const other = beginAsGuest(run.params, run.nonce, run.random).send!;
  assertEquals(run.toHost(other).send, undefined);
  run.go(0).toGuest(run.messages.get("host-share")!);
  assertEquals(run.toHost(run.messages.get("guest-tag")!).state.state, "established");
});

Deno.test("every byte of every message matters", () => {
  /** Turns one bit of one field of the next message, and says whether both came to an end. */
  const succeeds = (type: Type, field: string, bit: number): boolean => {
    const run = new Run();
    for (const next of ["guest-share", "host-share", "guest-tag", "host-tag"] as const) {
      const message = run.messages.get(next);
      if (!message) return false;
      const heard = structuredClone(message) as HandshakeMessage & Record<string, Bytes>;
      if (next === type) heard[field]![bit >> 3]! ^= 1 << (bit & 7);
      if (next.startsWith("guest")) run.toHost(heard);
      else run.toGuest(heard);
    }
    return run.guest.state === "established" && run.host.state === "established";
  };
  for (
    const [type, fields] of [
      ["guest-share", ["nonce", "share"]],
      ["host-share", ["nonce", "share", "ratchetKey"]],
      ["guest-tag", ["nonce", "tag"]],
      ["host-tag", ["nonce", "tag"]],
    ] as const
  ) {
    for (const field of fields) {
      const bytes = (honest.get(type) as unknown as Record<string, Bytes>)[field]!;
      // One bit of each byte, another one each time: all of them would take eight times as long.
      for (let at = 0; at < bytes.length; at++) {
        assert(!succeeds(type, field, 8 * at + at % 8), `${type} ${field} ${at}`);
      }
    }
  }
});

Deno.test("nothing that the two bring along may differ", () => {
  const other: Record<string, (params: HandshakeParams) => HandshakeParams> = {
    password: (params) => ({ ...params, password: "river-canyon-zoo" }),
    "password's case": (params) => ({ ...params, password: "River-canyon-ocean" }),
    room: (params) => ({ ...params, room: params.room.slice(0, -1) }),
    epoch: (params) => ({ ...params, epoch: params.epoch + "A" }),
    "host's nonce": (params) => ({
      ...params,
      hostNonce: params.hostNonce.map((byte) => byte ^ 1),
    }),
    "where room ends": (params) => ({
      ...params,
      room: params.room + params.epoch[0],
      epoch: params.epoch.slice(1),
    }),
  };
  for (const [name, guestParams] of Object.entries(other)) {
    const run = new Run({ guestParams }).go(2);
    const step = run.toHost(run.messages.get("guest-tag")!);
    assertEquals(step.guess?.count, 1, name);
    assertEquals(step.send?.type, "host-refusal", name);
    assertEquals(run.toGuest(step.send!).state.state, "refused", name);
  }
});

Deno.test("a guest's own share, come back, is a refusal", () => {
  const run = new Run();
  const { share } = run.messages.get("guest-share") as HandshakeMessage & { type: "guest-share" };
  const reflected = { type: "host-share", nonce: run.nonce, share, ratchetKey: run.random(32) };
  assertEquals(run.toGuest(reflected as HandshakeMessage).state.state, "refused");
});

Deno.test("a guest's own tag, come back, is a refusal", () => {
  const run = new Run().go(2);
  const { tag } = run.messages.get("guest-tag") as HandshakeMessage & { type: "guest-tag" };
  assertEquals(
    run.toGuest({ type: "host-tag", nonce: run.nonce, tag }).state.state,
    "refused",
  );
});

Deno.test("a share that is no point, or the identity, ends a guest's attempt and begins none", () => {
  for (const share of [new Uint8Array(32), new Uint8Array(32).fill(0xff)]) {
    const run = new Run();
    const before = run.host;
    const step = run.toHost({ type: "guest-share", nonce: run.nonce, share });
    assert(step.state === before && !step.send && !step.guess);
    const answer = { type: "host-share", nonce: run.nonce, share, ratchetKey: run.random(32) };
    assertEquals(run.toGuest(answer as HandshakeMessage).state.state, "refused");
  }
});

/** Comes to the host with a code, right or wrong. */
function come(run: Run, password = run.params.password): HostStep {
  const begun = beginAsGuest({ ...run.params, password }, run.random(16), run.random);
  const answered = run.toHost(begun.send!);
  if (!answered.send) return answered;
  return run.toHost(stepGuest(begun.state, answered.send).send!);
}

Deno.test("guesses are counted, and the third burns the code: n-1, n, n+1", () => {
  assertEquals(MAX_GUESSES, 3);
  const run = new Run();
  for (let count = 1; count < MAX_GUESSES; count++) {
    const step = come(run, "wrong-wrong-wrong");
    assertEquals([step.guess?.count, step.state.state], [count, "open"]);
  }
  const last = come(run, "wrong-wrong-wrong");
  assertEquals([last.guess?.count, last.state.state], [MAX_GUESSES, "burnt"]);
  assertEquals(last.send?.type, "host-refusal");
  assertEquals(come(run), { state: { state: "burnt" } });
  // One fewer leaves the right code its turn.
  const other = new Run();
  for (let count = 1; count < MAX_GUESSES; count++) come(other, "wrong-wrong-wrong");
  assertEquals(come(other).state.state, "established");
});

Deno.test("a wrong tag is one guess, however often it comes, and the right one comes too late", () => {
  const run = new Run().go(2);
  const right = run.messages.get("guest-tag") as HandshakeMessage & { type: "guest-tag" };
  const wrong = { ...right, tag: right.tag.map((byte) => byte ^ 1) };
  assertEquals(run.toHost(wrong).guess?.count, 1);
  for (const again of [wrong, wrong, right]) {
    const step = run.toHost(again);
    assertEquals([step.guess, step.send, step.state.state], [undefined, undefined, "open"]);
  }
});

Deno.test("attempts that are answered are limited: n-1, n, n+1", () => {
  const run = new Run();
  const { share } = run.messages.get("guest-share") as HandshakeMessage & { type: "guest-share" };
  const knock = () => run.toHost({ type: "guest-share", nonce: run.random(16), share });
  for (let count = 1; count <= MAX_ATTEMPTS - 1; count++) assert(knock().send, `${count}`);
  // The last is the honest one, and goes on although more come.
  run.toHost(run.messages.get("guest-share")!);
  const crowd = knock();
  assertEquals([crowd.send, crowd.isCrowded], [undefined, true]);
  run.toGuest(run.messages.get("host-share")!);
  assertEquals(run.toHost(run.messages.get("guest-tag")!).state.state, "established");
});

Deno.test("the host tells nothing of the password before the guest has shown that it knows it", () => {
  // Whatever the password is, what the host says up to the tag has the same form and no tag in it.
  const run = new Run().go(1);
  assertEquals(Object.keys(run.messages.get("host-share")!).sort(), [
    "nonce",
    "ratchetKey",
    "share",
    "type",
  ]);
  const step = come(new Run(), "wrong-wrong-wrong");
  assertEquals(Object.keys(step.send!).sort(), ["nonce", "type"]);
});
