/**
 * KEM exchanges between two conversations: when they are proposed, how they end, and what an attacker
 * who stole a state can read before and after.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import type { Kem } from "../../../src/crypto/mlkem.ts";
import type { RatchetKeyPair } from "../../../src/crypto/ratchet_session.ts";
import {
  AlteredToken,
  type Conversation,
  ReplayedMessage,
  type Sealed,
  startConversation,
} from "../../../src/protocol/conversation.ts";
import type { HandshakeResult } from "../../../src/protocol/handshake.ts";
import { KEM_EVERY_MESSAGES, KEM_EVERY_MS } from "../../../src/protocol/kem_exchange.ts";
import { type Body, MalformedPayload, type Payload } from "../../../src/protocol/payload.ts";
import type { Role } from "../../../src/relay/relay.ts";
import { seededKem } from "../../support/kem.ts";
import { seededRandom } from "../../support/random.ts";
import { seededKeyPairs } from "../../support/ratchet_keys.ts";
import { fixtureFrom, resultsFrom } from "./support.ts";

const text = (said: string): Body => ({ kind: "text", text: said });
const other = (role: Role): Role => role === "host" ? "guest" : "host";

/** The number of KEM exchanges in the root key of a message's chain. */
const kemOf = ({ envelope: { head } }: Sealed) =>
  new DataView(head.buffer, head.byteOffset).getUint32(13);

/** One side: its conversation, and the payloads of KEM exchanges that it wants to send. */
interface Side {
  readonly conversation: Conversation;
  readonly due: Body[];
}

/** Two conversations on one clock. */
class Pair {
  elapsed = 0;
  readonly host: Side;
  readonly guest: Side;
  readonly results: (role: Role) => HandshakeResult;
  readonly #epoch: ReturnType<typeof fixtureFrom>;
  readonly keyPairs: Record<Role, RatchetKeyPair[]> = { host: [], guest: [] };

  constructor(seed: number) {
    const random = seededRandom(seed);
    const hostKey = seededKeyPairs(random)();
    const secret = random(1)[0]!;
    this.#epoch = fixtureFrom(random);
    // Both results again for each side and each thief: a conversation wipes its session key.
    this.results = (role) => resultsFrom(seededRandom(1_000 + secret), () => hostKey)[role];
    const generate = seededKeyPairs(random);
    const recorded = (role: Role) => () => {
      const pair = generate();
      this.keyPairs[role].push(pair);
      return pair;
    };
    this.host = this.side("host", recorded("host"), seededKem(seededRandom(seed + 1)));
    this.guest = this.side("guest", recorded("guest"), seededKem(seededRandom(seed + 2)));
  }

  /** A side of this session, for its owner or for a thief who repeats what the owner does. */
  side(role: Role, generateKeyPair: () => RatchetKeyPair, kem: Kem): Side {
    const due: Body[] = [];
    const conversation = startConversation({
      handshake: this.results(role),
      epoch: this.#epoch,
      clock: { now: () => 1_000, monotonic: () => this.elapsed },
      random: seededRandom(3),
      generateKeyPair,
      kem,
      send: (body) => due.push(body),
    });
    return { conversation, due };
  }

  async send(from: Role, ...bodies: Body[]): Promise<Sealed[]> {
    return await this[from].conversation.seal(bodies);
  }

  async receive(by: Role, ...sealed: Sealed[]): Promise<Payload[]> {
    const { received, error } = await this[by].conversation.open(
      sealed.map(({ envelope }) => envelope),
    );
    if (error !== undefined) throw error;
    return received.map(({ payload }) => payload);
  }

  /** Sends bodies, and delivers them with everything that is due after them. */
  async exchange(from: Role, ...bodies: Body[]): Promise<Sealed[]> {
    const sealed = await this.send(from, ...bodies, ...this[from].due.splice(0));
    await this.receive(other(from), ...sealed);
    return sealed;
  }

  /** A text from each side. */
  async roundTrip(): Promise<void> {
    await this.exchange("host", text("ping"));
    await this.exchange("guest", text("pong"));
  }

  close(): void {
    this.host.conversation.close();
    this.guest.conversation.close();
  }
}

Deno.test("KemExchange: the host proposes after 50 messages of both sides: n-1, n, n+1", async () => {
  const pair = new Pair(1);
  for (let i = 1; i < KEM_EVERY_MESSAGES; i++) {
    await pair.exchange(i % 2 === 0 ? "host" : "guest", text(`${i}`));
    assertEquals([pair.host.due, pair.guest.due], [[], []], `${i}`);
  }
  await pair.exchange("guest", text("the last"));
  assertEquals(pair.host.due.map(({ kind }) => kind), ["kem-key"]);
  await pair.send("host", text("one more"));
  assertEquals(pair.host.due.length, 1);
  assertEquals(pair.guest.due, []);
  pair.close();
});

Deno.test("KemExchange: the host proposes with the first message after 10 minutes", async () => {
  for (const from of ["host", "guest"] as const) {
    const pair = new Pair(2);
    pair.elapsed = KEM_EVERY_MS - 1;
    await pair.exchange(from, text("too early"));
    assertEquals(pair.host.due, []);
    pair.elapsed = KEM_EVERY_MS;
    assertEquals(pair.host.due, [], "silence proposes nothing");
    await pair.exchange(from, text("now"));
    assertEquals(pair.host.due.map(({ kind }) => kind), ["kem-key"]);
    pair.close();
  }
});

/** Runs an exchange up to the first message under the new root key. */
async function heal(pair: Pair): Promise<Sealed[]> {
  pair.elapsed += KEM_EVERY_MS;
  const all = [
    ...await pair.exchange("host", text("1")),
    ...await pair.exchange("host", text("2")),
    ...await pair.exchange("guest", text("3")),
    ...await pair.exchange("host", text("4")),
    ...await pair.exchange("guest", text("5")),
  ];
  return all;
}

Deno.test("KemExchange: the guest mixes the secret in with its first chain after the receipt", async () => {
  const pair = new Pair(3);
  await pair.roundTrip();
  for (let exchange = 1; exchange <= 3; exchange++) {
    const sealed = await heal(pair);
    const kinds = sealed.map(({ payload: { kind, kem } }) => `${kind} ${kem}`);
    const before = exchange - 1;
    assertEquals(kinds, [
      `text ${before}`,
      `text ${before}`,
      `kem-key ${before}`,
      `text ${exchange}`,
      `kem-answer ${exchange}`,
      `text ${exchange}`,
      `text ${exchange}`,
    ]);
    assertEquals(sealed.map(kemOf), [before, before, before, before, before, before, exchange]);
    assertEquals((await pair.exchange("host", text("6"))).map(kemOf), [exchange]);
    assertEquals((await pair.exchange("guest", text("7"))).map(kemOf), [exchange]);
  }
  pair.close();
});

Deno.test("KemExchange: a side that has sent already mixes nothing into its running chain", async () => {
  const pair = new Pair(4);
  pair.elapsed = KEM_EVERY_MS;
  await pair.exchange("host", text("1"));
  await pair.exchange("host", text("with the proposal"));
  await pair.exchange("guest", text("with the answer"));
  const receipt = await pair.send("host", { kind: "receipt" });
  const [running] = await pair.send("guest", text("before the receipt is read"));
  await pair.receive("guest", ...receipt);
  assertEquals(kemOf(running!), 0);
  assertEquals((await pair.exchange("guest", text("after it"))).map(kemOf), [1]);
  await pair.receive("host", running!);
  pair.close();
});

Deno.test("KemExchange: a lost proposal, answer or receipt delays the exchange and blocks nothing", async () => {
  for (const lost of ["proposal", "answer", "receipt"] as const) {
    const pair = new Pair(5);
    await pair.roundTrip();
    pair.elapsed += KEM_EVERY_MS;
    await pair.exchange("host", text("1"));
    const proposal = await pair.send("host", ...pair.host.due.splice(0));
    if (lost !== "proposal") await pair.receive("guest", ...proposal);
    const answer = await pair.send("guest", ...pair.guest.due.splice(0));
    if (lost !== "answer") await pair.receive("host", ...answer);
    await pair.send("host", { kind: "receipt" });
    // The receipt is lost in any case; its counter is in every later payload.
    for (let i = 0; i < 3; i++) await pair.roundTrip();
    const after = await pair.exchange("guest", text("2"));
    assertEquals(after.map(kemOf), [lost === "receipt" ? 1 : 0]);
    if (lost !== "receipt") {
      assertEquals((await heal(pair)).map(kemOf).at(-1), 1);
      // What was lost arrives after all: the exchange that replaced it stands.
      if (lost === "proposal") await pair.receive("guest", ...proposal);
      else await pair.receive("host", ...answer);
      assertEquals([pair.host.due, pair.guest.due], [[], []]);
      await pair.roundTrip();
    }
    assertEquals((await heal(pair)).map(kemOf).at(-1), lost === "receipt" ? 2 : 2);
    pair.close();
  }
});

Deno.test("KemExchange: an unanswered proposal is replaced by one with a new key and number", async () => {
  const pair = new Pair(6);
  pair.elapsed += KEM_EVERY_MS;
  await pair.exchange("host", text("1"));
  const [first] = pair.host.due.splice(0);
  pair.elapsed += KEM_EVERY_MS;
  await pair.exchange("host", text("2"));
  const [second] = pair.host.due.splice(0);
  assert(first?.kind === "kem-key" && second?.kind === "kem-key");
  assertEquals([first.n, second.n], [1, 2]);
  assertNotEquals(first.ek, second.ek);
  // Both arrive: the answer to the first opens nothing, the one to the second does.
  await pair.exchange("host", first, second);
  const answers = pair.guest.due.splice(0);
  assertEquals(answers.map((answer) => answer.kind === "kem-answer" && answer.n), [1, 2]);
  await pair.exchange("guest", ...answers);
  await pair.exchange("host", { kind: "receipt" });
  assertEquals((await pair.exchange("guest", text("3"))).map(kemOf), [1]);
  await pair.roundTrip();
  pair.close();
});

Deno.test("KemExchange: nothing is proposed while a secret waits to be mixed in", async () => {
  const pair = new Pair(7);
  pair.elapsed += KEM_EVERY_MS;
  await pair.exchange("host", text("1"));
  await pair.exchange("host", text("2"));
  await pair.exchange("guest", text("3"));
  pair.elapsed += KEM_EVERY_MS;
  for (let i = 0; i < 2 * KEM_EVERY_MESSAGES; i++) await pair.exchange("host", text("more"));
  assertEquals(pair.host.due, []);
  assertEquals((await pair.exchange("guest", text("4"))).map(kemOf), [1]);
  assertEquals(pair.host.due.map(({ kind }) => kind), ["kem-key"]);
  pair.close();
});

Deno.test("KemExchange: what no honest peer sends is malformed", async () => {
  const ek = (await seededKem(seededRandom(1)).generateKeyPair()).encapsulationKey;
  const ct = new Uint8Array(1_088);
  for (
    const [from, body] of [
      ["guest", { kind: "kem-key", n: 1, ek }],
      ["host", { kind: "kem-answer", n: 1, ct }],
      ["guest", { kind: "kem-answer", n: 1, ct }],
    ] as [Role, Body][]
  ) {
    const pair = new Pair(8);
    const sealed = await pair.send(from, text("fine"), body);
    const { received, error } = await pair[other(from)].conversation.open(
      sealed.map(({ envelope }) => envelope),
    );
    assertEquals(received.length, 1);
    assertInstanceOf(error, MalformedPayload, `${body.kind} of the ${from}`);
    pair.close();
  }
});

/** Opens what a thief can: it repeats each step of its victim, with the state that it stole. */
async function reads(thief: Side, sealed: readonly Sealed[]): Promise<boolean> {
  const { error } = await thief.conversation.open(sealed.map(({ envelope }) => envelope));
  if (error !== undefined) assertInstanceOf(error, AlteredToken);
  return error === undefined;
}

for (const victim of ["host", "guest"] as const) {
  const peer = other(victim);

  Deno.test(`recovery: a stolen state of the ${victim} reads nothing after one round trip`, async () => {
    const pair = new Pair(9);
    // The thief has the victim's key pairs up to the theft, and others after it.
    const foreign = seededKeyPairs(seededRandom(99));
    let stolen = Infinity;
    let made = 0;
    const generate = () =>
      made++ < stolen ? pair.keyPairs[victim][made - 1] ?? foreign() : foreign();
    const twin = { side: undefined as Side | undefined };
    // The victim's first key pair is made with its conversation.
    twin.side = pair.side(victim, generate, seededKem(seededRandom(98)));
    const send = async (from: Role) => {
      const sealed = await pair.send(from, text("x"));
      if (from === victim) await twin.side!.conversation.seal([text("x")]);
      await pair.receive(other(from), ...sealed);
      return sealed;
    };
    for (let i = 0; i < 2; i++) {
      assert(await reads(twin.side, await send(peer)));
      await send(victim);
    }
    stolen = made;
    // The victim's key pair at the theft still serves for the peer's next chain.
    assert(await reads(twin.side, await send(peer)), "the thief is a real one");
    await send(victim);
    for (let i = 0; i < 3; i++) {
      assert(!await reads(twin.side, await send(peer)));
      await send(victim);
    }
    pair.close();
    twin.side.conversation.close();
  });

  Deno.test(`recovery: a thief of the ${victim} who computes discrete logarithms reads nothing after one KEM exchange`, async () => {
    const pair = new Pair(10);
    // This thief is handed every X25519 private key of the victim, from the start and for ever.
    let made = 0;
    const generate = () => pair.keyPairs[victim][made++]!;
    const thief = pair.side(victim, generate, seededKem(seededRandom(97)));
    const send = async (from: Role, ...bodies: Body[]) => {
      const all = [...bodies, ...pair[from].due.splice(0)];
      const sealed = await pair.send(from, ...all);
      if (from === victim) await thief.conversation.seal(all);
      const isRead = from === peer ? await reads(thief, sealed) : undefined;
      await pair.receive(other(from), ...sealed);
      return isRead;
    };
    for (let i = 0; i < 5; i++) {
      assertEquals(await send(peer, text("x")), true, "DH ratchet steps alone do not help");
      await send(victim, text("y"));
    }
    pair.elapsed += KEM_EVERY_MS;
    // Proposal, answer and receipt.
    await send("host", text("1"));
    await send("host", text("2"));
    await send("guest", text("3"));
    await send("host", text("4"));
    // The first chain with the secret in it, and everything after it.
    const last = [await send("guest", text("5")), await send("host", text("6"))];
    assertEquals(last.filter((isRead) => isRead !== undefined), [false]);
    for (let i = 0; i < 3; i++) {
      assertEquals(await send(peer, text("x")), false);
      await send(victim, text("y"));
    }
    pair.close();
    thief.conversation.close();
  });
}

/** One thing that happens; `pick` chooses among what is on the relay. */
type Event =
  | { readonly kind: "send"; readonly from: Role; readonly count: number }
  | { readonly kind: "deliver"; readonly to: Role; readonly picks: readonly number[] }
  | { readonly kind: "repeat"; readonly to: Role; readonly pick: number }
  /** Both send, and the relay delivers what it has, as an honest one does. */
  | { readonly kind: "honest" }
  | { readonly kind: "wait" };

const role = fc.constantFrom<Role>("host", "guest");
const pick = fc.nat(1_000);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      from: role,
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("deliver" as const),
      to: role,
      // Mostly in order: an exchange needs three messages to arrive.
      picks: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, pick), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("repeat" as const), to: role, pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("honest" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
);

/** How many exchanges were mixed in, over all schedules. */
let mixed = 0;

async function play(seed: number, events: readonly Event[]): Promise<void> {
  const pair = new Pair(seed);
  const waiting: Record<Role, Sealed[]> = { host: [], guest: [] };
  const delivered: Record<Role, Sealed[]> = { host: [], guest: [] };
  const send = async (from: Role, ...bodies: Body[]) => {
    waiting[other(from)].push(...await pair.send(from, ...bodies));
  };
  const deliver = async (to: Role, sealed: Sealed) => {
    const [payload] = await pair.receive(to, sealed);
    assertEquals(payload, sealed.payload);
    delivered[to].push(sealed);
    mixed = Math.max(mixed, kemOf(sealed));
  };
  for (const event of events) {
    for (const from of ["host", "guest"] as const) {
      const due = pair[from].due.splice(0);
      if (due.length > 0) await send(from, ...due);
    }
    if (event.kind === "wait") pair.elapsed += KEM_EVERY_MS;
    if (event.kind === "send") {
      await send(event.from, ...Array.from({ length: event.count }, (_, i) => text(`${i}`)));
    }
    if (event.kind === "honest") {
      for (const from of ["host", "guest"] as const) {
        await send(from, text("honest"), ...pair[from].due.splice(0));
        for (const sealed of waiting[other(from)].splice(0)) await deliver(other(from), sealed);
      }
    }
    if (event.kind === "deliver") {
      for (const pick of event.picks) {
        const queue = waiting[event.to];
        if (queue.length > 0) await deliver(event.to, queue.splice(pick % queue.length, 1)[0]!);
      }
    }
    if (event.kind === "repeat" && delivered[event.to].length > 0) {
      const again = delivered[event.to][event.pick % delivered[event.to].length]!;
      const { error } = await pair[event.to].conversation.open([again.envelope]);
      assertInstanceOf(error, ReplayedMessage);
    }
  }
  // Whatever was withheld still opens, in any order, and so does everything after it.
  for (const to of ["host", "guest"] as const) {
    for (const sealed of waiting[to].toReversed()) await deliver(to, sealed);
  }
  for (let i = 0; i < 2; i++) await pair.roundTrip();
  pair.close();
}

Deno.test("KemExchange: whatever a relay does, every message that arrives opens, once", async () => {
  // Key pairs of the skipped keys age out after an hour: short schedules stay within it.
  const numRuns = Deno.env.get("SOAK") ? 5_000 : 60;
  const schedule = fc.array(event, { minLength: 1, maxLength: 40, size: "max" });
  await fc.assert(
    fc.asyncProperty(fc.nat(100_000), schedule, (seed, events) => {
      let waits = 0;
      return play(seed, events.filter(({ kind }) => kind !== "wait" || ++waits <= 5));
    }),
    { numRuns },
  );
  assert(mixed > 0, "no schedule completed an exchange");
});
