import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Random } from "../../../src/clock.ts";
import { type Bytes, concat } from "../../../src/crypto/bytes.ts";
import { InitiatorState } from "../../../src/crypto/cpace.ts";
import type { Kem } from "../../../src/crypto/mlkem.ts";
import {
  beginAsGuest,
  beginAsHost,
  dropAbandoned,
  type GuestState,
  type GuestStep,
  type HandshakeOptions,
  type HostState,
  type HostStep,
  MAX_ATTEMPTS,
  MAX_GUESSES,
  stepGuest,
  stepHost,
} from "../../../src/protocol/handshake.ts";
import type { HandshakeMessage } from "../../../src/protocol/wire.ts";
import { seededRandom } from "../../support/random.ts";
import { seededKem } from "../../support/kem.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";
import { type Fixture, fixtureFrom, paramsOf, shakeHands } from "./support.ts";

type Type = HandshakeMessage["type"];
const TYPES: readonly Type[] = [
  "guest-share",
  "host-share",
  "guest-tag",
  "host-tag",
  "host-refusal",
];

/** A handshake up to some message; a new one for each case, since a step uses up its state. */
class Run {
  readonly random: Random;
  readonly fixture: Fixture;
  readonly nonce: Bytes;
  readonly sources: { random: Random } & Required<HandshakeOptions>;
  readonly messages = new Map<Type, HandshakeMessage>();
  guest: GuestState;
  host: HostState;

  constructor({ guestFixture, hostFixture }: {
    guestFixture?: (fixture: Fixture) => Fixture;
    hostFixture?: (fixture: Fixture) => Fixture;
  } = {}) {
    const random = this.random = seededRandom(7);
    this.fixture = fixtureFrom(random);
    this.nonce = random(16);
    this.sources = { random, kem: seededKem(random), generateKeyPair: seededKeyPairs(random) };
    const guestParams = paramsOf(guestFixture?.(this.fixture) ?? this.fixture);
    const begun = beginAsGuest(guestParams, this.nonce, random);
    this.guest = begun.state;
    this.host = beginAsHost(paramsOf(hostFixture?.(this.fixture) ?? this.fixture));
    this.messages.set("guest-share", begun.send!);
    this.messages.set("host-refusal", { type: "host-refusal", nonce: this.nonce });
  }

  async toHost(message: HandshakeMessage): Promise<HostStep> {
    const step = await stepHost(this.host, message, this.sources);
    this.host = step.state;
    if (step.send) this.messages.set(step.send.type, step.send);
    return step;
  }

  async toGuest(message: HandshakeMessage): Promise<GuestStep> {
    const step = await stepGuest(this.guest, message, this.sources);
    this.guest = step.state;
    if (step.send) this.messages.set(step.send.type, step.send);
    return step;
  }

  /** Delivers the first `upTo` messages of an honest handshake. */
  async go(upTo: number): Promise<this> {
    const order = ["guest-share", "host-share", "guest-tag", "host-tag"] as const;
    for (const [i, type] of order.slice(0, upTo).entries()) {
      if (i % 2 === 0) await this.toHost(this.messages.get(type)!);
      else await this.toGuest(this.messages.get(type)!);
    }
    return this;
  }
}

/** A message of each type, from a run that succeeded. */
const honest = (await new Run().go(4)).messages;

Deno.test("handshake: leaves both sides with the same key, transcript and host key", async () => {
  const { guest, host, messages, fixture } = await shakeHands(1);
  assertEquals(guest.result.sessionKey.bytes, host.result.sessionKey.bytes);
  assertEquals(guest.result.transcript, host.result.transcript);
  assert(guest.result.ratchet.role === "guest" && host.result.ratchet.role === "host");
  const { hostRatchetKey } = guest.result.ratchet;
  assertEquals<Bytes>(hostRatchetKey, host.result.ratchet.keyPair.publicKey);
  const { sessionKey, transcript } = guest.result;
  assertEquals([sessionKey.bytes.length, transcript.length], [64, 32]);
  assertNotEquals(messages["guest-tag"], messages["host-tag"]);
  const other = await shakeHands(2);
  assertEquals(other.fixture.password, fixture.password);
  assertNotEquals(other.host.result.sessionKey.bytes, host.result.sessionKey.bytes);
});

Deno.test("stepHost: generates both key pairs when a share arrives, and new ones for each attempt", async () => {
  const run = new Run();
  let made = 0;
  const generateKeyPair = () => {
    made++;
    return run.sources.generateKeyPair();
  };
  const kem: Kem = {
    ...run.sources.kem,
    generateKeyPair() {
      made++;
      return run.sources.kem.generateKeyPair();
    },
  };
  const sources = { ...run.sources, generateKeyPair, kem };
  const keys = new Set<string>();
  let state = beginAsHost(paramsOf(run.fixture));
  assertEquals(made, 0);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { send } = beginAsGuest(paramsOf(run.fixture), run.random(16), run.random);
    const step = await stepHost(state, send!, sources);
    state = step.state;
    assertEquals(made, 2 * attempt);
    assert(step.send?.type === "host-share");
    keys.add(step.send.ratchetKey.join()).add(step.send.encapsulationKey.join());
  }
  assertEquals(keys.size, 4);
});

Deno.test("handshake: the session key needs both the ISK and the KEM's secret", async () => {
  // Two runs that differ only in the guest's encapsulation have other keys and tags.
  const run = await new Run().go(1);
  const share = run.messages.get("host-share")!;
  const { guest } = run;
  assert(guest.state === "awaiting-share");
  const secret = guest.secret.take();
  const copies = [1, 2].map(() => ({
    ...guest,
    secret: new InitiatorState({ ...secret, scalar: secret.scalar.slice() }),
  }));
  const [a, b] = await Promise.all(
    copies.map((state, i) => stepGuest(state, share, { kem: seededKem(seededRandom(i)) })),
  ) as [GuestStep, GuestStep];
  assert(a.state.state === "awaiting-tag" && b.state.state === "awaiting-tag");
  assertNotEquals(a.state.result.sessionKey.bytes, b.state.result.sessionKey.bytes);
  assertNotEquals(a.state.result.transcript, b.state.result.transcript);
  assert(a.send?.type === "guest-tag" && b.send?.type === "guest-tag");
  // A tag under one ciphertext does not pass with the other.
  const step = await run.toHost({ ...a.send, ciphertext: b.send.ciphertext });
  assertEquals([step.guess?.count, step.send?.type], [1, "host-refusal"]);
});

Deno.test("stepGuest: refuses an encapsulation key that FIPS 203 refuses", async () => {
  const change: Record<string, (key: Bytes) => Bytes> = {
    "short": (key) => key.slice(1),
    "long": (key) => concat(key, new Uint8Array(1)),
    "not reduced": (key) => concat(new Uint8Array([0xff, 0xff, 0xff]), key.subarray(3)),
    "last coefficient not reduced": (key) => {
      const bytes = key.slice();
      bytes.set([0xff, 0xff], 1_150);
      return bytes;
    },
  };
  for (const [name, alter] of Object.entries(change)) {
    const run = await new Run().go(1);
    const share = run.messages.get("host-share") as HandshakeMessage & { type: "host-share" };
    const encapsulationKey = alter(share.encapsulationKey);
    const step = await run.toGuest({ ...share, encapsulationKey });
    assertEquals([step.state.state, step.send], ["refused", undefined], name);
  }
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

Deno.test("stepGuest: every message in every state changes it as specified, or not at all", async () => {
  for (const [heard, name, moves] of GUEST_STATES) {
    for (const type of TYPES) {
      const run = await new Run().go(heard);
      assertEquals(run.guest.state, name);
      const before = run.guest;
      const { state, send } = await run.toGuest(honest.get(type)!);
      assertEquals(state.state, moves[type] ?? name, `${type} in ${name}`);
      assertEquals(
        send?.type,
        name === "awaiting-share" && type === "host-share" ? "guest-tag" : undefined,
      );
      if (!moves[type]) assert(state === before, "the very same state");
    }
  }
});

Deno.test("stepGuest: stays refused", async () => {
  for (const type of TYPES) {
    const run = await new Run().go(2);
    await run.toGuest(honest.get("host-refusal")!);
    const { state, send } = await run.toGuest(honest.get(type)!);
    assertEquals([state.state, send], ["refused", undefined]);
  }
});

Deno.test("stepGuest: ignores messages of another attempt in every state", async () => {
  for (const [heard, name] of GUEST_STATES) {
    for (const type of TYPES) {
      for (const at of [0, 15]) {
        const run = await new Run().go(heard);
        const before = run.guest;
        const nonce = run.nonce.slice();
        nonce[at]! ^= 1;
        const { state, send } = await run.toGuest({ ...honest.get(type)!, nonce });
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

Deno.test("stepHost: every message in every state changes it as specified, or not at all", async () => {
  for (const [heard, name, moves] of HOST_STATES) {
    for (const type of TYPES) {
      const run = await new Run().go(heard);
      assertEquals(run.host.state, name);
      const before = run.host;
      const { state, send, guess } = await run.toHost(honest.get(type)!);
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

Deno.test("stepHost: does not count a tag of another attempt, or before its share, as a guess", async () => {
  const run = new Run();
  assertEquals(await run.toHost(honest.get("guest-tag")!), { state: run.host });
  await run.go(2);
  const nonce = run.nonce.map((byte) => byte ^ 1);
  const step = await run.toHost({ ...honest.get("guest-tag")!, nonce });
  assertEquals([step.send, step.guess], [undefined, undefined]);
  assertEquals((await run.toHost(run.messages.get("guest-tag")!)).state.state, "established");
});

Deno.test("stepHost: answers one share for each nonce", async () => {
  const run = await new Run().go(1);
  assertEquals((await run.toHost(run.messages.get("guest-share")!)).send, undefined);
  const other = beginAsGuest(paramsOf(run.fixture), run.nonce, run.random).send!;
  assertEquals((await run.toHost(other)).send, undefined);
  await run.toGuest(run.messages.get("host-share")!);
  assertEquals((await run.toHost(run.messages.get("guest-tag")!)).state.state, "established");
});

Deno.test("handshake: fails when any byte of any message is altered", async () => {
  /** Flips one bit of one field of a message; true if the handshake still succeeds. */
  const succeeds = async (type: Type, field: string, bit: number): Promise<boolean> => {
    const run = new Run();
    for (const next of ["guest-share", "host-share", "guest-tag", "host-tag"] as const) {
      const message = run.messages.get(next);
      if (!message) return false;
      const heard = structuredClone(message) as HandshakeMessage & Record<string, Bytes>;
      if (next === type) heard[field]![bit >> 3]! ^= 1 << (bit & 7);
      if (next.startsWith("guest")) await run.toHost(heard);
      else await run.toGuest(heard);
    }
    return run.guest.state === "established" && run.host.state === "established";
  };
  for (
    const [type, fields] of [
      ["guest-share", ["nonce", "share"]],
      ["host-share", ["nonce", "share", "ratchetKey", "encapsulationKey"]],
      ["guest-tag", ["nonce", "ciphertext", "tag"]],
      ["host-tag", ["nonce", "tag"]],
    ] as const
  ) {
    for (const field of fields) {
      const bytes = (honest.get(type) as unknown as Record<string, Bytes>)[field]!;
      // One bit of each byte, another one each time: all of them would take eight times as long.
      // Of the long ones of ML-KEM every 31st byte: each takes a whole handshake.
      for (let at = 0; at < bytes.length; at += bytes.length > 64 ? 31 : 1) {
        assert(!await succeeds(type, field, 8 * at + at % 8), `${type} ${field} ${at}`);
      }
    }
  }
});

Deno.test("handshake: fails when any param differs", async () => {
  const other: Record<string, (fixture: Fixture) => Fixture> = {
    password: (fixture) => ({ ...fixture, password: "river-canyon-zoo" }),
    "password's case": (fixture) => ({ ...fixture, password: "River-canyon-ocean" }),
    room: (fixture) => ({ ...fixture, room: fixture.room.slice(0, -1) }),
    epoch: (fixture) => ({ ...fixture, epoch: fixture.epoch + "A" }),
    "host's nonce": (fixture) => ({
      ...fixture,
      hostNonce: fixture.hostNonce.map((byte) => byte ^ 1),
    }),
    "where room ends": (fixture) => ({
      ...fixture,
      room: fixture.room + fixture.epoch[0],
      epoch: fixture.epoch.slice(1),
    }),
  };
  for (const [name, guestFixture] of Object.entries(other)) {
    const run = await new Run({ guestFixture }).go(2);
    const step = await run.toHost(run.messages.get("guest-tag")!);
    assertEquals(step.guess?.count, 1, name);
    assertEquals(step.send?.type, "host-refusal", name);
    assertEquals((await run.toGuest(step.send!)).state.state, "refused", name);
  }
});

Deno.test("stepGuest: refuses its own share, reflected", async () => {
  const run = new Run();
  const { share } = run.messages.get("guest-share") as HandshakeMessage & { type: "guest-share" };
  const hostShare = honest.get("host-share") as HandshakeMessage & { type: "host-share" };
  const reflected = { ...hostShare, nonce: run.nonce, share };
  assertEquals((await run.toGuest(reflected)).state.state, "refused");
});

Deno.test("stepGuest: refuses its own tag, reflected", async () => {
  const run = await new Run().go(2);
  const { tag } = run.messages.get("guest-tag") as HandshakeMessage & { type: "guest-tag" };
  assertEquals(
    (await run.toGuest({ type: "host-tag", nonce: run.nonce, tag })).state.state,
    "refused",
  );
});

Deno.test("handshake: refuses a share that is not a point or is the identity", async () => {
  for (const share of [new Uint8Array(32), new Uint8Array(32).fill(0xff)]) {
    const run = new Run();
    const before = run.host;
    const step = await run.toHost({ type: "guest-share", nonce: run.nonce, share });
    assert(step.state === before && !step.send && !step.guess);
    const hostShare = honest.get("host-share") as HandshakeMessage & { type: "host-share" };
    const answer = { ...hostShare, nonce: run.nonce, share };
    assertEquals((await run.toGuest(answer)).state.state, "refused");
  }
});

/** Runs a guest with a password up to its tag. */
async function come(run: Run, password = run.fixture.password): Promise<HostStep> {
  const begun = beginAsGuest(paramsOf({ ...run.fixture, password }), run.random(16), run.random);
  const answered = await run.toHost(begun.send!);
  if (!answered.send) return answered;
  return await run.toHost((await stepGuest(begun.state, answered.send, run.sources)).send!);
}

Deno.test("stepHost: counts guesses and burns the code at the third: n-1, n, n+1", async () => {
  assertEquals(MAX_GUESSES, 3);
  const run = new Run();
  for (let count = 1; count < MAX_GUESSES; count++) {
    const step = await come(run, "wrong-wrong-wrong");
    assertEquals([step.guess?.count, step.state.state], [count, "open"]);
  }
  const last = await come(run, "wrong-wrong-wrong");
  assertEquals([last.guess?.count, last.state.state], [MAX_GUESSES, "burnt"]);
  assertEquals(last.send?.type, "host-refusal");
  assertEquals(await come(run), { state: { state: "burnt" } });
  // One fewer leaves the right code its turn.
  const other = new Run();
  for (let count = 1; count < MAX_GUESSES; count++) await come(other, "wrong-wrong-wrong");
  assertEquals((await come(other)).state.state, "established");
});

Deno.test("stepHost: counts a repeated wrong tag once and refuses the right one after it", async () => {
  const run = await new Run().go(2);
  const right = run.messages.get("guest-tag") as HandshakeMessage & { type: "guest-tag" };
  const wrong = { ...right, tag: right.tag.map((byte) => byte ^ 1) };
  assertEquals((await run.toHost(wrong)).guess?.count, 1);
  for (const again of [wrong, wrong, right]) {
    const step = await run.toHost(again);
    assertEquals([step.guess, step.send, step.state.state], [undefined, undefined, "open"]);
  }
});

Deno.test("stepHost: limits the attempts that it answers: n-1, n, n+1", async () => {
  const run = new Run();
  const { share } = run.messages.get("guest-share") as HandshakeMessage & { type: "guest-share" };
  const attempt =
    async () => (await run.toHost({ type: "guest-share", nonce: run.random(16), share }));
  for (let count = 1; count <= MAX_ATTEMPTS - 1; count++) {
    assert((await attempt()).send, `${count}`);
  }
  // The last is the honest one, and goes on although more come.
  await run.toHost(run.messages.get("guest-share")!);
  const crowd = await attempt();
  assertEquals([crowd.send, crowd.isCrowded], [undefined, true]);
  await run.toGuest(run.messages.get("host-share")!);
  assertEquals((await run.toHost(run.messages.get("guest-tag")!)).state.state, "established");
});

Deno.test("dropAbandoned: gives places back, keeps the seated attempt, and keeps wrong guesses counted", async () => {
  const run = await new Run().go(2);
  const { share } = run.messages.get("guest-share") as HandshakeMessage & { type: "guest-share" };
  const tag = run.messages.get("guest-tag") as HandshakeMessage & { type: "guest-tag" };
  assertEquals(dropAbandoned(run.host, run.nonce), run.host);
  for (let i = 0; i < 3 * MAX_ATTEMPTS; i++) {
    const nonce = run.random(16);
    assert((await run.toHost({ type: "guest-share", nonce, share })).send, `${i}`);
    if (i === 0) {
      const guessed = await run.toHost({ ...tag, nonce });
      assertEquals(guessed.guess?.count, 1);
    }
    run.host = dropAbandoned(run.host, run.nonce);
  }
  assert(run.host.state === "open");
  assertEquals([run.host.attempts.size, run.host.guesses], [2, 1]);
  assertEquals((await run.toHost(tag)).state.state, "established");
});

Deno.test("stepHost: sends nothing that depends on the password before the guest's tag", async () => {
  // Whatever the password is, what the host says up to the tag has the same form and no tag in it.
  const run = await new Run().go(1);
  assertEquals(Object.keys(run.messages.get("host-share")!).sort(), [
    "encapsulationKey",
    "nonce",
    "ratchetKey",
    "share",
    "type",
  ]);
  const step = await come(new Run(), "wrong-wrong-wrong");
  assertEquals(Object.keys(step.send!).sort(), ["nonce", "type"]);
});
